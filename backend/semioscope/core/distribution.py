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
from semioscope.core.next_state import NextState
from semioscope.core.places import MOST_ABOVE, OwnPlaces, Places, RankPlaces
from semioscope.core.ranking import LEADING, RankedRow
from semioscope.core.sampling import (
    Past,
    Procedure,
    Weights,
    no_tokens,
    reorder_row,
    weigh_row,
)
from semioscope.core.types import ALL_KEPT, Float32Array, IdArray, State

__all__ = [
    "MASS_TOLERANCE",
    "MOST_ABOVE",
    "TOLD_ROUNDING",
    "Answer",
    "Expansion",
    "NextState",
    "Question",
    "answer_ranked",
    "answer_row",
    "past_of",
    "rule_entropy_bits",
]

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
    given: how many of the state's first tokens are the prompt (`Growth.question` fills it in); some
    steps of a procedure count only what comes after it. whole: every log-probability is wanted
    (appending only).
    """

    state: State
    draws: tuple[float, ...] = ()
    keys: tuple[int, ...] = ()
    above: float | None = None
    named: tuple[bytes, ...] = ()
    given: int = 0
    whole: bool = False


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

    Raises Unavailable("broken-rule") when the row is no probability distribution, InvalidRequest
    "procedure-empties" when the procedure leaves nothing of it.
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
    weights, places = _weigh(question, row, log_sum_exp, entropy, procedure)
    keys, leading = row.keys(LEADING), row.leading(LEADING)
    return Answer(
        expansion=Expansion(
            keys=keys.copy(),
            log_probs=leading.copy(),
            log_sum_exp=log_sum_exp,
            entropy=entropy,
            complete=row.size <= LEADING,
        ),
        weights=weights,
        drawn=tuple(places.holding(u) for u in question.draws if row.size),
        scored=tuple(places.of_key(key) for key in question.keys),
        above=tuple(places.at_rank(rank) for rank in range(places.count_above(question.above))),
        row=row.log_probs.copy() if question.whole else None,
    )


def _weigh(
    question: Question, row: RankedRow, log_sum_exp: float, entropy: float, procedure: Procedure
) -> tuple[Weights, Places]:
    if not procedure.reorders:
        weights = weigh_row(procedure, row, entropy)
        return weights, RankPlaces(row, procedure.inverse_temperature, weights)
    past = past_of(question.state, question.given, log_sum_exp, procedure)
    reordered = reorder_row(procedure, row, entropy, past)
    return reordered.weights, OwnPlaces(row, reordered)


def past_of(state: State, given: int, log_sum_exp: float, procedure: Procedure) -> Past:
    """What a procedure that reorders has to know of a state. Raises InvalidRequest "no-tokens" for
    a rewriting rule's state."""
    if isinstance(state, bytes):
        raise no_tokens(procedure)
    return Past(state, given, log_sum_exp)


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
