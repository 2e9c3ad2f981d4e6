"""A tree as a networkx graph."""

import math
from typing import TYPE_CHECKING

from semioscope.core.tree import Tree
from semioscope.exchange.nodes import node_rows

if TYPE_CHECKING:
    import networkx as nx  # type: ignore[import-untyped]  # networkx has no types


def to_networkx(tree: Tree) -> "nx.DiGraph":
    """A directed graph whose nodes are the visible states, by their ids, with the fields of
    `NodeRow`; an edge leads from a state to each of its children, with key, text, log_prob (nats)
    and probability, given the parent and under the rule. The graph knows the rule and the prompt.
    """
    import networkx as nx

    graph = nx.DiGraph(rule=tree.rule.to_json(), name=tree.name, max_length=tree.max_length)
    for row in node_rows(tree):
        graph.add_node(row["node"], **row)
        if row["parent"] is not None:
            graph.add_edge(
                row["parent"],
                row["node"],
                key=row["key"],
                text=row["text"],
                log_prob=row["log_prob"],
                probability=math.exp(row["log_prob"]),
            )
    return graph
