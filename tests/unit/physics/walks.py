"""A small finite chain as a rule and as a matrix, and gambler's ruin."""

import numpy as np

from semioscope.core.ranking import RankedRow
from semioscope.core.sampling import IDENTITY, Past, Procedure
from semioscope.core.sampling.applied import applied
from semioscope.physics.outcomes import NONE
from tests.unit.core_math.toys import ToyRule

WEIGHTS = [
    [1, 0, 0, 0, 0],
    [3, 1, 4, 1, 0],
    [1, 4, 1, 5, 0],
    [0, 1, 3, 1, 2],
    [0, 0, 0, 0, 1],
]
WALK = ToyRule(lambda state: WEIGHTS[state[-1]], 5, memory=1)
ABSORBING = np.array([0, NONE, NONE, NONE, 1])
"""The outcome of each state: the two ends."""


def walk_matrix(procedure: Procedure = IDENTITY) -> np.ndarray:
    """The chain of WALK under a procedure, f64[5, 5]."""
    matrix = np.zeros((5, 5))
    for state in range(5):
        keys, log_q = applied(procedure, RankedRow(WALK.row((state,))), Past((state,), 1, 0.0))
        matrix[state, keys] = np.exp(log_q)
    return matrix / matrix.sum(axis=1, keepdims=True)


def ruin(most: int) -> np.ndarray:
    """A gambler with 0 … `most` coins, who wins or loses one at each fair game."""
    matrix = np.zeros((most + 1, most + 1))
    matrix[0, 0] = matrix[most, most] = 1
    for coins in range(1, most):
        matrix[coins, [coins - 1, coins + 1]] = 0.5
    return matrix
