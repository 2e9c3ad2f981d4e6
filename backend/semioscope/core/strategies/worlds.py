"""Worlds: evenly spaced lines of the arithmetic code, each one whole trajectory."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Final

from semioscope.core.errors import Conflict, InvalidRequest
from semioscope.core.growth import Growth
from semioscope.core.random import WORD, uniform
from semioscope.core.strategies.lines import Chooser, follow
from semioscope.core.strategies.placed import Place
from semioscope.core.strategies.plan import MOST_EXPANSIONS, Strategy, check_budget, whole
from semioscope.core.strategies.report import Findings, Found, means, traits
from semioscope.core.types import NodeId
from semioscope.core.walk import Line, advance, draw_offset, starts

MOST_LINES: Final = 1024
MOST_STEPS: Final = 1024
NARROWEST: Final = 2.0**-43
"""Lines at least so far apart cannot cross: two of them never take fresh bits in one state twice,
and the bits they keep the first time tell them apart."""


@dataclass(frozen=True, slots=True)
class Worlds:
    """`lines` lines at u = lo + (hi − lo)·(i + offset)/lines of the anchor's interval, `steps` on.

    offset: None for that of the seed (centred for 0). conditioned: of the interval of what is not
    pruned only. places: where each of the lines begins, at the anchor or below it, instead of lo,
    hi and offset; their random numbers are then counted from the depth `origin`. Raises
    InvalidRequest.
    """

    lines: int
    steps: int
    lo: float = 0.0
    hi: float = 1.0
    offset: float | None = None
    seed: int = 0
    conditioned: bool = False
    places: tuple[Place, ...] | None = None
    origin: int = 0
    kind: ClassVar[str] = "worlds"
    is_drawn: ClassVar[bool] = True

    def __post_init__(self) -> None:
        whole(self.lines, 1, MOST_LINES, "bad-lines", "The number of lines")
        whole(self.steps, 1, MOST_STEPS, "bad-steps", "The number of steps")
        whole(self.seed, 0, WORD, "bad-seed", "The seed")
        spacing = (self.hi - self.lo) / self.lines
        if not 0 <= self.lo < self.hi <= 1 or not spacing >= NARROWEST:
            raise InvalidRequest(
                "bad-interval",
                "The interval in view must lie within 0 … 1 and leave room between its lines.",
                "Go into a state to look closer.",
            )
        whole(self.origin, 0, WORD, "bad-place", "The depth that random numbers are counted from")
        if self.places is not None and len(self.places) != self.lines:
            raise InvalidRequest(
                "bad-place",
                f"There are {len(self.places):,} places for {self.lines:,} lines; each needs one.",
            )
        if self.offset is not None and not 0 <= self.offset < 1:
            raise InvalidRequest("bad-offset", "The offset of the lines must be from 0 up to 1.")

    @property
    def total(self) -> int:
        return self.lines * self.steps

    def down_to(self, depth: int) -> "Worlds":
        return replace(self, steps=min(self.steps, depth + 1))

    def run(
        self,
        growth: Growth,
        anchor: NodeId,
        budget: int = MOST_EXPANSIONS,
        findings: Findings | None = None,
    ) -> Strategy:
        """Lines under the growth's procedure, a column of all of them at a time. Findings come at
        the end, of all lines or not at all."""
        check_budget(self, budget)
        if self.places is None:
            offset = draw_offset(self.seed) if self.offset is None else self.offset
            lines = [
                _Chooser(line, self.seed, index)
                for index, line in enumerate(starts(self.lines, self.lo, self.hi, offset))
            ]
            nodes = [anchor] * len(lines)
        else:
            tree = growth.tree
            for place in self.places:
                if not tree.has(place.node):
                    raise Conflict(
                        "state-changed",
                        "A state that is looked at was taken back meanwhile; look again.",
                        retryable=True,
                    )
            nodes = [place.node for place in self.places]
            lines = [
                _Chooser(
                    Line(place.u, place.left),
                    self.seed,
                    place.line,
                    tree.depth(place.node) - self.origin,
                )
                for place in self.places
            ]
        return self._run(growth, anchor, lines, nodes, findings or Findings())

    def _run(
        self,
        growth: Growth,
        anchor: NodeId,
        lines: Sequence[Chooser],
        nodes: Sequence[NodeId],
        findings: Findings,
    ) -> Strategy:
        ends: list[NodeId] = []
        yield from follow(growth, nodes, lines, self.steps, ends=ends, conditioned=self.conditioned)
        of = traits(growth, anchor, ends, self.steps)
        findings.figures = means(growth, of, are_independent=False)
        findings.name(
            [
                Found(node, growth.cum_log_prob(node), math.log(count))
                for node, count in Counter(ends).items()
            ]
        )
        findings.note = (
            "Evenly spread lines are not independent: a standard error needs several independent "
            "offsets (other seeds), so there is none."
        )


class _Chooser:
    def __init__(self, line: Line, seed: int, index: int, first: int = 0) -> None:
        self._line = line
        self._seed = seed
        self._index = index
        self._first = first

    @property
    def u(self) -> float:
        return self._line.u

    def descend(self, before: float, width: float, step: int) -> None:
        fresh = uniform(self._seed, self._index, self._first + step)
        self._line = advance(self._line, before, width, fresh)
