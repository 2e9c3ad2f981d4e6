"""Objects that many share, and what is made of them column by column."""

from collections.abc import Sequence
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")
Places: TypeAlias = NDArray[np.int64]


def distinct(objects: Sequence[T]) -> tuple[list[T], Places]:
    """The objects without those that come again, in order, and which of them each is, i8[n].
    Objects are told apart by identity."""
    ids = list(map(id, objects))
    first = dict(zip(ids, objects, strict=True))
    place = dict(zip(first, range(len(first)), strict=True))
    which = np.fromiter(map(place.__getitem__, ids), np.int64, len(objects))
    return list(first.values()), which


def spread(counts: Places, which: Places) -> Places:
    """Where the elements of one distinct object after another lie, when those of all distinct ones
    stand one after another, `counts` of each: i8[Σ counts[which]]."""
    starts = np.cumsum(counts) - counts
    each = counts[which]
    before = np.cumsum(each) - each
    places: Places = np.arange(int(each.sum())) + np.repeat(starts[which] - before, each)
    return places
