"""Pruning is conditioning: what is left, and worlds of what is left, against brute force."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semioscope.core.conditioning import Conditioning
from semioscope.core.random import uniform
from semioscope.core.sampling import IDENTITY, Procedure, Temperature, TopK, Typical
from semioscope.core.strategies import Breadth, Reweigh, Worlds
from semioscope.core.types import FloatArray, NodeId
from semioscope.core.walk import advance, draw_offset, locate, starts
from tests.unit.core_math.toys import Garden, ToyRule, toy

HOT = Procedure((Temperature(1.7),))
CUTTING = Procedure((TopK(2),))
TYPICAL = Procedure((Typical(0.6),))


def grown(procedure: Procedure, depth: int = 3) -> Garden:
    """A tree of three next states a step, whole to that depth and weighed."""
    rule = ToyRule(lambda state: [3, 1 + state[-1], 2 + len(state) % 3], 3)
    garden = Garden(rule, 64, (0,), procedure)
    garden.grow(Breadth(3, depth), IDENTITY)
    garden.grow(Reweigh(), procedure)
    return garden


def prune(garden: Garden, *nodes: int) -> None:
    for node in nodes:
        garden.happen("prune", {"node": node}, {})


def share(garden: Garden, procedure: Procedure, node: int, below: int = 0) -> float:
    """The probability of a state, from one above it, under the procedure alone."""
    tree, product = garden.tree, 1.0
    for step in tree.path(node):
        parent = tree.parent(step)
        if parent is None or step <= below:
            continue
        fan = tree.fan(parent, procedure.fingerprint)
        assert fan is not None
        place = fan.keys.tolist().index(tree.key(step)) if tree.key(step) in fan.keys else None
        product *= 0.0 if place is None else float(fan.widths[place])
    return product


def is_leaf(garden: Garden, node: int) -> bool:
    return not garden.tree.children(node)


@given(
    cuts=st.lists(st.integers(1, 38), min_size=1, max_size=6),
    procedure=st.sampled_from([IDENTITY, HOT, CUTTING, TYPICAL]),
)
@settings(max_examples=60, deadline=None)
def test_what_is_left_of_every_state_is_the_mass_of_its_ends_under_no_cut(
    cuts: list[int], procedure: Procedure
) -> None:
    garden = grown(procedure)
    prune(garden, *set(cuts))
    tree = garden.tree
    conditioning = Conditioning(tree, procedure.fingerprint)
    for node in range(tree.size):
        ends = [each for each in range(tree.size) if node in tree.path(each)]
        left = sum(
            share(garden, procedure, end, below=node)
            for end in ends
            if is_leaf(garden, end) and not tree.under_cut(end)
        )
        assert conditioning.left(node) == pytest.approx(left, abs=1e-5)


@given(
    cuts=st.lists(st.integers(1, 38), min_size=1, max_size=6),
    procedure=st.sampled_from([IDENTITY, HOT, CUTTING, TYPICAL]),
)
@settings(max_examples=60, deadline=None)
def test_what_is_left_moves_together_and_its_places_are_found_again(
    cuts: list[int], procedure: Procedure
) -> None:
    garden = grown(procedure)
    prune(garden, *set(cuts))
    tree = garden.tree
    conditioning = Conditioning(tree, procedure.fingerprint)
    for node in range(tree.size):
        before = tree.fan(node, procedure.fingerprint)
        after = conditioning.fan(node)
        if before is None or after is None or not conditioning.left(node) > 0:
            continue
        assert math.fsum(after.widths) == pytest.approx(1, abs=1e-5)
        begins = dict(zip(before.keys.tolist(), _starts(before.widths), strict=True))
        starts_after = _starts(after.widths)
        for key, start, width in zip(after.keys.tolist(), starts_after, after.widths, strict=True):
            assert conditioning.moved(node, begins[key]) == pytest.approx(start, abs=1e-5)
            origin = conditioning.origin(node, start + width / 2)
            whole = before.widths[before.keys.tolist().index(key)]
            assert begins[key] < origin < begins[key] + whole
            if conditioning.left(tree.find_child(node, key) or 0) == 1:
                assert origin == pytest.approx(begins[key] + whole / 2, abs=1e-5)


def _starts(widths: FloatArray) -> list[float]:
    return [float(end - width) for end, width in zip(np.cumsum(widths), widths, strict=True)]


@pytest.mark.parametrize("procedure", [IDENTITY, HOT, TYPICAL])
def test_worlds_of_what_is_left_fill_it_and_never_go_into_a_cut(procedure: Procedure) -> None:
    garden = Garden(toy(4, 100, (99,), spread=6.0), 40, (1, 2), procedure)
    garden.grow(Worlds(40, 4), procedure)
    tree = garden.tree
    leading = max(tree.children(0), key=tree.log_prob)
    rare = min(tree.children(0), key=tree.log_prob)
    prune(garden, leading, rare)
    left = Conditioning(tree, procedure.fingerprint).left(0)
    assert 0 < left < 0.99

    garden.grow(Worlds(60, 3, conditioned=True), procedure)

    reached = Counted(garden, procedure, lines=60, steps=3)
    assert reached.complete == 60
    assert not any(tree.under_cut(node) for node in reached.nodes)


class Counted:
    """Lines walked through what the tree stores, given that nothing pruned happens."""

    def __init__(self, garden: Garden, procedure: Procedure, lines: int, steps: int) -> None:
        tree = garden.tree
        given_left = Conditioning(tree, procedure.fingerprint)
        self.complete = 0
        self.nodes: list[int] = []
        for index, line in enumerate(starts(lines)):
            node: NodeId | None = NodeId(0)
            for step in range(steps):
                assert node is not None
                place = locate(tree, node, line.u, procedure.fingerprint, given_left)
                if place is None or place.child is None:
                    node = None
                    break
                line = advance(line, place.before, place.width, uniform(0, index, step))
                node = place.child
                self.nodes.append(node)
                if tree.is_terminal(node):
                    break
            self.complete += node is not None


def test_a_first_step_is_taken_as_often_as_it_is_probable_given_what_is_left() -> None:
    garden = Garden(toy(4, 100, spread=5.0), 40, (1, 2))
    garden.grow(Worlds(30, 3))
    tree = garden.tree
    leading, second, *_ = sorted(tree.children(0), key=tree.log_prob, reverse=True)
    prune(garden, leading)
    draws = 200
    for seed in range(1, draws + 1):
        garden.grow(Worlds(5, 1, seed=seed, conditioned=True))
    left = 1 - math.exp(tree.log_prob(leading))
    expected = math.exp(tree.log_prob(second)) / left
    through = 0
    for seed in range(1, draws + 1):
        given_left = Conditioning(tree, "rule")
        for line in starts(5, offset=draw_offset(seed)):
            place = locate(tree, NodeId(0), line.u, "rule", given_left)
            assert place is not None
            assert place.child != leading
            through += place.child == second
    error = math.sqrt(expected * (1 - expected) / (5 * draws))
    assert abs(through / (5 * draws) - expected) < 4 * error


def test_a_cut_made_meanwhile_holds_from_the_next_step_on() -> None:
    garden = Garden(toy(4, 100, spread=5.0), 40, (1, 2))
    garden.grow(Worlds(20, 1))
    first, second, *_ = garden.tree.children(0)
    prune(garden, first)

    def between() -> None:
        garden.between = lambda: None
        prune(garden, second)

    garden.between = between
    garden.grow(Worlds(20, 4, conditioned=True))
    asked = [node for node, _ in garden.asked[-40:]]
    assert not any(first in garden.tree.path(node)[1:] for node in asked)
    assert sum(garden.tree.ledger.to_json().values()) == pytest.approx(1, abs=1e-6)


def test_what_is_not_weighed_yet_is_not_guessed() -> None:
    garden = grown(IDENTITY)
    inner = garden.tree.children(garden.tree.children(0)[0])[0]
    prune(garden, inner)
    late = Conditioning(garden.tree, "another")
    assert math.isnan(late.left(0))
    assert late.fan(0) is None


def test_a_cut_under_a_cut_or_a_hidden_one_counts_once() -> None:
    garden = grown(IDENTITY)
    tree = garden.tree
    outer = tree.children(0)[0]
    prune(garden, tree.children(outer)[0], outer)
    assert Conditioning(tree, "rule").left(0) == pytest.approx(1 - math.exp(tree.log_prob(outer)))
    assert Conditioning(tree, "rule").left(outer) == 0
