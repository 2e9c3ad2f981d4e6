"""Trees as networkx and pandas know them."""

import math

import networkx as nx
import numpy as np
import pytest

from semioscope.core.strategies import Ancestral, BestFirst, Breadth
from semioscope.exchange.graph import to_networkx
from semioscope.exchange.table import to_pandas
from tests.unit.core_math.toys import Garden, toy


@pytest.fixture(name="garden")
def _garden() -> Garden:
    garden = Garden(toy(3, 4, (3,)), max_length=5)
    garden.grow(BestFirst(20))
    garden.grow(Ancestral(8, 3, 1))
    garden.happen("prune", {"node": 1}, {})
    return garden


def test_a_graph_is_the_tree_with_its_probabilities(garden: Garden) -> None:
    graph, tree = to_networkx(garden.tree), garden.tree
    assert nx.is_arborescence(graph)
    assert len(graph) == tree.size
    for parent, child, edge in graph.edges(data=True):
        assert tree.parent(child) == parent
        assert edge["key"] == tree.key(child)
        assert edge["probability"] == pytest.approx(math.exp(tree.log_prob(child)))
    for node, fields in graph.nodes(data=True):
        assert fields["probability"] == pytest.approx(garden.probability(garden.keys(node)))
        assert fields["terminal"] == tree.is_terminal(node)
        assert fields["cut"] == tree.under_cut(node)
    assert graph.nodes[0]["text"] == "0,"
    assert graph.graph["rule"]["id"] == "toy"


def test_a_table_has_a_row_for_every_state(garden: Garden) -> None:
    table, tree = to_pandas(garden.tree), garden.tree
    assert list(table.index) == list(range(tree.size))
    assert table.parent.isna().sum() == 1
    assert table.parent[1:].tolist() == tree.parents[1:].tolist()
    assert table.visits.tolist() == tree.visits.tolist()
    assert np.allclose(table.probability, np.exp(tree.cum_log_probs))
    assert table.key.dtype == table.parent.dtype == "Int64"


def test_what_is_hidden_is_left_out() -> None:
    garden = Garden(toy(3, 4))
    garden.grow(Breadth(2, 2))
    garden.happen("hide", {}, {"hidden_node": np.array([1], np.uint32)})
    shown = {node for node in range(garden.tree.size) if garden.tree.has(node)}
    assert set(to_networkx(garden.tree)) == set(to_pandas(garden.tree).index) == shown
    assert 0 < len(shown) < garden.tree.size
