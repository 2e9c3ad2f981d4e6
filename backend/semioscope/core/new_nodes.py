"""The nodes that a growth adds, as columns, until its tree has them."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from semioscope.core.types import Columns, Float32Array, FloatArray, IdArray, NodeId


class Fan(NamedTuple):
    """Children of many states, one element each: parents u4, keys u4, log_probs f4 (nats, given
    the parent), depths u4, cum_log_probs f8 (nats, from the root), and whether each ends, bool."""

    parents: IdArray
    keys: IdArray
    log_probs: Float32Array
    depths: IdArray
    cum_log_probs: FloatArray
    ends: NDArray[np.bool_]

    def packed(self) -> list[int]:
        """Each as parent << 32 | key."""
        parents = self.parents.astype(np.uint64) << np.uint64(32)
        packed: list[int] = (parents | self.keys.astype(np.uint64)).tolist()
        return packed


class NewNodes:
    """Nodes `first`, `first` + 1, …; the columns are lists, which are quick to read one by one."""

    def __init__(self, first: int) -> None:
        self.first = first
        self.parent: list[int] = []
        self.root: list[int] = []  # the last state on the way that is not new
        self.key: list[int] = []
        self.log_prob: list[float] = []
        self.depth: list[int] = []
        self.cum_log_prob: list[float] = []
        self.ends: list[bool] = []
        self._ids: dict[int, NodeId] = {}

    def __len__(self) -> int:
        return len(self.parent)

    def place(self, node: int) -> int | None:
        """Where the columns have it; None for a node that is not new."""
        place = node - self.first
        return place if 0 <= place < len(self.parent) else None

    def find(self, parent: int, key: int) -> NodeId | None:
        """The new child of that parent by that key."""
        return self._ids.get(parent << 32 | key)

    def append(
        self, parent: int, key: int, log_prob: float, depth: int, cum: float, ends: bool
    ) -> NodeId:
        """Adds one node."""
        node = NodeId(self.first + len(self.parent))
        place = parent - self.first
        self.root.append(self.root[place] if place >= 0 else parent)
        self.parent.append(parent)
        self.key.append(key)
        self.log_prob.append(log_prob)
        self.depth.append(depth)
        self.cum_log_prob.append(cum)
        self.ends.append(ends)
        self._ids[parent << 32 | key] = node
        return node

    def extend(self, fan: Fan) -> IdArray:
        """Adds many nodes, none of which there is yet; their ids, u4[n]."""
        first = self.first + len(self.parent)
        ids = np.arange(first, first + len(fan.parents), dtype=np.uint32)
        self.root += self.roots(fan.parents).tolist()
        self.parent += fan.parents.tolist()
        self.key += fan.keys.tolist()
        self.log_prob += fan.log_probs.tolist()
        self.depth += fan.depths.tolist()
        self.cum_log_prob += fan.cum_log_probs.tolist()
        self.ends += fan.ends.tolist()
        self._ids.update(zip(fan.packed(), map(NodeId, ids.tolist()), strict=True))
        return ids

    def roots(self, nodes: IdArray) -> IdArray:
        """The last state on the way to each of the nodes that is not new, u4[n]."""
        if not len(self) or not len(fresh := np.flatnonzero(nodes >= self.first)):
            return nodes
        roots = nodes.copy()
        roots[fresh] = self.at(self.root, nodes[fresh])
        return roots

    def at(self, column: Sequence[float], nodes: IdArray) -> NDArray[Any]:
        """What one of the columns has at new nodes, [n]."""
        start, end = int(nodes.min()) - self.first, int(nodes.max()) - self.first + 1
        found: NDArray[Any] = np.array(column[start:end])[nodes - (self.first + start)]
        return found

    def is_free(self, packed: Iterable[int]) -> bool:
        """Whether there is none of these children yet, each as parent << 32 | key."""
        return self._ids.keys().isdisjoint(packed)

    def to_columns(self) -> Columns:
        """node_parent, node_key, node_log_prob."""
        return {
            "node_parent": np.array(self.parent, np.uint32),
            "node_key": np.array(self.key, np.uint32),
            "node_log_prob": np.array(self.log_prob, np.float32),
        }
