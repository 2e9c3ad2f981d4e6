"""Beam and greedy search: the most probable of the children of the most probable."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar, Final, NamedTuple

import numpy as np

from semioscope.core.distribution import NextState
from semioscope.core.growth import Growth
from semioscope.core.strategies.plan import MOST_EXPANSIONS, Ask, Strategy, check_budget, whole
from semioscope.core.strategies.report import Figure, Findings, Found
from semioscope.core.strategies.steps import is_open, may_arrive, settle
from semioscope.core.types import NodeId

MOST_KEPT: Final = 1024
MOST_STEPS: Final = 1024
MOST_GREEDY_STEPS: Final = 4096
_ROUNDING: Final = 1e-9
"""Nats, of sums and differences of log-probabilities."""


@dataclass(frozen=True, slots=True)
class Beam:
    """The k most probable, under the rule, of the children of the k most probable, `steps` times.

    Of equals those of the more probable state go first, then those with the lower id. A finished
    trajectory keeps its place. What is cut takes no place. Raises InvalidRequest.
    """

    k: int
    steps: int
    kind: ClassVar[str] = "beam"
    is_drawn: ClassVar[bool] = False

    def __post_init__(self) -> None:
        whole(self.k, 1, MOST_KEPT, "bad-k", "The width of the beam, k,")
        whole(self.steps, 1, MOST_STEPS, "bad-steps", "The number of steps")

    @property
    def total(self) -> int:
        """1 + k·(steps − 1); a few states are asked about again if k is more than what an
        expansion stores."""
        return 1 + self.k * (self.steps - 1)

    def down_to(self, depth: int) -> "Beam":
        return replace(self, steps=min(self.steps, depth + 1))

    def run(
        self,
        growth: Growth,
        anchor: NodeId,
        budget: int = MOST_EXPANSIONS,
        findings: Findings | None = None,
    ) -> Strategy:
        check_budget(self, budget)
        return search(growth, anchor, self.k, self.steps, findings or Findings())


@dataclass(frozen=True, slots=True)
class Greedy:
    """The most probable next state under the rule, `steps` times; ties to the lowest id.

    Raises InvalidRequest.
    """

    steps: int
    kind: ClassVar[str] = "greedy"
    is_drawn: ClassVar[bool] = False

    def __post_init__(self) -> None:
        whole(self.steps, 1, MOST_GREEDY_STEPS, "bad-steps", "The number of steps")

    @property
    def total(self) -> int:
        return self.steps

    def down_to(self, depth: int) -> "Greedy":
        return replace(self, steps=min(self.steps, depth + 1))

    def run(
        self,
        growth: Growth,
        anchor: NodeId,
        budget: int = MOST_EXPANSIONS,
        findings: Findings | None = None,
    ) -> Strategy:
        check_budget(self, budget)
        return search(growth, anchor, 1, self.steps, findings or Findings())


def search(growth: Growth, anchor: NodeId, k: int, steps: int, findings: Findings) -> Strategy:
    """What Beam and Greedy do."""
    beam = [anchor]
    for _ in range(steps):
        if not any(is_open(growth, node) for node in beam):
            break
        unknown = [
            node for node in beam if is_open(growth, node) and growth.expansion(node) is None
        ]
        if unknown:
            answers = yield [Ask(node, growth.question(node)) for node in unknown]
            for node, answer in zip(unknown, answers, strict=True):
                settle(growth, node, answer)
        fans = [_Fan(growth, node) for node in beam]
        chosen = _chosen(growth, fans, k)
        if lacking := _lacking(fans, chosen, k):
            least = chosen[-1].log_prob - _ROUNDING if len(chosen) == k else -math.inf
            answers = yield [
                Ask(fan.node, growth.question(fan.node, above=least - fan.log_prob))
                for fan in lacking
            ]
            for fan, answer in zip(lacking, answers, strict=True):
                fan.widen(answer.above)
            chosen = _chosen(growth, [fan for fan in fans if fan.stands(growth)], k)
        beam = [place.arrive(growth) for place in chosen]
        _tell(growth, anchor, beam, findings)
    _tell(growth, anchor, beam, findings)


class _Place(NamedTuple):
    """A next state of a state in the beam, or (None) a finished trajectory as it is."""

    log_prob: float
    node: NodeId
    following: NextState | int | None

    def arrive(self, growth: Growth) -> NodeId:
        return self.node if self.following is None else growth.child(self.node, self.following)


class _Fan:
    """What may follow a state of the beam, as far as known, the most probable first."""

    def __init__(self, growth: Growth, node: NodeId) -> None:
        self.node = node
        self.log_prob = growth.cum_log_prob(node)
        self.places: list[_Place] = []
        self._tells_more = False
        expansion = growth.expansion(node)
        if growth.is_terminal(node) and self.stands(growth):
            self.places = [_Place(self.log_prob, node, None)]
        elif expansion is not None and self.stands(growth):
            self._tells_more = expansion.tells_more
            stored = zip(expansion.keys.tolist(), expansion.log_probs.tolist(), strict=True)
            self.places = [_Place(self.log_prob + given, node, key) for key, given in stored]

    def stands(self, growth: Growth) -> bool:
        """Whether nobody has cut or hidden it."""
        return not (growth.under_cut(self.node) or growth.is_hidden(self.node))

    @property
    def least(self) -> float:
        """What nothing that the rule could still tell exceeds."""
        if not self._tells_more:
            return -math.inf
        return self.places[-1].log_prob if self.places else math.inf

    def widen(self, above: Iterable[NextState]) -> None:
        """Takes the most probable next states, from the first on."""
        self.places = [_Place(self.log_prob + one.log_prob, self.node, one) for one in above]


def _chosen(growth: Growth, fans: list[_Fan], k: int) -> list[_Place]:
    """The k most probable of all that may be gone to."""
    places = [place for fan in fans for place in fan.places]
    order = np.argsort([-place.log_prob for place in places], kind="stable")
    chosen: list[_Place] = []
    for index in order.tolist():
        place = places[index]
        if place.following is None or may_arrive(growth, place.node, place.following):
            chosen.append(place)
        if len(chosen) == k:
            break
    return chosen


def _lacking(fans: list[_Fan], chosen: list[_Place], k: int) -> list[_Fan]:
    """States of which something that is not stored may go before the last chosen."""
    if len(chosen) < k:
        return [fan for fan in fans if fan.least > -math.inf]
    last = chosen[-1]
    end = next(index for index, fan in enumerate(fans) if fan.node == last.node)
    return [
        fan
        for index, fan in enumerate(fans)
        if fan.least > last.log_prob or (fan.least == last.log_prob and index < end)
    ]


def _tell(growth: Growth, anchor: NodeId, beam: list[NodeId], findings: Findings) -> None:
    begun = growth.cum_log_prob(anchor)
    log_probs = [growth.cum_log_prob(node) for node in beam]
    findings.ended = sum(growth.is_terminal(node) for node in beam)
    findings.name([Found(*each) for each in zip(beam, log_probs, strict=True)])
    mass = math.fsum(math.exp(each - begun) for each in log_probs)
    findings.figures = (
        Figure("kept", len(beam), "trajectories", "exact"),
        Figure("mass of what is kept", mass, "share", "exact"),
    )
