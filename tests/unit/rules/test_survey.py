"""Chunks of logits, looked through together, give what each row alone gives in float64."""

import math
from typing import Any

import numpy as np
import pytest
import torch

from semioscope.core.distribution import Question, answer_ranked, answer_row
from semioscope.core.errors import Unavailable
from semioscope.core.ranking import LEADING
from semioscope.core.sampling import (
    IDENTITY,
    Bias,
    Epsilon,
    Eta,
    Frequency,
    MinP,
    Procedure,
    Repetition,
    Temperature,
    TopK,
    TopP,
    Typical,
)
from semioscope.rules.causal_lm.survey import Survey, SurveyedRow

SIZES = [2, LEADING, LEADING + 1, 97, 8320, 8321, 49_152]
"""Alphabets on both sides of every way to search: fewer than stored, blocks, blocks and a rest."""


def spread(size: int, rows: int = 5) -> torch.Tensor:
    return torch.from_numpy(
        np.random.default_rng(size).normal(0, 4, (rows, size)).astype(np.float32)
    )


def strange(size: int) -> torch.Tensor:
    """Ties, impossible next states, one survivor, a million to one, everything alike."""
    rng = np.random.default_rng(size)
    tied = np.round(rng.normal(0, 1, size))
    holes = rng.normal(0, 3, size)
    holes[rng.random(size) < 0.5] = -np.inf
    holes[0] = 0
    survivor = np.full(size, -np.inf)
    survivor[size // 2] = 3.0
    steep = np.zeros(size)
    steep[-1] = math.log(1e6)
    return torch.from_numpy(
        np.stack([tied, holes, survivor, steep, np.zeros(size)]).astype(np.float32)
    )


def exact(logits: torch.Tensor, beta: float) -> tuple["np.ndarray[Any, Any]", ...]:
    """(log Σ exp(β·logit), entropy in bits) of each row in float64."""
    tempered = logits.double().numpy() * beta
    top = tempered.max(axis=1, keepdims=True)
    log_sum_exp = top[:, 0] + np.log(np.exp(tempered - top).sum(axis=1))
    log_probs = tempered - log_sum_exp[:, None]
    with np.errstate(invalid="ignore"):
        terms = np.where(np.isfinite(log_probs), np.exp(log_probs) * log_probs, 0.0)
    return log_sum_exp, -terms.sum(axis=1) / math.log(2)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("beta", [1.0, 0.5, 1 / 0.7, 20.0])
@pytest.mark.parametrize("make", [spread, strange])
def test_normalisers_and_entropies_are_those_of_float64(size: int, beta: float, make: Any) -> None:
    logits = make(size)
    tempered = Survey(logits).tempered(beta)
    log_sum_exp, entropy = exact(logits, beta)
    # float32 holds β·logit to 1e-7 of its size
    scale = 1e-6 * max(1.0, beta)
    assert tempered.log_sum_exp == pytest.approx(log_sum_exp, abs=10 * scale)
    assert tempered.entropy == pytest.approx(entropy, abs=20 * scale)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("make", [spread, strange])
@pytest.mark.parametrize(
    "procedure",
    [
        IDENTITY,
        Procedure((Temperature(0),)),
        Procedure((Temperature(0.7),)),
        Procedure((Temperature(1.5), TopP(0.9))),
        Procedure((TopK(80), Temperature(2.0))),
        Procedure((MinP(0.01),)),
        Procedure((Epsilon(0.003), Eta(0.002))),
        Procedure((Repetition(1.3), Typical(0.9))),
        Procedure((TopP(0.9), Bias({3: 2.0}), Frequency(1.0))),
    ],
)
def test_a_surveyed_row_answers_as_the_row_itself(
    size: int, make: Any, procedure: Procedure
) -> None:
    survey = Survey(make(size))
    question = Question((0,), draws=(0.0, 0.4, 0.97), keys=(0, size - 1), above=-6.0)
    for place in range(len(survey)):
        found = answer_ranked(question, SurveyedRow(survey, place), 0.0, procedure)
        alone = answer_row(question, survey.row(place), 0.0, procedure)
        assert found.expansion.keys.tolist() == alone.expansion.keys.tolist()
        assert found.expansion.log_probs.tolist() == alone.expansion.log_probs.tolist()
        assert found.expansion.complete == alone.expansion.complete
        assert found.expansion.entropy == pytest.approx(alone.expansion.entropy, abs=1e-5)
        assert found.weights.kept == alone.weights.kept
        assert found.weights.log_z == pytest.approx(alone.weights.log_z, abs=1e-5)
        assert found.weights.entropy == pytest.approx(alone.weights.entropy, abs=3e-5)
        assert [one.key for one in found.above] == [one.key for one in alone.above]
        assert [one.rank for one in found.scored] == [one.rank for one in alone.scored]
        for one, other in zip(found.drawn, alone.drawn, strict=True):
            # a draw at a border may fall on either side of it
            assert one.key == other.key or abs(one.cum - other.cum) <= math.exp(other.log_prob)


def test_half_precision_is_looked_at_in_single() -> None:
    logits = spread(97).bfloat16()
    whole = Survey(logits.float())
    assert Survey(logits).log_probs.tolist() == whole.log_probs.tolist()


@pytest.mark.parametrize("broken", [math.nan, math.inf])
@pytest.mark.parametrize("size", [97, 49_152])
def test_logits_that_are_no_numbers_are_refused_by_name(broken: float, size: int) -> None:
    logits = spread(size)
    logits[1, 7] = broken
    survey = Survey(logits)
    assert len(answer_ranked(Question((0,)), SurveyedRow(survey, 0), 0.0, IDENTITY).above) == 0
    with pytest.raises(Unavailable, match="Some rule returned") as refusal:
        answer_ranked(Question((0,)), SurveyedRow(survey, 1), 0.0, IDENTITY, "Some rule")
    assert refusal.value.code == "broken-rule"
