"""Bounds, estimates and exact answers agree at the same horizon."""

import numpy as np
import pytest

from semioscope.core.errors import InvalidRequest
from semioscope.core.sampling import IDENTITY, Procedure, Temperature, TopK
from semioscope.core.strategies import BestFirst, Breadth
from semioscope.physics.assignment import assigned
from semioscope.physics.basins import basins, estimated, widest
from semioscope.physics.chain_committor import chain_committors
from semioscope.physics.outcomes import NONE, Contains, Outcomes
from tests.unit.core_math.toys import Garden, ToyRule
from tests.unit.physics.walks import ABSORBING, WALK, ruin, walk_matrix

BOTH = Outcomes.of(broke=Contains("0,"), rich=Contains("4,"))


def test_gamblers_ruin_is_as_published_in_the_limit_and_at_a_horizon() -> None:
    matrix = ruin(10)
    outcome_of = np.full(11, NONE)
    outcome_of[10] = 0
    absorbing = np.arange(11) == 0
    limit = chain_committors(matrix, outcome_of, 1, None, absorbing)
    assert limit.known[:, 0] == pytest.approx(np.arange(11) / 10)
    assert limit.elsewhere[5] == pytest.approx(0.5)
    at_20 = chain_committors(matrix, outcome_of, 1, 20, absorbing)
    assert at_20.known[5, 0] == pytest.approx(0.263, abs=5e-4)
    assert at_20.undecided[5] == pytest.approx(0.475, abs=1e-3)
    table = at_20.table(5, ("rich",))
    assert table.values("share").sum() == pytest.approx(1)
    assert table.values("outcome").tolist() == ["rich", "elsewhere", "undecided"]


def test_what_stays_in_another_recurrent_class_is_elsewhere_in_the_limit() -> None:
    matrix = np.array([[0.2, 0.4, 0.4, 0], [0, 0, 0, 1], [0, 0, 1, 0], [0, 1, 0, 0]], float)
    outcome_of = np.array([NONE, NONE, 0, NONE])
    limit = chain_committors(matrix, outcome_of, 1, None)
    assert limit.known[0, 0] == pytest.approx(0.5)
    assert limit.elsewhere.tolist() == pytest.approx([0.5, 1, 0, 1])
    later = chain_committors(matrix, outcome_of, 1, 200)
    assert later.known == pytest.approx(limit.known)
    assert later.undecided[0] == pytest.approx(0.5)  # a horizon cannot tell


def test_many_horizons_tend_to_the_limit() -> None:
    rng = np.random.default_rng(5)
    matrix = rng.dirichlet(np.full(12, 0.3), 12)
    outcome_of = np.full(12, NONE)
    outcome_of[[3, 7, 8]] = [0, 1, 1]
    limit = chain_committors(matrix, outcome_of, 2, None)
    later = chain_committors(matrix, outcome_of, 2, 5000)
    assert later.known == pytest.approx(limit.known, abs=1e-9)
    assert limit.known.sum(axis=1) == pytest.approx(np.ones(12))


@pytest.mark.parametrize("procedure", [IDENTITY, Procedure((Temperature(0.6), TopK(2)))], ids=str)
@pytest.mark.parametrize("states", [1, 5, 20, 60, 4000])
def test_the_bounds_hold_what_is_exact_at_the_same_horizon(
    procedure: Procedure, states: int
) -> None:
    steps = 7
    garden = Garden(WALK, max_length=steps + 1, prompt=(2,), procedure=procedure)
    garden.grow(BestFirst(states=states), procedure)
    tree = garden.tree
    found = basins(tree, BOTH, assigned(tree, BOTH), procedure.fingerprint)
    exact = chain_committors(walk_matrix(procedure), ABSORBING, 2, steps)
    for outcome in (0, 1):
        low, high = found.bounds(outcome)
        assert low[0] - 1e-6 <= exact.known[2, outcome] <= high[0] + 1e-6
    undecided = exact.undecided[2]
    assert found.undecided[0] - 1e-6 <= undecided
    assert undecided <= found.undecided[0] + found.unresolved[0] + 1e-6
    if states == 4000:
        assert found.unresolved[0] < 1e-5
        assert found.known[0] == pytest.approx(exact.known[2], abs=1e-5)
        assert undecided > 0.01


def test_every_state_has_bounds_of_its_own() -> None:
    garden = Garden(WALK, max_length=6, prompt=(2,))
    garden.grow(Breadth(k=5, depth=5))
    tree = garden.tree
    found = basins(tree, BOTH, assigned(tree, BOTH))
    for node in range(tree.size):
        if {0, 4} & set(garden.keys(node)):
            continue
        left = 5 - tree.depth(node)
        exact = chain_committors(walk_matrix(), ABSORBING, 2, left)
        last = (2, *garden.keys(node))[-1]
        assert found.known[node] == pytest.approx(exact.known[last], abs=1e-5)


def test_an_outcome_that_nothing_matches_has_the_upper_bound_and_says_so() -> None:
    garden = Garden(WALK, max_length=30, prompt=(2,))
    garden.grow(Breadth(k=2, depth=3))
    tree = garden.tree
    outcomes = Outcomes.of(never=Contains("unicorn"), rich=Contains("4,"))
    table = basins(tree, outcomes, assigned(tree, outcomes)).table()
    assert table.values("low")[0] == 0
    assert 0 < table.values("high")[0] < 1
    (note,) = table.notes
    assert "reached “never”: its probability is at most" in note
    drawn = estimated(outcomes, [1, 1, NONE], [False, False, False], 3)
    assert "In 3 rollouts nothing reached “never”" in drawn.notes[0]
    assert drawn.values("high")[0] == pytest.approx(0.5615, abs=1e-3)


def test_what_a_procedure_was_not_evaluated_at_is_unresolved() -> None:
    garden = Garden(WALK, max_length=9, prompt=(2,))
    garden.grow(Breadth(k=5, depth=3))
    tree = garden.tree
    found = basins(tree, BOTH, assigned(tree, BOTH), "0123456789ab")
    assert found.unresolved[0] == 1
    assert found.known[0].tolist() == [0, 0]


def test_a_hidden_expansion_is_unresolved_again() -> None:
    garden = Garden(WALK, max_length=6, prompt=(2,))
    garden.grow(Breadth(k=5, depth=5))
    tree = garden.tree
    nodes = np.arange(1, tree.size, dtype=np.uint32)
    garden.happen(
        "hide", {}, {"hidden_node": nodes, "hidden_expansion": np.arange(1, dtype=np.uint32)}
    )
    found = basins(tree, BOTH, assigned(tree, BOTH))
    assert found.unresolved[0] == 1
    assert np.isnan(found.unresolved[1:]).all()


def test_pruning_conditions_and_is_ignored_without_the_condition() -> None:
    garden = Garden(WALK, max_length=6, prompt=(2,))
    garden.grow(Breadth(k=5, depth=5))
    tree = garden.tree
    before = basins(tree, BOTH, assigned(tree, BOTH))
    cut = tree.find_child(0, 1)
    garden.happen("prune", {"nodes": [cut]}, {"cut_node": np.array([cut], np.uint32)})
    reached_by = assigned(tree, BOTH)
    assert basins(tree, BOTH, reached_by).known[0] == pytest.approx(before.known[0])
    given = basins(tree, BOTH, reached_by, conditioned=True)
    taken = np.exp(tree.log_prob(cut))
    assert given.cut[0] == pytest.approx(taken)
    low, _ = given.bounds(1)
    expected = (before.known[0, 1] - taken * before.known[cut, 1]) / (1 - taken)
    assert low[0] == pytest.approx(expected, abs=1e-6)
    deeper = Garden(WALK, max_length=9, prompt=(2,))
    deeper.grow(Breadth(k=2, depth=3))
    deeper.happen("prune", {"node": deeper.tree.find_child(0, 1)}, {})
    found = basins(deeper.tree, BOTH, assigned(deeper.tree, BOTH), conditioned=True)
    (low,), (high,) = (end[:1] for end in found.bounds(1))
    assert 0 < found.unresolved[0] < 1 - found.cut[0]
    assert high - low == pytest.approx(found.unresolved[0] / (1 - found.cut[0]))
    assert "both ends may move" in given.table().assumptions[1]


def test_growing_where_the_bounds_are_widest_narrows_them_by_what_was_promised() -> None:
    garden = Garden(WALK, max_length=12, prompt=(2,))
    garden.grow(Breadth(k=2, depth=3))
    tree = garden.tree
    for _ in range(6):
        found = basins(tree, BOTH, assigned(tree, BOTH))
        ranked = widest(tree, found)
        assert ranked.mass.sum() == pytest.approx(found.unresolved[0], abs=1e-5)
        assert (np.diff(ranked.mass) <= 0).all()
        assert ranked.table().values("node").tolist() == ranked.nodes.tolist()
        node, kind = int(ranked.nodes[0]), ranked.kinds[0]
        assert (kind == "frontier") == (node in tree.frontier())
        garden.grow(Breadth(k=5, depth=1), anchor=node)
        after = basins(tree, BOTH, assigned(tree, BOTH))
        assert after.unresolved[0] <= found.unresolved[0] + 1e-6
        assert after.unresolved[0] >= found.unresolved[0] - ranked.mass[0] - 1e-6
    assert found.unresolved[0] < 0.9


def test_seen_from_another_state_the_unresolved_mass_is_that_states_own() -> None:
    garden = Garden(WALK, max_length=12, prompt=(2,))
    garden.grow(Breadth(k=3, depth=3))
    tree = garden.tree
    found = basins(tree, BOTH, assigned(tree, BOTH))
    anchor = tree.find_child(0, 3)
    ranked = widest(tree, found, anchor=anchor)
    assert ranked.mass.sum() == pytest.approx(found.unresolved[anchor], abs=1e-5)
    assert all(anchor in tree.path(node) for node in ranked.nodes.tolist())


def test_nothing_narrows_below_a_terminal_state() -> None:
    garden = Garden(ToyRule(lambda _: [1, 1], 2, (1,)), max_length=9)
    garden.grow(Breadth(k=2, depth=1))
    tree = garden.tree
    found = basins(tree, BOTH, assigned(tree, BOTH))
    with pytest.raises(InvalidRequest, match="Nothing follows") as refused:
        widest(tree, found, anchor=tree.find_child(0, 1))
    assert refused.value.code == "terminal-state"
    assert found.elsewhere[tree.find_child(0, 1)] == 1


def test_rollouts_estimate_what_is_exact_and_keep_undecided_apart() -> None:
    exact = chain_committors(walk_matrix(), ABSORBING, 2, 7)
    truth = [*exact.known[2], exact.elsewhere[2], exact.undecided[2]]
    covered = 0
    for seed in range(40):
        reached_by = draws(seed, 200, 7)
        table = estimated(BOTH, reached_by, [False] * 200, 200)
        covered += sum(
            low <= share <= high
            for low, share, high in zip(
                table.values("low"), truth, table.values("high"), strict=True
            )
        )
        assert table.values("count").sum() == 200
    assert covered >= 0.92 * 40 * 4


def draws(seed: int, rollouts: int, steps: int) -> list[int]:
    rng, matrix, found = np.random.default_rng(seed), walk_matrix(), []
    for _ in range(rollouts):
        state, left = 2, steps
        while left and ABSORBING[state] == NONE:
            state, left = int(rng.choice(5, p=matrix[state])), left - 1
        found.append(int(ABSORBING[state]))
    return found


def test_a_stopped_estimate_says_how_many_were_finished() -> None:
    table = estimated(BOTH, [0, 1], [True, True], 200)
    assert any("2 of 200 rollouts were finished" in note for note in table.notes)


def test_zero_rollouts_are_refused_in_one_sentence() -> None:
    with pytest.raises(InvalidRequest, match="none were asked for") as refused:
        estimated(BOTH, [], [], 0)
    assert refused.value.code == "no-rollouts"
    assert np.isnan(estimated(BOTH, [], [], 5).values("share")).all()
