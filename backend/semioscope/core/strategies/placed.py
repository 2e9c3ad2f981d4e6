"""Where a line of Worlds begins, when it is told one by one: a camera between two states."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from semioscope.core.errors import InvalidRequest
from semioscope.core.random import WORD
from semioscope.core.strategies.plan import whole
from semioscope.core.types import NodeId
from semioscope.core.walk import BITS

MOST_NODE: Final = 2**53


@dataclass(frozen=True, slots=True)
class Place:
    """A line at u ∈ [0, 1) of the interval of `node`, of whose bits `left` are good.

    line: the word that its random numbers are keyed by. Raises InvalidRequest "bad-place".
    """

    node: NodeId
    u: float
    left: float
    line: int

    def __post_init__(self) -> None:
        whole(self.node, 0, MOST_NODE, "bad-place", "The state of a line")
        whole(self.line, 0, WORD, "bad-place", "The number of a line")
        if not 0 <= self.u < 1 or not 0 <= self.left <= BITS:
            raise InvalidRequest(
                "bad-place",
                "A line must begin at a place u from 0 up to 1 of its state, and at most "
                f"{BITS:.0f} bits of it can be good.",
            )


def places_of(asked: Sequence[Mapping[str, Any]] | None) -> tuple[Place, ...] | None:
    """As they are asked for: [{"node", "u", "left", "line"}]. Raises InvalidRequest."""
    return None if asked is None else tuple(Place(**each) for each in asked)
