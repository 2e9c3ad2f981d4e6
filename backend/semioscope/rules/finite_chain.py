"""A finite Markov chain, for exact answers (SCIENCE.md 2, 10).

A rule that looks at finitely many contexts only is such a chain: its states are the contexts.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

import numpy as np

from semioscope.core.errors import InvalidRequest
from semioscope.core.stationary import stationary_within
from semioscope.core.types import FloatArray

if TYPE_CHECKING:
    import networkx as nx  # type: ignore[import-untyped]  # networkx comes without types

MOST_STATES: Final = 1024
"""The most states of a chain that is written out as a matrix."""
DIGIT_TOLERANCE: Final = 5.1e-7
"""How far from one a row may sum, for each of its numbers: what is lost by writing six digits."""


@dataclass(frozen=True, eq=False)
class FiniteChain:
    """`states` (S names) and `matrix` f64[S, S]: row i has the probabilities of what follows
    state i. Raises InvalidRequest "not-stochastic" for rows that are no distributions."""

    states: tuple[str, ...]
    matrix: FloatArray

    def __post_init__(self) -> None:
        size = len(self.states)
        if self.matrix.shape != (size, size):
            raise ValueError(f"a matrix {self.matrix.shape} is not one of {size} states")
        for name, row in zip(self.states, self.matrix, strict=True):
            check_distribution(row, f"The row of “{name}”")

    def stationary(self) -> FloatArray | None:
        """π f64[S] with π = πP and Σπ = 1; None where more than one distribution has that, which
        is where the chain has more than one closed class."""
        closed = self.closed_classes()
        if len(closed) != 1:
            return None
        (members,) = closed
        found = np.zeros(len(self.states))
        found[members] = stationary_within(self.matrix[np.ix_(members, members)])
        return found

    def closed_classes(self) -> list[list[int]]:
        """The recurrent classes: strongly connected components that nothing leaves. States by
        number, ascending; classes by their first state."""
        if self.matrix.all():  # one class at sight, and a graph would have S² edges
            return [list(range(len(self.states)))]
        # Here and not above: most rules are used without ever being asked for their chain.
        import networkx as nx

        return sorted(sorted(found) for found in nx.attracting_components(self.to_networkx()))

    def to_networkx(self) -> "nx.DiGraph":
        """Nodes 0 … S−1 with their `state`, an edge with its `probability` for each positive
        entry."""
        import networkx as nx

        graph = nx.DiGraph()
        graph.add_nodes_from((place, {"state": name}) for place, name in enumerate(self.states))
        sources, targets = (found.tolist() for found in np.nonzero(self.matrix))
        probabilities = self.matrix[sources, targets].tolist()
        graph.add_edges_from(
            (source, target, {"probability": probability})
            for source, target, probability in zip(sources, targets, probabilities, strict=True)
        )
        return graph


@runtime_checkable
class HasFiniteChain(Protocol):
    """A rule behind which stands a finite chain."""

    def finite_chain(self, most_states: int = MOST_STATES) -> FiniteChain:
        """The chain. Raises InvalidRequest "chain-too-large" beyond that many states."""


def check_distribution(row: Sequence[float] | FloatArray, what: str) -> None:
    """Raises InvalidRequest "not-stochastic" unless the numbers are finite, not negative and sum
    to one; `what` names them."""
    for place, value in enumerate(row, 1):
        if not 0 <= value < math.inf:
            raise InvalidRequest(
                "not-stochastic", f"{what} has {value:g} in place {place}: no probability is that."
            )
    total = math.fsum(row)
    if not abs(total - 1) <= DIGIT_TOLERANCE * max(2, len(row)):
        raise InvalidRequest(
            "not-stochastic",
            f"{what} sums to {total:.9g}; probabilities sum to 1.",
            "Change its numbers so that they do.",
        )


def chain_too_large(what: str, most_states: int) -> InvalidRequest:
    """The refusal of a chain whose states, which `what` describes, are too many to write out."""
    return InvalidRequest(
        "chain-too-large",
        f"{what}, more than the {most_states:,} that a matrix is written out for.",
        "A lower order or a smaller alphabet makes fewer.",
    )
