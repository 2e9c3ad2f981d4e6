"""From one whole row of log-probabilities to what is asked about a state, exactly.

Log-probabilities are float32 natural logs as the rule gives them; everything derived from them
(normalisers, entropies, and the running sums of `sampling.widths`) is computed in float64, so
that the page, which is sent the float32 values, arrives at the same numbers.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from semioscope.core.errors import Unavailable
from semioscope.core.ranking import LEADING, RankedRow
from semioscope.core.sampling import Procedure, Weights, weigh_row, widths
from semioscope.core.types import ALL_KEPT, Float32Array, FloatArray, IdArray, State

MOST_ABOVE: Final = 4096
"""The most next states that one question about a threshold returns."""
MASS_TOLERANCE: Final = 1e-5
"""How far from one the probabilities of a state may sum before the rule counts as broken."""
_MOST_NATS: Final = 700.0
"""The logarithm of a mass that can still be written as a number."""
TOLD_ROUNDING: Final = 1e-6
"""By how much the stored candidates may seem to leave of what is told, when they leave nothing."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about one state.

    draws: positions u ∈ [0, 1) in the procedure's interval, one next state drawn for each.
    keys: next states to be scored.
    above: every next state with log p ≥ this is wanted (nats; the 4096 most probable at most).
    named: next states to be scored, each by its bytes or else by its label (rewriting only).
    whole: every log-probability is wanted (appending only).
    """

    state: State
    draws: tuple[float, ...] = ()
    keys: tuple[int, ...] = ()
    above: float | None = None
    named: tuple[bytes, ...] = ()
    whole: bool = False


@dataclass(frozen=True, slots=True)
class NextState:
    """One next state with its place in rank order.

    cum and cum_procedure are F(t⁻), the mass before it, under the rule and under the procedure;
    cum_procedure is nan where the procedure cuts it. (Of a rule that tells a part, rank counts what
    is told, and is at most the true one.) symbol: (label, state bytes), rewriting only.
    """

    key: int
    log_prob: float
    rank: int
    cum: float
    cum_procedure: float
    symbol: tuple[bytes, bytes] | None = None


@dataclass(frozen=True, slots=True)
class Expansion:
    """What a tree stores of one evaluation of the rule.

    keys u32[K], log_probs f32[K] (nats) in rank order: the leading candidates. `complete`: no
    other next state is possible. log_sum_exp: of the raw logits. entropy: of the whole
    distribution, bits; both nan where the rule tells only a part of it. symbols: (label, state
    bytes) for each candidate, rewriting only. told: the mass of the next states that the rule can
    tell apart (the stored candidates and perhaps more), which come first in the state's interval;
    what lies beyond it is exact in total and unknown in its contents. 1 where the rule tells the
    whole. sure: how many candidates are sure to be the leading ones, because nothing that is not
    told can rank among them; ALL_KEPT: all.
    """

    keys: IdArray
    log_probs: Float32Array
    log_sum_exp: float
    entropy: float
    complete: bool
    symbols: tuple[tuple[bytes, bytes], ...] = ()
    told: float = 1.0
    sure: int = ALL_KEPT

    @property
    def has_gaps(self) -> bool:
        """Whether something that is not told may be more probable than a candidate."""
        return self.sure < len(self.log_probs)

    @property
    def tells_more(self) -> bool:
        """Whether the rule, asked again, could name next states that are not stored."""
        if self.complete or self.told >= 1:
            return not self.complete
        return self.told - float(np.exp(self.log_probs.astype(np.float64)).sum()) > TOLD_ROUNDING


@dataclass(frozen=True, slots=True)
class Answer:
    """The expansion of a state, the procedure there, and the next states asked for, in order.

    `drawn` is empty where nothing can follow. Of a rule that tells only a part of its
    distribution, `weights` is None where the procedure needs more than that part, and `drawn` and
    `scored` have None for what is not told. row: f32[N] by key, nats, the asker's own; None unless
    the whole was asked for (and told).
    """

    expansion: Expansion
    weights: Weights | None
    drawn: tuple[NextState | None, ...]
    scored: tuple[NextState | None, ...]
    above: tuple[NextState, ...]
    row: Float32Array | None = None


def answer_row(
    question: Question, log_probs: Float32Array, log_sum_exp: float, procedure: Procedure
) -> Answer:
    """The answer about one state; log_probs f32[N], nats, by key (impossible: −inf).

    Raises Unavailable("broken-rule") when the row is no probability distribution.
    """
    return answer_ranked(question, RankedRow(log_probs), log_sum_exp, procedure)


def answer_ranked(
    question: Question,
    row: RankedRow,
    log_sum_exp: float,
    procedure: Procedure,
    whose: str = "The rule",
) -> Answer:
    """As `answer_row`, for a row of which more may be known already; `whose` names the rule."""
    entropy = rule_entropy_bits(row, whose)
    weights = weigh_row(procedure, row, entropy)
    keys, leading = row.keys(LEADING), row.leading(LEADING)
    places = _Places(row, procedure.inverse_temperature, weights)
    return Answer(
        expansion=Expansion(
            keys=keys.copy(),
            log_probs=leading.copy(),
            log_sum_exp=log_sum_exp,
            entropy=entropy,
            complete=row.size <= LEADING,
        ),
        weights=weights,
        drawn=tuple(places.at_rank(places.rank_holding(u)) for u in question.draws if row.size),
        scored=tuple(places.of_key(key) for key in question.keys),
        above=tuple(places.at_rank(rank) for rank in range(places.count_above(question.above))),
        row=row.log_probs.copy() if question.whole else None,
    )


def rule_entropy_bits(row: RankedRow, whose: str = "The rule") -> float:
    """Entropy of a whole row, bits; 0 where nothing can follow.

    Raises Unavailable("broken-rule") unless its probabilities sum to one (or there are none):
    the Kolmogorov axioms. (A log-probability cannot be a negative probability; one above zero is
    caught by the sum, and nan by every comparison.)
    """
    if row.size == 0:
        return 0.0
    log_mass, entropy = row.normaliser(1.0)
    mass = math.exp(min(log_mass, _MOST_NATS))
    if not abs(mass - 1) <= MASS_TOLERANCE:
        raise Unavailable(
            "broken-rule",
            f"{whose} returned probabilities that sum to {mass:g}, not to one.",
            "Nothing was stored. The rule's weights or code are damaged: provide it again.",
        )
    return entropy


class _Places:
    """Where the next states of one row lie on the unit interval, sorted as far as needed."""

    def __init__(self, row: RankedRow, beta: float, weights: Weights) -> None:
        self._row = row
        self._beta = beta
        self._weights = weights
        self._is_rule = beta == 1 and weights.log_z == 0
        self._cum = np.zeros(1)
        self._cum_procedure = np.zeros(1)

    def rank_holding(self, u: float) -> int:
        """The rank r with F(r⁻) ≤ u < F(r) under the procedure.

        Rounding may leave F of the last kept rank a little under one; what lies beyond belongs
        to the last next state of positive width.
        """
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
        return NextState(
            key=int(self._row.keys(rank + 1)[rank]),
            log_prob=float(self._row.leading(rank + 1)[rank]),
            rank=rank,
            cum=float(self._cum[rank]),
            cum_procedure=self._procedure_cum(rank),
        )

    def of_key(self, key: int) -> NextState:
        """The next state by that key; an impossible one ranks behind all that are possible."""
        log_probs = self._row.log_probs
        log_prob = log_probs[key]
        rank = int(np.count_nonzero(log_probs > log_prob))
        rank += int(np.count_nonzero(log_probs[:key] == log_prob))
        if log_prob > -np.inf:
            return self.at_rank(rank)
        self._reach(self._row.size)
        return NextState(key, -math.inf, rank, float(self._cum[-1]), math.nan)

    def count_above(self, threshold: float | None) -> int:
        if threshold is None:
            return 0
        # A float64 threshold compares in float64, not rounded to the row's float32.
        at_least = np.count_nonzero(self._row.log_probs >= np.float64(threshold))
        return min(int(at_least), self._row.size, MOST_ABOVE)

    def _procedure_cum(self, rank: int) -> float:
        return float(self._cum_procedure[rank]) if rank < self._weights.kept else math.nan

    def _reach(self, count: int) -> None:
        """Make the cumulatives of the ranks below `count` known (running sums in rank order)."""
        if count < len(self._cum):
            return
        known = next(prefix for prefix in self._row.prefixes() if len(prefix) >= count)
        self._cum = _running(widths(1.0, 0.0, known))
        self._cum_procedure = (
            self._cum if self._is_rule else _running(widths(self._beta, self._weights.log_z, known))
        )


def _running(lengths: FloatArray) -> FloatArray:
    """F(r⁻) for ranks 0 … K, f64[K + 1]."""
    return np.concatenate((np.zeros(1), np.cumsum(lengths)))
