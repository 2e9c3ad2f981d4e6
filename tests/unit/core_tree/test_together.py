"""What is done for many at once is what is done for one after the other."""

import dataclasses

import numpy as np
import pytest

from semioscope.core import replay
from semioscope.core.events import Event, decode_event
from semioscope.core.lines import nodes_on_lines
from semioscope.core.random import uniform
from semioscope.core.tree import Tree
from semioscope.core.types import ROOT, NodeId
from semioscope.core.walk import advance, locate, starts
from semioscope.store.records import NewEvent
from tests import big_tree
from tests.unit.core_tree.toys import Logged, appending_answer

SEED = 7
STEPS = 96


@pytest.fixture(scope="module")
def grown() -> tuple[Tree, list[Event]]:
    """Worlds of 96 characters, and much beside them, with the log."""
    log: list[NewEvent] = []
    tree = big_tree.grow(big_tree.chain(), "the ", 6000, 2, lambda _, event: log.append(event))
    return tree, [decode_event(event.frame)[0] for event in log]


def one_by_one(tree: Tree, lines: int, offset: float) -> list[int]:
    """Where each line goes by itself."""
    found: set[int] = set()
    for index, at in enumerate(starts(lines, offset=offset)):
        node = NodeId(ROOT)
        for step in range(STEPS):
            place = None if tree.is_cut(node) else locate(tree, node, at.u, "rule")
            if place is None or place.child is None or not place.width > 0:
                break
            node = place.child
            found.add(node)
            at = advance(at, place.before, place.width, uniform(SEED, index, step))
    return sorted(found)


def together(tree: Tree, lines: int, offset: float) -> list[int]:
    found = nodes_on_lines(tree, ROOT, lines, offset, SEED, STEPS, "rule")
    assert found is not None
    return [int(node) for node in found]


@pytest.mark.parametrize("lines", [1, 7, 39, 200])
def test_lines_that_use_up_their_bits_take_the_same_fresh_ones(
    grown: tuple[Tree, list[Event]], lines: int
) -> None:
    tree, _ = grown
    found = together(tree, lines, 0.5)
    assert found == one_by_one(tree, lines, 0.5)
    assert found[-1] > lines


def test_lines_follow_children_that_are_not_among_the_stored_candidates() -> None:
    logged = Logged()
    growth = logged.growth()
    at = ROOT
    for _ in range(3):
        answer = appending_answer(growth.state_of(at), draws=[0.9999, 0.9996, 0.999, 0.4])
        growth.expand(at, answer, "rule")
        first, *_ = [growth.child(at, each) for each in answer.drawn]
        at = first
    logged.take(growth)
    tree = logged.tree
    found = one_by_one(tree, 30_000, 0.5)
    assert any(not np.isnan(tree.tail_cum(node)) for node in found), "of 70 tokens, 64 are stored"
    assert together(tree, 30_000, 0.5) == found


def must_be_equal(one: Tree, other: Tree) -> None:
    """All columns to the bit; the ledger, a sum in another order, to rounding."""
    (header, columns), (known, expected) = one.whole(), other.whole()
    assert header | {"ledger": None} == known | {"ledger": None}
    ledgers = dataclasses.astuple(one.ledger), dataclasses.astuple(other.ledger)
    assert ledgers[0] == pytest.approx(ledgers[1], abs=1e-9)
    assert columns.keys() == expected.keys()
    for name, each in columns.items():
        assert each.tobytes() == expected[name].tobytes(), name
    for derived in ("marks", "depths", "cum_log_probs", "ranks", "since", "expanded_since"):
        assert getattr(one, derived).tobytes() == getattr(other, derived).tobytes(), derived
    np.testing.assert_allclose(one.child_sums, other.child_sums, atol=1e-12)


def test_a_log_applied_in_one_go_makes_the_same_tree(grown: tuple[Tree, list[Event]]) -> None:
    tree, log = grown
    assert len(log) > 20
    again = Tree(tree.rule, tree.prompt, tree.max_length, tree.prompt_pieces, name=tree.name)
    replay.replay(again, log[:9])
    replay.replay(again, log[9:])
    must_be_equal(again, tree)
    with pytest.raises(ValueError, match="follow"):
        replay.replay(again, log[:9])


def test_a_state_that_two_growths_expanded_keeps_what_the_first_said() -> None:
    logged = Logged()
    growths = [logged.growth() for _ in range(6)]
    for growth in growths:
        logged.expand_into(growth, ROOT)
    for taken in [growth.take() for growth in growths]:
        assert taken is not None
        logged.append("grow", *taken)
    child = logged.branch(ROOT, int(appending_answer((5, 6)).expansion.keys[0]))[0]
    for _ in range(5):
        [child] = logged.branch(child, int(logged.growth().expansion(child) is not None) + 1)
    again = Logged().tree
    replay.replay(again, [entry.event for entry in logged.log])
    must_be_equal(again, logged.tree)
    assert again.expansion_count == logged.tree.expansion_count
