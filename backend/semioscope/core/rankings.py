"""The rankings that a procedure has of its own at the states of a tree."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semioscope.core.events import column
from semioscope.core.growable import Growable
from semioscope.core.sampling import Ranking
from semioscope.core.types import Columns, FloatArray, IdArray


class Rankings:
    """One row a state, in the order in which they came; next states row after row (CSR)."""

    def __init__(self) -> None:
        self._places: dict[int, tuple[int, int]] = {}  # by node: start, and end
        self._key = Growable("<u4")
        self._log_prob = Growable("<f4")
        self._log_q = Growable("<f4")

    def at(self, node: int) -> Ranking:
        """The ranking at a state, empty where there is none; its arrays are views."""
        some = slice(*self._places.get(node, (0, 0)))
        columns = self._key, self._log_prob, self._log_q
        return Ranking(*(each.values[some] for each in columns))

    def lengths(self, nodes: IdArray) -> NDArray[np.int64]:
        """How many next states the ranking at each node holds, i8[n]; 0 where there is none."""
        starts, ends = self._spans(nodes)
        return ends - starts

    def log_qs(self, nodes: IdArray, keys: IdArray) -> FloatArray:
        """log q, nats, f8[n], of one next state of each node; nan where no ranking names it."""
        found = np.full(len(nodes), np.nan)
        places, ends = self._spans(nodes)
        waiting = np.flatnonzero(places < ends)
        own_keys, log_qs = self._key.values, self._log_q.values
        # Most children are among the leading next states of their parents.
        while len(waiting):
            hit = own_keys[places[waiting]] == keys[waiting]
            found[waiting[hit]] = log_qs[places[waiting[hit]]]
            waiting = waiting[~hit]
            places[waiting] += 1
            waiting = waiting[places[waiting] < ends[waiting]]
        return found

    def _spans(self, nodes: IdArray) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        none = (0, 0)
        spans = [self._places.get(node, none) for node in nodes.tolist()]
        starts, ends = np.array(spans, np.int64).reshape(-1, 2).T
        return starts.copy(), ends.copy()

    def add(self, columns: Columns) -> None:
        """Takes the weight_own_* columns of an event; a state's latest row counts."""
        counts = column(columns, "weight_own_count")
        ends = self._key.size + np.cumsum(counts, dtype=np.int64)
        starts = ends - counts
        nodes = column(columns, "weight_own_node")
        self._places.update(
            zip(nodes.tolist(), zip(starts.tolist(), ends.tolist(), strict=True), strict=True)
        )
        self._key.append(column(columns, "weight_own_key"))
        self._log_prob.append(column(columns, "weight_own_log_prob"))
        self._log_q.append(column(columns, "weight_own_log_q"))

    def to_columns(self) -> Columns:
        """The weight_own_* columns of the whole tree, nodes ascending."""
        return ranking_columns({node: self.at(node) for node in sorted(self._places)})


def ranking_columns(rankings: Mapping[int, Ranking]) -> Columns:
    """The weight_own_* columns of rankings by node."""
    each = rankings.values()
    return {
        "weight_own_node": np.array(list(rankings), np.uint32),
        "weight_own_count": np.array([len(ranking) for ranking in each], np.uint32),
        "weight_own_key": _joined((ranking.keys for ranking in each), "<u4"),
        "weight_own_log_prob": _joined((ranking.log_probs for ranking in each), "<f4"),
        "weight_own_log_q": _joined((ranking.log_q for ranking in each), "<f4"),
    }


def _joined(arrays: Iterable[NDArray[Any]], dtype: str) -> NDArray[Any]:
    return np.concatenate([np.zeros(0, dtype), *arrays])
