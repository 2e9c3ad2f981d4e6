"""One growth under way: what it is to do, how it stands, and how it is stopped."""

import asyncio
import time
from collections.abc import Awaitable
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar
from uuid import uuid4

from semioscope.core.below import Below
from semioscope.core.sampling import Procedure
from semioscope.core.strategies.plan import Plan
from semioscope.core.strategies.report import Findings, Report
from semioscope.core.types import NodeId
from semioscope.service.access import Caller
from semioscope.service.allowance import Allowance, Allowances
from semioscope.service.broadcast import Progressed
from semioscope.service.jobs import Job, StrategyName
from semioscope.service.open_tree import OpenTree, new_change
from semioscope.service.reports import report_of

PROGRESS_EVERY_S: Final = 0.1

T = TypeVar("T")


class Stopped(Exception):  # noqa: N818 -- not an error: somebody asked for it
    """The growth was cancelled while it waited."""


@dataclass(frozen=True)
class Task:
    """What is to be grown, and for whom.

    key: grow from this next state of `node`, made a child first. procedure: what trajectories are
    drawn under, and expansions weighed by. client: the subscription of the page that asked; None
    for a view that has not subscribed yet, and for a script. change: the id of the person's action.
    """

    name: StrategyName
    label: str
    plan: Plan
    node: NodeId
    procedure: Procedure
    caller: Caller
    automatic: bool = False
    client: str | None = None
    key: int | None = None
    change: str | None = None


class RunningGrowth:
    """One growth under way; `job` is how it stands now."""

    def __init__(self, task: Task, opened: OpenTree, allowances: Allowances | None = None) -> None:
        """allowances: those that it counts against, if it does."""
        self.task = task
        self._allowances = allowances
        self.opened = opened
        self.change = task.change or new_change()
        self.failure: Exception | None = None
        self._found: tuple[Findings, Below] | None = None
        ledger = opened.tree.ledger
        self.job = Job(
            id=uuid4().hex[:12],
            strategy=task.name,
            label=task.label,
            by=task.caller.id,
            automatic=task.automatic,
            started_at=time.time(),
            total=task.plan.total,
            resolved=ledger.terminal,
            unexplored=ledger.frontier + ledger.residual,
            allowance=self._allowance(),
        )
        self.driver: asyncio.Task[None] | None = None
        self.is_stopped = False
        self.why_stopped = ""
        self._waiting: asyncio.Future[Any] | None = None
        self._began = time.perf_counter()
        self._told = 0.0

    def begin(self, anchor: NodeId) -> Findings:
        """What the growth finds below a state is told from now on."""
        findings = Findings()
        self._found = findings, Below(self.opened.tree, anchor)
        return findings

    def stop(self, why: str = "Cancelled.") -> None:
        """Ends it after the step under way; a question that waits is taken back."""
        if not self.is_stopped:
            self.why_stopped = why
        self.is_stopped = True
        if self._waiting is not None:
            self._waiting.cancel()

    async def wait_for(self, work: Awaitable[T]) -> T:
        """Waits for something outside. Raises Stopped when the growth is stopped meanwhile."""
        waiting = asyncio.ensure_future(work)
        self._waiting = waiting
        if self.is_stopped:
            waiting.cancel()
        try:
            return await waiting
        except asyncio.CancelledError:
            if self.is_stopped:
                raise Stopped from None
            raise
        finally:
            self._waiting = None

    def must_be_allowed(self) -> None:
        """Raises LimitExceeded "view-allowance-used" when the person's allowance is used up."""
        if self._allowances is not None:
            self._allowances.must_have(self.task.caller.id)

    def _allowance(self) -> Allowance | None:
        return None if self._allowances is None else self._allowances.of(self.task.caller.id)

    def count(self, evaluated: int) -> None:
        """Notes evaluations, and tells, though not too often."""
        if self._allowances is not None:
            self._allowances.use(self.task.caller.id, evaluated)
        expanded = self.job.expanded + evaluated
        ledger = self.opened.tree.ledger
        elapsed = time.perf_counter() - self._began
        self.job = replace(
            self.job,
            expanded=expanded,
            rate=expanded / elapsed if elapsed > 0 else 0.0,
            resolved=ledger.terminal,
            unexplored=ledger.frontier + ledger.residual,
            allowance=self._allowance(),
        )
        if time.perf_counter() - self._told >= PROGRESS_EVERY_S:
            self.tell()

    def end(self, **how: object) -> None:
        """Sets the state it ended in, and tells."""
        self.count(0)
        self.job = replace(self.job, **how)  # type: ignore[arg-type]  # names of Job's fields
        self.tell()

    def tell(self) -> None:
        self._told = time.perf_counter()
        self.job = replace(self.job, report=self._report())
        self.opened.channel.tell(Progressed(self.job))

    def _report(self) -> Report | None:
        return None if self._found is None else report_of(self.task.plan, *self._found)
