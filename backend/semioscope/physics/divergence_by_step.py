"""Sensitivity: two prompts, or one with a token changed, run on side by side (SCIENCE.md 2).

Along continuations that both are given alike: the Jensen–Shannon divergence of their next-state
distributions, by step. Between two ensembles of rollouts: that of what they say at each step, and
the share of pairs that have come back together. The slope of its logarithm is a *divergence rate*.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from semioscope.core.alignment import same_alphabet
from semioscope.core.alphabet import Alphabet
from semioscope.core.divergence import PartlyKnown, divergence, divergences
from semioscope.core.errors import InvalidRequest
from semioscope.core.tree import Tree
from semioscope.core.types import FloatArray
from semioscope.physics.intervals import (
    CONFIDENCE,
    Interval,
    bootstrap_interval,
    mean_interval,
    wilson,
)
from semioscope.physics.table import Column, Label, Table

WARNING: Final = (
    "This is a divergence rate and no Lyapunov exponent: those belong to continuous state spaces, "
    "and token sequences are discrete, so that nothing here is infinitesimal."
)
OVER: Final = -1
"""The token of a rollout at the steps after it has ended."""
_RESAMPLED: Final = 400
_SHUFFLED: Final = 40
_LEAST_BITS: Final = 1e-9
"""Less cannot be told from rounding, and has no logarithm worth fitting."""


def must_share_alphabet(
    a: Tree, b: Tree, alphabets: tuple[Alphabet | None, Alphabet | None] = (None, None)
) -> None:
    """Raises InvalidRequest "no-common-alphabet" where tokens of one are no tokens of the other."""
    if not same_alphabet(a, b, alphabets):
        raise InvalidRequest(
            "no-common-alphabet",
            f"{a.rule.name} and {b.rule.name} have no common alphabet: no token of one is a token "
            "of the other, so their next steps have no divergence.",
            "Take two trees of one rule, or of rules over the same tokens.",
        )


def along_shared(
    a: Sequence[Sequence[PartlyKnown]],
    b: Sequence[Sequence[PartlyKnown]],
    confidence: float = CONFIDENCE,
) -> tuple[FloatArray, Table]:
    """Of m continuations that both sides are given alike: what each side says is next, a[i][t] and
    b[i][t], before step t of continuation i; steps may end early, on both sides at once.

    Returns (JS f64[m, T] in bits, nan after the end; one row for each step: the mean over the
    continuations and its interval). Raises InvalidRequest "no-continuations" for none; ValueError
    for lengths that differ.
    """
    if not a or not any(a):
        raise InvalidRequest(
            "no-continuations",
            "There is no shared continuation to compare the two along.",
            "Grow one from either of them first.",
        )
    if [len(each) for each in a] != [len(each) for each in b]:
        raise ValueError("the two sides are given the same continuations")
    found = divergences([x for row in a for x in row], [x for row in b for x in row])
    label: Label = "theorem" if all(each.guarantee == "exact" for each in found) else "bound"
    bits = np.full((len(a), max(map(len, a))), np.nan)
    place = 0
    for row, steps in enumerate(a):
        count = len(steps)
        bits[row, :count] = [each.jensen_shannon for each in found[place : place + count]]
        place += count
    means = [mean_interval(bits[:, step], confidence) for step in range(bits.shape[1])]
    kind = "Exact at each state." if label == "theorem" else "At least so much at each state."
    table = Table(
        (
            _steps(bits.shape[1], 0),
            Column("pairs", "", "theorem", (~np.isnan(bits)).sum(axis=0), "Continuations there."),
            Column(
                "jensen_shannon",
                "bits",
                label if len(a) == 1 else "estimate",
                np.array([each.estimate for each in means]),
                f"Mean over the continuations. {kind}",
            ),
            *_ends(means, "bits", f"Student, {confidence:.0%}."),
        ),
        assumptions=("Both sides are given the same tokens; only what came before differs.",),
        notes=(WARNING,),
    )
    return bits, table


def between_ensembles(
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    memory: int = 1,
    confidence: float = CONFIDENCE,
    seed: int = 0,
) -> Table:
    """Two ensembles of rollouts, tokens i64[m, T] and i64[n, T], OVER where a rollout is over.

    One row for each step: the JS divergence of the tokens that are said there (bits); its floor,
    what two halves of one ensemble of this size would seem to diverge by, from shuffling; and,
    where m = n and rollout i of one is paired with rollout i of the other, the share of pairs whose
    last `memory` tokens are the same, with Wilson's interval.
    Raises InvalidRequest "no-rollouts" where an ensemble is empty; ValueError for other shapes.
    """
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1]:
        raise ValueError(f"ensembles {a.shape} and {b.shape} have not the same steps")
    if not len(a) or not len(b):
        raise InvalidRequest(
            "no-rollouts",
            "One of the two ensembles has no rollouts: there is nothing to compare.",
            "Ask for 1 at least of each.",
        )
    steps = a.shape[1]
    bits = np.array([_empirical(a[:, step], b[:, step]) for step in range(steps)])
    both, rng = np.concatenate([a, b]), np.random.default_rng(seed)
    floor = np.zeros(steps)
    for _ in range(_SHUFFLED):
        order = rng.permutation(len(both))
        one, other = both[order[: len(a)]], both[order[len(a) :]]
        floor += [_empirical(one[:, step], other[:, step]) for step in range(steps)]
    columns = [
        _steps(steps, 1),
        Column("jensen_shannon", "bits", "estimate", bits, "Of the tokens said at this step."),
        Column(
            "floor",
            "bits",
            "estimate",
            floor / _SHUFFLED,
            "What so few rollouts seem to diverge by where there is no difference.",
        ),
    ]
    if len(a) == len(b):
        together = rejoined(a, b, memory)
        shares = [wilson(int(together[:, s].sum()), len(a), confidence) for s in range(steps)]
        columns += [
            Column(
                "together",
                "probability",
                "estimate",
                np.array([each.estimate for each in shares]),
                f"Pairs whose last {memory} tokens are the same.",
            ),
            *_ends(shares, "probability", f"Wilson, {confidence:.0%}."),
        ]
    return Table(
        tuple(columns),
        assumptions=(
            "Independent rollouts of one procedure; of pairs, each pair is independent of others.",
            "Pairs that say the same last tokens may still part again, unless the rule remembers "
            "no more than those.",
        ),
        notes=(WARNING,),
    )


def rejoined(a: NDArray[np.int64], b: NDArray[np.int64], memory: int = 1) -> NDArray[np.bool_]:
    """Of pairs of rollouts i64[n, T] each: whether the last `memory` tokens are the same after each
    step, bool[n, T]; never before that many steps."""
    if a.shape != b.shape or memory < 1:
        raise ValueError(f"rollouts {a.shape} and {b.shape} are no pairs")
    runs = np.zeros(len(a), np.int64)
    found = np.zeros(a.shape, np.bool_)
    for step in range(a.shape[1]):
        runs = np.where(a[:, step] == b[:, step], runs + 1, 0)
        found[:, step] = runs >= memory
    return found


def divergence_rate(
    bits: FloatArray, confidence: float = CONFIDENCE, seed: int = 0
) -> tuple[Interval, str]:
    """The slope of log₂ JS against the step, doublings a step, and the warning that goes with it.

    bits: JS of m independent continuations at T steps, f64[m, T], nan where there is none. The
    slope is that of the least squares through log₂ of the mean over the continuations, where that
    is more than rounding; its interval resamples whole continuations. nan with fewer than three
    such steps, without an interval of one continuation alone.
    """
    rng = np.random.default_rng(seed)
    slope = _slope(bits)
    resampled = np.array(
        [_slope(bits[rng.integers(0, len(bits), len(bits))]) for _ in range(_RESAMPLED)]
        if len(bits) > 1
        else []
    )
    return bootstrap_interval(slope, resampled, confidence), WARNING


def _slope(bits: FloatArray) -> float:
    there = ~np.isnan(bits)
    counts = there.sum(axis=0)
    means = np.where(there, bits, 0.0).sum(axis=0) / np.maximum(counts, 1)
    steps = np.flatnonzero((counts > 0) & (means > _LEAST_BITS))
    if len(steps) < 3:
        return float("nan")
    return float(np.polyfit(steps, np.log2(means[steps]), 1)[0])


def _empirical(a: NDArray[np.int64], b: NDArray[np.int64]) -> float:
    """JS of two samples, bits."""
    tokens, codes = np.unique(np.concatenate([a, b]), return_inverse=True)
    p = np.bincount(codes[: len(a)], minlength=len(tokens)) / len(a)
    q = np.bincount(codes[len(a) :], minlength=len(tokens)) / len(b)
    with np.errstate(divide="ignore"):
        return divergence(np.log(p), np.log(q)).jensen_shannon


def _steps(count: int, first: int) -> Column:
    values = np.arange(first, first + count)
    return Column("step", "steps", "theorem", values, "Steps since the two were set going.")


def _ends(intervals: Sequence[Interval], unit: str, about: str) -> tuple[Column, Column]:
    low = np.array([each.low for each in intervals])
    high = np.array([each.high for each in intervals])
    return (
        Column("low", unit, "estimate", low, about),
        Column("high", unit, "estimate", high, about),
    )
