"""Mass threshold: every state at least ε probable, and nothing else."""

import heapq
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar, Final

import numpy as np

from semioscope.core.distribution import MOST_ABOVE
from semioscope.core.errors import InvalidRequest
from semioscope.core.growth import Growth
from semioscope.core.strategies.plan import BATCH, MOST_EXPANSIONS, Ask, Strategy
from semioscope.core.strategies.report import Findings
from semioscope.core.strategies.steps import is_open, may_arrive, settle
from semioscope.core.types import NodeId

SMALLEST_EPSILON: Final = 1 / MOST_ABOVE
_ROUNDING: Final = 1e-6
"""Nats by which sums of float32 log-probabilities may fall short: four fair coins, say, against
ε = 1/16."""


@dataclass(frozen=True, slots=True)
class MassThreshold:
    """Expands a state iff its probability, given the anchor, is at least ε under the rule; makes
    a child of every next state that is (SCIENCE.md section 1: at most ⌊1/ε⌋ expansions a depth).

    Where the budget ends first, the most probable have been expanded. What a rule does not tell is
    not grown, even if it might be so probable. deepest: how many steps below the anchor it still
    expands, if not all. Raises InvalidRequest.
    """

    epsilon: float
    deepest: int | None = None
    kind: ClassVar[str] = "mass"
    is_drawn: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if not isinstance(self.epsilon, int | float) or not (SMALLEST_EPSILON <= self.epsilon <= 1):
            raise InvalidRequest(
                "bad-epsilon",
                f"The mass threshold ε must be between 1/{MOST_ABOVE} and 1.",
            )

    @property
    def total(self) -> None:
        return None

    def down_to(self, depth: int) -> "MassThreshold":
        return replace(self, deepest=depth)

    def run(
        self,
        growth: Growth,
        anchor: NodeId,
        budget: int = MOST_EXPANSIONS,
        findings: Findings | None = None,
        batch: int = BATCH,
    ) -> Strategy:
        """Stops after `budget` evaluations."""
        return self._run(growth, anchor, budget, findings or Findings(), batch)

    def _run(
        self, growth: Growth, anchor: NodeId, budget: int, findings: Findings, batch: int
    ) -> Strategy:
        bottom = math.inf if self.deepest is None else growth.depth(anchor) + self.deepest
        least = growth.cum_log_prob(anchor) + math.log(self.epsilon) - _ROUNDING
        queue = _Queue(growth)
        queue.push(anchor)
        evaluated = 0
        while queue:
            asked: list[NodeId] = []
            size = min(findings.pace(batch, evaluated), budget - evaluated)
            while queue and len(asked) < size:
                node = queue.pop()
                if growth.is_terminal(node):
                    findings.end(growth, node)
                if growth.depth(node) > bottom or not is_open(growth, node):
                    continue
                children = _stored_children(growth, node, least)
                if children is None:
                    asked.append(node)
                else:
                    queue.extend(children)
            if not asked:
                return
            evaluated += len(asked)
            answers = yield [
                Ask(node, growth.question(node, above=least - growth.cum_log_prob(node)))
                for node in asked
            ]
            for node, answer in zip(asked, answers, strict=True):
                if settle(growth, node, answer):
                    queue.extend(
                        growth.child(node, following)
                        for following in answer.above
                        if may_arrive(growth, node, following)
                    )
                elif growth.is_terminal(node):
                    findings.end(growth, node)


def _stored_children(growth: Growth, node: NodeId, least: float) -> list[NodeId] | None:
    """The children with at least `least` (nats, from the root), if the tree is sure to store all
    of them."""
    stored = growth.expansion(node)
    if stored is None:
        return None
    threshold = least - growth.cum_log_prob(node)
    above = int(np.count_nonzero(stored.log_probs.astype(np.float64) >= threshold))
    if above == len(stored.log_probs) and stored.tells_more:
        return None
    keys = stored.keys[:above].tolist()
    return [growth.child(node, key) for key in keys if may_arrive(growth, node, key)]


class _Queue:
    """Nodes, the most probable first, the earlier of equals first."""

    def __init__(self, growth: Growth) -> None:
        self._growth = growth
        self._heap: list[tuple[float, NodeId]] = []

    def __len__(self) -> int:
        return len(self._heap)

    def push(self, node: NodeId) -> None:
        heapq.heappush(self._heap, (-self._growth.cum_log_prob(node), node))

    def extend(self, nodes: Iterable[NodeId]) -> None:
        for node in nodes:
            self.push(node)

    def pop(self) -> NodeId:
        return heapq.heappop(self._heap)[-1]
