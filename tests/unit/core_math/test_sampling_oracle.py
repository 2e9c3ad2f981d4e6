"""transformers' logits warpers as the oracle of sampling procedures (SCIENCE.md section 10)."""

import numpy as np
import pytest
import torch
from transformers import (
    MinPLogitsWarper,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from semioscope.core.sampling import MinP, Procedure, Step, Temperature, TopK, TopP
from semioscope.core.types import Float32Array, FloatArray
from tests.unit.core_math.test_sampling import PROCEDURES, ROWS, dense


def warped(steps: tuple[Step, ...], row: Float32Array) -> FloatArray:
    """What transformers would sample from, f64[N]."""
    scores = torch.from_numpy(row.astype(np.float64))[None]
    ids = torch.zeros((1, 1), dtype=torch.long)
    for step in steps:
        match step:
            case Temperature(value):
                scores = TemperatureLogitsWarper(value)(ids, scores)
            case TopK(k):
                scores = TopKLogitsWarper(k)(ids, scores)
            case TopP(p):
                scores = TopPLogitsWarper(p)(ids, scores)
            case MinP(p):
                scores = MinPLogitsWarper(p)(ids, scores)
    probabilities: FloatArray = torch.softmax(scores, -1)[0].numpy()
    return probabilities


WARPED = {name: steps for name, steps in PROCEDURES.items() if name != "greedy"}
UNTIED = {name: row for name, row in ROWS.items() if "tied" not in name}


@pytest.mark.parametrize("steps", WARPED.values(), ids=WARPED)
@pytest.mark.parametrize("row", UNTIED.values(), ids=UNTIED)
def test_procedures_agree_with_transformers(steps: tuple[Step, ...], row: Float32Array) -> None:
    np.testing.assert_allclose(dense(Procedure(steps), row), warped(steps, row), atol=2e-6)


@pytest.mark.parametrize("row", [ROWS["all tied"], ROWS["tied in blocks"]])
@pytest.mark.parametrize("step", [TopP(0.9013), TopP(0.3517), MinP(0.2), MinP(0.05)])
def test_on_ties_the_same_mass_is_kept(step: Step, row: Float32Array) -> None:
    """Which of the tied are kept is a matter of taste; how many, and how much, is not."""
    kept = dense(Procedure((step,)), row) > 0
    theirs = warped((step,), row) > 0
    p = np.exp(row.astype(np.float64))
    assert kept.sum() == theirs.sum()
    assert p[kept].sum() == pytest.approx(p[theirs].sum(), abs=1e-6)


@pytest.mark.parametrize("row", [ROWS["all tied"], ROWS["tied in blocks"]])
@pytest.mark.parametrize("k", [1, 30, 77, 120])
def test_top_k_keeps_k_where_transformers_keeps_all_that_tie(k: int, row: Float32Array) -> None:
    kept = dense(Procedure((TopK(k),)), row) > 0
    theirs = warped((TopK(k),), row) > 0
    assert kept.sum() == k
    assert np.all(theirs[kept])
    assert np.all(row[theirs & ~kept] == row[kept].min())
