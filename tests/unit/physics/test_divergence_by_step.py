"""Divergence by step, between ensembles, its rate, and pairs that come back together."""

import numpy as np
import pytest

from semioscope.core.alignment import Outcomes
from semioscope.core.comparison import stored_next
from semioscope.core.divergence import PartlyKnown
from semioscope.core.errors import InvalidRequest
from semioscope.core.strategies import Breadth
from semioscope.physics.divergence_by_step import (
    OVER,
    along_shared,
    between_ensembles,
    divergence_rate,
    must_share_alphabet,
    rejoined,
)
from tests.unit.core_math.toys import Garden, ToyRule, toy
from tests.unit.core_tree.toys import Logged


def known(*probs: float, complete: bool = True) -> PartlyKnown:
    return PartlyKnown(np.arange(len(probs)), np.log(np.array(probs)), complete)


def js(p: np.ndarray, q: np.ndarray) -> float:
    m = (p + q) / 2
    return float(p @ np.log2(p / m) + q @ np.log2(q / m)) / 2


def test_along_shared_continuations_each_step_is_the_mean_of_the_formula() -> None:
    rng = np.random.default_rng(1)
    p, q = rng.dirichlet(np.ones(3), (5, 4)), rng.dirichlet(np.ones(3), (5, 4))
    bits, table = along_shared(
        [[known(*row) for row in rows] for rows in p], [[known(*row) for row in rows] for rows in q]
    )
    expected = np.array([[js(p[i, t], q[i, t]) for t in range(4)] for i in range(5)])
    assert bits == pytest.approx(expected)
    assert table.values("jensen_shannon") == pytest.approx(expected.mean(axis=0))
    assert (table.values("low") < table.values("jensen_shannon")).all()
    assert "no Lyapunov exponent" in table.notes[0]


def test_of_one_continuation_it_is_exact_or_a_bound_and_has_no_interval() -> None:
    _, exact = along_shared([[known(0.5, 0.5)]], [[known(0.9, 0.1)]])
    assert exact.column("jensen_shannon").label == "theorem"
    assert np.isnan(exact.values("low")).all()
    _, bound = along_shared([[known(0.5, complete=False)]], [[known(0.3, complete=False)]])
    assert bound.column("jensen_shannon").label == "bound"


def test_continuations_may_end_early() -> None:
    same, other = known(0.5, 0.5), known(0.9, 0.1)
    bits, table = along_shared([[same], [same, same]], [[same], [same, other]])
    assert np.isnan(bits[0, 1])
    assert table.values("pairs").tolist() == [2, 1]
    assert table.values("jensen_shannon") == pytest.approx(
        [0, js(*map(np.array, ([0.5] * 2, [0.9, 0.1])))]
    )
    with pytest.raises(InvalidRequest, match="no shared continuation"):
        along_shared([], [])
    with pytest.raises(ValueError, match="same continuations"):
        along_shared([[same]], [[]])


def test_two_trees_tell_what_is_next_of_shared_states() -> None:
    gardens = [Garden(toy(2, 4), prompt=prompt) for prompt in ((0,), (1,))]
    for garden in gardens:
        garden.grow(Breadth(k=1, depth=4))
    trees = [garden.tree for garden in gardens]
    must_share_alphabet(*trees)
    a, b = ([stored_next(tree, 0, "rule", Outcomes())] for tree in trees)
    _, table = along_shared([a], [b])
    p, q = (np.exp(g.rule.row(tuple(g.tree.prompt)).astype(float)) for g in gardens)
    assert table.values("jensen_shannon")[0] == pytest.approx(js(p, q), abs=1e-6)


def test_two_rules_without_a_common_alphabet_are_refused_in_one_sentence() -> None:
    with pytest.raises(InvalidRequest, match="no common alphabet") as refused:
        must_share_alphabet(Garden(toy(1, 3)).tree, Logged(rewriting=True).tree)
    assert refused.value.code == "no-common-alphabet"


def chain_rollouts(seed: int, start: int, count: int, steps: int) -> np.ndarray:
    """Of a sticky three-state chain."""
    rng = np.random.default_rng(seed)
    matrix = np.full((3, 3), 0.1) + 0.7 * np.eye(3)
    found = np.zeros((count, steps), np.int64)
    state = np.full(count, start)
    for step in range(steps):
        draws = rng.random(count)
        state = (draws[:, np.newaxis] > matrix[state].cumsum(axis=1)).sum(axis=1)
        found[:, step] = state
    return found


def test_ensembles_of_a_mixing_chain_forget_where_they_began() -> None:
    a, b = chain_rollouts(1, 0, 2000, 15), chain_rollouts(2, 1, 2000, 15)
    table = between_ensembles(a, b)
    bits, floor = table.values("jensen_shannon"), table.values("floor")
    exact = []
    matrix = np.full((3, 3), 0.1) + 0.7 * np.eye(3)
    power = np.eye(3)
    for _ in range(15):
        power = power @ matrix
        exact.append(js(power[0], power[1]))
    assert bits == pytest.approx(np.array(exact), abs=0.02)
    assert bits[0] > 100 * floor[0]
    assert bits[-1] < 5 * floor[-1]
    assert table.values("together")[0] == pytest.approx(0.8 * 0.1 * 2 + 0.01, abs=0.03)
    assert table.values("together")[-1] == pytest.approx(1 / 3, abs=0.06)


def test_the_floor_is_what_ensembles_of_one_rule_seem_to_diverge_by() -> None:
    found = []
    for seed in range(20):
        a, b = chain_rollouts(seed, 0, 50, 4), chain_rollouts(100 + seed, 0, 50, 4)
        table = between_ensembles(a, b, seed=seed)
        found.append((table.values("jensen_shannon").mean(), table.values("floor").mean()))
    bits, floor = np.array(found).mean(axis=0)
    assert bits == pytest.approx(floor, rel=0.3)


def test_pairs_are_together_once_their_last_tokens_are_the_same() -> None:
    a = np.array([[1, 2, 3, 4, OVER], [1, 1, 1, 1, 1]])
    b = np.array([[2, 2, 3, 4, OVER], [1, 2, 1, 1, 2]])
    assert rejoined(a, b, 2).tolist() == [
        [False, False, True, True, True],
        [False, False, False, True, False],
    ]


def test_the_rate_is_the_slope_of_the_logarithm_and_its_interval_covers() -> None:
    covered, widths = 0, []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        noise = rng.lognormal(0, 0.4, (12, 1)) * rng.lognormal(0, 0.2, (12, 8))
        slopes = rng.normal(-0.5, 0.1, (12, 1))
        bits = 0.4 * 2 ** (slopes * np.arange(8)) * noise
        interval, warning = divergence_rate(bits, seed=seed)
        covered += interval.low <= -0.48 <= interval.high
        widths.append(interval.high - interval.low)
        assert "Lyapunov" in warning
    assert covered >= 24
    assert max(widths) < 0.5
    exact, _ = divergence_rate(2.0 ** -np.arange(6)[np.newaxis])
    assert exact.estimate == pytest.approx(-1)
    assert np.isnan(exact.low)


def test_what_does_not_diverge_has_no_rate() -> None:
    interval, _ = divergence_rate(np.zeros((4, 9)))
    assert np.isnan(interval.estimate)


def test_an_empty_ensemble_is_refused_in_one_sentence() -> None:
    with pytest.raises(InvalidRequest, match="has no rollouts"):
        between_ensembles(np.zeros((0, 3), np.int64), np.zeros((2, 3), np.int64))
    with pytest.raises(ValueError, match="same steps"):
        between_ensembles(np.zeros((1, 3), np.int64), np.zeros((2, 4), np.int64))
    unpaired = between_ensembles(np.zeros((1, 3), np.int64), np.zeros((2, 3), np.int64))
    assert [column.name for column in unpaired.columns] == ["step", "jensen_shannon", "floor"]


def test_rules_of_one_alphabet_are_taken() -> None:
    must_share_alphabet(Garden(ToyRule(lambda _: [1, 1], 2)).tree, Garden(toy(1, 2)).tree)
