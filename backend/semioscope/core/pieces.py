"""A large tree in pieces: what a first picture needs, and then all the rest in the order of ids.

The head is a tree frame with column `node_id`, the ids of its nodes (with every node all that lead
to it), and in its header `states`, how many nodes the tree has. Each piece after it has a header
{"type": "piece", "first"} and tells of the nodes from `first` on, as many as it has node_* rows;
of those that are in the head already, it repeats the node_* rows and nothing else. The pieces
follow one another without a gap up to the last node, and all of them tell of one moment. What
is no node's own (symbols, who grew what) stands in the head. Columns are those of core/events.py.
"""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from semioscope.core import frame
from semioscope.core.sight import Sight, in_sight
from semioscope.core.tree import Tree
from semioscope.core.types import ROOT, Columns, IdArray

PIECE_NODES: Final = 16_384
PIECE_ENTRIES: Final = 262_144
"""Candidates in one piece, unless one state has more: what a page takes in between two frames."""
SMALLEST: Final = 20_000
"""A tree of at most so many nodes comes whole."""

_ROWS: Final[dict[str, tuple[str, ...]]] = {
    "tail_node": ("tail_rank", "tail_cum"),
    "expanded_node": (
        "expanded_log_sum_exp",
        "expanded_entropy",
        "expanded_count",
        "expanded_complete",
        "expanded_told",
        "expanded_sure",
    ),
    "cut_node": (),
    "hidden_node": (),
    "hidden_expansion": (),
    "visited_node": ("visited_count",),
    "weight_node": ("weight_log_z", "weight_kept", "weight_entropy"),
    "weight_tail_node": ("weight_tail_cum", "weight_tail_log_q"),
    "weight_own_node": ("weight_own_count",),
    "weight_untold_node": (),
}
"""Columns with a row for some of the nodes, by the column that says of which."""
_RUNS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "expanded_node": ("expanded_count", ("candidate_key", "candidate_log_prob")),
    "weight_own_node": (
        "weight_own_count",
        ("weight_own_key", "weight_own_log_prob", "weight_own_log_q"),
    ),
}
"""Columns with several entries for some of the nodes, beside the column that counts them."""
_NODES: Final = ("node_parent", "node_key", "node_log_prob")
_OF_NODES: Final = frozenset(
    [
        *_NODES,
        *_ROWS,
        *(name for beside in _ROWS.values() for name in beside),
        *(name for _, runs in _RUNS.values() for name in runs),
    ]
)
"""The columns that are divided among the pieces."""


def pieces_of(tree: Tree, sight: Sight) -> Iterator[bytes]:
    """The frames of a tree as it is now, whatever happens to it meanwhile."""
    small = tree.size <= SMALLEST
    head = np.arange(tree.size, dtype=np.uint32) if small else in_sight(tree, sight)
    return Pieces(*tree.whole(for_wire=True), head).frames()


class Pieces:
    """One moment of a tree, about to be sent. `columns` are not changed by what happens later: the
    arrays of a tree are only appended to, and all else in its frame is copied."""

    def __init__(self, header: dict[str, Any], columns: Columns, head: IdArray) -> None:
        """header and columns of a tree frame; head: the nodes in the first piece, ascending, with
        every node all that lead to it, the root among them."""
        self._header = header
        self._columns = columns
        self._size = 1 + len(columns.get("node_parent", ()))
        self._head = head
        self._in_head = np.zeros(self._size, np.bool_)
        self._in_head[head] = True
        self._starts = {
            name: np.cumsum(columns[counts], dtype=np.int64) - columns[counts]
            for name, (counts, _) in _RUNS.items()
            if name in columns
        }

    def frames(self) -> Iterator[bytes]:
        """The head, and then the other pieces."""
        if len(self._head) == self._size:
            yield frame.encode(self._header | {"states": self._size}, self._columns)
            return
        yield self._first()
        order = {
            name: np.argsort(self._columns[name], kind="stable")
            for name in _ROWS
            if name in self._columns
        }
        ordered = {name: self._columns[name][places] for name, places in order.items()}
        first = ROOT + 1
        while first < self._size:
            end = self._end(first, order, ordered)
            columns = {name: self._columns[name][first - 1 : end - 1] for name in _NODES}
            for name, places in order.items():
                lo, hi = np.searchsorted(ordered[name], (first, end))
                some = places[lo:hi]
                columns |= self._rows(name, some[~self._in_head[self._columns[name][some]]])
            yield frame.encode({"type": "piece", "first": first}, _filled(columns))
            first = end

    def _first(self) -> bytes:
        nodes = self._head[self._head != ROOT]
        columns: Columns = {"node_id": nodes}
        columns |= {name: self._columns[name][nodes - 1] for name in _NODES}
        columns |= {name: each for name, each in self._columns.items() if name not in _OF_NODES}
        for name in _ROWS:
            if name in self._columns:
                places = np.flatnonzero(self._in_head[self._columns[name]])
                columns |= self._rows(name, places)
        return frame.encode(self._header | {"states": self._size}, _filled(columns))

    def _rows(self, name: str, places: NDArray[np.int64]) -> Columns:
        """The rows at these places of all columns that go with one that names nodes."""
        columns = {name: self._columns[name][places]}
        for beside in _ROWS[name]:
            if beside in self._columns:
                columns[beside] = self._columns[beside][places]
        if name in _RUNS:
            counts, runs = _RUNS[name]
            lengths = columns[counts].astype(np.int64)
            begins = np.cumsum(lengths) - lengths
            entries = np.arange(int(lengths.sum())) + np.repeat(
                self._starts[name][places] - begins, lengths
            )
            for each in runs:
                if each in self._columns:
                    columns[each] = self._columns[each][entries]
        return columns

    def _end(
        self, first: int, order: dict[str, NDArray[np.int64]], ordered: dict[str, IdArray]
    ) -> int:
        """Where a piece ends that begins at a node: after enough nodes, or enough entries."""
        end = min(first + PIECE_NODES, self._size)
        for name, (counts, _) in _RUNS.items():
            if name not in order:
                continue
            lo, hi = np.searchsorted(ordered[name], (first, end))
            lengths = np.cumsum(self._columns[counts][order[name][lo:hi]], dtype=np.int64)
            fitting = int(np.searchsorted(lengths, PIECE_ENTRIES, side="right"))
            if fitting < len(lengths):
                end = max(first + 1, min(end, int(ordered[name][lo + fitting])))
        return end


def _filled(columns: Columns) -> Columns:
    return {name: each for name, each in columns.items() if each.size}
