"""Drives a growth strategy: question by question, event by event.

Between two steps a strategy's questions are with the rule's worker and nothing is locked. A step
(answers in, event out) runs under the tree's lock and is never interrupted: a cancelled growth
ends between two steps, and what it has grown stays.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any, Final

from semioscope.core.distribution import Answer
from semioscope.core.errors import Conflict, LimitExceeded, SemioscopeError
from semioscope.core.growth import Growth
from semioscope.core.strategies.plan import Ask, Plan, Strategy
from semioscope.core.strategies.typed import Typed
from semioscope.core.types import Columns, NodeId
from semioscope.rules.catalogue import LoadedRule
from semioscope.rules.worker import BACKGROUND, INTERACTIVE
from semioscope.service.open_tree import Change, OpenTree, to_the_end
from semioscope.service.rule_door import RuleDoor
from semioscope.service.running_growth import RunningGrowth, Stopped, Task
from semioscope.settings import Settings
from semioscope.store.trees import Trees

SOON_DONE: Final = 512
"""Evaluations of a growth that goes before longer ones."""

_log = logging.getLogger(__name__)


class GrowthDriver:
    """Carries growths out."""

    def __init__(self, store: Trees, door: RuleDoor, settings: Settings) -> None:
        self._store = store
        self._door = door
        self._settings = settings

    async def run(self, growth: RunningGrowth) -> None:
        """Drives a growth to its end, whatever that is; raises nothing."""
        opened, task = growth.opened, growth.task
        try:
            async with AsyncExitStack() as used:  # the rule stays loaded until the growth ends
                rule = self._door.for_tree(opened.tree.rule)
                loaded = await growth.wait_for(used.enter_async_context(rule))
                anchor = task.node
                if task.key is not None:
                    await self._carry_out(growth, Typed((task.key,)), anchor, loaded)
                    anchor = child_by(opened, anchor, task.key)
                await self._carry_out(growth, task.plan, anchor, loaded)
        except Stopped:
            growth.end(state="cancelled", message=growth.why_stopped)
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

    async def _carry_out(
        self, growth: RunningGrowth, plan: Plan, anchor: NodeId, loaded: LoadedRule
    ) -> None:
        task, tree = growth.task, growth.opened.tree
        building = Growth(tree, loaded.alphabet, task.procedure)
        findings = None if plan.kind in ("typed", "reweigh") else growth.begin(anchor)
        strategy = plan.run(building, anchor, self._budget(task), findings)
        counted = 0
        asked = await to_the_end(self._step(growth, strategy, building, loaded, None))
        while asked is not None:
            try:
                if task.name != "reweigh":
                    must_have_room(growth.opened, self._settings.max_nodes)
                    growth.must_be_allowed()
                answers = await growth.wait_for(asked)
            finally:
                asked.cancel()
            asked = await to_the_end(self._step(growth, strategy, building, loaded, answers))
            # One answer may be about many states, or about one that is stored already.
            growth.count(max(len(answers), building.answered - counted))
            counted = building.answered

    async def _step(
        self,
        growth: RunningGrowth,
        strategy: Strategy,
        building: Growth,
        loaded: LoadedRule,
        answers: Sequence[Answer] | None,
    ) -> asyncio.Task[list[Answer]] | None:
        """The next questions, asked (None: it is done), when what it has grown is stored.

        The rule works on the questions already while the growth is stored.
        """
        opened = growth.opened
        async with opened.lock:
            try:
                asks = next(strategy) if answers is None else strategy.send(list(answers))
            except StopIteration:
                asks = None
            grown = building.take()
            asked = None if asks is None else asyncio.create_task(self._ask(growth, loaded, asks))
            await asyncio.sleep(0)  # lets the questions reach the rule's worker
            if grown is not None:
                try:
                    await self._store_grown(growth, *grown)
                except BaseException:
                    if asked is not None:
                        asked.cancel()
                    raise
        return asked

    async def _ask(
        self, growth: RunningGrowth, loaded: LoadedRule, asks: Sequence[Ask]
    ) -> list[Answer]:
        task = growth.task
        return await loaded.worker.ask(
            [ask.question for ask in asks],
            task.procedure,
            priority=INTERACTIVE if _is_waited_for(task) else BACKGROUND,
            group=task.caller.id,
        )

    async def _store_grown(
        self, growth: RunningGrowth, payload: dict[str, Any], columns: Columns
    ) -> None:
        task = growth.task
        payload |= {"job": growth.job.id, "strategy": task.name, "automatic": task.automatic}
        await growth.opened.commit(
            self._store,
            task.caller.id,
            growth.change,
            [Change("grow", payload, columns)],
            self._settings.snapshot_every,
        )

    def _budget(self, task: Task) -> int:
        # Weighing again evaluates what was evaluated before: the tree's own size bounds it.
        return self._settings.max_nodes if task.name == "reweigh" else self._settings.max_budget


def _is_waited_for(task: Task) -> bool:
    """Whether somebody sits before it: what grows into a view, and what is soon done."""
    total = task.plan.total
    return task.name != "reweigh" and (task.automatic or (total is not None and total <= SOON_DONE))


def must_have_room(opened: OpenTree, most: int) -> None:
    """Raises LimitExceeded "tree-full" for a tree of `most` states or more."""
    if opened.tree.size >= most:
        raise LimitExceeded(
            "tree-full",
            f"This multiverse has {opened.tree.size:,} states; "
            f"one may have {most:,}, and then grows no more.",
            "Begin another one from the state you want to go on from.",
        )


def child_by(opened: OpenTree, node: NodeId, key: int) -> NodeId:
    """The visible child by that key. Raises Conflict "state-changed" if there is none."""
    child = opened.tree.find_child(node, key)
    if child is None or not opened.tree.has(child):
        raise Conflict(
            "state-changed", "This state was taken back meanwhile; look again.", retryable=True
        )
    return child
