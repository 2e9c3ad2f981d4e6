"""transformers' logits processors as the oracle of sampling procedures (SCIENCE.md section 10)."""

import numpy as np
import pytest

from semioscope.core.sampling import (
    Bias,
    Epsilon,
    Eta,
    Forbid,
    Force,
    Frequency,
    MinP,
    NoRepeat,
    Past,
    Presence,
    Procedure,
    Repetition,
    Step,
    Temperature,
    TopK,
    TopP,
    Typical,
)
from semioscope.core.types import Float32Array
from tests.unit.core_math.procedures import dense, warped
from tests.unit.core_math.test_sampling import PROCEDURES, ROWS

UNTIED = {name: row for name, row in ROWS.items() if "tied" not in name}
TIED = {name: row for name, row in ROWS.items() if "tied" in name}
KEEP_ORDER = {
    name: steps
    for name, steps in {
        **PROCEDURES,
        "epsilon": (Epsilon(0.0009),),
        "epsilon above the greatest": (Epsilon(0.999),),
        "eta": (Eta(0.0031),),
        "eta of a flat one": (Temperature(1.9), Eta(0.31)),
        "every cut": (Temperature(0.83), TopK(150), TopP(0.973), MinP(0.0041), Epsilon(0.0017)),
        "eta after a nucleus": (TopP(0.9173), Eta(0.0211)),
    }.items()
    if Temperature(0) not in steps
}
# The state: "the prompt is the first three", and it repeats itself.
TOKENS = (3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 1)
GIVEN = 3
REORDERING: dict[str, tuple[Step, ...]] = {
    "typical": (Typical(0.9013),),
    "typical of little": (Typical(0.2017),),
    "typical when cold": (Temperature(0.5), Typical(0.9517)),
    "repetition": (Repetition(1.3),),
    "repetition wanted": (Repetition(0.6),),
    "repetition when hot": (Temperature(1.7), Repetition(1.2)),
    "presence": (Presence(0.7),),
    "frequency": (Frequency(0.45),),
    "frequency wanted": (Frequency(-0.6), Presence(-1.0)),
    "no bigram twice": (NoRepeat(2),),
    "no trigram twice": (NoRepeat(3),),
    "no gram as long as the state": (NoRepeat(17),),
    "forbidden": (Forbid((1, 5, 62)),),
    "bias": (Bias(((0, 3.5), (5, -7.25), (62, 2.0))),),
    "bias, then a nucleus": (Bias(((0, 3.5), (62, 8.0))), TopP(0.9013)),
    "a nucleus, then bias": (TopP(0.9013), Bias(((0, 3.5), (62, 8.0)))),
    "penalties, then every cut": (
        Repetition(1.15),
        Presence(0.3),
        Frequency(0.2),
        NoRepeat(4),
        Temperature(0.83),
        TopK(60),
        TopP(0.9713),
        MinP(0.0113),
        Typical(0.9517),
        Epsilon(0.0011),
        Eta(0.0007),
    ),
    "cuts, then penalties": (
        TopK(50),
        Typical(0.9517),
        Temperature(1.3),
        Repetition(1.4),
        Frequency(0.3),
        MinP(0.0213),
    ),
}


def raw(row: Float32Array, shift: float) -> Float32Array:
    """Raw logits whose log-sum-exp is `shift`, exactly as float32 has them."""
    return row + np.float32(shift)


@pytest.mark.parametrize("steps", KEEP_ORDER.values(), ids=KEEP_ORDER)
@pytest.mark.parametrize("row", UNTIED.values(), ids=UNTIED)
def test_procedures_that_keep_the_order_agree(steps: tuple[Step, ...], row: Float32Array) -> None:
    np.testing.assert_allclose(dense(Procedure(steps), row), warped(steps, row), atol=2e-6)


@pytest.mark.parametrize("shift", [0.0, 5.25])
@pytest.mark.parametrize("steps", REORDERING.values(), ids=REORDERING)
@pytest.mark.parametrize("name", [name for name, row in UNTIED.items() if len(row) > 62])
def test_procedures_that_reorder_agree(steps: tuple[Step, ...], name: str, shift: float) -> None:
    """shift: with it some raw logits are positive, which the repetition penalty divides."""
    row = UNTIED[name]
    past = Past(TOKENS, GIVEN, shift)
    theirs = warped(steps, raw(row, shift), TOKENS, GIVEN)
    np.testing.assert_allclose(dense(Procedure(steps), row, past), theirs, atol=2e-6)


@pytest.mark.parametrize("name", ["random 1000", "all tied", "tied in blocks", "a million to one"])
def test_forced_tokens_are_what_a_constraint_allows(name: str) -> None:
    row = ROWS[name]
    for steps in (
        (Force((2, 7, 62)),),
        (Temperature(0.7), Force((9,))),
        (Force((3, 4)), Bias(((4, 9.0),)), TopK(1)),
    ):
        np.testing.assert_allclose(dense(Procedure(steps), row), warped(steps, row), atol=2e-6)


@pytest.mark.parametrize("row", TIED.values(), ids=TIED)
@pytest.mark.parametrize(
    "step",
    [TopP(0.9013), TopP(0.3517), MinP(0.2), MinP(0.05), Epsilon(0.004), Epsilon(0.5), Eta(0.6)],
)
def test_on_ties_the_same_mass_is_kept(step: Step, row: Float32Array) -> None:
    """Which of the tied are kept is a matter of taste; how many, and how much, is not."""
    kept = dense(Procedure((step,)), row) > 0
    theirs = warped((step,), row) > 0
    p = np.exp(row.astype(np.float64))
    assert kept.sum() == theirs.sum()
    assert p[kept].sum() == pytest.approx(p[theirs].sum(), abs=1e-6)


@pytest.mark.parametrize("row", TIED.values(), ids=TIED)
@pytest.mark.parametrize("k", [1, 30, 77, 120])
def test_top_k_keeps_k_where_transformers_keeps_all_that_tie(k: int, row: Float32Array) -> None:
    kept = dense(Procedure((TopK(k),)), row) > 0
    theirs = warped((TopK(k),), row) > 0
    assert kept.sum() == k
    assert np.all(theirs[kept])
    assert np.all(row[theirs & ~kept] == row[kept].min())


@pytest.mark.parametrize("row", TIED.values(), ids=TIED)
@pytest.mark.parametrize("p", [0.1013, 0.5017, 0.9513])
def test_typical_keeps_the_fewest_where_transformers_keeps_all_that_tie(
    p: float, row: Float32Array
) -> None:
    probability = np.exp(row.astype(np.float64))
    kept = dense(Procedure((Typical(p),)), row) > 0
    theirs = warped((Typical(p),), row) > 0
    assert np.all(theirs[kept])
    assert len(set(row[theirs & ~kept].tolist())) <= 1
    assert probability[kept].sum() >= p - 1e-6
    entropy = -float((probability * row).sum())
    farthest = np.abs(entropy + row)[kept].argmax()
    assert probability[kept].sum() - probability[kept][farthest] < p


def test_greedy_within_other_steps_takes_the_lowest_of_the_greatest() -> None:
    row = ROWS["all tied"]
    q = dense(Procedure((Forbid((0, 1)), Temperature(0))), row)
    assert np.flatnonzero(q).tolist() == [2]
    assert q[2] == 1


def test_a_penalty_that_makes_a_tie_leaves_it_to_the_lowest_key() -> None:
    row = np.array([-3.0, -2.0, -1.0, -2.0], np.float32)
    q = dense(Procedure((Bias(((0, 1.0),)), TopK(2))), row)
    assert np.flatnonzero(q).tolist() == [0, 2]
