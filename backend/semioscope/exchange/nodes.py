"""The visible states of a tree, a row each: what every export has."""

import math
from collections.abc import Iterator
from typing import TypedDict

from semioscope.core.alphabet import text_of
from semioscope.core.tree import Tree
from semioscope.core.types import NodeId


class NodeRow(TypedDict):
    """parent: None of the root. key, text: what led here, as an id and as text; of a rewriting
    rule the text is the state. log_prob: given the parent; cum_log_prob: from the root; both in
    nats and under the rule. probability: from the root. visits: of random trajectories."""

    node: int
    parent: int | None
    key: int | None
    text: str
    depth: int
    log_prob: float
    cum_log_prob: float
    probability: float
    terminal: bool
    expanded: bool
    cut: bool
    visits: int


def node_rows(tree: Tree) -> Iterator[NodeRow]:
    """By id: a parent comes before its children."""
    for node in range(tree.size):
        if tree.has(node):
            yield _row(tree, NodeId(node))


def _row(tree: Tree, node: NodeId) -> NodeRow:
    parent = tree.parent(node)
    return NodeRow(
        node=node,
        parent=parent,
        key=None if parent is None else tree.key(node),
        text=_text(tree, node),
        depth=tree.depth(node),
        log_prob=tree.log_prob(node),
        cum_log_prob=tree.cum_log_prob(node),
        probability=math.exp(tree.cum_log_prob(node)),
        terminal=tree.is_terminal(node),
        expanded=tree.is_expanded(node),
        cut=tree.under_cut(node),
        visits=int(tree.visits[node]),
    )


def _text(tree: Tree, node: NodeId) -> str:
    if isinstance(tree.prompt, bytes):
        return tree.text_of(node)
    if tree.parent(node) is None:
        return text_of(b"".join(tree.prompt_pieces))
    return text_of(tree.symbols.label(tree.key(node)))
