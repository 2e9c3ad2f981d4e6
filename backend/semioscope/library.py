"""Semioscope in a notebook or a script: rules, growths, and trees that show themselves.

    from semioscope import BestFirst, grow, rule
    tree = grow(rule("coin:0.7"), "HH", BestFirst(100))

What is asked for is done when a call returns, in a loop on a thread of its own: so it works where
a loop runs already, as in a notebook. The first use of a model loads it, and it stays loaded.
"""

import asyncio
import atexit
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from semioscope.core.rule import RuleDescription
from semioscope.core.sampling import IDENTITY, Procedure, Step
from semioscope.core.strategies.plan import GrowthPlan
from semioscope.core.strategies.report import Report
from semioscope.core.strategies.stop import Stop, stopped
from semioscope.core.types import ROOT
from semioscope.grown_tree import GrownTree
from semioscope.rules.catalogue import Catalogue
from semioscope.rules.loop_thread import LoopThread
from semioscope.service.beginnings import initial_tree
from semioscope.service.checks import open_to_growth, visible
from semioscope.service.headless import described, grow_in_memory, using
from semioscope.settings import Settings

Progress = Callable[[int], None]
"""Told how many states have been evaluated so far, on another thread."""

T = TypeVar("T")


@dataclass(frozen=True)
class RuleHandle:
    """A transition rule that can be grown by."""

    description: RuleDescription

    def __repr__(self) -> str:
        known = self.description
        return f"<rule {known.id}: {known.name}. {known.summary}>"


class _Home:
    """The rules of this process, and the loop that they live in."""

    def __init__(self) -> None:
        self.settings = Settings()
        self.catalogue = Catalogue(self.settings)
        self._loop = LoopThread("semioscope")
        atexit.register(self.close)

    def do(self, work: Any) -> Any:
        """What a coroutine returns; interrupting the wait cancels it."""
        doing = self._loop.begin(work)
        try:
            return doing.result()
        except BaseException:
            doing.cancel()
            raise

    def close(self) -> None:
        self.catalogue.close()
        self._loop.close(asyncio.sleep(0))


_lock = threading.Lock()


@cache
def _made_home() -> _Home:
    return _Home()


def _home() -> _Home:
    with _lock:
        return _made_home()


def rule(asked: str | Mapping[str, Any], name: str | None = None) -> RuleHandle:
    """A rule on offer by its id, or one made of a spec: a mapping such as {"kind": "coin",
    "heads": 0.7}, its JSON, or in short "coin:0.7", "automaton:30", "rewriting:A->AB,B->A".

    Loads it. Raises SemioscopeError with what is wrong.
    """
    home = _home()
    return RuleHandle(home.do(described(home.catalogue, asked, name)))


def grow(
    by: RuleHandle | str | Mapping[str, Any],
    prompt: str,
    strategy: GrowthPlan,
    *,
    procedure: Procedure | Iterable[Step] = IDENTITY,
    stop: Stop | None = None,
    chat: bool = False,
    max_length: int | None = None,
    progress: Progress | None = None,
) -> GrownTree:
    """A tree from a prompt, grown by a strategy; what is drawn is drawn under the procedure.

    by: a rule, or what `rule` takes. max_length: L, in tokens; the rule's window if left out.
    Raises SemioscopeError with what is wrong.
    """
    handle = by if isinstance(by, RuleHandle) else rule(by)
    steps = procedure if isinstance(procedure, Procedure) else Procedure(tuple(procedure))
    plan = strategy if stop is None else stopped(strategy, stop)
    home = _home()

    async def work() -> GrownTree:
        async with using(home.catalogue, handle.description) as loaded:
            tree = await initial_tree(
                loaded, prompt, home.settings, procedure=steps, chat=chat, max_length=max_length
            )
            budget, told = home.settings.max_budget, progress or _quiet
            report = await grow_in_memory(tree, loaded, plan, budget, told)
        return GrownTree(tree, report, _grow_further)

    grown: GrownTree = home.do(work())
    return grown


def _grow_further(
    grown: GrownTree,
    strategy: GrowthPlan,
    node: int = ROOT,
    stop: Stop | None = None,
    progress: Progress | None = None,
) -> Report:
    tree, home = grown.tree, _home()
    plan = strategy if stop is None else stopped(strategy, stop)
    anchor = open_to_growth(tree, visible(tree, node))

    async def work() -> Report:
        async with using(home.catalogue, tree.rule) as loaded:
            budget, told = home.settings.max_budget, progress or _quiet
            return await grow_in_memory(tree, loaded, plan, budget, told, anchor)

    report: Report = home.do(work())
    return report


def _quiet(evaluated: int) -> None:
    """Tells nobody."""
