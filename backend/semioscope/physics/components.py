"""Where a finite chain can stay for ever: its closed strongly connected components."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from semioscope.core.types import FloatArray

TRANSIENT: Final = -1


def closed_components(matrix: FloatArray) -> NDArray[np.int64]:
    """Which recurrent class each state is in, i64[S], numbered by their first states; TRANSIENT
    where the state can be left for ever. matrix f64[S, S]: an edge for each positive entry."""
    # Here and not above: a server starts without it.
    from scipy.sparse import csr_array  # type: ignore[import-untyped]  # scipy has no types
    from scipy.sparse.csgraph import (  # type: ignore[import-untyped]  # scipy has no types
        connected_components,
    )

    sources, targets = np.nonzero(matrix > 0)
    edges = csr_array((np.ones(len(sources)), (sources, targets)), shape=matrix.shape)
    count, component = connected_components(edges, directed=True, connection="strong")
    is_closed = np.ones(count, np.bool_)
    is_closed[component[sources[component[sources] != component[targets]]]] = False
    found = np.full(len(matrix), TRANSIENT, np.int64)
    numbers: dict[int, int] = {}
    for state in np.flatnonzero(is_closed[component]).tolist():
        found[state] = numbers.setdefault(int(component[state]), len(numbers))
    return found
