"""Best first emits finished trajectories in exact order of probability (SCIENCE.md section 1)."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semioscope.core.strategies import BestFirst, Breadth, MassThreshold
from semioscope.core.types import NodeId
from tests.unit.core_math.toys import Emitting, Garden, ToyRule, all_paths, random_tables, toy


def emitted(garden: Garden, n: int, batch: int, anchor: int = 0) -> list[tuple[int, ...]]:
    """The finished trajectories that a run emits, in that order."""
    emitting = Emitting()
    growth = garden.growth()
    run = BestFirst(n).run(growth, NodeId(anchor), findings=emitting, batch=batch)
    garden.drive(run, growth)
    return [garden.keys(node) for node in emitting.nodes]


def check_order(garden: Garden, found: list[tuple[int, ...]], length: int) -> None:
    """`found` is the beginning of all finished trajectories by descending probability."""
    everything = list(all_paths(garden.rule, (0,), length))
    chances = sorted((garden.probability(path) for path in everything), reverse=True)
    assert len(set(found)) == len(found)
    assert set(found) <= set(everything)
    assert [garden.probability(path) for path in found] == pytest.approx(
        chances[: len(found)], rel=1e-5
    )


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([1, 2, 5, 64]), st.integers(1, 60))
def test_emission_is_in_exact_order_whatever_the_batch(seed: int, batch: int, n: int) -> None:
    garden = Garden(toy(seed, 4, (3,)), max_length=5)
    check_order(garden, emitted(garden, n, batch), 4)


@pytest.mark.parametrize("batch", [1, 7, 64])
def test_a_finite_tree_is_emitted_to_the_last(batch: int) -> None:
    garden = Garden(toy(3, 4, (3,)), max_length=5)
    found = emitted(garden, 1000, batch)
    check_order(garden, found, 4)
    assert len(found) == len(list(all_paths(garden.rule, (0,), 4)))
    assert garden.tree.ledger.terminal == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(("seed", "batch"), [(1, 1), (2, 8), (3, 64)])
def test_what_is_not_stored_holds_emission_back(seed: int, batch: int) -> None:
    """An alphabet of 80 nearly even next states, of which an expansion stores 64."""
    garden = Garden(toy(seed, 80, tuple(range(0, 80, 2)), spread=1.0), max_length=3)
    found = emitted(garden, 70, batch)
    assert found
    check_order(garden, found, 2)
    assert any(question.above is not None for _, question in garden.asked)
    outside = [garden.tree.ranks[node] >= 64 for node in range(1, garden.tree.size)]
    assert any(outside)


def test_a_state_that_is_mostly_not_stored_is_searched_to_the_end() -> None:
    garden = Garden(ToyRule(lambda _: [2] * 70 + [1] * 30, 100), max_length=2)
    found = emitted(garden, 50, 1)
    check_order(garden, found, 1)
    assert len(found) == 100


@pytest.mark.parametrize("batch", [1, 64])
def test_a_state_searched_in_part_still_bounds_what_is_left(batch: int) -> None:
    """A long slope of endings, and the same again below the one state that goes on."""
    weights = [1 + int(1000 * math.exp(-rank / 60)) for rank in range(300)]
    rule = ToyRule(lambda _: weights, 300, tuple(range(1, 300)))
    garden = Garden(rule, max_length=3)
    found = emitted(garden, 100, batch)
    check_order(garden, found, 2)
    assert len(found) == 599
    searches = [question.state for _, question in garden.asked if question.above is not None]
    assert searches.count((0,)) > 1


def test_expansions_go_by_probability_one_at_a_time() -> None:
    garden = Garden(toy(5, 30, (4,), spread=9.0))
    emitted(garden, 40, 1)
    chances = [
        garden.probability(garden.keys(node))
        for node, question in garden.asked
        if question.above is None
    ]
    assert len(chances) > 30
    assert chances == pytest.approx(sorted(chances, reverse=True), rel=1e-5)
    # Nothing that was left is more probable than the last that was expanded.
    left = set(garden.paths()) - garden.expanded()
    assert all(garden.probability(path) <= min(chances) * 1.00001 for path in left if path[-1] != 4)


@pytest.mark.parametrize("grown", [Breadth(3, 3), MassThreshold(1 / 50)])
def test_what_is_grown_already_changes_neither_order_nor_budget(
    grown: Breadth | MassThreshold,
) -> None:
    rule = ToyRule(random_tables(11, 4), 4, (3,))
    fresh, known = Garden(rule, max_length=6), Garden(rule, max_length=6)
    first = emitted(fresh, 10, 4)
    known.grow(grown)
    known.asked.clear()
    second = emitted(known, 10, 4)
    assert len(known.asked) <= 10
    check_order(known, second, 5)
    assert second[: len(first)] == first


def test_order_holds_below_any_state() -> None:
    garden = Garden(toy(2, 4, (3,)), max_length=6)
    garden.grow(Breadth(2, 1))
    anchor = next(child for child in garden.tree.children(0) if garden.tree.key(child) != 3)
    found = emitted(garden, 30, 8, anchor)
    assert found
    chances = [garden.probability(path) for path in found]
    assert chances == pytest.approx(sorted(chances, reverse=True), rel=1e-5)
    top = garden.keys(anchor)
    rest = [garden.probability((*top, *path)) for path in all_paths(garden.rule, (0, *top), 4)]
    assert chances == pytest.approx(sorted(rest, reverse=True)[: len(found)], rel=1e-5)


def test_unexplored_mass_is_known_exactly() -> None:
    garden = Garden(toy(3, 4, (3,)), max_length=7)
    found = emitted(garden, 30, 4)
    ledger = garden.tree.ledger
    finished = math.fsum(
        garden.probability(garden.keys(node))
        for node in range(garden.tree.size)
        if garden.tree.is_terminal(node)
    )
    assert ledger.terminal == pytest.approx(finished, abs=1e-6)
    assert ledger.frontier + ledger.residual == pytest.approx(1 - finished, abs=1e-6)
    assert found
