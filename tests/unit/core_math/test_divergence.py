"""Divergences of next-state distributions, against their definitions and closed forms."""

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semioscope.core.divergence import (
    Divergence,
    PartlyKnown,
    divergence,
    divergences,
    partly_known,
)


def entropy(*probabilities: float) -> float:
    """bits"""
    return -sum(p * math.log2(p) for p in probabilities if p > 0)


def relative(p: list[float], q: list[float]) -> float:
    if any(x > 0 and y == 0 for x, y in zip(p, q, strict=True)):
        return math.inf
    return sum(x * math.log2(x / y) for x, y in zip(p, q, strict=True) if x > 0)


def by_definition(p: list[float], q: list[float]) -> tuple[float, float, float, float]:
    """Total variation as the greatest difference over all events, JS as an entropy of a mixture."""
    events = product([0, 1], repeat=len(p))
    variation = max(
        sum(x - y for x, y, isin in zip(p, q, event, strict=True) if isin) for event in events
    )
    middle = [(x + y) / 2 for x, y in zip(p, q, strict=True)]
    shannon = entropy(*middle) - (entropy(*p) + entropy(*q)) / 2
    return variation, shannon, relative(p, q), relative(q, p)


def logs(probabilities: list[float]) -> "np.ndarray":
    with np.errstate(divide="ignore"):
        return np.log(np.array(probabilities, np.float64))


def values(found: Divergence) -> tuple[float, float, float, float]:
    return found.total_variation, found.jensen_shannon, found.forward, found.backward


def whole(probabilities: list[float]) -> PartlyKnown:
    return partly_known(np.arange(len(probabilities)), logs(probabilities), complete=True)


def told(probabilities: list[float], count: int) -> PartlyKnown:
    """The leading ones, as a tree stores them."""
    order = np.argsort(-np.array(probabilities), kind="stable")[:count]
    known = logs(probabilities)[order]
    is_all = sum(1 for p in probabilities if p > 0) <= count
    return partly_known(order, known, complete=is_all)


weights = st.lists(st.integers(0, 40), min_size=2, max_size=9).filter(any)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[list[float], list[float]]:
    first = draw(weights)
    second = draw(
        st.lists(st.integers(0, 40), min_size=len(first), max_size=len(first)).filter(any)
    )
    return [w / sum(first) for w in first], [w / sum(second) for w in second]


def test_a_fair_coin_and_one_of_seven_tenths() -> None:
    found = divergence(logs([0.5, 0.5]), logs([0.7, 0.3]))
    assert found.total_variation == pytest.approx(0.2)
    assert found.jensen_shannon == pytest.approx(
        entropy(0.6, 0.4) - (entropy(0.5, 0.5) + entropy(0.7, 0.3)) / 2
    )
    assert found.forward == pytest.approx(-1 - (math.log2(0.7) + math.log2(0.3)) / 2)
    assert found.backward == pytest.approx(1 - entropy(0.7, 0.3))
    assert found.guarantee == "exact"


def test_distributions_without_a_common_outcome_are_as_far_apart_as_can_be() -> None:
    found = divergence(logs([1.0, 0.0]), logs([0.0, 1.0]))
    assert values(found) == (1.0, 1.0, math.inf, math.inf)


def test_what_one_excludes_is_infinitely_far_one_way_only() -> None:
    found = divergence(logs([0.5, 0.5]), logs([1.0, 0.0]))
    assert found.forward == math.inf
    assert found.backward == pytest.approx(1.0)


def test_probabilities_too_small_for_a_double_are_not_taken_for_nothing() -> None:
    log_q = np.array([0.0, -2000.0])
    found = divergence(logs([0.5, 0.5]), log_q)
    assert found.forward == pytest.approx(1000 / math.log(2) - 1)


@given(pairs())
def test_whole_rows_follow_the_definitions(pair: tuple[list[float], list[float]]) -> None:
    p, q = pair
    found = divergence(logs(p), logs(q))
    assert values(found) == pytest.approx(by_definition(p, q), abs=1e-9)
    assert found.guarantee == "exact"


@given(pairs())
def test_bounds_and_symmetry(pair: tuple[list[float], list[float]]) -> None:
    p, q = pair
    one, other = divergence(logs(p), logs(q)), divergence(logs(q), logs(p))
    assert 0 <= one.total_variation <= 1
    assert 0 <= one.jensen_shannon <= 1
    assert one.total_variation == other.total_variation
    assert one.jensen_shannon == other.jensen_shannon
    assert (one.forward, one.backward) == (other.backward, other.forward)
    assert one.forward >= 0
    assert values(divergence(logs(p), logs(p))) == pytest.approx((0, 0, 0, 0), abs=1e-12)
    # Pinsker, with bits: TV² ≤ KL·ln 2 / 2.
    assert one.total_variation**2 <= one.forward * math.log(2) / 2 + 1e-9


@given(pairs(), st.integers(1, 9), st.integers(1, 9))
def test_what_is_put_together_only_lowers(
    pair: tuple[list[float], list[float]], first: int, second: int
) -> None:
    p, q = pair
    (found,) = divergences([told(p, first)], [told(q, second)])
    exact = by_definition(p, q)
    if found.guarantee == "exact":
        assert values(found) == pytest.approx(exact, abs=1e-9)
    for bound, true in zip(values(found), exact, strict=True):
        assert bound <= true + 1e-6


@given(st.lists(pairs(), min_size=1, max_size=5), st.integers(1, 6))
def test_many_at_once_are_those_one_by_one(
    many: list[tuple[list[float], list[float]]], count: int
) -> None:
    a = [told(p, count) for p, _ in many]
    b = [told(q, count + 1) for _, q in many]
    together = divergences(a, b)
    alone = [divergences([one], [other])[0] for one, other in zip(a, b, strict=True)]
    for one, other in zip(together, alone, strict=True):
        assert values(one) == pytest.approx(values(other), abs=1e-12)
        assert one.guarantee == other.guarantee


def test_complete_distributions_are_compared_exactly_whatever_the_order() -> None:
    a = partly_known(np.array([7, 3]), logs([0.5, 0.5]), complete=True)
    b = partly_known(np.array([3, 9]), logs([0.25, 0.75]), complete=True)
    (found,) = divergences([a], [b])
    assert found.total_variation == pytest.approx(0.75)
    assert found.forward == found.backward == math.inf
    assert found.guarantee == "exact"


def test_a_cut_to_what_is_stored_is_compared_exactly_with_the_rest_of_the_other() -> None:
    """Top-k against the rule: what lies outside has no mass in one, so nothing is lost."""
    row = [0.4, 0.3, 0.2, 0.06, 0.04]
    cut = partly_known(np.array([0, 1]), logs([4 / 7, 3 / 7]), complete=True)
    (found,) = divergences([cut], [told(row, 3)])
    assert found.guarantee == "exact"
    assert values(found) == pytest.approx(by_definition([4 / 7, 3 / 7, 0, 0, 0], row))


def test_a_rest_that_only_rounding_makes_empty_is_not_infinitely_far() -> None:
    a = PartlyKnown(np.array([0]), np.array([math.log(0.9)]), False)
    b = PartlyKnown(np.array([0]), np.array([0.0]), False)
    (found,) = divergences([a], [b])
    assert found.guarantee == "bound"
    assert math.isfinite(found.forward)


def test_the_same_outcome_given_twice_is_added_up() -> None:
    known = partly_known(np.array([1, 2, 1]), logs([0.25, 0.5, 0.25]), complete=True)
    assert known.outcomes.tolist() == [1, 2]
    assert np.exp(known.log_probs).tolist() == pytest.approx([0.5, 0.5])


def test_no_pairs_have_no_divergences() -> None:
    assert divergences([], []) == []


def test_each_needs_its_other() -> None:
    with pytest.raises(ValueError, match="cannot be compared"):
        divergences([whole([1.0])], [])
