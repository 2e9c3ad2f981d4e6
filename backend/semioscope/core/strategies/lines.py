"""Trajectories drawn under the procedure, all of them abreast: what Worlds and Ancestral share."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol

from semioscope.core import sampling
from semioscope.core.conditioning import Conditioning
from semioscope.core.distribution import Answer, NextState
from semioscope.core.growth import Growth
from semioscope.core.strategies.plan import Ask, Strategy
from semioscope.core.strategies.steps import is_open, settle
from semioscope.core.types import NodeId
from semioscope.core.walk import is_untold, locate


class Chooser(Protocol):
    """Where a trajectory stands within its present state, u ∈ [0, 1)."""

    @property
    def u(self) -> float: ...

    def descend(self, before: float, width: float, step: int) -> None:
        """It went on, on its step `step` (the first is 0), into [before, before + width)."""


class _Trajectory:
    def __init__(self, node: NodeId, chooser: Chooser) -> None:
        self.node = node
        self.chooser = chooser
        self.steps = 0

    def go(self, node: NodeId, before: float, width: float) -> None:
        self.chooser.descend(before, width, self.steps)
        self.node = node
        self.steps += 1


def follow(
    growth: Growth,
    nodes: Sequence[NodeId],
    choosers: Sequence[Chooser],
    steps: int,
    arrived: Callable[[NodeId, int], None] | None = None,
    ends: list[NodeId] | None = None,
    conditioned: bool = False,
) -> Strategy:
    """Leads one trajectory for each chooser `steps` states on from its node.

    Each goes as far as the tree knows the way; then the states at which any of them waits are
    asked about together. `arrived(node, n)` is told how many of them have come to a node. One
    that comes to where the rule does not tell what follows ends there. `ends` is given the state
    that each has come to, in the order of the choosers, once all have. conditioned: under the
    procedure given that nothing that is cut happens; one that comes to where that is not known yet
    ends there.
    """
    everyone = trajectories = [
        _Trajectory(node, chooser) for node, chooser in zip(nodes, choosers, strict=True)
    ]
    given, known, is_first = None, -1, True
    while True:
        if conditioned and known != growth.tree.seq:
            given, known = Conditioning(growth.tree, growth.procedure.fingerprint), growth.tree.seq
        arrivals: Counter[NodeId] = Counter()
        waiting: dict[NodeId, list[_Trajectory]] = {}
        for trajectory in trajectories:
            if _needs_rule(growth, trajectory, steps, arrivals, given):
                waiting.setdefault(trajectory.node, []).append(trajectory)
        _tell(arrivals, arrived)
        if not waiting:
            if ends is not None:
                ends.extend(one.node for one in everyone)
            return
        later: list[_Trajectory] = []
        if is_first:
            waiting, later = _soonest(growth, waiting)
        is_first = False
        answers = yield [
            Ask(node, growth.question(node, draws=[_origin(node, one, given) for one in group]))
            for node, group in waiting.items()
        ]
        arrivals = Counter()
        trajectories = later
        for (node, group), answer in zip(waiting.items(), answers, strict=True):
            if not settle(growth, node, answer):
                continue
            for trajectory, drawn in zip(group, answer.drawn, strict=True):
                if drawn is None:
                    continue
                child = growth.child(node, drawn)
                before, width = drawn.cum_procedure, drawn.width
                if given is not None and given.left(node) < 1:
                    before = given.moved(node, before)
                    width = _narrowed(growth, answer, drawn, node, child, given)
                if not width > 0:
                    continue
                trajectory.go(child, before, width)
                trajectories.append(trajectory)
                arrivals[child] += 1
        _tell(arrivals, arrived)


def _soonest(
    growth: Growth, waiting: dict[NodeId, list[_Trajectory]]
) -> tuple[dict[NodeId, list[_Trajectory]], list[_Trajectory]]:
    """What is asked about first, and the trajectories that wait until then.

    In a state that is stored, only those wait that go beyond its stored next states. They are few,
    and somebody who looks at it sees them stand alone: they need not wait for all the others.
    """
    tree = growth.tree
    stored = {
        node: group
        for node, group in waiting.items()
        if node < tree.size and tree.is_expanded(node)
    }
    if not stored:
        return waiting, []
    others = [one for node, group in waiting.items() if node not in stored for one in group]
    return stored, others


def _origin(node: NodeId, trajectory: _Trajectory, given: Conditioning | None) -> float:
    """Where a trajectory stands in the procedure's own interval of its state."""
    u = trajectory.chooser.u
    return u if given is None else given.origin(node, u)


def _narrowed(
    growth: Growth,
    answer: Answer,
    drawn: NextState,
    node: NodeId,
    child: NodeId,
    given: Conditioning,
) -> float:
    """The width of a drawn next state, given that nothing that is cut happens."""
    log_q = drawn.log_q
    if math.isnan(log_q):
        if answer.weights is None:
            return math.nan
        beta = growth.procedure.inverse_temperature
        log_q = beta * drawn.log_prob - answer.weights.log_z
    return sampling.width(1.0, 0.0, given.narrowed(node, child, log_q))


def _needs_rule(
    growth: Growth,
    trajectory: _Trajectory,
    steps: int,
    arrivals: Counter[NodeId],
    given: Conditioning | None,
) -> bool:
    """Leads a trajectory as far as the tree knows; whether it needs the rule to go on."""
    tree = growth.tree
    while trajectory.steps < steps and is_open(growth, trajectory.node):
        node = trajectory.node
        if node >= tree.size:
            return True
        u, fingerprint = trajectory.chooser.u, growth.procedure.fingerprint
        if given is not None and not given.left(node) > 0:
            return False
        located = locate(tree, node, u, fingerprint, given)
        if located is None:
            return not is_untold(tree, node, _origin(node, trajectory, given), fingerprint)
        child = growth.child(node, located.key) if located.child is None else located.child
        trajectory.go(child, located.before, located.width)
        arrivals[child] += 1
    return False


def _tell(arrivals: Counter[NodeId], arrived: Callable[[NodeId, int], None] | None) -> None:
    if arrived is not None:
        for node, count in arrivals.items():
            arrived(node, count)
