"""An array that grows: appending costs amortised constant time per element."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

_FIRST_ROOM = 64
_SPARE = 8
"""Room to spare after what comes in one go, 1/8 of it: pages that nobody writes to cost nothing,
and what is added next does not move a large array."""


class Growable:
    """A one-dimensional array with room to spare. `values` is a view: valid until it grows."""

    def __init__(self, dtype: DTypeLike) -> None:
        self._room: NDArray[Any] = np.empty(_FIRST_ROOM, dtype)
        self._size = 0

    @property
    def values(self) -> NDArray[Any]:
        """All elements, as a writable view."""
        return self._room[: self._size]

    @property
    def size(self) -> int:
        return self._size

    def append(self, values: ArrayLike) -> None:
        """Adds the elements of a one-dimensional array at the end."""
        added = np.asarray(values, self._room.dtype)
        self._reserve(added.size)
        self._room[self._size : self._size + added.size] = added
        self._size += added.size

    def fill(self, count: int, value: float) -> None:
        """Adds `count` times the same value at the end."""
        self._reserve(count)
        self._room[self._size : self._size + count] = value
        self._size += count

    def _reserve(self, count: int) -> None:
        needed = self._size + count
        if needed > self._room.size:
            room = np.empty(max(needed + needed // _SPARE, 2 * self._room.size), self._room.dtype)
            room[: self._size] = self.values
            self._room = room
