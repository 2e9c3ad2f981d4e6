"""Answers about whole rows as large as a real vocabulary."""

import math

import numpy as np
import pytest

from semioscope.core.distribution import (
    MOST_ABOVE,
    Question,
    answer_row,
    rule_entropy_bits,
)
from semioscope.core.errors import Unavailable
from semioscope.core.ranking import RankedRow
from semioscope.core.sampling import IDENTITY, Procedure, Temperature, TopK, widths
from semioscope.core.types import Float32Array
from tests.unit.core_math.test_sampling import log_softmax

SIZE = 49_152


@pytest.fixture(scope="module")
def row() -> Float32Array:
    """Like a language model's: a few likely tokens, a long tail, many of them tied."""
    rng = np.random.default_rng(5)
    logits = np.round(rng.normal(0, 2.5, SIZE), 3)
    logits[rng.integers(0, SIZE, 20)] += 9
    return log_softmax(logits)


def test_the_leading_candidates_come_in_rank_order(row: Float32Array) -> None:
    expansion = answer_row(Question((0,)), row, 0.0, IDENTITY).expansion
    order = np.argsort(-row, kind="stable")
    assert expansion.keys.tolist() == order[:64].tolist()
    assert expansion.log_probs.tolist() == row[order[:64]].tolist()
    assert not expansion.complete


def test_ties_at_the_border_go_to_the_lowest_keys() -> None:
    logits = np.zeros(SIZE)
    logits[::-97] = 1.0
    expansion = answer_row(Question((0,)), log_softmax(logits), 0.0, IDENTITY).expansion
    assert expansion.keys.tolist() == sorted(np.flatnonzero(logits))[:64]


def test_entropy_is_that_of_the_whole_distribution(row: Float32Array) -> None:
    p = np.exp(row.astype(np.float64))
    assert abs(p.sum() - 1) < 1e-6
    assert rule_entropy_bits(RankedRow(row)) == pytest.approx(
        -float((p * np.log2(p)).sum()), abs=1e-5
    )


@pytest.mark.parametrize(
    "procedure", [IDENTITY, Procedure((Temperature(1.3),)), Procedure((TopK(9000),))]
)
def test_draws_far_out_in_the_tail_are_exact(row: Float32Array, procedure: Procedure) -> None:
    draws = (0.0, 0.3, 0.9, 0.99, 0.9999, 0.999999, 1 - 2**-53)
    answer = answer_row(Question((0,), draws=draws), row, 0.0, procedure)
    order = np.argsort(-row, kind="stable")[: answer.weights.kept]
    ends = np.cumsum(widths(procedure.inverse_temperature, answer.weights.log_z, row[order]))
    for u, drawn in zip(draws, answer.drawn, strict=True):
        rank = min(int(np.searchsorted(ends, u, side="right")), len(ends) - 1)
        assert drawn.rank == rank
        assert drawn.key == order[rank]
        assert drawn.cum_procedure == (ends[rank - 1] if rank else 0.0)
    assert answer.drawn[4].rank > 8192


def test_a_state_has_the_same_place_however_it_was_asked_for(row: Float32Array) -> None:
    procedure = Procedure((Temperature(1.3),))
    drawn = answer_row(Question((0,), draws=(0.7,)), row, 0.0, procedure).drawn[0]
    asked = Question((0,), keys=(drawn.key,), above=drawn.log_prob)
    answer = answer_row(asked, row, 0.0, procedure)
    assert 64 < drawn.rank < MOST_ABOVE
    assert answer.scored[0] == drawn
    assert drawn in answer.above


def test_above_is_bounded() -> None:
    answer = answer_row(Question((0,), above=-50.0), log_softmax(np.zeros(9000)), 0.0, IDENTITY)
    assert [one.key for one in answer.above] == list(range(MOST_ABOVE))


def test_an_impossible_state_scores_nothing() -> None:
    row = np.array([math.log(0.5), -np.inf, math.log(0.5), -np.inf], np.float32)
    answer = answer_row(Question((0,), keys=(1, 3, 0)), row, 0.0, Procedure((Temperature(2),)))
    assert [one.log_prob for one in answer.scored[:2]] == [-math.inf, -math.inf]
    assert [one.rank for one in answer.scored] == [2, 3, 0]
    assert math.isnan(answer.scored[0].cum_procedure)
    assert answer.expansion.keys.tolist() == [0, 2]
    assert answer.expansion.complete


def test_a_draw_at_a_border_belongs_to_the_state_behind_it() -> None:
    row = np.full(4, math.log(0.25), np.float32)
    answer = answer_row(Question((0,), draws=(0.0, 0.25, 0.5, 0.75)), row, 0.0, IDENTITY)
    assert [drawn.rank for drawn in answer.drawn] == [0, 1, 2, 3]


def test_where_nothing_can_follow_nothing_is_drawn() -> None:
    row = np.full(3, -np.inf, np.float32)
    answer = answer_row(Question((0,), draws=(0.5,), above=-3.0), row, 0.0, IDENTITY)
    assert (answer.drawn, answer.above, len(answer.expansion.keys)) == ((), (), 0)
    assert answer.expansion.complete
    assert answer.expansion.entropy == 0


def test_a_row_of_no_numbers_at_all_is_refused_and_not_taken_for_an_end() -> None:
    with pytest.raises(Unavailable, match="nan") as refusal:
        answer_row(Question((0,)), np.full(3, np.nan, np.float32), 0.0, IDENTITY)
    assert refusal.value.code == "broken-rule"


@pytest.mark.parametrize("broken", [math.nan, 0.5])
def test_a_row_that_is_no_distribution_is_refused(broken: float) -> None:
    row = np.array([math.log(0.5), broken, math.log(0.5)], np.float32)
    with pytest.raises(Unavailable) as refusal:
        answer_row(Question((0,)), row, 0.0, IDENTITY)
    assert refusal.value.code == "broken-rule"
