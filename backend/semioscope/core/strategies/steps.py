"""What every strategy does at a state, or at many: see whether it may go on, store an answer."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from semioscope.core.distinct import Places
from semioscope.core.distribution import Answer, NextState
from semioscope.core.growth import Growth
from semioscope.core.ledger import CUT, GONE, UNDER, Marks, is_terminal
from semioscope.core.types import IdArray, NodeId


def is_open(growth: Growth, node: NodeId) -> bool:
    """Whether a strategy may go on from a state: not terminal, not under a cut, not hidden."""
    return growth.is_open(node)


def may_arrive(growth: Growth, parent: NodeId, following: NextState | int) -> bool:
    """Whether a next state may be gone to: it is not cut, and nobody has hidden it meanwhile.
    following: as an answer gave it, or by its key."""
    if parent >= growth.tree.size:  # nobody else knows it yet
        return True
    child = growth.find_child(parent, growth.key_of(following))
    return child is None or not (growth.under_cut(child) or growth.is_taken_back(child))


def settle(growth: Growth, node: NodeId, answer: Answer) -> bool:
    """Stores the answer about a state; whether the strategy may go on from there.

    What has been hidden since it was asked about is left alone; what has been cut is stored.
    """
    if growth.is_hidden(node):
        return False
    growth.expand(node, answer, growth.procedure.fingerprint)
    return is_open(growth, node)


def are_open(marks: Marks) -> NDArray[np.bool_]:
    """`is_open` of many states, from their marks u1[n]."""
    is_out = (marks & (CUT | UNDER | GONE)) != 0
    found: NDArray[np.bool_] = ~(is_out | is_terminal(marks))
    return found


def settle_all(
    growth: Growth, nodes: IdArray, answers: Sequence[Answer], which: Places
) -> NDArray[np.bool_]:
    """`settle` for many states u4[n], each by the answer that `which` i8[n] says: from which of
    them the strategy may go on, bool[n]."""
    is_there = (growth.marks_of(nodes) & GONE) == 0
    growth.expand_all(nodes[is_there], answers, which[is_there], growth.procedure.fingerprint)
    return are_open(growth.marks_of(nodes))


def leading_children(growth: Growth, nodes: IdArray, k: int) -> list[NodeId]:
    """The children by the k most probable stored candidates of each expanded state, those that may
    be gone to, state after state."""
    added = growth.add_leading(nodes, k)
    if added is not None:
        return [NodeId(node) for node in added.tolist()]
    children = []
    for node in map(NodeId, nodes.tolist()):
        expansion = growth.expansion(node)
        keys = [] if expansion is None else expansion.keys[:k].tolist()
        children += [growth.child(node, key) for key in keys if may_arrive(growth, node, key)]
    return children
