"""When a growth ends before its strategy does."""

from dataclasses import dataclass, replace
from typing import Final

from semioscope.core.below import Below
from semioscope.core.errors import InvalidRequest
from semioscope.core.growth import Growth
from semioscope.core.strategies.plan import MOST_EXPANSIONS, GrowthPlan, Strategy, whole
from semioscope.core.strategies.report import LEDGER_ERROR, Findings
from semioscope.core.types import NodeId

MOST_STEPS: Final = 4096


@dataclass(frozen=True, slots=True)
class Stop:
    """Whatever is first. ended: so many trajectories have ended. depth: no state more than so
    many steps below the one grown is evaluated. resolved: so much of the mass of the state grown
    has ended (in the tree: what was known before counts). Raises InvalidRequest.
    """

    ended: int | None = None
    depth: int | None = None
    resolved: float | None = None

    def __post_init__(self) -> None:
        if self.ended is not None:
            whole(self.ended, 1, MOST_EXPANSIONS, "bad-stop", "The number of ended trajectories")
        if self.depth is not None:
            whole(self.depth, 1, MOST_STEPS, "bad-stop", "The depth of a stop")
        if self.resolved is None:
            return
        is_number = isinstance(self.resolved, int | float) and not isinstance(self.resolved, bool)
        if not is_number or not 0 < self.resolved <= 1:
            raise InvalidRequest("bad-stop", "The resolved mass must be above 0 and at most 1.")

    @property
    def looks(self) -> bool:
        """Whether it depends on what is found."""
        return self.ended is not None or self.resolved is not None


def stopped(plan: GrowthPlan, stop: Stop) -> GrowthPlan:
    """The plan, ended by the stop.

    Raises InvalidRequest "biased-stop" for a plan that draws at random and a stop that looks at
    what was drawn: its estimates would be of the draws that made it stop (SCIENCE.md section 1).
    """
    if stop.looks and plan.is_drawn:
        raise InvalidRequest(
            "biased-stop",
            "What draws at random cannot be stopped by what it has found: that would bias its "
            "estimates.",
            "Stop it by depth, or choose the number of draws beforehand.",
        )
    if stop.depth is not None:
        plan = plan.down_to(stop.depth)
    return Stopping(plan, stop) if stop.looks else plan


@dataclass(frozen=True, slots=True)
class Stopping:
    """A plan that is looked at between its steps, and ended when it has found enough."""

    plan: GrowthPlan
    stop: Stop

    @property
    def kind(self) -> str:
        return self.plan.kind

    @property
    def is_drawn(self) -> bool:
        return self.plan.is_drawn

    @property
    def total(self) -> int | None:
        return self.plan.total

    def down_to(self, depth: int) -> "Stopping":
        return replace(self, plan=self.plan.down_to(depth))

    def run(
        self,
        growth: Growth,
        anchor: NodeId,
        budget: int = MOST_EXPANSIONS,
        findings: Findings | None = None,
    ) -> Strategy:
        findings = findings or Findings()
        findings.is_watched, findings.enough = True, self.stop.ended
        return self._run(self.plan.run(growth, anchor, budget, findings), growth, anchor, findings)

    def _run(self, inner: Strategy, growth: Growth, anchor: NodeId, findings: Findings) -> Strategy:
        below = Below(growth.tree, anchor)
        asks = next(inner, None)
        while asks is not None:
            if findings.has_enough:
                return
            if self.stop.resolved is not None:
                yield []  # what has been found gets into the tree, and is then looked at
                if below.ledger().terminal >= self.stop.resolved - LEDGER_ERROR:
                    return
            answers = yield asks
            try:
                asks = inner.send(answers)
            except StopIteration:
                return
