"""Where next states lie on the unit interval: against brute force, whatever the row."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semioscope.core.distribution import Question, answer_row
from semioscope.core.sampling import IDENTITY, Procedure, weigh_full, widths
from semioscope.core.types import Float32Array
from tests.property.test_sampling_stored import procedures, rows

positions = st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=8)


@settings(deadline=None)
@given(rows(), st.one_of(st.just(IDENTITY), procedures()), positions)
def test_a_draw_is_the_state_whose_interval_holds_it(
    row: Float32Array, procedure: Procedure, draws: list[float]
) -> None:
    answer = answer_row(Question((0,), draws=tuple(draws)), row, 0.0, procedure)
    weights = weigh_full(procedure, row)
    order = np.argsort(-row, kind="stable")[: np.count_nonzero(row > -np.inf)]
    lengths = widths(procedure.inverse_temperature, weights.log_z, row[order])
    lengths[min(weights.kept, len(lengths)) :] = 0
    ends = np.cumsum(lengths)
    for u, drawn in zip(draws, answer.drawn, strict=True):
        assert order[drawn.rank] == drawn.key
        assert row[drawn.key] == np.float32(drawn.log_prob)
        assert drawn.cum_procedure == (ends[drawn.rank - 1] if drawn.rank else 0)
        assert lengths[drawn.rank] > 0
        assert drawn.cum_procedure <= u
        assert u < ends[drawn.rank] or ends[drawn.rank] == ends[-1]


@settings(deadline=None)
@given(rows(), procedures(), st.data())
def test_a_scored_state_has_its_rank_and_its_place(
    row: Float32Array, procedure: Procedure, data: st.DataObject
) -> None:
    key = data.draw(st.integers(0, len(row) - 1))
    answer = answer_row(Question((0,), keys=(key,)), row, 0.0, procedure)
    (scored,) = answer.scored
    order = np.argsort(-row, kind="stable")
    assert order[scored.rank] == key
    assert scored.log_prob == row[key]
    before = widths(1.0, 0.0, row[order[: scored.rank]])
    assert scored.cum == pytest.approx(before.sum(), abs=1e-12)
    kept = scored.rank < answer.weights.kept and row[key] > -np.inf
    assert math.isnan(scored.cum_procedure) == (not kept)


@settings(deadline=None)
@given(rows(), st.floats(-20, 0))
def test_above_are_all_that_reach_the_threshold(row: Float32Array, threshold: float) -> None:
    answer = answer_row(Question((0,), above=threshold), row, 0.0, IDENTITY)
    expected = [key for key in np.argsort(-row, kind="stable") if float(row[key]) >= threshold]
    assert [one.key for one in answer.above] == expected


@settings(deadline=None)
@given(rows())
def test_an_expansion_keeps_the_leading_64_and_the_entropy_of_all(row: Float32Array) -> None:
    expansion = answer_row(Question((0,)), row, 1.5, IDENTITY).expansion
    possible = int(np.count_nonzero(row > -np.inf))
    p = np.exp(row[row > -np.inf].astype(np.float64))
    assert expansion.keys.tolist() == np.argsort(-row, kind="stable")[:possible][:64].tolist()
    assert expansion.complete == (possible <= 64)
    assert expansion.log_sum_exp == 1.5
    assert expansion.entropy == pytest.approx(-float((p * np.log2(p)).sum()), abs=2e-5)
    if expansion.complete:
        assert np.exp(expansion.log_probs.astype(np.float64)).sum() == pytest.approx(1, abs=1e-6)
