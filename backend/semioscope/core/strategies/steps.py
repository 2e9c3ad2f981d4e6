"""What every strategy does at a state: see whether it may go on, and store an answer."""

from semioscope.core.distribution import Answer, NextState
from semioscope.core.growth import Growth
from semioscope.core.types import NodeId


def is_open(growth: Growth, node: NodeId) -> bool:
    """Whether a strategy may go on from a state: not terminal, not under a cut, not hidden."""
    return not (growth.is_terminal(node) or growth.under_cut(node) or growth.is_hidden(node))


def may_arrive(growth: Growth, parent: NodeId, following: NextState | int) -> bool:
    """Whether a next state may be gone to: it is not cut, and nobody has hidden it meanwhile.
    following: as an answer gave it, or by its key."""
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
