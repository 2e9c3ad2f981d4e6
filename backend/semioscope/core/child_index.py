"""Which child a parent has by a key, for many nodes at once and one by one."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from semioscope.core.types import IdArray

Packed = NDArray[np.uint64]
"""parent << 32 | key."""

_MANY: Final = 1 << 15
"""So many at once (those of a snapshot) are sorted when somebody first asks, and stay an array: a
dictionary of a million takes a second and 100 MB."""


def packed(parents: IdArray, keys: IdArray) -> Packed:
    """One number for each pair of a parent and a key, u8[n]."""
    both: Packed = parents.astype(np.uint64) << np.uint64(32) | keys.astype(np.uint64)
    return both


class ChildIndex:
    """From (parent, key) to the child; only ever added to."""

    def __init__(self) -> None:
        self._few: dict[int, int] = {}
        self._many: Packed = np.zeros(0, np.uint64)
        self._ids: IdArray = np.zeros(0, np.uint32)
        self._waiting: list[tuple[IdArray, IdArray, IdArray]] = []

    @property
    def is_sorted(self) -> bool:
        """Whether `find` costs nothing out of the ordinary."""
        return not self._waiting

    def add(self, parents: IdArray, keys: IdArray, ids: IdArray) -> None:
        """Takes children by the parent and the key of each, all of them new."""
        if len(ids) < _MANY:
            pairs = packed(parents, keys)
            self._few.update(zip(pairs.tolist(), ids.tolist(), strict=True))
        else:
            self._waiting.append((parents, keys, ids))

    def find(self, parent: int, key: int) -> int | None:
        """The child by that key; None where there is none."""
        pair = parent << 32 | key
        found = self._few.get(pair)
        if found is not None or self._is_empty():
            return found
        self._sort()
        place = int(np.searchsorted(self._many, np.uint64(pair)))
        if place < len(self._many) and int(self._many[place]) == pair:
            return int(self._ids[place])
        return None

    def has_any(self, pairs: Packed) -> bool:
        """Whether one of these children is there, or twice among these pairs."""
        listed: list[Any] = pairs.tolist()
        if len(set(listed)) < len(listed) or not self._few.keys().isdisjoint(listed):
            return True
        if self._is_empty() or not len(pairs):
            return False
        self._sort()
        places = np.minimum(np.searchsorted(self._many, pairs), len(self._many) - 1)
        return bool(np.any(self._many[places] == pairs))

    def _is_empty(self) -> bool:
        return not self._waiting and not len(self._many)

    def _sort(self) -> None:
        if not self._waiting:
            return
        waiting = [packed(parents, keys) for parents, keys, _ in self._waiting]
        pairs = np.concatenate([self._many, *waiting])
        ids = np.concatenate([self._ids, *(ids for *_, ids in self._waiting)])
        order = np.argsort(pairs, kind="stable")
        self._many, self._ids, self._waiting = pairs[order], ids[order], []
