"""Breadth: the k most probable children of every state, level by level."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Final

import numpy as np

from semioscope.core.growth import Growth
from semioscope.core.ledger import EXPANDED, is_terminal
from semioscope.core.ranking import LEADING
from semioscope.core.strategies.plan import (
    BATCH,
    MOST_EXPANSIONS,
    Strategy,
    check_budget,
    whole,
)
from semioscope.core.strategies.report import Findings
from semioscope.core.strategies.steps import are_open, leading_children, settle_all
from semioscope.core.strategies.together import ask_together, step_size
from semioscope.core.types import IdArray, NodeId

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
        return _evaluations(self.k, self.depth)

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
        size = growth.tree.rule.alphabet_size
        # A rewriting rule may make few next states of one: it is stopped when it comes to it.
        if size is not None:
            check_budget(replace(self, k=min(self.k, size)), budget)
        return self._run(growth, anchor, findings or Findings(), batch, budget)

    def _run(
        self, growth: Growth, anchor: NodeId, findings: Findings, batch: int, budget: int
    ) -> Strategy:
        bottom = growth.depth(anchor) + self.depth
        queue = deque([anchor])
        evaluated = 0
        while queue:
            asked: list[int] = []
            size = findings.pace(step_size(growth, batch, evaluated, self.k), evaluated)
            while queue and (room := size - len(asked)) > 0:
                some = [queue.popleft() for _ in range(min(room, len(queue)))]
                unknown, known = self._sorted(growth, some, bottom, findings)
                asked += unknown.tolist()
                queue.extend(leading_children(growth, known, self.k))
            if not asked:
                return
            if evaluated + len(asked) > budget:
                findings.note = (
                    f"It ended early, after {evaluated:,} states: one growth may evaluate "
                    f"{budget:,}."
                )
                return
            nodes = np.array(asked, np.uint32)
            answers, which = yield from ask_together(growth, nodes)
            evaluated += len(nodes)
            goes_on = settle_all(growth, nodes, answers, which)
            left = nodes[~goes_on]
            _tell_ended(growth, left[is_terminal(growth.marks_of(left))], findings)
            queue.extend(leading_children(growth, nodes[goes_on], self.k))

    def _sorted(
        self, growth: Growth, some: Sequence[int], bottom: int, findings: Findings
    ) -> tuple[IdArray, IdArray]:
        """Those to be asked about, and those whose children are known."""
        nodes = np.array(some, np.uint32)
        marks = growth.marks_of(nodes)
        _tell_ended(growth, nodes[is_terminal(marks)], findings)
        goes_on = are_open(marks) & (growth.depths_of(nodes) < bottom)
        is_known = (marks & EXPANDED) != 0
        return nodes[goes_on & ~is_known], nodes[goes_on & is_known]


def _evaluations(k: int, depth: int) -> int:
    return sum(k**level for level in range(depth))


def _tell_ended(growth: Growth, nodes: IdArray, findings: Findings) -> None:
    for node in nodes.tolist():
        findings.end(growth, NodeId(node))
