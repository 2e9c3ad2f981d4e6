"""Where next states lie on the unit interval, under the rule and under a procedure."""

import math
from functools import cached_property
from typing import Final, Protocol

import numpy as np

from semioscope.core.next_state import NextState
from semioscope.core.ranking import RankedRow
from semioscope.core.sampling import Reordered, Weights, widths
from semioscope.core.types import ALL_KEPT, FloatArray

MOST_ABOVE: Final = 4096
"""The most next states that one question about a threshold returns."""


class Places(Protocol):
    """Next states of one row with their places."""

    def holding(self, u: float) -> NextState:
        """The next state that holds u under the procedure. Rounding may leave the last end a
        little under one; what lies beyond belongs to the last next state of positive width."""

    def at_rank(self, rank: int) -> NextState:
        """By its rank under the rule."""

    def of_key(self, key: int) -> NextState:
        """By its key; an impossible one ranks behind all that are possible."""

    def count_above(self, threshold: float | None) -> int:
        """How many have at least that log-probability, nats; the 4096 most probable at most."""


class RankPlaces:
    """Under a procedure that keeps the rule's order; sorted as far as needed."""

    def __init__(self, row: RankedRow, beta: float, weights: Weights) -> None:
        self._row = row
        self._beta = beta
        self._weights = weights
        self._is_rule = beta == 1 and weights.log_z == 0
        self._cum = np.zeros(1)
        self._cum_procedure = np.zeros(1)
        self._widths = np.zeros(0)

    def holding(self, u: float) -> NextState:
        return self.at_rank(self._rank_holding(u))

    def _rank_holding(self, u: float) -> int:
        """The rank r with F(r⁻) ≤ u < F(r) under the procedure."""
        kept = min(self._weights.kept, self._row.size)
        for log_probs in self._row.prefixes(kept):
            self._reach(len(log_probs))
            if self._cum_procedure[len(log_probs)] > u:
                break
        ends = self._cum_procedure[1 : len(log_probs) + 1]
        rank = int(np.searchsorted(ends, u, side="right"))
        return rank if rank < len(ends) else int(np.searchsorted(ends, ends[-1], side="left"))

    def at_rank(self, rank: int) -> NextState:
        self._reach(rank + 1)
        is_kept = rank < self._weights.kept
        return NextState(
            key=int(self._row.keys(rank + 1)[rank]),
            log_prob=float(self._row.leading(rank + 1)[rank]),
            rank=rank,
            cum=float(self._cum[rank]),
            cum_procedure=float(self._cum_procedure[rank]) if is_kept else math.nan,
            width=float(self._widths[rank]) if is_kept else math.nan,
        )

    def of_key(self, key: int) -> NextState:
        rank = self._row.rank_of(key)
        if rank < self._row.size:
            return self.at_rank(rank)
        self._reach(self._row.size)
        return NextState(key, -math.inf, rank, float(self._cum[-1]), math.nan, math.nan)

    def count_above(self, threshold: float | None) -> int:
        if threshold is None:
            return 0
        # A float64 threshold compares in float64, not rounded to the row's float32.
        at_least = np.count_nonzero(self._row.log_probs >= np.float64(threshold))
        return min(int(at_least), self._row.size, MOST_ABOVE)

    def _reach(self, count: int) -> None:
        """Make the cumulatives of the ranks below `count` known (running sums in rank order)."""
        if count < len(self._cum):
            return
        known = next(prefix for prefix in self._row.prefixes() if len(prefix) >= count)
        lengths = widths(1.0, 0.0, known)
        self._cum = self._cum_procedure = _running(lengths)
        if not self._is_rule:
            lengths = widths(self._beta, self._weights.log_z, known)
            self._cum_procedure = _running(lengths)
        self._widths = lengths


class OwnPlaces:
    """Under a procedure that has a ranking of its own at this state."""

    def __init__(self, row: RankedRow, reordered: Reordered) -> None:
        self._rule = RankPlaces(row, 1.0, Weights(0.0, ALL_KEPT, math.nan))
        self._reordered = reordered

    def holding(self, u: float) -> NextState:
        return self.of_key(int(self._reordered.keys[self._own.holding(u).key]))

    def at_rank(self, rank: int) -> NextState:
        return self._placed(self._rule.at_rank(rank))

    def of_key(self, key: int) -> NextState:
        return self._placed(self._rule.of_key(key))

    def count_above(self, threshold: float | None) -> int:
        return self._rule.count_above(threshold)

    @cached_property
    def _own(self) -> RankPlaces:
        """Of what the procedure keeps alone; a key there is its place among those kept."""
        return RankPlaces(RankedRow(self._reordered.log_q), 1.0, self._reordered.weights)

    def _placed(self, ruled: NextState) -> NextState:
        kept = self._reordered.keys
        place = int(np.searchsorted(kept, ruled.key))
        is_kept = place < len(kept) and int(kept[place]) == ruled.key
        own = self._own.of_key(place) if is_kept else None
        return NextState(
            key=ruled.key,
            log_prob=ruled.log_prob,
            rank=ruled.rank,
            cum=ruled.cum,
            cum_procedure=math.nan if own is None else own.cum_procedure,
            width=math.nan if own is None else own.width,
            log_q=math.nan if own is None else own.log_prob,
        )


def _running(lengths: FloatArray) -> FloatArray:
    """F(r⁻) for ranks 0 … K, f64[K + 1]."""
    return np.concatenate((np.zeros(1), np.cumsum(lengths)))
