"""The nodes of a tree as columns, and how to find one."""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from semioscope.core.child_index import ChildIndex, packed
from semioscope.core.growable import Growable
from semioscope.core.ledger import TAIL
from semioscope.core.types import NO_PARENT, ROOT, UNKNOWN_RANK, Columns, IdArray, NodeId

_NONE = NO_PARENT
_MANY: Final = 4096
"""So many new nodes are put in order all at once."""
_FEW_SIBLINGS: Final = 64


class Nodes:
    """parent u4, key u4, log_prob f4 (nats, given the parent), depth u4, cum_log_prob f8 (nats,
    from the root), rank u4 (among all next states of the parent), visits u4, tail_cum f8 (F(t⁻)
    under the rule, nan for stored candidates), marks u1 (core/ledger.py), child_sum f8 (Σ of the
    children's probabilities that are not hidden), since u4 and expanded_since u4 (the event that
    last made the node, and its expansion, visible). The root is node 0.
    """

    def __init__(self) -> None:
        self.parent = Growable("<u4")
        self.key = Growable("<u4")
        self.log_prob = Growable("<f4")
        self.depth = Growable("<u4")
        self.cum_log_prob = Growable("<f8")
        self.rank = Growable("<u4")
        self.visits = Growable("<u4")
        self.tail_cum = Growable("<f8")
        self.marks = Growable("u1")
        self.child_sum = Growable("<f8")
        self.since = Growable("<u4")
        self.expanded_since = Growable("<u4")
        self._first_child = Growable("<u4")
        self._last_child = Growable("<u4")
        self._next_sibling = Growable("<u4")
        self._index = ChildIndex()
        self._unranked: list[IdArray] = []
        self._append_blank(1)
        self.parent.append([NO_PARENT])
        self.key.append([0])
        self.log_prob.append([0.0])
        self.rank.values[ROOT] = 0

    @property
    def size(self) -> int:
        return self.parent.size

    def append(
        self,
        parents: IdArray,
        keys: IdArray,
        log_probs: NDArray[np.float32],
        *,
        are_new: bool = False,
    ) -> IdArray:
        """Adds nodes; returns their ids, ascending. are_new: known not to be there, since they
        were added before to a tree like this one.

        Raises ValueError, and adds nothing, for a parent that does not precede its child or for a
        next state that its parent already has.
        """
        first = self.size
        ids = np.arange(first, first + len(parents), dtype=np.uint32)
        if np.any(parents >= ids):
            raise ValueError("a parent must precede its child")
        if not are_new and self._index.has_any(packed(parents, keys)):
            raise ValueError("a next state can be a child of its parent only once")
        self._index.add(parents, keys, ids)
        self._append_blank(len(ids))
        self.parent.append(parents)
        self.key.append(keys)
        self.log_prob.append(log_probs)
        self._sum_along_paths(ids)
        self._link(ids)
        self._unranked.append(ids)
        return ids

    def rank_by(self, ranks: Callable[[IdArray, IdArray], IdArray]) -> None:
        """Gives the nodes added since the last time their ranks: `ranks` tells those of parents
        and keys, UNKNOWN_RANK of those that have been given theirs already. It is put off, because
        of a tree that is only looked at nobody asks for them."""
        for ids in self._unranked:
            found = ranks(self.parent.values[ids], self.key.values[ids])
            known = found != UNKNOWN_RANK
            self.rank.values[ids[known]] = found[known]
        self._unranked.clear()

    def find(self, parent: int, key: int) -> NodeId | None:
        """The child of that parent by that key, hidden or not."""
        if not self._index.is_sorted:
            # Until somebody adds to it, a tree that was just read is mostly walked in.
            child = int(self._first_child.values[parent])
            following, keys = self._next_sibling.values, self.key.values
            for _ in range(_FEW_SIBLINGS):
                if child == _NONE or keys[child] == key:
                    return None if child == _NONE else NodeId(child)
                child = int(following[child])
        found = self._index.find(parent, key)
        return None if found is None else NodeId(found)

    def find_many(self, parents: IdArray, keys: IdArray) -> IdArray:
        """As `find`, of each pair, u4[n]; NO_PARENT where there is none."""
        found = self._first_child.values[parents]
        following, of = self._next_sibling.values, self.key.values
        for _ in range(_FEW_SIBLINGS):
            others = np.flatnonzero(found != _NONE)
            others = others[of[found[others]] != keys[others]]
            if not len(others):
                return found
            found[others] = following[found[others]]
        for place in others.tolist():
            child = self.find(int(parents[place]), int(keys[place]))
            found[place] = _NONE if child is None else child
        return found

    def children(self, node: int) -> list[NodeId]:
        """All children, hidden or not, in the order in which they were added."""
        found = []
        following = self._next_sibling.values
        child = int(self._first_child.values[node])
        while child != _NONE:
            found.append(NodeId(child))
            child = int(following[child])
        return found

    def with_children(self, nodes: IdArray) -> NDArray[np.bool_]:
        """Which of the nodes have any child, hidden or not, bool[n]."""
        found: NDArray[np.bool_] = self._first_child.values[nodes] != _NONE
        return found

    def path(self, node: int) -> list[NodeId]:
        """The nodes from the root to this one, both included."""
        parents = self.parent.values
        found = []
        while node != NO_PARENT:
            found.append(NodeId(node))
            node = int(parents[node])
        return found[::-1]

    def to_columns(self) -> Columns:
        """The node_*, tail_* and visited_* columns of the whole tree, without the root."""
        tails = np.flatnonzero(self.marks.values & TAIL).astype(np.uint32)
        visited = np.flatnonzero(self.visits.values).astype(np.uint32)
        return {
            "node_parent": self.parent.values[1:],
            "node_key": self.key.values[1:],
            "node_log_prob": self.log_prob.values[1:],
            "tail_node": tails,
            "tail_rank": self.rank.values[tails],
            "tail_cum": self.tail_cum.values[tails],
            "visited_node": visited,
            "visited_count": self.visits.values[visited],
        }

    def _append_blank(self, count: int) -> None:
        for column, blank in (
            (self.depth, 0),
            (self.cum_log_prob, 0.0),
            (self.rank, UNKNOWN_RANK),
            (self.visits, 0),
            (self.tail_cum, np.nan),
            (self.marks, 0),
            (self.child_sum, 0.0),
            (self.since, 0),
            (self.expanded_since, 0),
            (self._first_child, _NONE),
            (self._last_child, _NONE),
            (self._next_sibling, _NONE),
        ):
            column.fill(count, blank)

    def _sum_along_paths(self, ids: IdArray) -> None:
        depth, cum = self.depth.values, self.cum_log_prob.values
        for level, parents in generations(ids, self.parent.values[ids]):
            depth[level] = depth[parents] + 1
            cum[level] = cum[parents] + self.log_prob.values[level].astype(np.float64)

    def _link(self, ids: IdArray) -> None:
        if not len(ids):
            return
        parents = self.parent.values[ids]
        children = ids
        if np.any(parents[1:] < parents[:-1]):
            order = np.argsort(parents, kind="stable")
            children, parents = ids[order], parents[order]
        is_first = np.append(True, parents[1:] != parents[:-1])
        is_last = np.append(is_first[1:], True)
        self._next_sibling.values[children[:-1][~is_last[:-1]]] = children[1:][~is_first[1:]]
        owners, firsts = parents[is_first], children[is_first]
        elders = self._last_child.values[owners]
        alone = elders == _NONE
        self._first_child.values[owners[alone]] = firsts[alone]
        self._next_sibling.values[elders[~alone]] = firsts[~alone]
        self._last_child.values[owners] = children[is_last]


def generations(ids: IdArray, parents: IdArray) -> list[tuple[IdArray, IdArray]]:
    """New nodes with their parents, ordered so that parents among them come first.

    ids: ascending and consecutive; parents: of each. One pair of arrays a generation.
    """
    if not len(ids):
        return []
    first = int(ids[0])
    if not np.any(parents >= first):
        return [(ids, parents)]
    generation = _generations_of_many(first, parents)
    order = np.argsort(generation, kind="stable")
    ends = np.cumsum(np.bincount(generation))
    return [(ids[places], parents[places]) for places in np.split(order, ends[:-1])]


def _generations_of_many(first: int, parents: IdArray) -> NDArray[np.uint32]:
    """How many of the new nodes lead to each of them, u4[n]; `first` is the id of the first."""
    if len(parents) < _MANY:
        found: list[int] = []
        for parent in parents.tolist():
            found.append(found[parent - first] + 1 if parent >= first else 0)
        return np.array(found, np.uint32)
    # Pointer doubling: the rounds are the logarithm of the greatest generation.
    above = np.append(parents.astype(np.int64) - first, -1)  # the last one stands for none
    above[above < 0] = len(parents)
    steps = (above < len(parents)).astype(np.uint32)
    while np.any(above < len(parents)):
        steps += steps[above]
        above = above[above]
    counted: NDArray[np.uint32] = steps[:-1]
    return counted
