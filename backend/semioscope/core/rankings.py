"""The rankings that a procedure has of its own at the states of a tree."""

from collections.abc import Iterable, Mapping
from itertools import chain
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

    def table(self, nodes: IdArray) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """log q of all that the ranking at each node holds, nats, f4[n, w], −inf beyond its end,
        and how many next states that is, i8[n]; 0 where there is none."""
        starts, ends = self._spans(nodes)
        lengths = ends - starts
        places = np.arange(max(1, int(lengths.max(initial=0))))
        is_there = places < lengths[:, np.newaxis]
        found = np.full(is_there.shape, -np.inf, np.float32)
        found[is_there] = self._log_q.values[(starts[:, np.newaxis] + places)[is_there]]
        return found, lengths

    def log_qs(self, nodes: IdArray, keys: IdArray) -> tuple[FloatArray, NDArray[np.int64]]:
        """log q, nats, f8[n], of one next state of each node, nan where no ranking names it, and
        how many the ranking at each node holds, i8[n]."""
        found = np.full(len(nodes), np.nan)
        places, ends = self._spans(nodes)
        lengths = ends - places
        waiting = np.flatnonzero(places < ends)
        own_keys, log_qs = self._key.values, self._log_q.values
        # Most children are among the leading next states of their parents.
        while len(waiting):
            hit = own_keys[places[waiting]] == keys[waiting]
            found[waiting[hit]] = log_qs[places[waiting[hit]]]
            waiting = waiting[~hit]
            places[waiting] += 1
            waiting = waiting[places[waiting] < ends[waiting]]
        return found, lengths

    def _spans(self, nodes: IdArray) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        distinct, which = np.unique(nodes, return_inverse=True)
        none = (0, 0)
        spans = (self._places.get(node, none) for node in distinct.tolist())
        flat = np.fromiter(chain.from_iterable(spans), np.int64, 2 * len(distinct))
        return flat[::2][which], flat[1::2][which]

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
