"""Growth strategies on toy trees, against what they promise and against brute force."""

import math
from collections import Counter
from itertools import product
from typing import Any

import numpy as np
import pytest

from semioscope.core.errors import Conflict, InvalidRequest
from semioscope.core.sampling import IDENTITY, Procedure, Temperature, TopK, TopP
from semioscope.core.strategies import (
    Ancestral,
    Beam,
    BestFirst,
    Breadth,
    Greedy,
    MassThreshold,
    Plan,
    Reweigh,
    StochasticBeam,
    Typed,
    Worlds,
)
from semioscope.core.types import NodeId
from tests.unit.core_math.toys import Garden, ToyRule, coin, toy

PROCEDURE = Procedure((Temperature(0.8), TopK(70), TopP(0.97)))
PLANS: dict[str, Plan] = {
    "worlds": Worlds(20, 6),
    "another draw": Worlds(20, 6, seed=9),
    "breadth": Breadth(4, 4),
    "mass": MassThreshold(1 / 200),
    "best first": BestFirst(60),
    "beam": Beam(5, 5),
    "greedy": Greedy(6),
    "without replacement": StochasticBeam(8, 5, 2),
    "ancestral": Ancestral(30, 6, 3),
    "typed": Typed((3, 1, 4, 1)),
}


def leading(garden: Garden, path: tuple[int, ...], k: int) -> list[int]:
    row = garden.rule.row((*garden.tree.state_of(0), *path))
    return [int(key) for key in np.argsort(-row, kind="stable")[:k]]


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_no_state_is_asked_about_twice_and_none_that_has_ended(plan: Plan) -> None:
    """The driver itself asserts that no terminal, hidden or cut state is asked about."""
    garden = Garden(toy(31, 80, (5, 6)), max_length=6, prompt=(0, 2))
    garden.grow(plan, PROCEDURE)
    states = [question.state for _, question in garden.asked]
    if isinstance(plan, BestFirst):  # which may search a state again for what is not stored
        states = [question.state for _, question in garden.asked if question.above is None]
    if isinstance(plan, StochasticBeam):  # which may look a state up again, for the same
        states = list(dict.fromkeys(states))
    assert len(set(states)) == len(states)
    assert garden.tree.depths.max() <= 4
    assert garden.tree.ledger.total == pytest.approx(1, abs=1e-6)
    if plan.total is not None:
        assert len(states) <= plan.total


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_growing_again_asks_nothing(plan: Plan) -> None:
    garden = Garden(toy(31, 50, (5, 6)), max_length=6)
    garden.grow(plan, PROCEDURE)
    asked, paths = len(garden.asked), garden.paths()
    garden.grow(plan, PROCEDURE, **({"budget": 0} if isinstance(plan, MassThreshold) else {}))
    if not isinstance(plan, BestFirst):  # which goes on to the next n
        assert len(garden.asked) == asked
        assert garden.paths() == paths


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_a_tree_that_is_partly_grown_becomes_the_same_tree(plan: Plan) -> None:
    rule = toy(31, 50, (5, 6))
    alone, after = Garden(rule, max_length=6), Garden(rule, max_length=6)
    alone.grow(plan, PROCEDURE)
    after.grow(Breadth(50, 2), PROCEDURE)
    before = after.paths(), after.expanded()
    after.grow(plan, PROCEDURE)
    if isinstance(plan, BestFirst):
        assert alone.expanded() <= after.expanded()
    else:
        assert after.paths() == alone.paths() | before[0]
        assert after.expanded() == alone.expanded() | before[1]


@pytest.mark.parametrize("plan", [Breadth(3, 4), MassThreshold(1 / 100)])
@pytest.mark.parametrize("batch", [1, 2, 7])
def test_the_size_of_the_batches_does_not_matter(plan: Plan, batch: int) -> None:
    rule = toy(12, 90, (5,))
    at_once, by_batches = Garden(rule), Garden(rule)
    at_once.grow(plan, batch=1000)
    by_batches.grow(plan, batch=batch)
    assert by_batches.paths() == at_once.paths()
    assert by_batches.expanded() == at_once.expanded()


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_what_is_cut_is_left_alone(plan: Plan) -> None:
    garden = Garden(toy(31, 50), max_length=8)
    garden.grow(Breadth(50, 1), PROCEDURE)
    top = garden.tree.find_child(0, leading(garden, (), 1)[0])
    assert top is not None
    garden.happen("prune", {"node": top}, {})
    garden.grow(plan, PROCEDURE)
    assert garden.tree.children(top) == []


@pytest.mark.parametrize("kind", ["prune", "hide"])
@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_what_others_cut_or_hide_meanwhile_is_left_alone(plan: Plan, kind: str) -> None:
    garden = Garden(toy(31, 50), max_length=8)
    garden.grow(Breadth(50, 1), PROCEDURE)
    victims = garden.tree.children(0)[:25]

    def interfere() -> None:
        garden.between = lambda: None
        if kind == "hide":
            garden.happen("hide", {}, {"hidden_node": np.array(victims, np.uint32)})
        else:
            for victim in victims:
                garden.happen("prune", {"node": victim}, {})

    garden.between = interfere
    garden.grow(plan, PROCEDURE)
    assert [victim for victim in victims if garden.tree.children(victim)] == []


def test_breadth_takes_the_k_most_probable_of_every_state() -> None:
    garden = Garden(toy(2, 100))
    garden.grow(Breadth(3, 4))
    expected: set[tuple[int, ...]] = {()}
    level: list[tuple[int, ...]] = [()]
    for _ in range(4):
        level = [(*path, key) for path in level for key in leading(garden, path, 3)]
        expected |= set(level)
    assert garden.paths() == expected
    assert len(garden.expanded()) == Breadth(3, 4).total == 40


def test_mass_threshold_grows_every_state_at_least_that_probable_and_no_other() -> None:
    garden, epsilon = Garden(toy(4, 80, (5,), spread=9.0)), 1 / 150
    garden.grow(MassThreshold(epsilon))
    expected: set[tuple[int, ...]] = {()}
    level: list[tuple[int, ...]] = [()]
    while level:
        level = [
            (*path, key)
            for path in level
            if not path or path[-1] != 5
            for key in range(80)
            if garden.probability((*path, key)) >= epsilon
        ]
        expected |= set(level)
    assert garden.paths() == expected
    assert garden.expanded() == {path for path in expected if not path or path[-1] != 5}
    assert max(garden.tree.ranks[1:]) > 0
    for depth in range(int(garden.tree.depths.max()) + 1):
        assert sum(len(path) == depth for path in garden.expanded()) <= math.floor(1 / epsilon)


def test_mass_threshold_looks_beyond_the_stored_candidates() -> None:
    garden = Garden(ToyRule(lambda _: [1] * 200, 200))
    garden.grow(Breadth(1, 1))
    garden.grow(MassThreshold(1 / 200), budget=1)
    assert len(garden.tree.children(0)) == 200
    assert len(garden.asked) == 2


def test_mass_threshold_counts_a_fair_coin_as_fair() -> None:
    garden = Garden(coin())
    garden.grow(MassThreshold(1 / 16))
    assert garden.paths() == {
        path for length in range(5) for path in product((0, 1), repeat=length)
    }


def test_mass_threshold_spends_a_small_budget_on_the_most_probable() -> None:
    garden = Garden(toy(4, 30, spread=9.0))
    garden.grow(MassThreshold(1 / 1000), budget=12, batch=1)
    grown = garden.expanded()
    assert len(grown) == len(garden.asked) == 12
    least = min(garden.probability(path) for path in grown)
    assert all(garden.probability(path) <= least * (1 + 1e-6) for path in garden.paths() - grown)


@pytest.mark.parametrize("procedure", [IDENTITY, PROCEDURE])
def test_rollouts_are_counted_at_every_node_they_pass(procedure: Procedure) -> None:
    garden = Garden(toy(6, 80, (5,)))
    garden.grow(Ancestral(200, 4, 1), procedure)
    visits, tree = garden.tree.visits, garden.tree
    assert visits[0] == 200
    assert np.all(visits > 0)
    for node in tree.expanded_nodes().tolist():
        children = tree.children(node)
        assert sum(int(visits[child]) for child in children) == visits[node]


def test_rollouts_are_unbiased() -> None:
    garden, rollouts = Garden(toy(6, 10)), 4000
    garden.grow(Ancestral(rollouts, 2, 5), budget=10_000)
    for first, second in product(range(10), repeat=2):
        path = (first, second)
        node = garden.tree.find_child(garden.tree.find_child(0, first) or 0, second)
        count = 0 if node is None else int(garden.tree.visits[node])
        probability = garden.probability(path)
        error = math.sqrt(rollouts * probability * (1 - probability))
        assert abs(count - rollouts * probability) <= 4 * error


def test_rollouts_do_not_depend_on_what_is_there_already() -> None:
    rule = toy(6, 10)
    counts = []
    for grown in (False, True):
        garden = Garden(rule)
        if grown:
            garden.grow(Breadth(4, 3))
        garden.grow(Ancestral(50, 5, 2))
        tree = garden.tree
        counts.append(
            Counter({garden.keys(node): int(tree.visits[node]) for node in range(tree.size)})
        )
    assert +counts[0] == +counts[1]


def test_typed_tokens_get_their_probabilities_in_one_batch() -> None:
    garden, keys = Garden(toy(8, 100)), (99, 3, 98, 50)
    garden.grow(Typed(keys))
    assert garden.tree.size == 5
    assert garden.keys(4) == keys
    assert math.exp(garden.tree.cum_log_prob(4)) == pytest.approx(garden.probability(keys))
    assert garden.tree.seq == 1


def test_typed_tokens_that_are_there_already_are_followed() -> None:
    garden = Garden(toy(8, 100))
    garden.grow(Typed((99, 3)))
    garden.grow(Typed((99, 3, 7)))
    assert len(garden.asked) == 3
    garden.grow(Typed((99, leading(garden, (99,), 1)[0])))
    assert len(garden.asked) == 3
    assert garden.tree.size == 5


def test_an_end_token_can_be_typed_last() -> None:
    garden = Garden(toy(8, 10, (5,)))
    garden.grow(Typed((1, 5)))
    assert garden.tree.is_terminal(2)


def test_typed_tokens_hidden_meanwhile_come_back_with_an_answer() -> None:
    garden = Garden(toy(8, 100))
    garden.grow(Typed((99, 3)))
    garden.happen("hide", {}, {"hidden_node": np.array([1], np.uint32)})
    garden.grow(Typed((99, 3)))
    assert garden.tree.has(2)
    assert garden.tree.size == 3


def test_reweighing_evaluates_what_the_procedure_lacks_most_probable_first() -> None:
    garden = Garden(toy(9, 100), procedure=PROCEDURE)
    garden.grow(Breadth(3, 4))
    garden.grow(Typed((leading(garden, (), 90)[-1], 3)))
    before = garden.paths()
    garden.asked.clear()
    garden.grow(Reweigh(), PROCEDURE, batch=8)
    tree = garden.tree
    assert garden.paths() == before
    assert {node for node, _ in garden.asked} == set(tree.expanded_nodes().tolist())
    order = [tree.cum_log_prob(node) for node, _ in garden.asked]
    assert order == sorted(order, reverse=True)
    assert len(tree.not_weighed(PROCEDURE.fingerprint)) == 0
    garden.asked.clear()
    garden.grow(Reweigh(), PROCEDURE)
    assert garden.asked == []


def test_reweighing_places_children_outside_the_stored_candidates() -> None:
    garden = Garden(toy(9, 100))
    tail = leading(garden, (), 68)[-1]
    hot = Procedure((Temperature(1.5),))
    garden.grow(Typed((tail,)))
    assert math.isnan(garden.tree.tail_cum(1, hot.fingerprint))
    garden.grow(Reweigh(), hot)
    direct = Garden(toy(9, 100))
    direct.grow(Typed((tail,)), hot)
    assert garden.tree.tail_cum(1, hot.fingerprint) == direct.tree.tail_cum(1, hot.fingerprint)


def test_reweighing_begins_below_the_anchor() -> None:
    garden = Garden(toy(9, 20))
    garden.grow(Breadth(3, 3))
    anchor = garden.tree.find_child(0, leading(garden, (), 3)[-1])
    assert anchor is not None
    garden.asked.clear()
    garden.grow(Reweigh(), PROCEDURE, anchor=anchor, batch=2)
    below = [anchor in garden.tree.path(node) for node, _ in garden.asked]
    assert below == sorted(below, reverse=True)
    assert sum(below) == 4


def test_reweighing_stops_when_its_budget_is_spent() -> None:
    garden = Garden(toy(9, 20))
    garden.grow(Breadth(3, 3))
    garden.asked.clear()
    garden.grow(Reweigh(), PROCEDURE, budget=5, batch=3)
    assert len(garden.asked) == 5


REFUSED: list[tuple[Any, str]] = [
    (lambda: Worlds(0, 5), "bad-lines"),
    (lambda: Worlds(10**6, 5), "bad-lines"),
    (lambda: Worlds(True, 5), "bad-lines"),
    (lambda: Worlds(5, 0), "bad-steps"),
    (lambda: Worlds(5, 1.5), "bad-steps"),
    (lambda: Worlds(5, 5, seed=-1), "bad-seed"),
    (lambda: Worlds(5, 5, seed=2**32), "bad-seed"),
    (lambda: Worlds(5, 5, 0.5, 0.5), "bad-interval"),
    (lambda: Worlds(5, 5, 0.5, 1.5), "bad-interval"),
    (lambda: Worlds(5, 5, -0.5, 1.0), "bad-interval"),
    (lambda: Worlds(5, 5, math.nan, 1.0), "bad-interval"),
    (lambda: Worlds(5, 5, 0.5, 0.5 + 2**-45), "bad-interval"),
    (lambda: Worlds(5, 5, offset=1.0), "bad-offset"),
    (lambda: Worlds(5, 5, offset=math.nan), "bad-offset"),
    (lambda: Breadth(0, 3), "bad-k"),
    (lambda: Breadth(65, 3), "bad-k"),
    (lambda: Breadth(2, 0), "bad-depth"),
    (lambda: MassThreshold(2), "bad-epsilon"),
    (lambda: MassThreshold(0), "bad-epsilon"),
    (lambda: MassThreshold(-1), "bad-epsilon"),
    (lambda: MassThreshold(1e-9), "bad-epsilon"),
    (lambda: MassThreshold(math.nan), "bad-epsilon"),
    (lambda: MassThreshold("half"), "bad-epsilon"),
    (lambda: BestFirst(0), "bad-states"),
    (lambda: BestFirst(10**6), "bad-states"),
    (lambda: Ancestral(0, 5), "bad-rollouts"),
    (lambda: Ancestral(5, -1), "bad-steps"),
    (lambda: Ancestral(5, 5, 2**40), "bad-seed"),
    (lambda: Beam(0, 3), "bad-k"),
    (lambda: Beam(2000, 3), "bad-k"),
    (lambda: Beam(2, 0), "bad-steps"),
    (lambda: Greedy(0), "bad-steps"),
    (lambda: StochasticBeam(0, 3), "bad-k"),
    (lambda: StochasticBeam(3, 0), "bad-steps"),
    (lambda: StochasticBeam(3, 3, -1), "bad-seed"),
    (lambda: Typed(()), "empty-branch"),
    (lambda: Typed((1,) * 5000), "branch-too-long"),
]


@pytest.mark.parametrize(("make", "code"), REFUSED)
def test_parameters_that_make_no_sense_are_refused(make: Any, code: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        make()
    assert refusal.value.code == code
    assert refusal.value.message.endswith(".")


@pytest.mark.parametrize(
    "plan",
    [
        Worlds(38, 200),
        Breadth(10, 5),
        Breadth(2, 1000),
        BestFirst(20),
        Ancestral(400, 30),
        Beam(9, 9),
    ],
)
def test_a_plan_over_its_budget_is_refused_before_anything_is_asked(plan: Plan) -> None:
    garden = Garden(coin())
    with pytest.raises(InvalidRequest) as refusal:
        plan.run(garden.growth(), NodeId(0), budget=10)
    assert refusal.value.code == "over-budget"
    assert len(refusal.value.message) < 100
    assert garden.tree.seq == 0


def test_branches_that_cannot_be_typed_are_refused() -> None:
    garden = Garden(toy(8, 10, (5,)), max_length=4)
    garden.grow(Typed((1, 5)))
    for keys, anchor, code in [
        ((10,), 0, "unknown-token"),
        ((-1,), 0, "unknown-token"),
        ((1, 5, 2), 0, "beyond-end"),
        ((1,), 2, "beyond-end"),
        ((1, 1, 1, 1), 0, "branch-too-long"),
    ]:
        with pytest.raises(InvalidRequest) as refusal:
            garden.grow(Typed(keys), anchor=anchor)
        assert refusal.value.code == code
    garden.happen("prune", {"node": 1}, {})
    with pytest.raises(Conflict) as conflict:
        garden.grow(Typed((1, 2)))
    assert conflict.value.code == "under-a-cut"
    assert garden.tree.size == 3


def test_a_token_of_probability_zero_cannot_be_typed_and_leaves_no_trace() -> None:
    garden = Garden(ToyRule(lambda state: [1, 1 if len(state) < 2 else 0], 2))
    with pytest.raises(InvalidRequest) as refusal:
        garden.grow(Typed((1, 1)))
    assert refusal.value.code == "impossible-token"
    assert (garden.tree.size, garden.tree.seq) == (1, 0)


def test_breadth_of_a_small_alphabet_is_bounded_by_that_alphabet() -> None:
    garden = Garden(coin(0.7), max_length=6)
    garden.grow(Breadth(k=64, depth=3), IDENTITY)
    assert len(garden.asked) <= garden.tree.expansion_count == 7
