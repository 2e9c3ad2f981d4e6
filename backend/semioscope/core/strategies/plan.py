"""What a growth strategy is: a plan, and the generator that carries it out."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

from semioscope.core.distribution import Answer, Question
from semioscope.core.errors import InvalidRequest
from semioscope.core.growth import Growth
from semioscope.core.strategies.report import Findings
from semioscope.core.types import NodeId

MOST_EXPANSIONS: Final = 4096
"""The most evaluations of the rule that one growth may ask for, unless the caller says less."""
BATCH: Final = 128
"""How many states a strategy with no step of its own asks about at once."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A question about one node's state."""

    node: NodeId
    question: Question


Strategy: TypeAlias = Generator[list[Ask], list[Answer], None]
"""Yields the questions of one step, is sent their answers in the same order, and puts what it
grows into its `Growth`. What that holds when the generator ends counts too.

Between a yield and the answers others may change the tree; between the answers and the next yield
nobody may, and the growth is applied before anybody else's.
"""


class Plan(Protocol):
    """A strategy with its parameters, checked when it was made."""

    @property
    def kind(self) -> str:
        """Its name in code and on the wire."""

    @property
    def is_drawn(self) -> bool:
        """Whether its trajectories are drawn at random, under the growth's procedure; else it goes
        by the rule's probabilities."""

    @property
    def total(self) -> int | None:
        """The most evaluations of the rule it plans; None when that is not known."""

    def run(
        self,
        growth: Growth,
        anchor: NodeId,
        budget: int = MOST_EXPANSIONS,
        findings: Findings | None = None,
    ) -> Strategy:
        """Grows below `anchor`, with at most `budget` evaluations, answered under the growth's
        own procedure; tells `findings` what it finds, as it finds it. Raises
        InvalidRequest("over-budget") when the plan may need more."""


class GrowthPlan(Plan, Protocol):
    """A plan that people ask for."""

    def down_to(self, depth: int) -> "GrowthPlan":
        """The plan that evaluates no state more than `depth` steps below the one grown."""


def whole(value: object, least: int, most: int, code: str, name: str) -> int:
    """`value` as an int within [least, most]. Raises InvalidRequest(code)."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise InvalidRequest(code, f"{name} must be a whole number from {least} to {most}.")
    return value


def check_budget(plan: Plan, budget: int) -> None:
    """Raises InvalidRequest("over-budget") when the plan may need more than the budget."""
    if plan.total is not None and plan.total > budget:
        raise InvalidRequest(
            "over-budget",
            f"This growth may evaluate {spoken(plan.total)} states; one growth may evaluate "
            f"{budget:,}.",
            "Ask for less, and go on from there.",
        )


def spoken(count: int) -> str:
    """A number somebody can read, however large."""
    return f"{count:,}" if count < 10**12 else f"about 10^{len(str(count)) - 1}"
