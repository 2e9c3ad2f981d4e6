"""Growing without a server, a store or a browser: the same core, in memory."""

import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from semioscope.core.below import Below
from semioscope.core.events import Event
from semioscope.core.growth import Growth
from semioscope.core.random import uniform
from semioscope.core.rule import RuleDescription
from semioscope.core.sampling import Procedure
from semioscope.core.strategies.plan import Plan
from semioscope.core.strategies.report import Findings, Report
from semioscope.core.strategies.worlds import Worlds
from semioscope.core.tree import Tree
from semioscope.core.types import ROOT, NodeId, Seq
from semioscope.core.walk import Line, advance, draw_offset, locate, starts
from semioscope.rules.catalogue import Catalogue, LoadedRule
from semioscope.rules.spec_text import spec_from_text
from semioscope.service.reports import report_of


@dataclass(frozen=True)
class World:
    """A trajectory that lines of equal weight ran through. node: its last state.

    share: of the lines. log_prob: under the rule, nats.
    """

    node: NodeId
    text: str
    share: float
    log_prob: float


async def described(
    catalogue: Catalogue, asked: object, name: str | None = None
) -> RuleDescription:
    """The rule of a name on offer, or made of a spec (a mapping, or as `spec_from_text` reads it).

    It is loaded for that. Raises NotFound "unknown-rule", InvalidRequest for a spec that makes no
    sense, and what loading raises.
    """
    rule_id, spec = None, asked
    if isinstance(asked, str):
        is_offered = catalogue.offer(asked) is not None
        spec = None if is_offered else spec_from_text(asked)
        rule_id = asked if spec is None else None
    rule_id = rule_id or (await catalogue.make(spec, name)).id
    async with catalogue.use(rule_id) as loaded:
        return loaded.rule.description


@asynccontextmanager
async def using(catalogue: Catalogue, rule: RuleDescription) -> AsyncIterator[LoadedRule]:
    """The rule, loaded, and staying so meanwhile; one that was made is made again on need."""
    if rule.spec is None:
        async with catalogue.use(rule.id) as loaded:
            yield loaded
    else:
        async with catalogue.use_remembered(rule) as loaded:
            yield loaded


async def grow_in_memory(
    tree: Tree,
    loaded: LoadedRule,
    plan: Plan,
    budget: int,
    progress: Callable[[int], None],
    anchor: NodeId = ROOT,
) -> Report:
    """Grows below a state, under the tree's procedure; `progress` is told how many states have
    been evaluated so far. Raises InvalidRequest "over-budget", and what the rule raises."""
    building, findings = Growth(tree, loaded.alphabet, tree.procedure), Findings()
    strategy = plan.run(building, anchor, budget, findings)
    evaluated = 0
    asks = next(strategy, None)
    while True:
        grown = building.take()
        if grown is not None:
            payload, columns = grown
            seq = Seq(tree.seq + 1)
            tree.apply(Event(seq, "grow", time.time(), "", "headless", payload, columns))
        if asks is None:
            return report_of(plan, findings, Below(tree, anchor))
        questions = [ask.question for ask in asks]
        answers = await loaded.worker.ask(questions, tree.procedure, group="headless")
        try:
            asks = strategy.send(answers)
        except StopIteration:
            asks = None
        evaluated = max(evaluated + len(answers), building.answered)
        progress(evaluated)


def worlds_of(tree: Tree, worlds: Worlds) -> list[World]:
    """The worlds that the lines run through, from the top of the interval down."""
    offset = draw_offset(worlds.seed) if worlds.offset is None else worlds.offset
    lines = starts(worlds.lines, worlds.lo, worlds.hi, offset)
    ends = Counter(
        _end(tree, tree.procedure, line, index, worlds) for index, line in enumerate(lines)
    )
    return [
        World(node, tree.text_of(node), count / worlds.lines, tree.cum_log_prob(node))
        for node, count in ends.items()
    ]


def _end(tree: Tree, procedure: Procedure, line: Line, index: int, worlds: Worlds) -> NodeId:
    node = ROOT
    for depth in range(worlds.steps):
        located = locate(tree, node, line.u, procedure.fingerprint)
        if located is None or located.child is None:
            return node
        node = located.child
        fresh = uniform(worlds.seed, index, depth)
        line = advance(line, located.before, located.width, fresh)
    return node
