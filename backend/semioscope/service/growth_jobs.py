"""Drives growth strategies: question by question, event by event.

Between two steps a strategy's questions are with the rule's worker and nothing is locked. A step
(answers in, event out) runs under the tree's lock and is never interrupted: a cancelled growth
ends between two steps, and what it has grown stays.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar
from uuid import uuid4

from semioscope.core.distribution import Answer
from semioscope.core.errors import Conflict, LimitExceeded, NotFound, SemioscopeError
from semioscope.core.growth import Growth
from semioscope.core.sampling import Procedure
from semioscope.core.strategies.plan import Ask, Plan, Strategy
from semioscope.core.strategies.reweigh import Reweigh
from semioscope.core.strategies.typed import Typed
from semioscope.core.types import ROOT, NodeId
from semioscope.rules.catalogue import LoadedRule
from semioscope.service.access import Caller
from semioscope.service.broadcast import Progressed
from semioscope.service.jobs import Job, StrategyName
from semioscope.service.open_trees import Change, OpenTree, new_change, to_the_end
from semioscope.service.rule_door import RuleDoor
from semioscope.service.weighing import weigh_event
from semioscope.settings import Settings
from semioscope.store.records import TreeId
from semioscope.store.trees import Trees

PROGRESS_EVERY_S: Final = 0.1
REMEMBERED: Final = 256
"""Ended growths that can still be asked about."""

T = TypeVar("T")
_log = logging.getLogger(__name__)


class _Stopped(Exception):  # noqa: N818 -- not an error: somebody asked for it
    """The growth was cancelled while it waited."""


@dataclass(frozen=True)
class Task:
    """What is to be grown, and for whom.

    key: grow from this next state of `node`, made a child first. procedure: what trajectories are
    drawn under, and expansions weighed by. client: the subscription whose moving view asked; None
    for a view that has not subscribed yet. change: the id of the person's action.
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

    def __init__(self, task: Task, opened: OpenTree) -> None:
        self.task = task
        self.opened = opened
        self.change = task.change or new_change()
        self.failure: Exception | None = None
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
        )
        self.driver: asyncio.Task[None] | None = None
        self.is_stopped = False
        self._waiting: asyncio.Future[Any] | None = None
        self._began = time.perf_counter()
        self._told = 0.0

    def stop(self) -> None:
        """Ends it after the step under way; a question that waits is taken back."""
        self.is_stopped = True
        if self._waiting is not None:
            self._waiting.cancel()

    async def wait_for(self, work: Awaitable[T]) -> T:
        """Waits for something outside. Raises _Stopped when the growth is stopped meanwhile."""
        waiting = asyncio.ensure_future(work)
        self._waiting = waiting
        if self.is_stopped:
            waiting.cancel()
        try:
            return await waiting
        except asyncio.CancelledError:
            if self.is_stopped:
                raise _Stopped from None
            raise
        finally:
            self._waiting = None

    def count(self, evaluated: int) -> None:
        """Notes evaluations, and tells, though not too often."""
        expanded = self.job.expanded + evaluated
        ledger = self.opened.tree.ledger
        elapsed = time.perf_counter() - self._began
        self.job = replace(
            self.job,
            expanded=expanded,
            rate=expanded / elapsed if elapsed > 0 else 0.0,
            resolved=ledger.terminal,
            unexplored=ledger.frontier + ledger.residual,
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
        self.opened.channel.tell(Progressed(self.job))


class GrowthJobs:
    """All growths of this server, running and just ended."""

    def __init__(self, store: Trees, door: RuleDoor, settings: Settings) -> None:
        self._store = store
        self._door = door
        self._settings = settings
        self._growths: OrderedDict[str, RunningGrowth] = OrderedDict()

    # -- what runs

    def of(self, tree: TreeId) -> list[Job]:
        """What grows on a tree now."""
        return [growth.job for growth in self._running() if growth.opened.id == tree]

    def find(self, tree: TreeId, job: str) -> RunningGrowth:
        """Raises NotFound "unknown-growth"."""
        growth = self._growths.get(job)
        if growth is None or growth.opened.id != tree:
            raise NotFound("unknown-growth", "There is no such growth on this multiverse.")
        return growth

    # -- starting and stopping

    def start(self, task: Task, opened: OpenTree) -> RunningGrowth:
        """Begins a growth in the background.

        Raises Conflict or Unavailable when the tree's rule is not to be had, LimitExceeded
        "tree-full", "over-budget" or "too-many-growths"; then nothing has changed.
        """
        self._door.must_be_available(opened.tree.rule)
        replaced: list[RunningGrowth] = []
        if task.name != "reweigh":
            self._must_have_room(opened)
            if task.automatic:
                replaced = self._views(task.caller, opened.id, {task.client, None})
            self.may_begin(task.plan, task.caller, replaced)
        for growth in replaced:
            growth.stop()
        growth = RunningGrowth(task, opened)
        self._growths[growth.job.id] = growth
        self._forget_the_oldest()
        opened.growing += 1
        growth.driver = asyncio.create_task(self._drive(growth))
        growth.tell()
        return growth

    def may_begin(
        self, plan: Plan, caller: Caller, replaced: Sequence[RunningGrowth] = ()
    ) -> None:
        """Whether the caller may begin such a growth on any tree, `replaced` being ended for it.

        Raises LimitExceeded "over-budget" or "too-many-growths".
        """
        total, most = plan.total, self._settings.max_budget
        if total is not None and total > most:
            raise LimitExceeded(
                "over-budget",
                f"This growth may take {total:,} evaluations; one growth may take {most:,}.",
                "Ask for fewer or shorter trajectories, and grow on from there.",
            )
        running = sum(
            growth.task.caller == caller
            and growth.task.name != "reweigh"
            and not growth.is_stopped
            and growth not in replaced
            for growth in self._running()
        )
        if running >= self._settings.growths_in_flight:
            raise LimitExceeded(
                "too-many-growths",
                f"You have {running} growths running; "
                f"{self._settings.growths_in_flight} may run at a time.",
                "Cancel one, or wait until one has ended.",
                retryable=True,
            )

    def reweigh(self, opened: OpenTree, caller: Caller) -> RunningGrowth | None:
        """Has every state evaluated that is not under the tree's procedure; None: there is none.

        Ends what grew by another procedure into somebody's view. Raises what `start` raises.
        """
        tree = opened.tree
        for growth in self._running():
            is_here = growth.opened.id == opened.id
            is_outdated = growth.task.procedure.fingerprint != tree.fingerprint
            if is_here and is_outdated and growth.task.automatic:
                growth.stop()
        lacking = len(tree.not_weighed(tree.fingerprint))
        if not lacking or self._is_reweighing(opened):
            return None
        task = Task(
            name="reweigh",
            label=f"{lacking:,} states under the new procedure",
            plan=Reweigh(),
            node=ROOT,
            procedure=tree.procedure,
            caller=caller,
            automatic=True,
        )
        return self.start(task, opened)

    async def finish(self, growth: RunningGrowth) -> None:
        """Waits for its end. Raises what it failed of, Conflict "growth-cancelled" if stopped."""
        if growth.driver is not None:
            await asyncio.shield(growth.driver)
        if growth.failure is not None:
            raise growth.failure
        if growth.job.state == "cancelled":
            raise Conflict("growth-cancelled", "The growth was cancelled.", retryable=True)

    async def stop(self, growth: RunningGrowth) -> None:
        """Ends one, and waits until its last step is stored."""
        growth.stop()
        if growth.driver is not None:
            await asyncio.shield(growth.driver)

    def stop_views(self, caller: Caller, tree: TreeId, clients: set[str | None]) -> None:
        """Views of the caller's have moved or gone: what was growing into them ends."""
        for growth in self._views(caller, tree, clients):
            growth.stop()

    def stop_all(self, tree: TreeId, name: StrategyName | None = None) -> None:
        """Ends every growth of a tree, or those of one strategy."""
        for growth in self._running():
            if growth.opened.id == tree and name in (None, growth.task.name):
                growth.stop()

    async def close(self) -> None:
        """Ends everything, and waits until it has ended."""
        running = self._running()
        for growth in running:
            growth.stop()
        await asyncio.gather(*(each.driver for each in running if each.driver is not None))

    # -- the driver

    async def _drive(self, growth: RunningGrowth) -> None:
        opened, task = growth.opened, growth.task
        try:
            loaded = await growth.wait_for(self._door.for_tree(opened.tree.rule))
            anchor = task.node
            if task.key is not None:
                await self._carry_out(growth, Typed((task.key,)), anchor, loaded)
                anchor = child_by(opened, anchor, task.key)
            await self._carry_out(growth, task.plan, anchor, loaded)
        except _Stopped:
            growth.end(state="cancelled", message="Cancelled.")
        except LimitExceeded as error:
            growth.failure = error
            growth.end(state="done", message=error.message)
        except SemioscopeError as error:
            growth.failure = error
            growth.end(state="failed", message=error.message)
        except Exception as error:
            _log.exception("growth %s failed", growth.job.id)
            growth.failure = error
            growth.end(state="failed", message="Growing failed inside; the server's log says how.")
        else:
            growth.end(state="done")
        finally:
            opened.growing -= 1
        await self._follow_procedure(growth)

    async def _carry_out(
        self, growth: RunningGrowth, plan: Plan, anchor: NodeId, loaded: LoadedRule
    ) -> None:
        task, tree = growth.task, growth.opened.tree
        building = Growth(tree, loaded.rule.alphabet, task.procedure)
        strategy = plan.run(building, anchor, self._budget(task))
        asks = await to_the_end(self._step(growth, strategy, building, None))
        while asks is not None:
            if task.name != "reweigh":
                self._must_have_room(growth.opened)
            answers = await growth.wait_for(
                loaded.worker.ask(
                    [ask.question for ask in asks],
                    task.procedure,
                    priority=1 if task.name == "reweigh" else 0,
                    group=growth.job.id,
                )
            )
            asks = await to_the_end(self._step(growth, strategy, building, answers))
            growth.count(len(answers))

    async def _step(
        self,
        growth: RunningGrowth,
        strategy: Strategy,
        building: Growth,
        answers: Sequence[Answer] | None,
    ) -> list[Ask] | None:
        """The next questions (None: it is done), when what it has grown is stored."""
        opened, task = growth.opened, growth.task
        async with opened.lock:
            try:
                asks = next(strategy) if answers is None else strategy.send(list(answers))
            except StopIteration:
                asks = None
            grown = building.take()
            if grown is not None:
                payload, columns = grown
                payload |= {
                    "job": growth.job.id,
                    "strategy": task.name,
                    "automatic": task.automatic,
                }
                await opened.commit(
                    self._store,
                    task.caller.id,
                    growth.change,
                    [Change("grow", payload, columns)],
                    self._settings.snapshot_every,
                )
        return asks

    async def _follow_procedure(self, growth: RunningGrowth) -> None:
        """What has grown under another procedure than the tree's is weighed by the tree's too."""
        opened, task = growth.opened, growth.task
        if task.procedure.fingerprint == opened.tree.fingerprint or opened.is_lost:
            return

        async def weigh() -> None:
            async with opened.lock:
                weighed = weigh_event(opened.tree, opened.tree.procedure)
                if weighed is not None:
                    every = self._settings.snapshot_every
                    await opened.commit(
                        self._store, task.caller.id, growth.change, [weighed], every
                    )

        try:
            await to_the_end(weigh())
            self.reweigh(opened, task.caller)
        except SemioscopeError as error:
            _log.info("not weighed by the tree's procedure: %s", error.message)

    def _is_reweighing(self, opened: OpenTree) -> bool:
        return any(
            growth.opened is opened
            and growth.task.name == "reweigh"
            and growth.task.procedure.fingerprint == opened.tree.fingerprint
            and not growth.is_stopped
            for growth in self._running()
        )

    # -- bounds

    def _budget(self, task: Task) -> int:
        # Weighing again evaluates what was evaluated before: the tree's own size bounds it.
        return self._settings.max_nodes if task.name == "reweigh" else self._settings.max_budget

    def _must_have_room(self, opened: OpenTree) -> None:
        most = self._settings.max_nodes
        if opened.tree.size >= most:
            raise LimitExceeded(
                "tree-full",
                f"This multiverse has {opened.tree.size:,} states; "
                f"one may have {most:,}, and then grows no more.",
                "Begin another one from the state you want to go on from.",
            )

    def _views(
        self, caller: Caller, tree: TreeId, clients: set[str | None]
    ) -> list[RunningGrowth]:
        return [
            growth
            for growth in self._running()
            if growth.opened.id == tree
            and growth.task.caller == caller
            and growth.task.automatic
            and growth.task.name != "reweigh"
            and growth.task.client in clients
        ]

    def _running(self) -> list[RunningGrowth]:
        return [growth for growth in self._growths.values() if growth.job.state == "running"]

    def _forget_the_oldest(self) -> None:
        for job, growth in list(self._growths.items()):
            if len(self._growths) <= REMEMBERED:
                return
            if growth.job.state != "running":
                del self._growths[job]


def child_by(opened: OpenTree, node: NodeId, key: int) -> NodeId:
    """The visible child by that key. Raises Conflict "state-changed" if there is none."""
    child = opened.tree.find_child(node, key)
    if child is None or not opened.tree.has(child):
        raise Conflict(
            "state-changed", "This state was taken back meanwhile; look again.", retryable=True
        )
    return child
