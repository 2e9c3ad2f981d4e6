"""Named: one step of a rewriting rule, told by the state that it leads to, or by its label."""

import math
from dataclasses import dataclass
from typing import ClassVar, Final

from semioscope.core.alphabet import text_of
from semioscope.core.distribution import Answer, NextState, Question
from semioscope.core.errors import Conflict, InvalidRequest
from semioscope.core.growth import Growth
from semioscope.core.strategies.plan import MOST_EXPANSIONS, Ask, Strategy, check_budget
from semioscope.core.strategies.report import Findings
from semioscope.core.strategies.steps import settle
from semioscope.core.types import NodeId

LONGEST_NAME: Final = 4096
"""Bytes."""
_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class Named:
    """The next state of these bytes, or else of this label; the first of the names that is one.

    Raises InvalidRequest "empty-branch" or "branch-too-long".
    """

    names: tuple[bytes, ...]
    kind: ClassVar[str] = "typed"
    is_drawn: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if not all(self.names):
            raise InvalidRequest("empty-branch", "Type the state to go on to.")
        if max(map(len, self.names)) > LONGEST_NAME:
            raise InvalidRequest("branch-too-long", f"A state has at most {LONGEST_NAME:,} bytes.")

    @property
    def total(self) -> int:
        return 1

    def run(
        self,
        growth: Growth,
        anchor: NodeId,
        budget: int = MOST_EXPANSIONS,
        findings: Findings | None = None,  # noqa: ARG002 -- it finds nothing, but is a Plan
    ) -> Strategy:
        """Raises InvalidRequest "over-budget", and when the answer comes "no-such-step" or
        "untold-step" (the rule does not tell whether it leads there)."""
        check_budget(self, budget)
        return self._run(growth, anchor)

    def _run(self, growth: Growth, anchor: NodeId) -> Strategy:
        if growth.under_cut(anchor):
            raise Conflict(
                "under-a-cut", "This branch leads into a pruned part.", "Restore it first."
            )
        question = Question(growth.state_of(anchor), named=self.names)
        (answer,) = yield [Ask(anchor, question)]
        following = self._chosen(answer)
        if settle(growth, anchor, answer):
            growth.child(anchor, following)

    def _chosen(self, answer: Answer) -> NextState:
        for following in answer.scored:
            if following is not None and following.log_prob > -math.inf:
                return following
        shown = text_of(self.names[0][:_SHOWN])
        if None in answer.scored:
            raise InvalidRequest(
                "untold-step",
                f"The rule lists only the most probable steps from here, and none of them leads to "
                f"“{shown}”.",
                "Choose one of the states that it lists.",
            )
        raise InvalidRequest(
            "no-such-step",
            f"No step leads from here to “{shown}”.",
            "Type one of the states that follow, or the label of a step.",
        )
