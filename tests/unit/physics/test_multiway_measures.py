"""Multiway measures against networkx, numpy's eigenvectors and published counts."""

from itertools import combinations

import networkx as nx
import numpy as np
import pytest

from semioscope.core.errors import InvalidRequest
from semioscope.core.sampling import Procedure, Temperature
from semioscope.core.strategies import Breadth
from semioscope.physics.components import TRANSIENT, closed_components
from semioscope.physics.multiway_measures import (
    merged_by_last,
    reconvergence,
    recurrence,
    states_by_step,
)
from semioscope.rules.automaton import Automaton, AutomatonLaw
from semioscope.rules.rewriting import Rewriting
from tests.unit.core_math.toys import Garden, ToyRule, toy
from tests.unit.core_tree.toys import Logged
from tests.unit.physics.walks import WALK, ruin, walk_matrix


def sparse_chain(seed: int, size: int = 9) -> np.ndarray:
    rng = np.random.default_rng(seed)
    matrix = rng.dirichlet(np.full(size, 0.25), size)
    matrix[matrix < 0.15] = 0
    matrix[matrix.sum(axis=1) == 0, 0] = 1
    return matrix / matrix.sum(axis=1, keepdims=True)


def graph_of(matrix: np.ndarray) -> nx.DiGraph:
    return nx.from_numpy_array(matrix, create_using=nx.DiGraph)


def test_the_multiway_system_of_fibonacci_has_the_published_numbers_of_states() -> None:
    rule = Rewriting.from_spec({"rules": "A->AB, B->A"})
    table = states_by_step(lambda state: rule.successors(state).states, b"A", 8)
    assert table.values("merged").tolist() == [1, 1, 2, 3, 5, 8, 13, 21, 34]
    strings = ["A"]
    for step in range(1, 6):
        strings = [
            s[:i] + {"A": "AB", "B": "A"}[letter] + s[i + 1 :]
            for s in strings
            for i, letter in enumerate(s)
        ]
        if step < 4:  # no two matches of one string give the same string so early
            assert table.values("unmerged")[step] == len(strings)


def test_an_automaton_has_one_state_at_every_step() -> None:
    automaton = Automaton(AutomatonLaw(30))
    table = states_by_step(lambda row: automaton.successors(row).states, b"0001000", 12)
    assert table.values("merged").tolist() == [1] * 13
    assert table.values("unmerged").tolist() == [1] * 13
    assert table.values("seen")[-1] <= 13


def test_trajectories_are_counted_beyond_what_a_number_of_the_machine_holds() -> None:
    table = states_by_step(lambda state: [0, 1, 1], 0, 100)
    assert table.values("unmerged")[-1] == 3**100
    assert table.values("merged").tolist() == [1] + [2] * 100


def test_too_many_states_are_refused_in_one_sentence() -> None:
    with pytest.raises(InvalidRequest, match="more than 100,000") as refused:
        states_by_step(lambda state: [2 * state, 2 * state + 1], 1, 40)
    assert refused.value.hint == "Take 16 steps at most."


@pytest.mark.parametrize("seed", range(12))
def test_recurrent_classes_are_networkxs_attracting_components(seed: int) -> None:
    matrix = sparse_chain(seed)
    component = closed_components(matrix)
    expected = [sorted(each) for each in nx.attracting_components(graph_of(matrix))]
    found = [np.flatnonzero(component == number).tolist() for number in range(component.max() + 1)]
    assert found == sorted(expected)
    assert set(np.flatnonzero(component == TRANSIENT)) == set(range(9)) - {
        state for each in expected for state in each
    }


@pytest.mark.parametrize("seed", range(12))
def test_stationary_distributions_are_left_eigenvectors(seed: int) -> None:
    matrix = sparse_chain(seed)
    found = recurrence(matrix, 0)
    for number, stationary in enumerate(found.stationary):
        assert stationary @ matrix == pytest.approx(stationary, abs=1e-12)
        assert stationary.sum() == pytest.approx(1)
        members = np.flatnonzero(found.component == number)
        values, vectors = np.linalg.eig(matrix[np.ix_(members, members)].T)
        vector = np.real(vectors[:, np.argmin(np.abs(values - 1))])
        assert stationary[members] == pytest.approx(vector / vector.sum(), abs=1e-9)
    average, at = np.zeros(9), np.eye(9)[0]
    for _ in range(5000):
        at = at @ matrix
        average += at / 5000
    assert found.in_the_long_run == pytest.approx(average, abs=2e-3)
    assert found.reaching.sum() == pytest.approx(1)


def test_an_aperiodic_chain_has_networkxs_pagerank_without_jumps() -> None:
    matrix = np.random.default_rng(3).dirichlet(np.ones(7), 7)
    ranks = nx.pagerank(graph_of(matrix), alpha=1 - 1e-12, tol=1e-12, max_iter=10_000)
    assert recurrence(matrix, 2).stationary[0] == pytest.approx(list(ranks.values()), abs=1e-6)


def test_a_gambler_ends_up_in_either_class() -> None:
    found = recurrence(ruin(10), 3)
    assert found.reaching == pytest.approx([0.7, 0.3])
    table = found.table()
    assert table.values("size").tolist() == [1, 1]
    assert table.values("entropy").tolist() == [0, 0]


@pytest.mark.parametrize("seed", range(6))
def test_branchings_meet_where_a_walk_in_the_graph_says_so(seed: int) -> None:
    matrix = sparse_chain(seed, 7)
    graph = graph_of(matrix)
    pairs = {pair for state in graph for pair in combinations(sorted(graph.successors(state)), 2)}
    assert pairs
    shares = reconvergence(matrix, 5).values("met")
    sets = {state: {state} for state in graph}
    met: set[tuple[int, int]] = set()
    for step in range(6):
        met |= {pair for pair in pairs if sets[pair[0]] & sets[pair[1]]}
        assert shares[step] == pytest.approx(len(met) / len(pairs))
        sets = {
            state: {after for s in found for after in graph.successors(s)}
            for state, found in sets.items()
        }


def test_a_state_that_nothing_follows_waits_for_the_other() -> None:
    # 0 → 1 or 2, 2 → 1, and nothing follows 1.
    matrix = np.array([[0, 0.5, 0.5], [0, 0, 0], [0, 1.0, 0]])
    assert reconvergence(matrix, 2).values("met").tolist() == [0, 1, 1]


def test_ways_that_part_for_ever_never_meet() -> None:
    matrix = np.array([[0, 0.5, 0.5], [0, 1, 0], [0, 0, 1.0]])
    assert reconvergence(matrix, 9).values("met").tolist() == [0] * 10
    with pytest.raises(InvalidRequest, match="nothing can come together"):
        reconvergence(np.eye(3), 2)
    with pytest.raises(InvalidRequest, match="at most 2,048 states"):
        reconvergence(np.zeros((2049, 2049)), 1)


def grown(rule: ToyRule, k: int, depth: int, **options: object) -> Garden:
    garden = Garden(rule, max_length=depth + 2, **options)
    garden.grow(Breadth(k=k, depth=depth))
    return garden


def test_merged_by_its_memory_a_chains_tree_is_the_chain() -> None:
    garden = grown(WALK, 5, 5, prompt=(2,))
    tree = garden.tree
    found = merged_by_last(tree, 1)
    last = np.array([(2, *garden.keys(node))[-1] for node in range(tree.size)])
    number = {int(token): int(found.class_of[place]) for place, token in enumerate(last)}
    assert (found.class_of == [number[int(token)] for token in last]).all()
    chain = walk_matrix()
    for token, place in number.items():
        row = found.matrix[place]
        known = 1 - row[found.unknown]
        for other, there in number.items():
            assert row[there] / known == pytest.approx(chain[token, other], abs=1e-5)
    assert found.matrix.sum(axis=1) == pytest.approx(np.ones(6))
    assert found.by_step.values("merged").tolist() == [
        1,
        *[len(set(last[tree.depths == depth].tolist())) for depth in range(1, 6)],
    ]
    assert found.by_step.values("unmerged").tolist() == np.bincount(tree.depths).tolist()
    assert found.by_step.column("merged").label == "analogy"


@pytest.mark.parametrize("k", [1, 2, 3, 6])
def test_states_are_one_where_their_last_k_tokens_are_the_same(k: int) -> None:
    garden = grown(toy(2, 3), 2, 5, prompt=(0, 1))
    found = merged_by_last(garden.tree, k)
    names = [((0, 1, *garden.keys(node))[-k:]) for node in range(garden.tree.size)]
    by_class: dict[int, set[tuple[int, ...]]] = {}
    for node, name in enumerate(names):
        by_class.setdefault(int(found.class_of[node]), set()).add(name)
    assert all(len(each) == 1 for each in by_class.values())
    assert len(by_class) == len(set(names))


def test_what_has_not_grown_leaks_to_unknown() -> None:
    garden = grown(ToyRule(lambda _: [6, 3, 1], 3), 2, 1)
    found = merged_by_last(garden.tree, 1)
    root = int(found.class_of[0])
    # Token 0 again is the root's own class: its mass 1 sends 0.6 to itself, and its 0.6 to unknown.
    assert found.weight[root] == pytest.approx(1.6)
    assert found.matrix[root, root] == pytest.approx(0.6 / 1.6)
    assert found.matrix[root, found.unknown] == pytest.approx((0.1 + 0.6) / 1.6)
    assert found.matrix[found.unknown, found.unknown] == 1


def test_an_end_stays_where_it_is_and_a_procedure_that_was_not_evaluated_is_unknown() -> None:
    garden = grown(ToyRule(lambda _: [1, 1], 2, (1,)), 2, 2)
    tree = garden.tree
    found = merged_by_last(tree, 1)
    end = int(found.class_of[tree.find_child(0, 1)])
    assert found.matrix[end, end] == 1
    other = merged_by_last(tree, 1, Procedure((Temperature(0.5),)).fingerprint)
    assert other.matrix[int(other.class_of[0]), other.unknown] == 1


def test_what_cannot_be_merged_is_refused_in_one_sentence() -> None:
    with pytest.raises(InvalidRequest, match="as they are"):
        merged_by_last(Logged(rewriting=True).tree, 1)
    tree = grown(toy(1, 4), 3, 4).tree
    with pytest.raises(InvalidRequest, match="k ≥ 1"):
        merged_by_last(tree, 0)
    with pytest.raises(InvalidRequest, match="58 states, more than 5"):
        merged_by_last(tree, 3, most_states=5)
