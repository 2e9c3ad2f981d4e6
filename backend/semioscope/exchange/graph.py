"""A tree as a networkx graph."""

import math
from typing import TYPE_CHECKING

from semioscope.core.alphabet import text_of
from semioscope.core.errors import InvalidRequest
from semioscope.core.tree import Tree
from semioscope.core.types import NodeId
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


def to_multiway(tree: Tree) -> "nx.DiGraph":
    """As `to_networkx`, of a rewriting rule: equal states are one node, named by its text. A node
    has nodes (those of the tree), first_step and terminal (all of them are); an edge has the label
    of the step and its probability under the rule, given the state. Cycles are cycles.

    Raises InvalidRequest "not-rewriting".
    """
    import networkx as nx

    if tree.rule.kind != "rewriting":
        raise InvalidRequest(
            "not-rewriting",
            "Only the states of a rewriting rule are known to be equal; this rule appends tokens.",
        )
    graph = nx.DiGraph(rule=tree.rule.to_json(), name=tree.name)
    for node in filter(tree.has, range(tree.size)):
        state, parent = tree.text_of(NodeId(node)), tree.parent(NodeId(node))
        if state not in graph:
            graph.add_node(state, nodes=[], first_step=tree.depth(NodeId(node)), terminal=True)
        known = graph.nodes[state]
        known["nodes"].append(node)
        known["first_step"] = min(known["first_step"], tree.depth(NodeId(node)))
        known["terminal"] &= tree.is_terminal(NodeId(node))
        if parent is not None:
            graph.add_edge(
                tree.text_of(parent),
                state,
                text=text_of(tree.symbols.label(tree.key(NodeId(node)))),
                probability=math.exp(tree.log_prob(NodeId(node))),
            )
    return graph
