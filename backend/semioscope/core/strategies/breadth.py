"""Breadth: the k most probable children of every state, level by level."""

from collections import deque
from dataclasses import dataclass, replace
from typing import ClassVar, Final

from semioscope.core.growth import Growth
from semioscope.core.ranking import LEADING
from semioscope.core.strategies.plan import (
    BATCH,
    MOST_EXPANSIONS,
    Ask,
    Strategy,
    check_budget,
    whole,
)
from semioscope.core.strategies.report import Findings
from semioscope.core.strategies.steps import is_open, may_arrive, settle
from semioscope.core.types import NodeId

MOST_DEPTH: Final = 1024


@dataclass(frozen=True, slots=True)
class Breadth:
    """The k most probable children under the rule, to depth `depth`. Raises InvalidRequest."""

    k: int
    depth: int
    kind: ClassVar[str] = "breadth"
    is_drawn: ClassVar[bool] = False

    def __post_init__(self) -> None:
        whole(self.k, 1, LEADING, "bad-k", "The number of children, k,")
        whole(self.depth, 1, MOST_DEPTH, "bad-depth", "The depth")

    @property
    def total(self) -> int:
        """1 + k + … + k^(depth − 1)."""
        return sum(self.k**level for level in range(self.depth))

    def down_to(self, depth: int) -> "Breadth":
        return replace(self, depth=min(self.depth, depth + 1))

    def run(
        self,
        growth: Growth,
        anchor: NodeId,
        budget: int = MOST_EXPANSIONS,
        findings: Findings | None = None,
        batch: int = BATCH,
    ) -> Strategy:
        check_budget(self, budget)
        return self._run(growth, anchor, findings or Findings(), batch)

    def _run(self, growth: Growth, anchor: NodeId, findings: Findings, batch: int) -> Strategy:
        bottom = growth.depth(anchor) + self.depth
        queue = deque([anchor])
        while queue:
            asked: list[NodeId] = []
            while queue and len(asked) < batch:
                node = queue.popleft()
                if growth.is_terminal(node):
                    findings.end(growth, node)
                if growth.depth(node) >= bottom or not is_open(growth, node):
                    continue
                if growth.expansion(node) is None:
                    asked.append(node)
                else:
                    queue.extend(self._children(growth, node))
            if not asked:
                return
            answers = yield [Ask(node, growth.question(node)) for node in asked]
            for node, answer in zip(asked, answers, strict=True):
                if settle(growth, node, answer):
                    queue.extend(self._children(growth, node))
                elif growth.is_terminal(node):
                    findings.end(growth, node)

    def _children(self, growth: Growth, node: NodeId) -> list[NodeId]:
        expansion = growth.expansion(node)
        keys = [] if expansion is None else expansion.keys[: self.k].tolist()
        return [growth.child(node, key) for key in keys if may_arrive(growth, node, key)]
