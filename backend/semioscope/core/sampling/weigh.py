"""A procedure at one state: from a whole row, or from what a tree stores of it."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from semioscope.core.errors import InvalidRequest
from semioscope.core.ranking import LEADING, RankedRow, StoredRow, rank_codes
from semioscope.core.sampling import logits
from semioscope.core.sampling.by_rank import cut_by_rank, weigh_by_rank
from semioscope.core.sampling.logits import Past, Scores
from semioscope.core.sampling.procedure import Procedure, Step
from semioscope.core.sampling.weights import Ranking, Weights
from semioscope.core.types import ALL_KEPT, Float32Array, IdArray

NO_PAST: Final = Past()
EMPTIES: Final = "procedure-empties"
"""The code of the refusal of a procedure that leaves nothing at a state."""


@dataclass(frozen=True, slots=True)
class Reordered:
    """A procedure that reorders, at one state: its weights, and all next states of positive q.

    keys u32[M] ascending, log_q f32[M], nats, under the procedure.
    """

    weights: Weights
    keys: IdArray
    log_q: Float32Array

    @property
    def in_order(self) -> IdArray:
        """All its keys, u32[M], the most probable first, ties by the lowest key."""
        return np.sort(rank_codes(self.keys, self.log_q)).astype(np.uint32)


def weigh_full(procedure: Procedure, log_probs: Float32Array, past: Past = NO_PAST) -> Weights:
    """The procedure at a state whose whole row of log-probabilities is at hand (f32[N], nats).

    Raises InvalidRequest "procedure-empties" where it leaves nothing.
    """
    return weigh_row(procedure, RankedRow(log_probs), past=past)


def weigh_row(
    procedure: Procedure,
    row: RankedRow,
    rule_entropy: float | None = None,
    past: Past = NO_PAST,
) -> Weights:
    """As `weigh_full`, for a row that is already partly sorted."""
    if procedure.reorders:
        return reorder_row(procedure, row, rule_entropy, past).weights
    weights = weigh_by_rank(procedure, row, rule_entropy)
    if weights is None:
        raise AssertionError("a whole row suffices for every procedure")
    return weights


def weigh_stored(
    procedure: Procedure,
    log_probs: Float32Array,
    complete: bool,
    rule_entropy: float | None = None,
    keys: IdArray | None = None,
    past: Past = NO_PAST,
) -> Weights | None:
    """The procedure at a state of which only the leading candidates are stored.

    log_probs: f32[K], nats, descending; keys: u32[K], theirs, wanted where the procedure reorders;
    `complete` when no other next state is possible. rule_entropy: the stored entropy of the whole
    distribution, bits (nan in the result when it is needed and absent). Returns None where what is
    stored does not suffice (DESIGN.md section 3); what it returns is exact. Raises InvalidRequest
    "procedure-empties" where it shows that the procedure leaves nothing.
    """
    if not len(log_probs) and not complete:
        return _nothing_told(procedure)
    row = StoredRow(log_probs, complete, keys)
    if not procedure.reorders:
        return weigh_by_rank(procedure, row, rule_entropy)
    reordered = None if keys is None else _reorder(procedure, row, rule_entropy, past)
    return None if reordered is None else reordered.weights


def reorder_stored(
    procedure: Procedure, log_probs: Float32Array, complete: bool, keys: IdArray, past: Past
) -> Reordered | None:
    """A procedure that reorders, at a state of which only the leading next states are told; None
    where they do not suffice. Arguments and refusals as of `weigh_stored`."""
    if not len(log_probs) and not complete:
        return None
    return _reorder(procedure, StoredRow(log_probs, complete, keys), None, past)


def reorder_row(
    procedure: Procedure, row: RankedRow, rule_entropy: float | None, past: Past
) -> Reordered:
    """A procedure that reorders, at a state whose whole row is at hand. Raises as `weigh_full`."""
    reordered = _reorder(procedure, row, rule_entropy, past)
    if reordered is None:
        raise AssertionError("a whole row suffices for every procedure")
    return reordered


def _nothing_told(procedure: Procedure) -> Weights | None:
    """Where not one candidate is stored, only the rule itself can be said."""
    return Weights(0.0, ALL_KEPT, math.nan) if procedure.is_identity else None


def _reorder(
    procedure: Procedure, row: RankedRow | StoredRow, rule_entropy: float | None, past: Past
) -> Reordered | None:
    if row.size == 0:
        nothing = Ranking.empty()
        return Reordered(Weights(0.0, 0, 0.0, nothing), nothing.keys, nothing.log_q)
    steps = [(place, step) for place, step in enumerate(procedure.steps, 1)]
    steps = [(place, step) for place, step in steps if not step.changes_nothing]
    first = next(place for place, (_, step) in enumerate(steps) if step.reorders)
    cut = cut_by_rank([step for _, step in steps[:first]], row, rule_entropy)
    scores: Scores | None = None
    if cut is not None:
        scores = start_scores(row, *cut, past)
    for place, step in steps[first:]:
        if scores is None or (not len(scores.keys) and not scores.whole):
            return None
        scores = logits.apply(step, scores, past)
        if scores is not None and scores.whole and not len(scores.keys):
            raise emptied(place, step, past)
    return _reordered(scores, row) if scores is not None and scores.whole else None


def start_scores(row: RankedRow | StoredRow, beta: float, kept: int, past: Past) -> Scores | None:
    """The raw logits times β of the leading ranks that are kept; None where not all are known."""
    if kept == ALL_KEPT:
        keys, log_probs, whole = row.known()
    else:
        leading = row.leading(kept)
        if leading is None:
            return None
        keys, log_probs, whole = row.keys(kept), leading, True
    order = np.argsort(keys)
    shift = 0.0 if math.isnan(past.shift) else past.shift
    return Scores(keys[order], beta * (log_probs[order].astype(np.float64) + shift), whole)


def _reordered(scores: Scores, row: RankedRow | StoredRow) -> Reordered:
    exact = scores.log_q
    log_q = exact.astype(np.float32)
    keys = scores.keys
    leading = keys
    if len(keys) > LEADING:
        leading = keys[log_q >= np.partition(log_q, len(keys) - LEADING)[len(keys) - LEADING]]
    places = np.searchsorted(keys, leading)
    codes = np.sort(rank_codes(leading, log_q[places]))[:LEADING]
    leading = codes.astype(np.uint32)
    places = np.searchsorted(keys, leading)
    own = Ranking(leading, row.log_probs_of(leading), log_q[places])
    is_all = len(keys) == row.size and len(keys) > LEADING
    kept = ALL_KEPT if is_all else len(keys)
    return Reordered(Weights(0.0, kept, logits.entropy_bits(exact), own), keys, log_q)


def emptied(place: int, step: Step, past: Past) -> InvalidRequest:
    """The refusal of a procedure whose step at this place (from 1) leaves nothing."""
    count = len(past.tokens)
    return InvalidRequest(
        EMPTIES,
        f"Step {place} of the sampling procedure ({step.label}) leaves no next state after "
        f"{count:,} token{'s' * (count != 1)}: this state cannot go on.",
        "Loosen that step, or take it out.",
    )
