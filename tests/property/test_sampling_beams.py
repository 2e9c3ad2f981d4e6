"""Beams against brute force: the most probable, and samples without replacement that are unbiased
(SCIENCE.md section 1)."""

import math
from collections import defaultdict
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semioscope.core.sampling import IDENTITY, Procedure, Temperature, TopK, TopP
from semioscope.core.strategies import (
    Ancestral,
    Beam,
    Breadth,
    Figure,
    Findings,
    Found,
    Greedy,
    GrowthPlan,
    StochasticBeam,
    Typed,
    Worlds,
)
from semioscope.core.types import NodeId
from tests.unit.core_math.toys import Garden, ToyRule, all_paths, toy

SEEDS = 2000
SHARP = Procedure((Temperature(0.7), TopP(0.9)))

Path = tuple[int, ...]


def findings_of(
    garden: Garden, plan: GrowthPlan, procedure: Procedure = IDENTITY, anchor: int = 0
) -> Findings:
    growth, findings = garden.growth(procedure), Findings()
    garden.drive(plan.run(growth, NodeId(anchor), findings=findings), growth)
    return findings


def paths_of(garden: Garden, found: list[Found]) -> list[Path]:
    return [garden.keys(one.node) for one in found]


def figures(findings: Findings) -> dict[str, Figure]:
    return {figure.name: figure for figure in findings.figures}


def brute_beam(rule: ToyRule, k: int, steps: int, end_keys: tuple[int, ...]) -> list[Path]:
    """The k best of the children of the k best, by enumeration; ended ones keep their place."""
    beam: list[tuple[float, Path]] = [(0.0, ())]
    for _ in range(steps):
        following: list[tuple[float, Path]] = []
        for log_prob, path in beam:
            if path and path[-1] in end_keys:
                following.append((log_prob, path))
                continue
            row = rule.row((0, *path)).astype(float)
            order = np.argsort(-row, kind="stable")
            following += [(log_prob + float(row[key]), (*path, int(key))) for key in order]
        beam = sorted(following, key=lambda each: -each[0])[:k]
    return [path for _, path in beam]


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 10**6),
    st.integers(2, 4),
    st.integers(1, 9),
    st.integers(1, 5),
    st.sampled_from([(), (1,)]),
)
def test_a_beam_is_what_enumeration_says(
    seed: int, size: int, k: int, steps: int, end_keys: tuple[int, ...]
) -> None:
    rule = toy(seed, size, end_keys)
    garden = Garden(rule)
    findings = findings_of(garden, Beam(k, steps))
    expected = brute_beam(rule, k, steps, end_keys)
    assert paths_of(garden, findings.found) == expected
    assert figures(findings)["mass of what is kept"].value == pytest.approx(
        sum(garden.probability(path) for path in expected), rel=1e-5
    )
    assert findings.ended == sum(path[-1] in end_keys for path in expected)


@pytest.mark.parametrize(("k", "steps"), [(70, 1), (100, 2), (300, 2)])
def test_a_beam_wider_than_what_is_stored_looks_beyond_it(k: int, steps: int) -> None:
    rule = toy(5, 90, (4,), spread=1.0)
    garden = Garden(rule)
    grown = findings_of(garden, Beam(k, steps))
    leaves = {
        garden.keys(node)
        for node in range(garden.tree.size)
        if not garden.tree.children(NodeId(node))
    }
    assert set(brute_beam(rule, k, steps, (4,))) <= leaves
    assert figures(grown)["kept"].value == k
    assert any(question.above is not None for _, question in garden.asked)


def test_greedy_is_the_most_probable_next_state_and_the_lowest_of_equals() -> None:
    rule = ToyRule(lambda state: [1, 3, 3] if len(state) % 2 else [5, 1, 5], 3)
    garden = Garden(rule)
    assert paths_of(garden, findings_of(garden, Greedy(4)).found) == [(1, 0, 1, 0)]


def test_a_beam_keeps_what_has_ended_in_its_place() -> None:
    rule = ToyRule(lambda _: [6, 3, 1], 3, (0,))
    garden = Garden(rule)
    findings = findings_of(garden, Beam(2, 5))
    assert paths_of(garden, findings.found) == [(0,), (1, 0)]
    assert findings.ended == 2
    assert len(garden.asked) == 2, "nothing is left to ask once all have ended"


# -- without replacement


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 10**6),
    st.integers(2, 4),
    st.integers(1, 12),
    st.integers(1, 4),
    st.integers(0, 2**32 - 1),
    st.sampled_from([IDENTITY, SHARP]),
)
def test_what_is_drawn_without_replacement_is_distinct_and_all_of_a_small_tree(
    rule_seed: int, size: int, k: int, steps: int, seed: int, procedure: Procedure
) -> None:
    rule = toy(rule_seed, size, (1,))
    garden = Garden(rule)
    findings = findings_of(garden, StochasticBeam(k, steps, seed), procedure)
    paths = paths_of(garden, findings.found)
    assert len(set(paths)) == len(paths) <= k
    if procedure is SHARP:
        return
    everything = list(all_paths(rule, (0,), steps))
    assert len(paths) == min(k, len(everything))
    assert set(paths) <= set(everything)
    if len(everything) <= k:
        total = figures(findings)["sum of weights"]
        assert (total.guarantee, total.standard_error) == ("exact", None)
        assert total.value == pytest.approx(1, abs=1e-5)


def test_a_tree_of_a_skewed_tail_is_drawn_to_its_last_leaf() -> None:
    """80 next states, of which 16 are not stored, the last hundreds of times less probable."""
    rule = ToyRule(lambda _: [600] * 70 + [2**step for step in range(9, -1, -1)], 80)
    garden = Garden(rule)
    findings = findings_of(garden, StochasticBeam(200, 1, 3))
    assert figures(findings)["sum of weights"].value == pytest.approx(1, abs=1e-5)
    assert len(garden.tree.children(NodeId(0))) == 80


def weighed(
    rule: ToyRule, plans: list[GrowthPlan], procedure: Procedure = IDENTITY
) -> tuple[dict[Path, list[float]], list[Findings]]:
    """The weight of every trajectory in every run, on one tree."""
    garden = Garden(rule)
    weights: defaultdict[Path, list[float]] = defaultdict(lambda: [0.0] * len(plans))
    every: list[Findings] = []
    for index, plan in enumerate(plans):
        findings = findings_of(garden, plan, procedure)
        every.append(findings)
        for one, path in zip(findings.found, paths_of(garden, findings.found), strict=True):
            assert one.log_weight is not None
            weights[path][index] += math.exp(one.log_weight)
    return weights, every


def check_mean(values: list[float], expected: float) -> None:
    """The mean is within 4 standard errors of what is expected."""
    error = float(np.std(values, ddof=1)) / math.sqrt(len(values))
    assert abs(float(np.mean(values)) - expected) <= 4 * error + 1e-6


UNEVEN = toy(21, 3, (2,), spread=3.0)
PLANS: dict[str, tuple[list[GrowthPlan], float]] = {
    "ancestral": ([Ancestral(6, 2, seed) for seed in range(SEEDS)], 6.0),
    "worlds": ([Worlds(6, 2, seed=seed) for seed in range(1, SEEDS + 1)], 6.0),
    "without replacement": ([StochasticBeam(3, 2, seed) for seed in range(SEEDS)], 1.0),
}


@cache
def runs_of(name: str) -> tuple[dict[Path, list[float]], list[Findings]]:
    return weighed(UNEVEN, PLANS[name][0])


@pytest.mark.parametrize("name", PLANS)
def test_weights_are_unbiased_at_every_trajectory(name: str) -> None:
    drawn, garden = PLANS[name][1], Garden(UNEVEN)
    weights, every = runs_of(name)
    everything = list(all_paths(UNEVEN, (0,), 2))
    assert set(weights) == set(everything)
    for path in everything:
        check_mean([each / drawn for each in weights[path]], garden.probability(path))
    ended = sum(garden.probability(path) for path in everything if path[-1] == 2)
    check_mean([figures(each)["ended"].value for each in every], ended)


def test_weights_are_unbiased_under_a_procedure() -> None:
    rule, procedure = toy(21, 4, spread=3.0), Procedure((Temperature(0.7), TopK(3)))
    plans: list[GrowthPlan] = [StochasticBeam(2, 1, seed) for seed in range(SEEDS)]
    weights, _ = weighed(rule, plans, procedure)
    row = rule.row((0,)).astype(float) / 0.7
    kept = np.argsort(-row, kind="stable")[:3]
    total = float(np.exp(row[kept]).sum())
    assert set(weights) == {(int(key),) for key in kept}
    for key in kept.tolist():
        check_mean(weights[(key,)], math.exp(row[key]) / total)


def test_weights_are_unbiased_beyond_what_is_stored() -> None:
    """Of 80 nearly even next states 64 are stored; a tenth of the mass lies beyond them."""
    rule = toy(9, 80, spread=2.0)
    garden = Garden(rule)
    plans: list[GrowthPlan] = [StochasticBeam(5, 1, seed) for seed in range(SEEDS)]
    weights, _ = weighed(rule, plans)
    order = np.argsort(-rule.row((0,)), kind="stable").tolist()
    for keys in (order[:64], order[64:]):
        runs = [
            sum(weights[(key,)][run] for key in keys if (key,) in weights) for run in range(SEEDS)
        ]
        check_mean(runs, sum(garden.probability((key,)) for key in keys))
    assert any((key,) in weights for key in order[64:])


@pytest.mark.parametrize("name", ["ancestral", "without replacement"])
def test_standard_errors_are_as_large_as_the_errors(name: str) -> None:
    _, every = runs_of(name)
    told = [figures(each)["ended"] for each in every]
    spread = float(np.var([figure.value for figure in told], ddof=1))
    claimed = float(np.mean([(figure.standard_error or 0.0) ** 2 for figure in told]))
    assert claimed == pytest.approx(spread, rel=0.25)


def test_worlds_claim_no_standard_error() -> None:
    garden = Garden(toy(21, 3, (2,)))
    findings = findings_of(garden, Worlds(6, 2, seed=4))
    assert all(figure.standard_error is None for figure in findings.figures)
    assert findings.note is not None
    assert "several independent offsets" in findings.note


@pytest.mark.parametrize("size", [3, 80])
@pytest.mark.parametrize("procedure", [IDENTITY, SHARP])
def test_a_draw_does_not_depend_on_what_is_there_already(size: int, procedure: Procedure) -> None:
    rule, plan = toy(3, size, (2,), spread=3.0), StochasticBeam(12, 3, 77)
    fresh, grown = Garden(rule), Garden(rule)
    grown.grow(Breadth(3, 2), procedure)
    grown.grow(Typed((1, size - 1)), procedure)
    first, second = (findings_of(garden, plan, procedure) for garden in (fresh, grown))
    assert paths_of(fresh, first.found) == paths_of(grown, second.found)
    assert [one.log_weight for one in first.found] == [one.log_weight for one in second.found]
    asked = len(fresh.asked)
    again = findings_of(fresh, plan, procedure)
    assert [one.node for one in again.found] == [one.node for one in first.found]
    assert len(fresh.asked) - asked <= (0 if size == 3 else asked)


def test_another_seed_is_another_draw() -> None:
    garden = Garden(toy(3, 4))
    draws = {
        tuple(paths_of(garden, findings_of(garden, StochasticBeam(3, 3, seed)).found))
        for seed in range(20)
    }
    assert len(draws) > 10


def test_a_single_draw_has_no_standard_error() -> None:
    garden = Garden(toy(3, 4))
    told = figures(findings_of(garden, StochasticBeam(1, 2)))
    assert told["sum of weights"].value == pytest.approx(1.0, rel=2.0)
    assert all(figure.standard_error is None for figure in told.values())
