"""The ledger of what lies below one state, as shares of that state's own probability."""

import numpy as np

from semioscope.core.growable import Growable
from semioscope.core.ledger import Ledger, ledger_of, shares
from semioscope.core.tree import Tree
from semioscope.core.types import ROOT, IdArray


class Below:
    """Follows one state of a growing tree; what it says is always of the tree as it is now."""

    def __init__(self, tree: Tree, state: int) -> None:
        self._tree = tree
        self._state = state
        self._is_below = Growable("u1")
        self._is_below.fill(state, 0)
        self._is_below.append([1])

    def ledger(self) -> Ledger:
        """terminal + frontier + residual + pruned = 1, given the state."""
        tree = self._tree
        if self._state == ROOT:
            return tree.ledger
        self._catch_up()
        nodes = np.flatnonzero(self._is_below.values)
        given = tree.cum_log_probs[nodes] - tree.cum_log_prob(self._state)
        return ledger_of(shares(tree.marks[nodes], given, tree.child_sums[nodes]))

    def _catch_up(self) -> None:
        """Who comes after a state below is below; a parent's id is smaller than its child's."""
        known = self._is_below.size
        added = np.arange(known, self._tree.size, dtype=np.uint32)
        self._is_below.fill(len(added), 0)
        below, parents = self._is_below.values, self._tree.parents
        for generation in by_depth(added, self._tree.depths[known:]):
            below[generation] = below[parents[generation]]


def by_depth(nodes: IdArray, depths: IdArray) -> list[IdArray]:
    """The nodes of each depth, the least deep first."""
    order = np.argsort(depths, kind="stable")
    starts = np.flatnonzero(np.diff(depths[order])) + 1
    return np.split(nodes[order], starts)
