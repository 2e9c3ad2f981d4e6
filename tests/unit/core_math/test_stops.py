"""What ends a growth before its strategy does, and what a growth tells."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semioscope.core.below import Below
from semioscope.core.sampling import IDENTITY, Procedure, Temperature
from semioscope.core.strategies import (
    Ancestral,
    Beam,
    BestFirst,
    Breadth,
    Figure,
    Findings,
    Greedy,
    GrowthPlan,
    MassThreshold,
    StochasticBeam,
    Stop,
    Worlds,
    stopped,
)
from semioscope.core.types import NodeId
from tests.unit.core_math.toys import Garden, ToyRule, all_paths, toy

PLANS: list[GrowthPlan] = [
    Breadth(3, 6),
    MassThreshold(1 / 500),
    BestFirst(200),
    Beam(4, 6),
    Greedy(6),
    Ancestral(20, 6),
    Worlds(20, 6),
    StochasticBeam(6, 6),
]


def grown(garden: Garden, plan: GrowthPlan, stop: Stop | None = None, anchor: int = 0) -> Findings:
    growth, findings = garden.growth(), Findings()
    plan = plan if stop is None else stopped(plan, stop)
    garden.drive(plan.run(growth, NodeId(anchor), findings=findings), growth)
    return findings


def figure(findings: Findings, name: str) -> Figure:
    return next(each for each in findings.figures if each.name == name)


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.kind)
def test_no_state_deeper_than_the_stop_is_evaluated(plan: GrowthPlan) -> None:
    garden = Garden(toy(7, 6, (5,), spread=3.0))
    garden.grow(Breadth(3, 1))
    anchor = next(n for n in garden.tree.children(NodeId(0)) if not garden.tree.is_terminal(n))
    grown(garden, plan, Stop(depth=2), anchor)
    depths = {garden.tree.depth(node) for node, _ in garden.asked}
    assert max(depths) == 3, "two steps below a state of depth 1"


@pytest.mark.parametrize("plan", [Breadth(3, 6), MassThreshold(1 / 500), BestFirst(200)])
def test_a_growth_stops_when_enough_have_ended(plan: GrowthPlan) -> None:
    rule = toy(7, 6, (5,), spread=3.0)
    whole, part = Garden(rule), Garden(rule)
    everything, found = grown(whole, plan), grown(part, stopped(plan, Stop(ended=2)))
    assert 2 <= found.ended < everything.ended
    assert len(part.asked) < len(whole.asked)
    named = [part.keys(one.node) for one in found.found]
    assert named == [whole.keys(one.node) for one in everything.found][: len(named)]


@pytest.mark.parametrize("plan", [Breadth(4, 6), MassThreshold(1 / 4096), BestFirst(500)])
@pytest.mark.parametrize("share", [0.3, 0.7])
def test_a_growth_stops_when_enough_of_the_mass_has_ended(plan: GrowthPlan, share: float) -> None:
    garden = Garden(toy(7, 4, (3,), spread=2.0), max_length=6)
    grown(garden, plan, Stop(resolved=share))
    assert garden.tree.ledger.terminal >= share - 1e-6
    before = len(garden.asked)
    grown(garden, plan, Stop(resolved=share))
    assert len(garden.asked) == before, "there is nothing left to do"


def test_the_resolved_mass_is_that_of_the_state_grown() -> None:
    garden = Garden(toy(7, 6, (5,), spread=2.0), max_length=6)
    garden.grow(Breadth(6, 1))
    anchor = next(n for n in garden.tree.children(NodeId(0)) if not garden.tree.is_terminal(n))
    grown(garden, BestFirst(500), Stop(resolved=0.5), anchor)
    below = Below(garden.tree, anchor).ledger()
    assert below.terminal >= 0.5
    assert garden.tree.ledger.terminal < 0.5


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.data())
def test_what_lies_below_a_state_adds_up_to_one(seed: int, data: st.DataObject) -> None:
    garden = Garden(toy(seed, 4, (3,)), max_length=6)
    watched = Below(garden.tree, 0)
    garden.grow(BestFirst(9))
    state = data.draw(st.integers(0, garden.tree.size - 1))
    below = Below(garden.tree, state)
    below.ledger()
    garden.grow(Breadth(2, 3))
    victims = garden.tree.children(NodeId(state))
    if victims and data.draw(st.booleans()):
        garden.happen("prune", {"node": victims[0]}, {})
    garden.grow(BestFirst(15))
    assert below.ledger().total == pytest.approx(1, abs=1e-6)
    assert watched.ledger() == garden.tree.ledger
    terminal = math.fsum(
        garden.probability(garden.keys(node)) / garden.probability(garden.keys(state))
        for node in range(garden.tree.size)
        if state in garden.tree.path(node)
        and garden.tree.is_terminal(node)
        and not garden.tree.under_cut(node)
    )
    assert below.ledger().terminal == pytest.approx(terminal, abs=1e-6)


# -- best first


def test_a_small_search_goes_where_the_mass_is() -> None:
    """One way of 0.6 at each step, and forty of 0.01."""
    garden = Garden(ToyRule(lambda _: [60] + [1] * 40, 41))
    grown(garden, BestFirst(8))
    asked = {garden.keys(node) for node, _ in garden.asked}
    assert {(), (0,), (0, 0), (0, 0, 0)} <= asked
    assert len(asked) == 8


def test_what_is_emitted_and_what_is_left_add_up() -> None:
    garden = Garden(toy(3, 4, (3,)), max_length=7)
    findings = grown(garden, BestFirst(30))
    emitted = [garden.probability(garden.keys(one.node)) for one in findings.found]
    assert figure(findings, "emitted").value == findings.ended >= len(emitted) > 0
    bound = figure(findings, "any other, at most")
    assert bound.guarantee == "bound"
    everything = sorted(
        (garden.probability(path) for path in all_paths(garden.rule, (0,), 6)), reverse=True
    )
    assert everything[findings.ended] <= bound.value * (1 + 1e-5)
    assert figure(findings, "emitted mass").value == pytest.approx(
        math.fsum(everything[: findings.ended]), rel=1e-5
    )


def test_a_search_of_short_trajectories_says_that_longer_ones_are_left_out() -> None:
    garden = Garden(toy(3, 4, (3,)), max_length=20)
    findings = grown(garden, BestFirst(300), Stop(depth=2))
    short = sorted(
        (garden.probability(path) for path in all_paths(garden.rule, (0,), 3) if path[-1] == 3),
        reverse=True,
    )
    found = [garden.probability(garden.keys(one.node)) for one in findings.found]
    assert found == pytest.approx(short[: len(found)], rel=1e-5)
    assert len(found) == len(short)
    assert findings.note is not None
    longer = (garden.probability(path) for path in all_paths(garden.rule, (0,), 7) if len(path) > 3)
    assert max(longer) * (1 - 1e-5) <= figure(findings, "any other, at most").value


def test_a_search_that_is_stopped_ends_close_to_where_it_had_enough() -> None:
    garden = Garden(ToyRule(lambda _: [7, 2, 1], 3, memory=1), max_length=6, prompt=())
    found = grown(garden, BestFirst(300), Stop(ended=3))
    assert found.ended == 3
    assert garden.tree.expansion_count <= 40, "of 364 states"
    garden = Garden(ToyRule(lambda _: [7, 2, 1], 3, memory=1), max_length=6, prompt=())
    grown(garden, BestFirst(364), Stop(resolved=0.5))
    assert 0.5 - 1e-6 <= garden.tree.ledger.terminal <= 0.6


def test_an_exact_share_that_is_rounding_is_said_to_be_nothing() -> None:
    assert Figure("unexplored", 3.09e-8, "share", "exact").said == "0"
    assert Figure("unexplored", 2e-6, "share", "exact").said == "2e-06"
    assert Figure("mass", 3.09e-8, "share", "estimate", 1e-9).said == "3.09e-08 ± 1e-09"


def test_what_is_hidden_before_it_is_emitted_is_not_emitted() -> None:
    garden = Garden(ToyRule(lambda _: [5, 3, 2], 3, (1, 2)), max_length=6)
    garden.grow(Breadth(3, 1))
    victim = next(n for n in garden.tree.children(NodeId(0)) if garden.tree.key(n) == 1)

    def interfere() -> None:
        garden.between = lambda: None
        garden.happen("hide", {}, {"hidden_node": np.array([victim], np.uint32)})

    garden.between = interfere
    findings = grown(garden, BestFirst(30))
    assert victim not in [one.node for one in findings.found]
    assert not garden.tree.has(victim)


# -- draws


def test_rollouts_estimate_what_they_are_drawn_from() -> None:
    rule = toy(6, 4, (3,), spread=3.0)
    findings = grown(Garden(rule), Ancestral(1000, 3, 5))
    garden = Garden(rule)
    ending = [path for path in all_paths(rule, (0,), 3) if path[-1] == 3]
    share = math.fsum(garden.probability(path) for path in ending)
    ended = figure(findings, "ended")
    assert ended.guarantee == "estimate"
    assert ended.standard_error is not None
    assert abs(ended.value - share) <= 4 * ended.standard_error
    bits = math.fsum(
        -math.log2(garden.probability(path)) / len(path) * garden.probability(path)
        for path in all_paths(rule, (0,), 3)
    )
    surprisal = figure(findings, "surprisal under the rule")
    assert surprisal.unit == "bits/token"
    assert surprisal.standard_error is not None
    assert abs(surprisal.value - bits) <= 4 * surprisal.standard_error
    assert math.fsum(math.exp(one.log_weight or 0.0) for one in findings.found) == pytest.approx(
        1000
    )


def test_a_run_that_is_not_done_estimates_nothing() -> None:
    garden = Garden(toy(6, 4, (3,)))
    for plan in (Ancestral(10, 5), StochasticBeam(4, 5), Worlds(6, 5)):
        growth, findings = garden.growth(), Findings()
        run = plan.run(growth, NodeId(0), findings=findings)
        asks = next(run)
        garden.commit(growth)
        run.send(garden.rule.answer([ask.question for ask in asks], IDENTITY))
        assert findings.figures == ()
        assert findings.found == []
        run.close()
        garden.commit(growth)


@pytest.mark.parametrize("kind", ["prune", "hide"])
def test_a_draw_that_somebody_disturbs_says_so(kind: str) -> None:
    garden = Garden(toy(31, 6, spread=1.0), max_length=8)
    garden.grow(Breadth(6, 1))
    victims = garden.tree.children(NodeId(0))[:5]

    def interfere() -> None:
        garden.between = lambda: None
        if kind == "hide":
            garden.happen("hide", {}, {"hidden_node": np.array(victims, np.uint32)})
        else:
            for victim in victims:
                garden.happen("prune", {"node": victim}, {})

    garden.between = interfere
    findings = grown(garden, StochasticBeam(4, 3, 2))
    assert [victim for victim in victims if garden.tree.children(victim)] == []
    if kind == "hide":
        assert findings.figures == ()
        assert findings.note is not None
        assert "took back" in findings.note
    else:
        assert figure(findings, "not followed to the end").value > 0


def test_a_procedure_that_ranks_anew_is_drawn_from_without_replacement() -> None:
    from semioscope.core.sampling import Forbid, Frequency

    procedure = Procedure((Temperature(0.8), Frequency(1.0), Forbid((2,))))
    garden = Garden(toy(5, 80, spread=2.0))
    growth, findings = garden.growth(procedure), Findings()
    plan = StochasticBeam(40, 3, 4)
    garden.drive(plan.run(growth, NodeId(0), findings=findings), growth)
    paths = {garden.keys(one.node) for one in findings.found}
    assert len(paths) == 40
    assert all(2 not in path for path in paths)
    total = figure(findings, "sum of weights")
    assert total.standard_error is not None
    assert abs(total.value - 1) <= 4 * total.standard_error
