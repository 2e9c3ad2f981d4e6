"""One sampling procedure on a tree: its weights at every state it has been evaluated at."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semioscope.core.events import column
from semioscope.core.growable import Growable
from semioscope.core.rankings import Rankings
from semioscope.core.sampling import Procedure, Weights
from semioscope.core.types import Columns, Float32Array, FloatArray, IdArray


class Weighing:
    """Per node: log_z f8 (nats, nan = not weighed), kept u4, entropy f4 (bits), untold u1, and for
    nodes outside what is stored of their parent, tail_cum f8, F(t⁻) under the procedure (nan = not
    known). Of a procedure that reorders also the rankings of its own, and tail_log_q f4, nats.

    untold: the procedure was evaluated there, and needs more than the rule tells.
    """

    def __init__(self, procedure: Procedure) -> None:
        self.procedure = procedure
        self._log_z = Growable("<f8")
        self._kept = Growable("<u4")
        self._entropy = Growable("<f4")
        self._tail_cum = Growable("<f8")
        self._tail_log_q = Growable("<f4")
        self._untold = Growable("u1")
        self._rankings = Rankings()

    def at(self, node: int) -> Weights | None:
        """The weights at a state, None where it has not been weighed."""
        if node >= self._log_z.size or math.isnan(log_z := self._log_z.values[node]):
            return None
        return Weights(
            float(log_z),
            int(self._kept.values[node]),
            float(self._entropy.values[node]),
            self._rankings.at(node) if self.procedure.reorders else None,
        )

    def of(self, nodes: IdArray) -> tuple[FloatArray, IdArray]:
        """log_z, f8[n], nan where it has not been weighed, and how many are kept, u4[n]."""
        log_z, kept = np.full(len(nodes), np.nan), np.zeros(len(nodes), np.uint32)
        known = nodes < self._log_z.size
        log_z[known] = self._log_z.values[nodes[known]]
        kept[known] = self._kept.values[nodes[known]]
        return log_z, kept

    def entropies(self, size: int) -> Float32Array:
        """Of the first `size` nodes, bits, f4[size]; nan where it has not been weighed."""
        found = np.full(size, np.nan, np.float32)
        count = min(size, self._entropy.size)
        found[:count] = self._entropy.values[:count]
        return found

    def own_log_probs(self, parents: IdArray, keys: IdArray) -> FloatArray:
        """log q of children, nats, f8[n], from the rankings that a procedure that reorders has at
        their parents; −inf where the ranking is all that it leaves, nan of what it does not tell.
        """
        found, lengths = self._rankings.log_qs(parents, keys)
        _, kept = self.of(parents)
        found[np.isnan(found) & (lengths > 0) & (lengths == kept)] = -np.inf
        return found

    def own_table(self, nodes: IdArray) -> tuple[FloatArray, NDArray[np.bool_]]:
        """Of a procedure that reorders: q of what the ranking at each node holds, f8[n, w], 0
        beyond its end, and whether that is all, bool[n]."""
        log_q, lengths = self._rankings.table(nodes)
        _, kept = self.of(nodes)
        return np.exp(log_q.astype(np.float64)), (lengths > 0) & (lengths == kept)

    def tail_log_qs(self, nodes: IdArray) -> FloatArray:
        """As `tail_log_q`, of each node, f8[n]."""
        found = np.full(len(nodes), np.nan)
        known = nodes < self._tail_log_q.size
        found[known] = self._tail_log_q.values[nodes[known]]
        return found

    def tail_cum(self, node: int) -> float:
        """F(t⁻) of a node outside what is stored of its parent; nan where it is not known."""
        return float(self._tail_cum.values[node]) if node < self._tail_cum.size else math.nan

    def tail_log_q(self, node: int) -> float:
        """Its own log-probability, nats, under a procedure that reorders; nan where not known."""
        return float(self._tail_log_q.values[node]) if node < self._tail_log_q.size else math.nan

    def is_untold(self, node: int) -> bool:
        """Whether the procedure needs more there than the rule tells."""
        return bool(node < self._untold.size and self._untold.values[node])

    def lacking(self, nodes: IdArray) -> NDArray[np.bool_]:
        """Which of the nodes have not been weighed, and may be, bool[n]."""
        absent = np.ones(len(nodes), np.bool_)
        known = nodes < self._log_z.size
        there = nodes[known]
        absent[known] = np.isnan(self._log_z.values[there]) & (self._untold.values[there] == 0)
        return absent

    def add(self, columns: Columns) -> None:
        """Takes the weight_* columns of an event."""
        nodes, tails = column(columns, "weight_node"), column(columns, "weight_tail_node")
        untold = column(columns, "weight_untold_node")
        self._cover(nodes, tails, untold)
        self._untold.values[untold] = 1
        self._log_z.values[nodes] = column(columns, "weight_log_z")
        self._kept.values[nodes] = column(columns, "weight_kept")
        self._entropy.values[nodes] = column(columns, "weight_entropy")
        self._tail_cum.values[tails] = column(columns, "weight_tail_cum")
        if self.procedure.reorders:
            self._tail_log_q.values[tails] = column(columns, "weight_tail_log_q")
            self._rankings.add(columns)

    def to_columns(self) -> Columns:
        """The weight_* columns of the whole tree, nodes ascending."""
        nodes = _known(self._log_z.values)
        tails = _known(self._tail_cum.values)
        columns = {
            "weight_node": nodes,
            "weight_log_z": self._log_z.values[nodes],
            "weight_kept": self._kept.values[nodes],
            "weight_entropy": self._entropy.values[nodes],
            "weight_tail_node": tails,
            "weight_tail_cum": self._tail_cum.values[tails],
            "weight_untold_node": np.flatnonzero(self._untold.values).astype(np.uint32),
        }
        if self.procedure.reorders:
            columns["weight_tail_log_q"] = self._tail_log_q.values[tails]
            columns |= self._rankings.to_columns()
        return columns

    def _cover(self, *named: NDArray[Any]) -> None:
        size = max((int(nodes.max()) + 1 for nodes in named if nodes.size), default=0)
        missing = max(0, size - self._log_z.size)
        self._log_z.fill(missing, np.nan)
        self._kept.fill(missing, 0)
        self._entropy.fill(missing, np.nan)
        self._tail_cum.fill(missing, np.nan)
        self._tail_log_q.fill(missing, np.nan)
        self._untold.fill(missing, 0)


def _known(values: FloatArray) -> IdArray:
    return np.flatnonzero(~np.isnan(values)).astype(np.uint32)
