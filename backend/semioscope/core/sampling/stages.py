"""What each step of a procedure makes of the distribution that it is given, at one state."""

from dataclasses import dataclass, replace

import numpy as np

from semioscope.core.ranking import RankedRow, StoredRow
from semioscope.core.sampling import logits
from semioscope.core.sampling.by_rank import cut_by_rank
from semioscope.core.sampling.logits import Past, Scores
from semioscope.core.sampling.procedure import Procedure, Step
from semioscope.core.sampling.weigh import emptied, start_scores
from semioscope.core.types import ALL_KEPT, FloatArray, IdArray


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """The distribution after a step; `step` is None for the first, the rule's.

    probabilities: f64[M], of the keys of all stages. removed: next states that the step took out;
    removed_mass: what they had before it. moved_mass: total variation from the stage before.
    entropy: bits.
    """

    step: Step | None
    probabilities: FloatArray
    kept: int
    removed: int
    removed_mass: float
    moved_mass: float
    entropy: float


def stages(
    procedure: Procedure, row: RankedRow | StoredRow, past: Past
) -> tuple[IdArray, list[Stage]]:
    """(keys u32[M] ascending, the rule's stage and one for each step) at a state whose whole
    distribution is at hand: M next states are possible, one at least.

    Raises InvalidRequest "procedure-empties".
    """
    scores = _known(start_scores(row, 1.0, ALL_KEPT, past))
    keys = scores.keys
    probabilities = np.exp(scores.log_q)
    entropy = logits.entropy_bits(scores.log_q)
    found = [Stage(None, probabilities, len(keys), 0, 0.0, 0.0, entropy)]
    keeps_order: list[Step] | None = []  # the steps so far, while none reorders
    for place, step in enumerate(procedure.steps, 1):
        if step.changes_nothing:
            found.append(_unchanged(step, found[-1]))
            continue
        if step.reorders:
            keeps_order = None
        if keeps_order is None:
            scores = _known(logits.apply(step, scores, past))
        else:  # by the same cuts as `weigh_by_rank`, so that the last stage is what is drawn from
            keeps_order.append(step)
            beta, kept = _cut(keeps_order, row)
            scores = _known(start_scores(row, beta, kept, past))
        if not len(scores.keys):
            raise emptied(place, step, past)
        found.append(_stage(step, found[-1], keys, scores))
    return keys, found


def _stage(step: Step, before: Stage, keys: IdArray, scores: Scores) -> Stage:
    log_q = scores.log_q
    kept = np.zeros(len(keys), np.bool_)
    kept[np.searchsorted(keys, scores.keys)] = True
    probabilities = np.zeros(len(keys))
    probabilities[kept] = np.exp(log_q)
    return Stage(
        step=step,
        probabilities=probabilities,
        kept=len(scores.keys),
        removed=before.kept - len(scores.keys),
        removed_mass=float(before.probabilities[~kept].sum()),
        moved_mass=float(np.abs(probabilities - before.probabilities).sum()) / 2,
        entropy=logits.entropy_bits(log_q),
    )


def _unchanged(step: Step, before: Stage) -> Stage:
    return replace(before, step=step, removed=0, removed_mass=0.0, moved_mass=0.0)


def _known(scores: Scores | None) -> Scores:
    if scores is None or not scores.whole:
        raise AssertionError("a whole row suffices for every step")
    return scores


def _cut(steps: list[Step], row: RankedRow | StoredRow) -> tuple[float, int]:
    cut = cut_by_rank(steps, row, None)
    if cut is None:
        raise AssertionError("a whole row suffices for every cut")
    return cut
