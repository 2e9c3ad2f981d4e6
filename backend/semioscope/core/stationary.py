"""The stationary distribution of an irreducible finite chain."""

import numpy as np

from semioscope.core.types import FloatArray


def stationary_within(matrix: FloatArray) -> FloatArray:
    """π f64[S] of an irreducible chain, matrix f64[S, S], by the elimination of Grassmann, Taksar
    and Heyman (Operations Research 33, 1985): it subtracts nothing, so that small entries are as
    exact as large ones."""
    reduced = matrix.copy()
    size = len(reduced)
    leaving = np.zeros(size)
    for last in range(size - 1, 0, -1):
        leaving[last] = reduced[last, :last].sum()
        if leaving[last] > 0:  # else it is too small for a number
            onwards = reduced[last, :last] / leaving[last]
            reduced[:last, :last] += np.outer(reduced[:last, last], onwards)
    found = np.zeros(size)
    found[0] = 1
    for place in range(1, size):
        # Up to a factor; the greatest stays 1, so that none is ever too large for a number.
        entering = found[:place] @ reduced[:place, place]
        if entering > leaving[place]:
            found[:place] *= leaving[place] / entering
            found[place] = 1
        elif entering > 0:
            found[place] = entering / leaving[place]
    stationary: FloatArray = found / found.sum()
    return stationary
