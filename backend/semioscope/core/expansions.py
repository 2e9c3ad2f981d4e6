"""What a tree stores of every evaluation of its rule: the leading candidates and three numbers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from semioscope.core.distribution import Expansion
from semioscope.core.events import column
from semioscope.core.growable import Growable
from semioscope.core.types import ALL_KEPT, UNKNOWN_RANK, Columns, Float32Array, IdArray


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Those of n states, each a row: keys u4[n, w] and log_probs f4[n, w] (nats, −inf beyond the
    end), counts i8[n], and whether they are all that can follow, bool[n]."""

    keys: IdArray
    log_probs: Float32Array
    counts: NDArray[np.int64]
    is_all: NDArray[np.bool_]


class Expansions:
    """One row an expansion, in the order in which they came; candidates row after row (CSR)."""

    def __init__(self) -> None:
        self._row_of = Growable("<i4")  # by node; -1 where there is none, or beyond the end
        self.node = Growable("<u4")
        self._start = Growable("<i8")
        self._count = Growable("<u4")
        self._log_sum_exp = Growable("<f4")
        self._entropy = Growable("<f4")
        self._complete = Growable("u1")
        self._told = Growable("<f8")
        self._sure = Growable("<u4")
        self._key = Growable("<u4")
        self._log_prob = Growable("<f4")

    @property
    def size(self) -> int:
        """How many states have been expanded, hidden expansions included."""
        return self.node.size

    def has(self, nodes: IdArray) -> NDArray[np.bool_]:
        """Which of the nodes have an expansion, hidden or not, bool[n]."""
        return self._rows(nodes) >= 0

    def at(self, node: int) -> Expansion | None:
        """The expansion of a state, hidden or not; its arrays are views."""
        row = self._row(node)
        if row < 0:
            return None
        start = int(self._start.values[row])
        end = start + int(self._count.values[row])
        return Expansion(
            keys=self._key.values[start:end],
            log_probs=self._log_prob.values[start:end],
            log_sum_exp=float(self._log_sum_exp.values[row]),
            entropy=float(self._entropy.values[row]),
            complete=bool(self._complete.values[row]),
            told=float(self._told.values[row]),
            sure=int(self._sure.values[row]),
        )

    def table(self, nodes: IdArray, kept: IdArray) -> Candidates:
        """The leading candidates of each node, at most `kept` of each; none where it has no
        expansion."""
        rows = self._rows(nodes)
        known = rows >= 0
        stored = rows[known]
        counts = np.zeros(len(nodes), np.int64)
        counts[known] = np.minimum(self._count.values[stored], kept[known])
        starts = np.zeros(len(nodes), np.int64)
        starts[known] = self._start.values[stored]
        is_all = np.zeros(len(nodes), np.bool_)
        is_all[known] = (self._complete.values[stored] != 0) | (counts[known] == kept[known])
        places = np.arange(max(1, int(counts.max(initial=0))))
        is_there = places < counts[:, np.newaxis]
        entries = (starts[:, np.newaxis] + places)[is_there]
        keys = np.zeros(is_there.shape, np.uint32)
        log_probs = np.full(is_there.shape, -np.inf, np.float32)
        keys[is_there] = self._key.values[entries]
        log_probs[is_there] = self._log_prob.values[entries]
        return Candidates(keys, log_probs, counts, is_all)

    def entropies(self, size: int) -> Float32Array:
        """Of the first `size` nodes, bits, f4[size]; nan where there is no expansion."""
        found = np.full(size, np.nan, np.float32)
        found[self.node.values] = self._entropy.values
        return found

    def add(self, columns: Columns) -> tuple[IdArray, NDArray[np.bool_]]:
        """Takes the expanded_* and candidate_* columns of an event.

        A state that has a row keeps it. Returns the expanded nodes, new and old, u4[n], and
        which of them allow no next state, bool[n].
        """
        nodes = column(columns, "expanded_node")
        counts = column(columns, "expanded_count")
        complete = column(columns, "expanded_complete")
        told = columns.get("expanded_told", np.ones(nodes.size))
        sure = columns.get("expanded_sure", np.full(nodes.size, ALL_KEPT, np.uint32))
        if nodes.size:
            self._row_of.fill(max(0, int(nodes.max()) + 1 - self._row_of.size), -1)
        is_new = self._rows(nodes) < 0
        kept = np.repeat(is_new, counts)
        self._row_of.values[nodes[is_new]] = self.size + np.arange(np.count_nonzero(is_new))
        ends = self._key.size + np.cumsum(counts[is_new], dtype=np.int64)
        self._start.append(ends - counts[is_new])
        self._key.append(column(columns, "candidate_key")[kept])
        self._log_prob.append(column(columns, "candidate_log_prob")[kept])
        self.node.append(nodes[is_new])
        self._count.append(counts[is_new])
        self._log_sum_exp.append(column(columns, "expanded_log_sum_exp")[is_new])
        self._entropy.append(column(columns, "expanded_entropy")[is_new])
        self._complete.append(complete[is_new])
        self._told.append(told[is_new])
        self._sure.append(sure[is_new])
        rows = self._rows(nodes)
        return nodes, (self._count.values[rows] == 0) & (self._complete.values[rows] != 0)

    def ranks(self, parents: IdArray, keys: IdArray) -> IdArray:
        """The place of each key among the stored candidates of its parent, u4[n]; UNKNOWN_RANK
        where it is not among them."""
        found = np.full(len(parents), UNKNOWN_RANK, np.uint32)
        rows = self._rows(parents)
        waiting = np.flatnonzero(rows >= 0)
        starts, counts = self._start.values[rows[waiting]], self._count.values[rows[waiting]]
        candidates, rank = self._key.values, 0
        # Most children are among the leading candidates of their parents.
        while len(waiting):
            further = counts > rank
            waiting, starts, counts = waiting[further], starts[further], counts[further]
            hit = candidates[starts + rank] == keys[waiting]
            found[waiting[hit]] = rank
            waiting, starts, counts = waiting[~hit], starts[~hit], counts[~hit]
            rank += 1
        return found

    def to_columns(self) -> Columns:
        """The expanded_* and candidate_* columns of the whole tree, row after row."""
        told, sure = self._told.values, self._sure.values
        partial: Columns = {"expanded_told": told} if np.any(told < 1) else {}
        if np.any(sure != ALL_KEPT):
            partial["expanded_sure"] = sure
        return partial | {
            "expanded_node": self.node.values,
            "expanded_log_sum_exp": self._log_sum_exp.values,
            "expanded_entropy": self._entropy.values,
            "expanded_count": self._count.values,
            "expanded_complete": self._complete.values,
            "candidate_key": self._key.values,
            "candidate_log_prob": self._log_prob.values,
        }

    def _row(self, node: int) -> int:
        return int(self._row_of.values[node]) if node < self._row_of.size else -1

    def _rows(self, nodes: IdArray) -> NDArray[np.int32]:
        rows = np.full(len(nodes), -1, np.int32)
        known = nodes < self._row_of.size
        rows[known] = self._row_of.values[nodes[known]]
        return rows
