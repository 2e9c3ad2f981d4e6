"""Which next states are typical: nearest to the entropy (arXiv 2202.00666).

They are found without sorting the others: only what lies within a distance that holds enough mass
is put in order.
"""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from semioscope.core.types import FloatArray

NEAREST: Final = (1024, 8192)
"""How many of the nearest are looked at first, and then, before all are."""


def typical_places(
    log_q: FloatArray, keys: NDArray[np.integer[Any]], reach: float
) -> NDArray[np.intp]:
    """The places of the typical next states, the nearest to the entropy first.

    log_q f64[K]: nats, normalised, all finite, in any order; keys [K]. They are the fewest whose
    mass reaches `reach`, by |H + log q|, of equals the lowest key first; all of them where rounding
    leaves less than that.
    """
    q = np.exp(log_q)
    distances = np.abs(log_q - np.dot(q, log_q))
    order = np.empty(0, np.intp)
    for nearest in _nearest(distances):
        if len(nearest) < len(q) and q[nearest].sum() < reach:
            continue
        order = nearest[np.lexsort((keys[nearest], distances[nearest]))]
        cumulative = np.cumsum(q[order])
        if cumulative[-1] >= reach:
            return order[: 1 + int(np.searchsorted(cumulative, reach, side="left"))]
    return order


def _nearest(distances: FloatArray) -> Iterator[NDArray[np.intp]]:
    """Places of more and more of the nearest, all that are tied at the border included."""
    for count in NEAREST:
        if count < len(distances):
            yield np.flatnonzero(distances <= np.partition(distances, count - 1)[count - 1])
    yield np.arange(len(distances))
