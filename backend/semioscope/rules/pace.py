"""How much one pass of a model should take on: what throughput needs, and no longer than that.

A pass of n tokens takes about a + b·n seconds. a (weights brought to the processor, kernels
started) is lost on small passes; b·n is what somebody else waits. Both are learnt from the passes
themselves, so that the same rule suits two cores and a graphics card.
"""

from typing import Final

FEWEST: Final = 8
MOST: Final = 1024
"""Tokens of a pass, within which the pace is kept."""
FIRST: Final = 64
"""Tokens of a pass before anything is learnt."""
LOST: Final = 0.04
"""The share of a pass that a may be when one group is alone."""
ALONE_S: Final = 1.0
"""The longest pass, in seconds, when one group is alone."""
COMPANY_S: Final = 0.22
"""The longest when others ask as well: who asks next waits for it."""
ATTENTIVE_S: Final = 0.1
"""The longest that a pass which somebody waits for becomes by what nobody waits for: a few states
more make it hardly longer."""
GUESS: Final = 10.0
"""a/b before any small pass was seen."""
SMALL: Final = 8
"""Passes of at most so many tokens show a; larger ones b."""
MEMORY: Final = 0.8
"""The weight of what is known against the newest pass."""


class Pace:
    """Learns a and b of one rule on this machine."""

    def __init__(self) -> None:
        self._start: float | None = None
        self._each: float | None = None

    def tokens(self, *, has_company: bool) -> int:
        """The tokens that the next pass should read at most."""
        if self._each is None:
            return FIRST
        if has_company:
            return self._within(COMPANY_S)
        needed = int(self._fixed / LOST / self._each)
        return max(min(self._within(ALONE_S), needed, MOST), FIRST)

    def filled(self) -> int:
        """Up to how many tokens a pass that somebody waits for may be filled with others."""
        return FEWEST if self._each is None else self._within(ATTENTIVE_S)

    @property
    def _fixed(self) -> float:
        """a, seconds."""
        return GUESS * (self._each or 0.0) if self._start is None else self._start

    def _within(self, seconds: float) -> int:
        most = MOST if self._each is None else int((seconds - self._fixed) / self._each)
        return min(max(most, FEWEST), MOST)

    def learn(self, tokens: int, seconds: float) -> None:
        """Takes note of a pass."""
        if tokens <= 0:
            return
        if tokens <= SMALL:
            # What comes on top of a (a first time, somebody else's work) passes.
            known = self._start
            self._start = seconds if known is None else min(seconds, _blend(known, seconds))
        else:
            start = min(self._start or 0.0, seconds / 2)
            self._each = max(_blend(self._each, (seconds - start) / tokens), 1e-9)


def _blend(known: float | None, new: float) -> float:
    return new if known is None else MEMORY * known + (1 - MEMORY) * new
