"""Growing states that are alike together gives the tree that growing one by one gives."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semioscope.core.distribution import Question
from semioscope.core.ledger import recompute
from semioscope.core.sampling import (
    IDENTITY,
    Presence,
    Procedure,
    Temperature,
    TopK,
    TopP,
    Typical,
)
from semioscope.core.strategies import BestFirst, Breadth
from semioscope.core.types import NodeId
from tests.unit.core_math.toys import Emitting, Garden, ToyRule, random_tables

PROCEDURES = [
    IDENTITY,
    Procedure((Temperature(0.7), TopP(0.8))),
    Procedure((TopK(1),)),
    Procedure((Typical(0.6),)),
    Procedure((Presence(0.5), Temperature(0.9))),
]


@st.composite
def chains(draw: st.DrawFn) -> tuple[ToyRule, ToyRule]:
    """A chain of some order that says so, and the same one that does not."""
    size, order = draw(st.integers(2, 4)), draw(st.integers(0, 3))
    tables = random_tables(draw(st.integers(0, 10**6)), size)
    is_impossible = order > 0 and draw(st.integers(0, 3)) == 0

    def weigh(state: tuple[int, ...]) -> list[int]:
        weights = tables(state[-order:] if order else ())
        return [0, *weights[1:]] if is_impossible and state[-1:] == (1,) else weights

    ends = (size - 1,) if draw(st.booleans()) else ()
    return ToyRule(weigh, size, ends, memory=order), ToyRule(weigh, size, ends)


def gardens(rules: tuple[ToyRule, ToyRule], length: int, prompt: tuple[int, ...]) -> list[Garden]:
    return [Garden(rule, length, prompt) for rule in rules]


def disturb(garden: Garden, picks: list[int]) -> None:
    """Cuts and hides the same nodes in every tree that is grown alike; shows some again."""
    for turn, pick in enumerate(picks):
        node = pick % garden.tree.size
        if node == 0:
            continue
        if turn % 3 == 0:
            garden.happen("prune", {"node": node}, {})
        else:
            name = "hidden_node" if turn % 3 == 1 else "hidden_expansion"
            named = np.array([node], np.uint32)
            if name == "hidden_expansion" and not garden.tree.is_expanded(node):
                continue
            garden.happen("hide", {}, {name: named})


def check_same(together: Garden, alone: Garden, procedure: Procedure) -> None:
    """Node by node, and in sum. (Which comes first may depend on how many are asked at once.)"""
    one, other = together.tree, alone.tree
    twins = {alone.keys(node): node for node in range(other.size)}
    assert {together.keys(node) for node in range(one.size)} == twins.keys()
    assert one.size == other.size
    assert one.ledger.to_json() == pytest.approx(other.ledger.to_json(), abs=1e-12)
    assert recompute(one).to_json() == pytest.approx(one.ledger.to_json(), abs=1e-9)
    for node in range(one.size):
        twin = twins[together.keys(node)]
        for name in ("log_probs", "depths", "cum_log_probs", "ranks", "marks"):
            assert getattr(one, name)[node] == getattr(other, name)[twin], name
        here, there = one.stored_expansion(node), other.stored_expansion(twin)
        assert (here is None) == (there is None)
        if here is not None and there is not None:
            assert here.keys.tolist() == there.keys.tolist()
            assert here.log_probs.tolist() == there.log_probs.tolist()
            assert (here.entropy, here.complete) == (there.entropy, there.complete)
        weights = [
            each.weights_at(at, procedure.fingerprint) for each, at in ((one, node), (other, twin))
        ]
        assert str(weights[0]) == str(weights[1])
    assert all(key in one.symbols for key in one.keys[1:].tolist())
    assert len(one.symbols) == len(other.symbols)


@settings(max_examples=40, deadline=None)
@given(
    chains(),
    st.lists(st.integers(0, 1), max_size=3).map(tuple),
    st.integers(2, 3),
    st.integers(3, 5),
    st.sampled_from(PROCEDURES),
    st.lists(st.integers(0, 200), max_size=6),
    st.sampled_from([1, 3, 128]),
)
def test_breadth_is_the_same_tree(
    rules: tuple[ToyRule, ToyRule],
    prompt: tuple[int, ...],
    k: int,
    depth: int,
    procedure: Procedure,
    picks: list[int],
    batch: int,
) -> None:
    pair = gardens(rules, 8, prompt)
    for garden in pair:
        garden.grow(Breadth(2, 2))
        disturb(garden, picks)
        garden.grow(Breadth(k, depth), procedure, batch=batch)
    check_same(*pair, procedure)


@settings(max_examples=40, deadline=None)
@given(
    chains(),
    st.lists(st.integers(0, 1), max_size=3).map(tuple),
    st.integers(1, 200),
    st.sampled_from(PROCEDURES),
    st.lists(st.integers(0, 200), max_size=6),
)
def test_best_first_evaluates_as_by_one_question_at_a_time(
    rules: tuple[ToyRule, ToyRule],
    prompt: tuple[int, ...],
    n: int,
    procedure: Procedure,
    picks: list[int],
) -> None:
    """The same states up to which of equally probable ones goes first: where the evaluations end
    among such, one of the two may come to a finished trajectory that the other leaves waiting."""
    pair = gardens(rules, 9, prompt)
    evaluated, found = [], []
    for garden in pair:
        garden.grow(Breadth(2, 2))
        disturb(garden, picks)
        emitting = Emitting()
        growth = garden.growth(procedure)
        run = BestFirst(n).run(growth, NodeId(0), findings=emitting, batch=1)
        garden.drive(run, growth)
        assert recompute(garden.tree).to_json() == pytest.approx(garden.tree.ledger.to_json())
        evaluated.append(growth.answered)
        chances = sorted(garden.probability(path) for path in garden.expanded())
        emitted = [garden.probability(garden.keys(node)) for node in emitting.nodes]
        found.append((chances, emitted, emitting.figures[-1].value))
    assert evaluated[0] == evaluated[1] <= n
    assert found[0][0] == pytest.approx(found[1][0], rel=1e-5)
    fewer, more = sorted(found, key=lambda each: len(each[1]))
    assert fewer[1] == pytest.approx(more[1][: len(fewer[1])], rel=1e-5)
    assert [fewer[2]] * (len(more[1]) - len(fewer[1])) == pytest.approx(
        more[1][len(fewer[1]) :], rel=1e-5
    )


@settings(max_examples=60, deadline=None)
@given(chains(), st.lists(st.integers(0, 1), max_size=5).map(tuple), st.data())
def test_states_are_alike_that_end_in_the_same_keys(
    rules: tuple[ToyRule, ToyRule], prompt: tuple[int, ...], data: st.DataObject
) -> None:
    garden = Garden(rules[0], 12, prompt)
    garden.grow(Breadth(2, data.draw(st.integers(1, 4))))
    growth = garden.growth()
    added = []
    for leaf in garden.tree.frontier().tolist()[:1]:  # some of the states are the growth's only
        (answer,) = garden.rule.answer([Question(growth.state_of(leaf))], IDENTITY)
        growth.expand(leaf, answer, IDENTITY.fingerprint)
        added = growth.add_leading(np.array([leaf], np.uint32), 2).tolist()
    nodes = [*range(garden.tree.size), *added]
    order = rules[0].description.memory

    def ending(node: int) -> tuple[int, ...]:
        state = growth.state_of(node)
        return state[max(0, len(state) - order) :]

    endings = [ending(node) for node in nodes]
    firsts, which = growth.alike(np.array(nodes, np.uint32))
    assert [endings[firsts[kind]] for kind in which.tolist()] == endings
    assert len(firsts) == len(set(endings))
    assert [growth.context_of(node) for node in nodes] == [each[::-1] for each in endings]


def test_a_rule_of_short_memory_is_asked_once_for_each_context() -> None:
    rule = ToyRule(lambda state: [9, 1] if state[-1:] == (0,) else [1, 9], 2, memory=1)
    garden = Garden(rule, prompt=())
    garden.grow(Breadth(2, 9))
    assert garden.tree.expansion_count == 2**9 - 1
    assert len(garden.asked) <= 1 + 3 * math.ceil(math.log2(2**9))


def test_a_long_search_lets_others_have_a_turn() -> None:
    rule = ToyRule(lambda _: [3, 1], 2, memory=0)
    garden = Garden(rule, max_length=1024, prompt=())
    garden.grow(BestFirst(4096))
    assert garden.tree.expansion_count == 4096
    assert garden.tree.seq >= 5
    assert len(garden.asked) == 1


def test_what_a_procedure_makes_of_the_path_is_asked_at_every_state() -> None:
    tables = random_tables(3, 3)
    procedure = Procedure((Presence(0.5),))
    rules = [ToyRule(lambda state: tables(state[-1:]), 3, memory=memory) for memory in (1, None)]
    pair = [Garden(rule, 8, (0,)) for rule in rules]
    for garden in pair:
        garden.grow(Breadth(2, 4), procedure)
    check_same(*pair, procedure)
    assert len(pair[0].asked) == 15


@pytest.mark.parametrize("memory", [0, None])
@pytest.mark.parametrize("hidden", ["hidden_expansion", "hidden_node"])
def test_what_hangs_below_something_hidden_is_found_again_in_the_same_stretch(
    memory: int | None, hidden: str
) -> None:
    garden = Garden(ToyRule(lambda _: [3, 1], 2, memory=memory), 4, ())
    garden.grow(Breadth(2, 4))
    garden.happen("hide", {}, {hidden: np.array([1], np.uint32)})
    emitting = Emitting()
    growth = garden.growth()
    garden.drive(BestFirst(100).run(growth, NodeId(0), findings=emitting), growth)
    assert len(emitting.nodes) == 16
    assert recompute(garden.tree).to_json() == pytest.approx(garden.tree.ledger.to_json())
