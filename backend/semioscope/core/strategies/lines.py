"""Trajectories drawn under the procedure, all of them abreast: what Worlds and Ancestral share."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol

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
    anchor: NodeId,
    choosers: Sequence[Chooser],
    steps: int,
    arrived: Callable[[NodeId, int], None] | None = None,
    ends: list[NodeId] | None = None,
) -> Strategy:
    """Leads one trajectory for each chooser `steps` states on from the anchor.

    Each goes as far as the tree knows the way; then the states at which any of them waits are
    asked about together. `arrived(node, n)` is told how many of them have come to a node. One
    that comes to where the rule does not tell what follows ends there. `ends` is given the state
    that each has come to, in the order of the choosers, once all have.
    """
    everyone = trajectories = [_Trajectory(anchor, chooser) for chooser in choosers]
    while True:
        arrivals: Counter[NodeId] = Counter()
        waiting: dict[NodeId, list[_Trajectory]] = {}
        for trajectory in trajectories:
            if _needs_rule(growth, trajectory, steps, arrivals):
                waiting.setdefault(trajectory.node, []).append(trajectory)
        _tell(arrivals, arrived)
        if not waiting:
            if ends is not None:
                ends.extend(one.node for one in everyone)
            return
        answers = yield [
            Ask(node, growth.question(node, draws=[one.chooser.u for one in group]))
            for node, group in waiting.items()
        ]
        arrivals = Counter()
        trajectories = []
        for (node, group), answer in zip(waiting.items(), answers, strict=True):
            if not settle(growth, node, answer):
                continue
            for trajectory, drawn in zip(group, answer.drawn, strict=True):
                if drawn is None:
                    continue
                child = growth.child(node, drawn)
                trajectory.go(child, drawn.cum_procedure, drawn.width)
                trajectories.append(trajectory)
                arrivals[child] += 1
        _tell(arrivals, arrived)


def _needs_rule(
    growth: Growth, trajectory: _Trajectory, steps: int, arrivals: Counter[NodeId]
) -> bool:
    """Leads a trajectory as far as the tree knows; whether it needs the rule to go on."""
    tree = growth.tree
    while trajectory.steps < steps and is_open(growth, trajectory.node):
        node = trajectory.node
        if node >= tree.size:
            return True
        u, fingerprint = trajectory.chooser.u, growth.procedure.fingerprint
        located = locate(tree, node, u, fingerprint)
        if located is None:
            return not is_untold(tree, node, u, fingerprint)
        child = growth.child(node, located.key) if located.child is None else located.child
        trajectory.go(child, located.before, located.width)
        arrivals[child] += 1
    return False


def _tell(arrivals: Counter[NodeId], arrived: Callable[[NodeId, int], None] | None) -> None:
    if arrived is not None:
        for node, count in arrivals.items():
            arrived(node, count)
