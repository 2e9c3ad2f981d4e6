"""The ledger of what lies below one state, as shares of that state's own probability."""

import numpy as np

from semioscope.core.growable import Growable
from semioscope.core.ledger import Ledger, ledger_of, shares
from semioscope.core.tree import Tree
from semioscope.core.types import ROOT


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
        before = self._is_below.values
        added: list[int] = []
        for parent in self._tree.parents[known:].tolist():
            added.append(added[parent - known] if parent >= known else int(before[parent]))
        self._is_below.append(added)
