"""Committors of a finite Markov chain, exactly: at a horizon, and in the limit.

With P the matrix and A_k the states of outcome k, all made absorbing: at horizon n, h⁽⁰⁾ = 1 on A
and h⁽ⁿ⁾ = P h⁽ⁿ⁻¹⁾; in the limit (I − Q) h = R 1_A over the states from which something absorbing
can be reached (the fundamental matrix; Kemeny and Snell 1960, chapter III). Gambler's ruin from 5
of 10 is 0.5 in the limit, and 0.263 with 0.475 undecided after 20 games.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from semioscope.core.types import FloatArray
from semioscope.physics.basins import ELSEWHERE, UNDECIDED
from semioscope.physics.components import TRANSIENT, closed_components
from semioscope.physics.outcomes import NONE
from semioscope.physics.table import Column, Table


@dataclass(frozen=True, slots=True, eq=False)
class ChainCommittors:
    """From every state: the probability of each outcome, known f64[S, K], of being absorbed
    elsewhere and of being undecided, f64[S]; they sum to one. steps: the horizon; None: the limit,
    where nothing is undecided, and elsewhere is what stays in other recurrent classes for ever.
    """

    known: FloatArray
    elsewhere: FloatArray
    undecided: FloatArray
    steps: int | None

    def table(self, state: int, names: tuple[str, ...]) -> Table:
        """One row for each outcome, for elsewhere and for undecided, from one state."""
        shares = [*self.known[state], self.elsewhere[state], self.undecided[state]]
        horizon = "in the limit of ever more steps"
        if self.steps is not None:
            horizon = f"after at most {self.steps:,} steps"
        return Table(
            (
                Column(
                    "outcome",
                    "",
                    "theorem",
                    np.array([*names, ELSEWHERE, UNDECIDED], object),
                    "What is reached.",
                ),
                Column("share", "probability", "theorem", np.array(shares), f"Exactly, {horizon}."),
            ),
            assumptions=("The rule is this finite chain.", f"Absorption {horizon}."),
        )


def chain_committors(
    matrix: FloatArray,
    outcome_of: NDArray[np.int64],
    count: int,
    steps: int | None,
    absorbing: NDArray[np.bool_] | None = None,
) -> ChainCommittors:
    """From every state of a chain with matrix f64[S, S].

    outcome_of: of each state, 0 … count − 1 or NONE, i64[S]. absorbing: states at which a
    trajectory is over without an outcome, bool[S]. steps: how many at most; None: without end.
    Raises ValueError for shapes that do not fit.
    """
    size = len(matrix)
    if matrix.shape != (size, size) or outcome_of.shape != (size,):
        raise ValueError(f"a matrix {matrix.shape} and outcomes {outcome_of.shape} do not fit")
    ends = np.zeros(size, np.bool_) if absorbing is None else absorbing.copy()
    ends &= outcome_of == NONE
    start = np.zeros((size, count + 1))  # the outcomes, and elsewhere
    inside = np.flatnonzero(outcome_of != NONE)
    start[inside, outcome_of[inside]] = 1
    start[ends, count] = 1
    free = (outcome_of == NONE) & ~ends
    found = _in_the_limit(matrix, start, free) if steps is None else start
    for _ in range(steps or 0):
        after = matrix[free] @ found
        found = found.copy()
        found[free] = after
    left = np.zeros(size) if steps is None else np.maximum(0.0, 1.0 - found.sum(axis=1))
    return ChainCommittors(found[:, :count], found[:, count], left, steps)


def _in_the_limit(matrix: FloatArray, start: FloatArray, free: NDArray[np.bool_]) -> FloatArray:
    stopped = matrix.copy()
    stopped[~free] = 0
    stopped[~free, ~free] = 1
    stays = free & (closed_components(stopped) != TRANSIENT)
    found = start.copy()
    found[stays, -1] = 1
    moving = free & ~stays
    if moving.any():
        inner = np.eye(int(moving.sum())) - matrix[np.ix_(moving, moving)]
        found[moving] = np.linalg.solve(inner, matrix[np.ix_(moving, ~moving)] @ found[~moving])
    return found
