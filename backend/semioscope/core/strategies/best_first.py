"""Best first: the most probable state next, and finished trajectories in exact order."""

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Final, NamedTuple

import numpy as np

from semioscope.core.distribution import MOST_ABOVE, Answer, NextState
from semioscope.core.growth import Growth
from semioscope.core.strategies.plan import (
    BATCH,
    MOST_EXPANSIONS,
    Ask,
    Strategy,
    check_budget,
    whole,
)
from semioscope.core.strategies.report import Figure, Findings
from semioscope.core.strategies.steps import is_open, may_arrive, settle
from semioscope.core.types import NodeId

_ROUNDING: Final = 1e-6
"""By how much the stored candidates may seem to leave less than they do: float32 rounding."""
STRETCH: Final = 1024
"""The most states that are evaluated without a question before others have a turn."""
_FURTHER: Final = math.log(4)
_FURTHEST: Final = math.log(64)
"""How many nats below its bound a state is searched for what is not stored, at least, at most."""


@dataclass(frozen=True, slots=True)
class BestFirst:
    """`states` evaluations, each of the most probable state there is under the rule (SCIENCE.md
    section 1). Raises InvalidRequest.

    What waits is ordered by probability: next states not grown yet, and for every state the bound
    for what it does not store, min(last candidate, 1 − Σ candidates)·p(s). A finished trajectory
    is emitted only when nothing that waits or is in flight exceeds it, so the emitted ones come in
    exact order of probability, whatever the batch. Of a rule that tells only a part of a state, the
    bound for the rest stays, and what it may exceed is not emitted.

    A batch is never larger than what has been evaluated before it, so that a small n goes deep
    where the mass is, and not to all the children of the first state. deepest: how many steps below
    the anchor states are still evaluated, if not all; the order is then that of the trajectories
    that are short enough. What somebody hides or cuts meanwhile stays out of the search.
    """

    states: int
    deepest: int | None = None
    kind: ClassVar[str] = "best_first"
    is_drawn: ClassVar[bool] = False

    def __post_init__(self) -> None:
        whole(self.states, 1, MOST_EXPANSIONS, "bad-states", "The number of states")

    @property
    def total(self) -> int:
        return self.states

    def down_to(self, depth: int) -> "BestFirst":
        return replace(self, deepest=depth)

    def run(
        self,
        growth: Growth,
        anchor: NodeId,
        budget: int = MOST_EXPANSIONS,
        findings: Findings | None = None,
        batch: int = BATCH,
    ) -> Strategy:
        """Finds, in exact order, the finished trajectories."""
        check_budget(self, budget)
        search = _Search(growth, anchor, self.deepest, findings or Findings())
        return search.run(self.states, batch)


@dataclass(slots=True)
class _Fan:
    """The next states of one expanded state, the most probable first, as far as known.

    log_prob: of the state, nats from the root. rest: a bound on the log-probability of every
    other next state, nats given the state. told: the mass that the rule can tell apart. has_gaps:
    of the rest, something may be more probable than what is known. stretch: in which the state was
    there; nobody else changes the tree before it is over.
    """

    node: NodeId
    log_prob: float
    following: Sequence[NextState | int]
    log_probs: Sequence[float]
    rest: float
    told: float
    has_gaps: bool
    stretch: int

    @property
    def can_widen(self) -> bool:
        """Whether the rule can tell more of the rest."""
        return self.told >= 1 or self.told - _mass(self.log_probs) > _ROUNDING

    @property
    def least(self) -> float:
        """What no other next state exceeds, by rank alone."""
        return 0.0 if self.has_gaps else min(self.log_probs, default=0.0)

    def cost(self, rank: int) -> float:
        """−log-probability from the root of a next state; beyond the known ones, of the rest."""
        known = rank < len(self.log_probs)
        return -(self.log_prob + (self.log_probs[rank] if known else self.rest))


class _Waiting(NamedTuple):
    """A node, the next state of a fan by its rank, or (rank past the known ones) a fan's rest.
    Of equal costs the earlier goes first; no two have one order, so nothing else is compared."""

    cost: float  # −log-probability from the root, nats; of a rest, its bound
    order: int
    node: NodeId | None
    fan: _Fan | None
    rank: int


@dataclass(slots=True)
class _Asked:
    """A question in flight: a node to be expanded, or (`fan`) one to be searched further."""

    node: NodeId
    cost: float
    fan: _Fan | None = None
    above: float | None = None


class _Search:
    def __init__(
        self, growth: Growth, anchor: NodeId, deepest: int | None, findings: Findings
    ) -> None:
        self._growth = growth
        self._anchor = anchor
        self._bottom = math.inf if deepest is None else growth.depth(anchor) + deepest
        self._findings = findings
        self._queue: list[_Waiting] = []
        self._finished: list[tuple[float, NodeId]] = []
        self._pushed = 0
        self._untold = math.inf  # the least cost of a rest that the rule does not tell
        self._begun = -growth.cum_log_prob(anchor)
        self._emitted = 0.0  # mass, given the anchor
        self._too_deep = math.inf  # the least cost of what the stop by depth holds back
        self._left = 0  # evaluations
        self._stretch = 0
        self._answers: dict[tuple[int, ...], Answer] = {}  # by what decides them

    def run(self, n: int, batch: int) -> Strategy:
        self._push(self._begun, node=self._anchor)
        self._left = n
        while True:
            before = n - self._left
            pace = self._findings.pace
            asked = self._pop(
                pace(min(batch, max(1, before)), before),
                pace(max(batch, min(before, STRETCH)), before),
            )
            self._release(min((one.cost for one in asked), default=math.inf))
            if self._findings.has_enough or (not asked and not (self._left and self._queue)):
                return
            self._left -= len(asked)
            self._stretch += 1
            answers = yield [
                Ask(one.node, self._growth.question(one.node, above=one.above)) for one in asked
            ]
            for one, answer in zip(asked, answers, strict=True):
                self._remember(one, answer)
                self._take(one, answer)

    # -- what waits

    def _push(
        self, cost: float, node: NodeId | None = None, fan: _Fan | None = None, rank: int = 0
    ) -> None:
        heapq.heappush(self._queue, _Waiting(cost, self._pushed, node, fan, rank))
        self._pushed += 1

    def _push_all(self, fan: _Fan, rank: int) -> None:
        """A fan, from that rank on. Its rest waits behind what is known, which nothing of it
        exceeds; where there are gaps something of it may, and it waits by its own bound."""
        self._push_next(fan, rank)
        if fan.has_gaps:
            self._push_rest(fan)

    def _push_next(self, fan: _Fan, rank: int) -> None:
        if rank < len(fan.following):
            self._push(fan.cost(rank), fan=fan, rank=rank)
        elif not fan.has_gaps:
            self._push_rest(fan)

    def _push_rest(self, fan: _Fan) -> None:
        if fan.rest > -math.inf:
            rank = len(fan.following)
            self._push(fan.cost(rank), fan=fan, rank=rank)

    def _pop(self, room: int, stretch: int) -> list[_Asked]:
        """Up to `room` questions about the most probable of what waits. What needs no question is
        dealt with on the way, and so are up to `stretch` states that are like one answered before;
        the first that needs a question and finds no room goes back."""
        asked: list[_Asked] = []
        while self._queue:
            top = heapq.heappop(self._queue)
            question = self._question(top)
            if question is None:
                continue
            is_full = len(asked) == min(room, self._left) or not stretch
            answer = None if is_full or asked else self._remembered(question)
            if answer is not None:
                self._left, stretch = self._left - 1, stretch - 1
                self._take(question, answer)
                continue
            if is_full:
                self._push(
                    top.cost,
                    question.node if question.fan is None else None,
                    question.fan,
                    top.rank,
                )
                break
            asked.append(question)
        return asked

    def _question(self, top: _Waiting) -> _Asked | None:
        """What has to be asked before anything less probable; None if the tree has the answer."""
        if top.fan is None:
            return None if top.node is None else self._arrive(top.node, top.cost)
        if top.fan.stretch != self._stretch and not self._stands(top.fan.node):
            return None
        if top.rank == len(top.fan.following):
            if not top.fan.can_widen:
                self._untold = min(self._untold, top.cost)
                return None
            others = self._queue[0].cost if self._queue else math.inf
            return _Asked(top.fan.node, top.cost, top.fan, self._further(top.fan, others))
        self._push_next(top.fan, top.rank + 1)
        node, following = top.fan.node, top.fan.following[top.rank]
        if not may_arrive(self._growth, node, following):
            return None
        return self._arrive(self._growth.child(node, following), top.cost)

    def _arrive(self, node: NodeId, cost: float) -> _Asked | None:
        """At a node: finished, known, cut, or to be asked about."""
        growth = self._growth
        if growth.is_terminal(node):
            heapq.heappush(self._finished, (cost, node))
        elif growth.depth(node) > self._bottom:
            self._too_deep = min(self._too_deep, -growth.cum_log_prob(node))
        elif is_open(growth, node):
            if growth.expansion(node) is None:
                return _Asked(node, cost)
            self._open(node)
        return None

    def _stands(self, node: NodeId) -> bool:
        """Whether an expanded state is still there, after what others may have done."""
        return self._growth.expansion(node) is not None and is_open(self._growth, node)

    # -- answers

    def _remember(self, asked: _Asked, answer: Answer) -> None:
        context = None if asked.fan else self._growth.context_of(asked.node)
        if context is not None:
            self._answers[context] = answer

    def _remembered(self, asked: _Asked) -> Answer | None:
        """The answer about a state that is like this one, if its expansion is asked for."""
        context = None if asked.fan else self._growth.context_of(asked.node)
        return None if context is None else self._answers.get(context)

    def _take(self, asked: _Asked, answer: Answer) -> None:
        if not settle(self._growth, asked.node, answer):
            if self._growth.is_terminal(asked.node):
                heapq.heappush(self._finished, (asked.cost, asked.node))
        elif asked.fan is None or asked.above is None:
            self._open(asked.node)
        else:
            self._widen(asked.fan, answer, asked.above)

    def _open(self, node: NodeId) -> None:
        """A fan of what is stored about an expanded state."""
        expansion = self._growth.expansion(node)
        if expansion is None:
            return
        log_probs = expansion.log_probs.tolist()
        keys, log_prob = expansion.keys.tolist(), self._growth.cum_log_prob(node)
        fan = _Fan(
            node,
            log_prob,
            keys,
            log_probs,
            -math.inf,
            expansion.told,
            expansion.has_gaps,
            self._stretch,
        )
        if not expansion.complete:
            fan.rest = _bound(log_probs, fan.least)
        self._push_all(fan, 0)

    def _further(self, fan: _Fan, others: float) -> float:
        """How far down to search a state, nats given the state: to what else waits, but within
        reason, so that neither do many searches get nowhere nor does one bring thousands."""
        return min(max(-others - fan.log_prob, fan.rest - _FURTHEST), fan.rest - _FURTHER)

    def _widen(self, fan: _Fan, answer: Answer, threshold: float) -> None:
        """Goes on in a fan with more of its next states: all down to the threshold."""
        known, above = len(fan.following), answer.above
        log_probs = [one.log_prob for one in above]
        wider = replace(
            fan,
            following=above,
            log_probs=log_probs,
            has_gaps=answer.expansion.has_gaps,
            stretch=self._stretch,
        )
        # What is cut short, or is not told, may lie above the threshold.
        goes_on = len(above) < MOST_ABOVE and wider.can_widen and not wider.has_gaps
        wider.rest = _bound(log_probs, threshold if goes_on else wider.least)
        self._push_all(wider, known)

    # -- what is finished

    def _release(self, in_flight: float) -> None:
        """Emits the finished trajectories that nothing waiting, in flight or untold exceeds."""
        waiting = self._queue[0].cost if self._queue else math.inf
        least = min(in_flight, waiting, self._untold)
        while self._finished and self._finished[0][0] <= least:
            if self._findings.has_enough:
                break
            cost, node = heapq.heappop(self._finished)
            if not self._growth.is_hidden(node):  # meanwhile, by others
                self._emitted += math.exp(self._begun - cost)
                self._findings.end(self._growth, node)
        self._tell(min(least, self._finished[0][0]) if self._finished else least)

    def _tell(self, least: float) -> None:
        """least: the cost of the most probable of all that has not been emitted."""
        findings = self._findings
        least = min(least, self._too_deep)
        findings.figures = (
            Figure("emitted", findings.ended, "trajectories", "exact"),
            Figure("emitted mass", self._emitted, "share", "exact"),
            Figure("any other, at most", math.exp(self._begun - least), "share", "bound"),
        )
        if self._too_deep < math.inf:
            findings.note = (
                "Emitted in exact order among the trajectories that end before the depth of the "
                "stop; longer ones may be more probable."
            )


def _bound(log_probs: Sequence[float], at_most: float) -> float:
    """A bound on the log-probability of a next state outside these: min(`at_most`, 1 − Σ)."""
    rest = 1.0 - _mass(log_probs) + _ROUNDING
    return min(at_most, math.log(max(rest, _ROUNDING)))


def _mass(log_probs: Sequence[float]) -> float:
    return float(np.exp(np.array(log_probs)).sum())
