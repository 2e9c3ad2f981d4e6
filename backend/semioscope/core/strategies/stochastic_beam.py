"""Stochastic beam search: trajectories drawn without replacement (Kool 2019, arXiv 1903.06059).

Every trajectory has its log-probability under the procedure, φ, and a Gumbel(φ); the k largest of
these are a sample without replacement. They are found from the top down: a state's value is the
largest of its children's, and given it, the others' are Gumbels that are less.

Here a value G is a time T = e^−G. A child of probability q (given its state, of mass P) is an
exponential clock of rate q·P that runs from the state's own time on; the first to ring is drawn
by q and rings at once. That is the formula G̃ = −log(e^−G_parent − e^−Z + e^−G) in other words, for
a shift to the smallest of all clocks and the clocks having no memory are the same thing. It needs
no list of the whole distribution: the stored next states have a clock each, and what is not stored
is one Poisson process over the rest of the state's interval, whose arrivals are looked up by their
position (`Question.draws`). Only arrivals before the (k + 1)-th time known so far are looked up.
"""

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Final, TypeAlias

import numpy as np

from semioscope.core.distribution import Answer, NextState
from semioscope.core.errors import InvalidRequest, LimitExceeded
from semioscope.core.growth import Growth
from semioscope.core.random import WORD
from semioscope.core.strategies.clocks import Clocks, Noise, Ring, latest, value_at
from semioscope.core.strategies.plan import MOST_EXPANSIONS, Ask, Strategy, check_budget, whole
from semioscope.core.strategies.report import Findings
from semioscope.core.strategies.steps import is_open, settle
from semioscope.core.strategies.weighted import tell_weighted
from semioscope.core.types import ALL_KEPT, FloatArray, NodeId
from semioscope.core.walk import locate

MOST_KEPT: Final = 1024
MOST_STEPS: Final = 1024


@dataclass(frozen=True, slots=True)
class StochasticBeam:
    """k trajectories of `steps` steps without replacement, under the procedure. Distinct, and
    unbiased by their weights e^φ/(1 − exp(−e^(φ − κ))), κ the (k + 1)-th largest of all: so k + 1
    are led to the end (SCIENCE.md section 1). A finished trajectory keeps its place; one that comes
    to a cut stays there. Raises InvalidRequest.
    """

    k: int
    steps: int
    seed: int = 0
    kind: ClassVar[str] = "stochastic_beam"
    is_drawn: ClassVar[bool] = True

    def __post_init__(self) -> None:
        whole(self.k, 1, MOST_KEPT, "bad-k", "The number of trajectories, k,")
        whole(self.steps, 1, MOST_STEPS, "bad-steps", "The number of steps")
        whole(self.seed, 0, WORD, "bad-seed", "The seed")

    @property
    def total(self) -> int:
        """1 + (k + 1)·(steps − 1); beside these, states are asked about again for what was drawn
        from beyond their stored next states."""
        return 1 + (self.k + 1) * (self.steps - 1)

    def down_to(self, depth: int) -> "StochasticBeam":
        return replace(self, steps=min(self.steps, depth + 1))

    def run(
        self,
        growth: Growth,
        anchor: NodeId,
        budget: int = MOST_EXPANSIONS,
        findings: Findings | None = None,
    ) -> Strategy:
        """Findings come at the end, of the whole sample or not at all. Raises InvalidRequest
        "untold-state" where the rule does not tell all that the procedure may draw, LimitExceeded
        "over-budget" where looking beyond what is stored takes more than the budget has left."""
        check_budget(self, budget)
        return _Beam(growth, anchor, self, budget).run(findings or Findings())


Asking: TypeAlias = Generator[list[Ask], list[Answer], None]


@dataclass(slots=True)
class _Ray:
    """A trajectory in the beam. log_q: φ, nats from the anchor under the procedure. value: G."""

    node: NodeId
    log_q: float
    value: float
    noise: Noise


@dataclass(slots=True)
class _Opened:
    """A trajectory that goes on, and the clocks of its next states."""

    ray: _Ray
    clocks: Clocks

    @property
    def values(self) -> FloatArray:
        """Of the next states known, the stored ones first, f64[n]."""
        beyond = np.array([ring.time for ring in self.clocks.beyond])
        times = np.concatenate((self.clocks.times, beyond))
        return value_at(self.ray.value, self.ray.log_q, times)


class _Beam:
    def __init__(self, growth: Growth, anchor: NodeId, plan: StochasticBeam, budget: int) -> None:
        self._growth = growth
        self._anchor = anchor
        self._plan = plan
        self._left = budget
        self._width = plan.k + 1
        self._is_disturbed = False  # somebody took back some of what was drawn
        noise = Noise.of_seed(plan.seed)
        self._rays = [_Ray(anchor, 0.0, -math.log(noise.clock), noise)]

    def run(self, findings: Findings) -> Strategy:
        for _ in range(self._plan.steps):
            firsts: list[tuple[_Ray, Ring]] = []
            yield from self._ring_first(firsts)
            if not firsts:
                break
            yield []  # the answers get into the tree, where the clocks are read
            opened = [
                _Opened(ray, self._clocks(ray, first))
                for ray, first in firsts
                if is_open(self._growth, ray.node)
            ]
            yield from self._look_beyond(opened)
            self._choose(opened)
        self._tell(findings)

    def _tell(self, findings: Findings) -> None:
        if self._is_disturbed:
            findings.note = "Somebody took back some of what was drawn, so nothing is estimated."
            return
        sample = [(ray.node, ray.log_q) for ray in self._rays[: self._plan.k]]
        is_all = len(self._rays) < self._width
        threshold = -math.inf if is_all else self._rays[-1].value
        tell_weighted(self._growth, self._anchor, sample, threshold, self._plan.steps, findings)

    # -- one step

    def _ring_first(self, firsts: list[tuple[_Ray, Ring]]) -> Asking:
        """Adds each trajectory that goes on, with the next state of its that rings first."""
        waiting: list[_Ray] = []
        for ray in self._rays:
            if is_open(self._growth, ray.node):
                first = self._known(ray)
                if first is None:
                    waiting.append(ray)
                else:
                    firsts.append((ray, first))
        if not waiting:
            return
        answers = yield self._asks([(ray.node, (ray.noise.mark,)) for ray in waiting])
        for ray, answer in zip(waiting, answers, strict=True):
            if settle(self._growth, ray.node, answer):
                (first,) = self._rings(answer)
                firsts.append((ray, first))

    def _look_beyond(self, opened: list[_Opened]) -> Asking:
        """Looks up what rings, of what is not stored, before the last that gets into the beam."""
        while True:
            least = self._least(opened)
            asked: list[tuple[_Opened, tuple[float, ...]]] = []
            for one in opened:
                until = latest(one.ray.value, one.ray.log_q, least)
                if positions := one.clocks.arrivals(until, self._width):
                    asked.append((one, positions))
            if not asked:
                return
            answers = yield self._asks([(one.ray.node, at) for one, at in asked])
            for (one, _), answer in zip(asked, answers, strict=True):
                if settle(self._growth, one.ray.node, answer):
                    one.clocks.look_up(self._rings(answer))
                else:
                    opened.remove(one)

    def _choose(self, opened: Sequence[_Opened]) -> None:
        """Those of the k + 1 largest values are the beam."""
        growth = self._growth
        self._is_disturbed |= any(growth.is_hidden(ray.node) for ray in self._rays)
        rays = self._staying(opened)
        places = [(one, place) for one in opened for place in range(len(one.values))]
        values = self._values(opened)
        chosen: list[_Ray] = []
        for index in np.argsort(-values, kind="stable")[: self._width].tolist():
            if values[index] == -math.inf:
                break
            if index < len(rays):
                chosen.append(rays[index])
            else:
                one, place = places[index - len(rays)]
                child = self._child(one, place, float(values[index]))
                chosen += [] if child is None else [child]
        self._rays = chosen

    def _child(self, one: _Opened, place: int, value: float) -> _Ray | None:
        """The trajectory that goes on to a next state; None if somebody took that back."""
        growth, node, clocks = self._growth, one.ray.node, one.clocks
        if place < len(clocks.keys):
            following: NextState | int = int(clocks.keys[place])
            label, width = int(clocks.labels[place]), float(clocks.widths[place])
        else:
            ring = clocks.beyond[place - len(clocks.keys)]
            following, label, width = ring.following, ring.label, ring.width
        known = growth.find_child(node, growth.key_of(following))
        if known is not None and growth.is_taken_back(known):
            self._is_disturbed = True
            return None
        child = known if known is not None and growth.tree.has(known) else None
        return _Ray(
            growth.child(node, following) if child is None else child,
            one.ray.log_q + math.log(width),
            value,
            one.ray.noise.below(label),
        )

    # -- what is known

    def _staying(self, opened: Sequence[_Opened]) -> list[_Ray]:
        """What goes no further, and keeps its value: finished, or under a cut."""
        going = {one.ray.node for one in opened}
        return [
            ray
            for ray in self._rays
            if ray.node not in going and not self._growth.is_hidden(ray.node)
        ]

    def _values(self, opened: Sequence[_Opened]) -> FloatArray:
        """Of what stays, then of the next states of each that goes on, f64[n]."""
        staying = np.array([ray.value for ray in self._staying(opened)])
        return np.concatenate([staying, *(one.values for one in opened)])

    def _least(self, opened: Sequence[_Opened]) -> float:
        """The (k + 1)-th largest value known; −inf where there are not so many."""
        values = self._values(opened)
        if len(values) < self._width:
            return -math.inf
        return float(np.partition(values, len(values) - self._width)[len(values) - self._width])

    def _known(self, ray: _Ray) -> Ring | None:
        """The next state that rings first, as far as the tree knows."""
        tree = self._growth.tree
        if ray.node >= tree.size:
            return None
        at = locate(tree, ray.node, ray.noise.mark, self._growth.procedure.fingerprint)
        if at is None:
            return None
        rank = 0 if at.child is None else int(tree.ranks[at.child])  # a stored one has its label
        return Ring(at.key, self._label(at.key, rank), 0.0, at.before, at.width, at.key)

    def _clocks(self, ray: _Ray, first: Ring) -> Clocks:
        """Of all that is stored of a state."""
        tree, fingerprint = self._growth.tree, self._growth.procedure.fingerprint
        expansion, fan = tree.expansion(ray.node), tree.fan(ray.node, fingerprint)
        if expansion is None or fan is None or (fan.kept == ALL_KEPT and expansion.told < 1):
            raise _untold()
        ranks = np.arange(len(fan.keys), dtype=np.uint32)
        labels = fan.keys if tree.rule.kind == "appending" else ranks
        clocks = Clocks(ray.noise, fan.keys, labels, fan.widths, is_whole=fan.complete)
        clocks.ring_first(first)
        return clocks

    def _rings(self, answer: Answer) -> list[Ring]:
        """The next states that were found at the positions asked about."""
        rings = []
        for drawn in answer.drawn:
            if drawn is None:
                raise _untold()
            key = self._growth.key_of(drawn)
            label = self._label(key, drawn.rank)
            rings.append(Ring(key, label, 0.0, drawn.cum_procedure, drawn.width, drawn))
        return rings

    def _label(self, key: int, rank: int) -> int:
        """What tells a next state from its siblings in every tree: keys of a rewriting rule are
        numbers of one tree only."""
        return key if self._growth.tree.rule.kind == "appending" else rank

    def _asks(self, positions: Sequence[tuple[NodeId, tuple[float, ...]]]) -> list[Ask]:
        self._left -= len(positions)
        if self._left < 0:
            raise LimitExceeded(
                "over-budget",
                "Looking beyond the stored next states takes more evaluations than are left.",
                "Draw fewer or shorter trajectories, or cut the tail off by top-k or top-p.",
            )
        question = self._growth.question
        return [Ask(node, question(node, draws=draws)) for node, draws in positions]


def _untold() -> InvalidRequest:
    return InvalidRequest(
        "untold-state",
        "The rule tells only a part of what may follow here, so nothing can be drawn from it "
        "without replacement.",
        "Set a procedure that keeps only what the rule tells, such as a small top-k.",
    )
