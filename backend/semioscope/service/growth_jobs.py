"""All growths of this server: begun, bounded, replaced, cancelled, remembered."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from semioscope.core.errors import Conflict, LimitExceeded, NotFound, SemioscopeError
from semioscope.core.strategies.plan import Plan, spoken
from semioscope.core.strategies.reweigh import Reweigh
from semioscope.core.types import ROOT
from semioscope.service.access import Caller
from semioscope.service.allowance import Allowance, Allowances
from semioscope.service.growth_driver import GrowthDriver, must_have_room
from semioscope.service.jobs import Job, StrategyName
from semioscope.service.open_tree import OpenTree, to_the_end
from semioscope.service.rule_door import RuleDoor
from semioscope.service.running_growth import RunningGrowth, Task
from semioscope.service.weighing import weigh_event
from semioscope.settings import Settings
from semioscope.store.records import TreeId
from semioscope.store.trees import Trees

REMEMBERED: Final = 256
"""Ended growths that can still be asked about."""

_log = logging.getLogger(__name__)


class GrowthJobs:
    """All growths of this server, running and just ended."""

    def __init__(self, store: Trees, door: RuleDoor, settings: Settings) -> None:
        self._store = store
        self._door = door
        self._settings = settings
        self._driver = GrowthDriver(store, door, settings)
        self._growths: OrderedDict[str, RunningGrowth] = OrderedDict()
        self._allowances = Allowances(settings.view_states_per_hour)
        self._leaving: set[asyncio.Task[None]] = set()

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

    def allowance_of(self, caller: Caller) -> Allowance:
        """What may still grow by itself for somebody."""
        return self._allowances.of(caller.id)

    # -- starting and stopping

    def start(self, task: Task, opened: OpenTree) -> RunningGrowth:
        """Begins a growth in the background.

        Raises Conflict or Unavailable when the tree's rule is not to be had, LimitExceeded
        "tree-full", "view-allowance-used", "over-budget" or "too-many-growths"; then nothing has
        changed.
        """
        self._door.must_be_available(opened.tree.rule)
        replaced: list[RunningGrowth] = []
        is_of_view = task.automatic and task.name != "reweigh"
        if task.name != "reweigh":
            must_have_room(opened, self._settings.max_nodes)
            if is_of_view:
                self._allowances.must_have(task.caller.id)
                replaced = self._views(task.caller, opened.id, {task.client, None})
            self.may_begin(task.plan, task.caller, replaced)
        for growth in replaced:
            growth.stop()
        growth = RunningGrowth(task, opened, self._allowances if is_of_view else None)
        self._growths[growth.job.id] = growth
        self._forget_the_oldest()
        opened.growing += 1
        growth.driver = asyncio.create_task(self._drive(growth))
        growth.tell()
        return growth

    def may_begin(self, plan: Plan, caller: Caller, replaced: Sequence[RunningGrowth] = ()) -> None:
        """Whether the caller may begin such a growth on any tree, `replaced` being ended for it.

        Raises LimitExceeded "over-budget" or "too-many-growths".
        """
        total, most = plan.total, self._settings.max_budget
        if total is not None and total > most:
            raise LimitExceeded(
                "over-budget",
                f"This growth may take {spoken(total)} evaluations; one growth may take {most:,}.",
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

    def left(self, caller: Caller, opened: OpenTree, client: str) -> None:
        """A page of the caller's went away: what grew into its view ends, and, unless one of
        their pages comes back soon, what was asked for by a page too. (A script that has never
        opened a socket is not waited for.)"""
        self.stop_views(caller, opened.id, {client})
        if opened.channel.has(caller):
            return
        self.stop_views(caller, opened.id, {None})
        if any(self._asked_by_pages(caller, opened.id)):
            leaving = asyncio.create_task(self._stop_unless_back(caller, opened))
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)

    def stop_all(self, tree: TreeId, name: StrategyName | None = None) -> None:
        """Ends every growth of a tree, or those of one strategy."""
        for growth in self._running():
            if growth.opened.id == tree and name in (None, growth.task.name):
                growth.stop()

    async def close(self) -> None:
        """Ends everything, and waits until it has ended."""
        for leaving in self._leaving:
            leaving.cancel()
        running = self._running()
        for growth in running:
            growth.stop()
        await asyncio.gather(*(each.driver for each in running if each.driver is not None))

    # -- inside

    async def _drive(self, growth: RunningGrowth) -> None:
        try:
            await self._driver.run(growth)
        finally:
            growth.opened.growing -= 1
        await self._follow_procedure(growth)

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

    async def _stop_unless_back(self, caller: Caller, opened: OpenTree) -> None:
        await asyncio.sleep(self._settings.linger_s)
        if not opened.channel.has(caller):
            for growth in self._asked_by_pages(caller, opened.id):
                growth.stop("Cancelled: the page that asked for it was closed.")

    def _asked_by_pages(self, caller: Caller, tree: TreeId) -> list[RunningGrowth]:
        return [
            growth
            for growth in self._running()
            if growth.opened.id == tree
            and growth.task.caller == caller
            and growth.task.client is not None
        ]

    def _views(self, caller: Caller, tree: TreeId, clients: set[str | None]) -> list[RunningGrowth]:
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
