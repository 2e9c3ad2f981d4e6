"""Procedures that reorder: whatever the row and the past, what they say of a state is true."""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import TypeVar

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from semioscope.core.distribution import Question, answer_row
from semioscope.core.errors import InvalidRequest
from semioscope.core.ranking import LEADING, RankedRow, StoredRow
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
    Weights,
    reorder_row,
    stages,
    weigh_full,
    weigh_stored,
    widths,
)
from semioscope.core.types import ALL_KEPT, Float32Array
from tests.property.test_sampling_places import positions
from tests.property.test_sampling_stored import rows
from tests.unit.core_math.procedures import dense

T = TypeVar("T")

keys = st.integers(0, 220)
steps: st.SearchStrategy[Step] = st.one_of(
    st.builds(Temperature, st.sampled_from([0.0, 0.4, 1.0, 1.6])),
    st.builds(TopK, st.integers(1, 220)),
    st.builds(TopP, st.floats(0.001, 1.0)),
    st.builds(MinP, st.floats(0.0, 1.0)),
    st.builds(Epsilon, st.floats(1e-4, 0.9)),
    st.builds(Eta, st.floats(1e-4, 0.9)),
    st.builds(Typical, st.floats(0.001, 1.0)),
    st.builds(Repetition, st.sampled_from([0.5, 1.0, 1.3])),
    st.builds(Presence, st.sampled_from([-0.5, 0.5, 3.0])),
    st.builds(Frequency, st.sampled_from([-0.5, 0.25])),
    st.builds(NoRepeat, st.integers(1, 4)),
    st.builds(Forbid, st.lists(keys, max_size=5).map(tuple)),
    st.builds(Force, st.lists(keys, min_size=1, max_size=9).map(tuple)),
    st.builds(Bias, st.dictionaries(keys, st.floats(-9, 9), max_size=4)),
)


def unless_refused(make: Callable[[], T], *codes: str) -> T | None:
    """What is made; None where it is refused by one of these codes."""
    try:
        return make()
    except InvalidRequest as refusal:
        if refusal.code not in codes:
            raise
        return None


@st.composite
def procedures(draw: st.DrawFn) -> Procedure:
    chosen = tuple(draw(st.lists(steps, min_size=1, max_size=5)))
    # Forced and forbidden tokens may contradict each other, and temperatures multiply to too much.
    found = unless_refused(lambda: Procedure(chosen), "procedure-contradicts", "bad-temperature")
    assume(found is not None)
    assert found is not None
    return found


@st.composite
def pasts(draw: st.DrawFn) -> Past:
    tokens = tuple(draw(st.lists(st.integers(0, 12), max_size=12)))
    given_ = draw(st.integers(0, len(tokens)))
    return Past(tokens, given_, draw(st.sampled_from([0.0, 3.3, -2.0])))


def weighed(procedure: Procedure, row: Float32Array, past: Past) -> Weights | None:
    """None where the procedure leaves nothing."""
    return unless_refused(lambda: weigh_full(procedure, row, past), "procedure-empties")


@settings(deadline=None)
@given(rows(), procedures().filter(lambda each: each.reorders), pasts())
def test_a_ranking_of_its_own_leads_a_distribution(
    row: Float32Array, procedure: Procedure, past: Past
) -> None:
    weights = weighed(procedure, row, past)
    assume(weights is not None)
    assert weights is not None
    own = weights.own
    assert own is not None
    q = dense(procedure, row, past)
    assert q.sum() == pytest.approx(1, abs=1e-6)
    assert not np.any(q[row == -np.inf])
    possible = int(np.count_nonzero(q))
    is_all = possible == np.count_nonzero(row > -np.inf) and possible > LEADING
    assert weights.kept == (ALL_KEPT if is_all else possible)
    assert (weights.log_z, len(own)) == (0.0, min(LEADING, possible))
    positive = q[q > 0]
    entropy = -float((positive * np.log2(positive)).sum())
    assert weights.entropy == pytest.approx(entropy, abs=1e-5)
    order = np.argsort(-q.astype(np.float32), kind="stable")
    # By log q as it is stored: probabilities may tie where their logarithms do not.
    assert np.array_equal(own.log_q, np.sort(own.log_q)[::-1])
    assert q[own.keys] == pytest.approx(q[order[: len(own)]], rel=1e-6)
    tied = own.log_q[1:] == own.log_q[:-1]
    assert np.all(own.keys[1:][tied] > own.keys[:-1][tied])
    assert np.array_equal(own.log_probs, row[own.keys])


@settings(deadline=None)
@given(rows(), procedures(), pasts())
def test_what_is_stored_gives_the_whole_answer_or_none(
    row: Float32Array, procedure: Procedure, past: Past
) -> None:
    assume(procedure.fingerprint != "rule")
    order = np.argsort(-row, kind="stable").astype(np.uint32)
    order = order[: np.count_nonzero(row > -np.inf)]
    complete = len(order) <= LEADING
    leading = order[:LEADING]
    whole = weighed(procedure, row, past)
    entropy = None if complete else float(np.float32(weigh_full(Procedure(), row).entropy))
    stored = unless_refused(
        lambda: weigh_stored(procedure, row[leading], complete, entropy, leading, past),
        "procedure-empties",
    )
    if stored is None:
        assert not complete or whole is None
    elif stored.own is None and stored.kept == ALL_KEPT:
        assert whole is not None
        assert stored.entropy == pytest.approx(whole.entropy, rel=1e-6)
    else:
        assert stored == whole


@settings(deadline=None)
@given(rows(), procedures().filter(lambda each: each.reorders), pasts(), positions)
def test_a_draw_is_the_state_whose_interval_holds_it(
    row: Float32Array, procedure: Procedure, past: Past, draws: list[float]
) -> None:
    assume(weighed(procedure, row, past) is not None)
    question = Question(tuple(past.tokens), draws=tuple(draws), given=past.given)
    answer = answer_row(question, row, past.log_sum_exp, procedure)
    reordered = reorder_row(procedure, RankedRow(row), None, past)
    order = reordered.in_order
    log_q = reordered.log_q[np.searchsorted(reordered.keys, order)]
    lengths = widths(1.0, 0.0, log_q)
    ends = np.cumsum(lengths)
    by_rule = np.argsort(-row, kind="stable").tolist()
    for u, drawn in zip(draws, answer.drawn, strict=True):
        assert drawn is not None
        place = order.tolist().index(drawn.key)
        assert drawn.cum_procedure == (ends[place - 1] if place else 0)
        assert drawn.width == lengths[place] > 0
        assert drawn.log_q == log_q[place]
        assert drawn.cum_procedure <= u
        assert u < ends[place] or ends[place] == ends[-1]
        assert drawn.rank == by_rule.index(drawn.key)
        assert drawn.log_prob == row[drawn.key]


@settings(deadline=None)
@given(rows(), procedures(), pasts(), st.data())
def test_a_scored_state_has_its_place_under_both(
    row: Float32Array, procedure: Procedure, past: Past, data: st.DataObject
) -> None:
    assume(weighed(procedure, row, past) is not None)
    key = data.draw(st.integers(0, len(row) - 1))
    question = Question(tuple(past.tokens), keys=(key,), given=past.given)
    (scored,) = answer_row(question, row, past.log_sum_exp, procedure).scored
    (ruled,) = answer_row(question, row, 0.0, Procedure()).scored
    assert scored is not None
    assert ruled is not None
    assert (scored.key, scored.log_prob, scored.rank, scored.cum) == (
        ruled.key,
        ruled.log_prob,
        ruled.rank,
        ruled.cum,
    )
    q = dense(procedure, row, past)[key]
    if q == 0:
        assert math.isnan(scored.cum_procedure)
        assert math.isnan(scored.width)
        assert math.isnan(scored.log_q)
    else:
        assert scored.width == pytest.approx(q, rel=1e-6)


@settings(deadline=None)
@given(rows(), procedures(), pasts())
def test_stages_lead_from_the_rule_to_what_is_drawn_from(
    row: Float32Array, procedure: Procedure, past: Past
) -> None:
    weights = weighed(procedure, row, past)
    if weights is None:
        with pytest.raises(InvalidRequest, match=r"^Step \d+ of the sampling procedure"):
            stages(procedure, RankedRow(row), past)
        return
    found_keys, found = stages(procedure, RankedRow(row), past)
    assert [stage.step for stage in found] == [None, *procedure.steps]
    p = np.exp(row[found_keys].astype(np.float64))
    np.testing.assert_allclose(found[0].probabilities, p, atol=1e-6)
    last = np.zeros(len(row))
    last[found_keys] = found[-1].probabilities
    np.testing.assert_allclose(last, dense(procedure, row, past), atol=2e-6)
    assert np.array_equal(last > 0, dense(procedure, row, past) > 0)
    assert found[-1].kept == min(weights.kept, len(found_keys))
    assert found[-1].entropy == pytest.approx(weights.entropy, abs=1e-5)
    for before, after in pairwise(found):
        assert after.probabilities.sum() == pytest.approx(1, abs=1e-9)
        gone = (before.probabilities > 0) & (after.probabilities == 0)
        assert before.kept - after.removed == after.kept == np.count_nonzero(after.probabilities)
        assert after.removed_mass == pytest.approx(before.probabilities[gone].sum(), abs=1e-12)
        moved = np.abs(after.probabilities - before.probabilities).sum() / 2
        assert after.moved_mass == pytest.approx(moved, abs=1e-12)
        assert after.moved_mass >= after.removed_mass - 1e-12


@settings(deadline=None)
@given(rows(), procedures(), pasts())
def test_stages_of_what_is_stored_whole_are_those_of_the_row(
    row: Float32Array, procedure: Procedure, past: Past
) -> None:
    order = np.argsort(-row, kind="stable")[: np.count_nonzero(row > -np.inf)].astype(np.uint32)
    assume(len(order) <= LEADING)
    assume(weighed(procedure, row, past) is not None)
    whole_keys, whole = stages(procedure, RankedRow(row), past)
    stored_keys, stored = stages(procedure, StoredRow(row[order], True, order), past)
    assert np.array_equal(whole_keys, stored_keys)
    for one, other in zip(whole, stored, strict=True):
        assert np.array_equal(one.probabilities, other.probabilities)
