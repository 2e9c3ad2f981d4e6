"""How much may grow by itself for one person: states evaluated for moving views, in an hour."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from semioscope.core.errors import LimitExceeded

PER_S: Final = 3600.0
REMEMBERED: Final = 20_000
"""People whose allowance is kept in mind; whose was not used for longest is full again."""


@dataclass(frozen=True)
class Allowance:
    """What one person has left. states: of `most` an hour; it fills up again evenly."""

    states: int
    most: int


class Allowances:
    """One for each identity: an hour's states when full."""

    def __init__(self, per_hour: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = float(per_hour)
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def of(self, caller: str) -> Allowance:
        """What is left now."""
        return Allowance(max(0, int(self._now(caller))), int(self._most))

    def use(self, caller: str, states: int) -> None:
        """Takes what was evaluated; a step under way may take more than is left."""
        self._left[caller] = (self._now(caller) - states, self._clock())
        self._left.move_to_end(caller)
        if len(self._left) > REMEMBERED:
            self._left.popitem(last=False)

    def must_have(self, caller: str) -> None:
        """Raises LimitExceeded "view-allowance-used" for a person who has used theirs up."""
        if self.of(caller).states < 1:
            raise LimitExceeded(
                "view-allowance-used",
                f"Growing into view rests: its {int(self._most):,} states an hour are used up.",
                "It goes on as they come back; what is grown by hand does not count.",
                retryable=True,
            )

    def _now(self, caller: str) -> float:
        now = self._clock()
        left, since = self._left.get(caller, (self._most, now))
        return min(self._most, left + (now - since) * self._most / PER_S)
