"""Which tokens of a pass see which: every token its own ancestors, and itself."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from semioscope.rules.causal_lm.trie import Prefix


def attention(fresh: Sequence[Prefix], trunk: Prefix) -> tuple[list[int], NDArray[np.bool_]]:
    """(slots of the P past tokens, bool[M, P + M]: which of the M fresh tokens sees which).

    fresh: parents before children. trunk: a prefix that all of them go on from, or that they are
    a part of; what was read of it is seen by all, and is not looked at token by token.
    """
    row_of = {prefix.slot: row for row, prefix in enumerate(fresh)}
    first = fresh[0]
    past = _Past(trunk if first.depth > trunk.depth else first.parent, row_of)
    parents = [past.column(prefix.parent) for prefix in fresh]
    count = len(past.slots)
    seen = np.zeros((len(fresh), count + len(fresh)), np.bool_)
    seen[:, : past.shared] = True
    _climb(seen, np.array(parents), np.array(past.parents), past.shared)
    for row, prefix in enumerate(fresh):
        parent = prefix.parent
        before = None if parent is None else row_of.get(parent.slot)
        if before is not None:
            seen[row] = seen[before]
        seen[row, count + row] = True
    return past.slots, seen


class _Past:
    """The columns of the tokens that were read before: those of the trunk first.

    slots: of each column. parents: the column before it, −1 for none. shared: how many are the
    trunk's.
    """

    def __init__(self, trunk: Prefix | None, row_of: dict[int, int]) -> None:
        self._row_of = row_of
        self.slots = [prefix.slot for prefix in trunk.ancestors()][::-1] if trunk else []
        self.shared = len(self.slots)
        self.parents = list(range(-1, self.shared - 1))
        self._column_of = {slot: column for column, slot in enumerate(self.slots)}

    def column(self, prefix: Prefix | None) -> int:
        """The column of a prefix, −1 for the empty one and for those read in this pass."""
        path: list[int] = []
        while prefix is not None and prefix.parent is not None:
            if prefix.slot in self._row_of:
                return -1
            known = self._column_of.get(prefix.slot)
            if known is not None:
                break
            path.append(prefix.slot)
            prefix = prefix.parent
        else:
            known = -1
        for slot in reversed(path):
            self.parents.append(known)
            known = self._column_of[slot] = len(self.slots)
            self.slots.append(slot)
        return known


def _climb(
    seen: NDArray[np.bool_],
    columns: NDArray[np.int64],
    parents: NDArray[np.int64],
    shared: int,
) -> None:
    """Marks, for each row, its column and those before it, down to the shared ones."""
    rows = np.flatnonzero(columns >= shared)
    columns = columns[rows]
    while len(rows):
        seen[rows, columns] = True
        columns = parents[columns]
        goes_on = columns >= shared
        rows, columns = rows[goes_on], columns[goes_on]
