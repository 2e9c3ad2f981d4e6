"""What is exact about a state of which the rule tells only the leading next states.

The rest is exact in total, 1 − Σ, and unknown in its contents: nothing is drawn from it, nothing
in it is scored, and a procedure is weighed only where what is told suffices for it.
"""

import math
from typing import Final

import numpy as np

from semioscope.core.distribution import (
    MOST_ABOVE,
    Answer,
    Expansion,
    NextState,
    Question,
    past_of,
)
from semioscope.core.errors import Unavailable
from semioscope.core.ranking import LEADING
from semioscope.core.sampling import Procedure, Weights, reorder_stored, weigh_stored, widths
from semioscope.core.sampling.logits import Places
from semioscope.core.types import ALL_KEPT, Float32Array, FloatArray, IdArray

MASS_TOLERANCE: Final = 1e-3
"""How far above one the leading probabilities may sum: servers compute some of them in half
precision."""


def answer_partial(
    question: Question,
    keys: IdArray,
    log_probs: Float32Array,
    procedure: Procedure,
    sure: int = ALL_KEPT,
) -> Answer:
    """The answer about one state from K of its next states, the most probable first.

    keys u32[K], log_probs f32[K], nats, finite, descending, ties by the lowest key. No other next
    state is more probable than the first `sure` of them; a procedure is said by these alone.
    Raises Unavailable "broken-rule" when they are no part of a probability distribution.
    """
    sure = ALL_KEPT if sure >= len(keys) else sure
    places = _Places(question, keys, log_probs, procedure, sure)
    return Answer(
        expansion=Expansion(
            keys=keys[:LEADING].copy(),
            log_probs=log_probs[:LEADING].copy(),
            log_sum_exp=math.nan,
            entropy=math.nan,
            complete=False,
            told=places.told,
            sure=sure,
        ),
        weights=places.weights,
        drawn=tuple(places.holding(u) for u in question.draws),
        scored=tuple(places.of_key(key) for key in question.keys),
        above=tuple(places.at(rank) for rank in range(places.count_above(question.above))),
    )


class _Places:
    """Where the told next states of one state lie on the unit interval."""

    def __init__(
        self,
        question: Question,
        keys: IdArray,
        log_probs: Float32Array,
        procedure: Procedure,
        sure: int,
    ) -> None:
        self._keys = keys
        self._log_probs = log_probs
        self._ends = np.cumsum(widths(1.0, 0.0, log_probs))
        mass = float(self._ends[-1]) if len(keys) else 0.0
        if not mass <= 1 + MASS_TOLERANCE:
            raise Unavailable(
                "broken-rule",
                f"The rule returned leading probabilities that sum to {mass:g}: more than one.",
                "Nothing was stored. Whoever runs this server should look at where it comes from.",
            )
        self.told = min(1.0, mass)
        self.weights: Weights | None = None
        self._order: Places = np.zeros(0, np.intp)  # places among the told, by the procedure
        self._scaled = np.zeros(0, np.float32)
        self._widths = np.zeros(0)
        self._weigh(question, procedure, sure)
        self._procedure_ends = np.cumsum(self._widths)

    def holding(self, u: float) -> NextState | None:
        """The next state that holds u under the procedure; None where that is not told."""
        ends = self._procedure_ends
        if self.weights is None or not len(ends):
            return None
        place = int(np.searchsorted(ends, u, side="right"))
        if place == len(ends):
            if len(ends) < self.weights.kept:
                return None
            # All that is kept is told, and rounding has left its end a little under one.
            place = int(np.searchsorted(ends, ends[-1], side="left"))
        return self.at(int(self._order[place]))

    def of_key(self, key: int) -> NextState | None:
        places = np.flatnonzero(self._keys == key)
        return self.at(int(places[0])) if len(places) else None

    def at(self, rank: int) -> NextState:
        found = np.flatnonzero(self._order == rank)
        place = int(found[0]) if len(found) else -1
        is_own = self.weights is not None and self.weights.own is not None
        return NextState(
            key=int(self._keys[rank]),
            log_prob=float(self._log_probs[rank]),
            rank=rank,
            cum=_start(self._ends, rank),
            cum_procedure=_start(self._procedure_ends, place),
            width=float(self._widths[place]) if place >= 0 else math.nan,
            log_q=float(self._scaled[place]) if place >= 0 and is_own else math.nan,
        )

    def count_above(self, threshold: float | None) -> int:
        if threshold is None:
            return 0
        return min(int(np.count_nonzero(self._log_probs >= np.float64(threshold))), MOST_ABOVE)

    def _weigh(self, question: Question, procedure: Procedure, sure: int) -> None:
        if procedure.reorders:
            self._weigh_own(question, procedure, sure)
            return
        self.weights = weights = weigh_stored(procedure, self._log_probs[:sure], False)
        if weights is not None:
            self._scaled = self._log_probs[: weights.kept]
            self._order = np.arange(len(self._scaled))
            self._widths = widths(procedure.inverse_temperature, weights.log_z, self._scaled)

    def _weigh_own(self, question: Question, procedure: Procedure, sure: int) -> None:
        # An engine's logits are not told, only what follows from them.
        past = past_of(question.state, question.given, math.nan, procedure)
        keys, log_probs = self._keys[:sure], self._log_probs[:sure]
        reordered = reorder_stored(procedure, log_probs, False, keys, past)
        if reordered is None:
            return
        self.weights = reordered.weights
        in_order = reordered.in_order
        by_key = np.argsort(self._keys)
        self._order = by_key[np.searchsorted(self._keys, in_order, sorter=by_key)]
        self._scaled = reordered.log_q[np.searchsorted(reordered.keys, in_order)]
        self._widths = widths(1.0, 0.0, self._scaled)


def _start(ends: FloatArray, place: int) -> float:
    """F(t⁻); nan outside what the ends cover."""
    if not 0 <= place < len(ends):
        return math.nan
    return float(ends[place - 1]) if place else 0.0
