"""Two trees side by side: what differs at one state, and by depth. Stores nothing."""

import asyncio
import math
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

from semioscope.core.alignment import Outcomes, same_alphabet
from semioscope.core.alphabet import Alphabet
from semioscope.core.comparison import Heights, Level, by_depth
from semioscope.core.divergence import Divergence, divergences
from semioscope.core.tree import Tree
from semioscope.service.access import Entry
from semioscope.service.compared_state import (
    Next,
    Nothing,
    Side,
    Table,
    asked,
    places_of,
    stored,
)
from semioscope.service.open_tree import OpenTree
from semioscope.service.rule_door import RuleDoor
from semioscope.service.stages import Place


@dataclass(frozen=True)
class ComparisonOrder:
    """Which trees are compared (their refs), where, and by whose heights.

    side: whose node `node` is; key: a next state of it. by_depth: whether all depths are wanted.
    """

    a: str
    b: str
    side: Side
    node: int
    key: int | None
    heights: Heights
    by_depth: bool


@dataclass(frozen=True)
class Shares:
    """Log-probabilities of one next state in each tree, nats; None where not known."""

    a: float | None
    b: float | None

    @property
    def mean(self) -> float:
        """½(p_a + p_b) of what is known."""
        return sum(math.exp(each) for each in (self.a, self.b) if each is not None) / 2


@dataclass(frozen=True)
class Row:
    """One next state, by its token (appending) or by its state (rewriting)."""

    key: int | None
    raw: bytes
    rule: Shares
    procedure: Shares


@dataclass(frozen=True)
class StateComparison:
    """Both trees at one state, which may be a node of neither.

    problem: why there is nothing to compare; then there are no rows and no divergences.
    """

    a: int | None
    b: int | None
    problem: str | None
    rule: Divergence | None
    procedure: Divergence | None
    rows: list[Row]


@dataclass(frozen=True)
class Comparison:
    """apart: why the two have no alphabet in common; then there is nothing else."""

    apart: str | None
    state: StateComparison | None = None
    levels: list[Level] | None = None


@dataclass(frozen=True)
class _Half:
    """One of the two trees, as the caller may see it."""

    entry: Entry
    opened: OpenTree

    @property
    def tree(self) -> Tree:
        return self.opened.tree


class Comparing:
    """Compares trees, for readers from what is stored, for those who may write from the rules."""

    def __init__(self, door: RuleDoor) -> None:
        self._door = door

    async def compare(
        self, a: tuple[Entry, OpenTree], b: tuple[Entry, OpenTree], order: ComparisonOrder
    ) -> Comparison:
        """Raises NotFound "unknown-state", InvalidRequest "unknown-token", and what a rule that
        is asked raises."""
        halves = _Half(*a), _Half(*b)
        alphabets = await self._alphabet(halves[0]), await self._alphabet(halves[1])
        outcomes = Outcomes()
        levels = None
        async with AsyncExitStack() as held:
            # In one order for everyone, so that no two wait for each other.
            for opened in sorted({half.opened for half in halves}, key=id):
                await held.enter_async_context(opened.lock)
            first, second = halves[0].tree, halves[1].tree
            if not same_alphabet(first, second, alphabets):
                return Comparison(_apart(first, second))
            if order.by_depth:
                levels = await asyncio.to_thread(by_depth, first, second, order.heights, outcomes)
            try:
                places = places_of(first, second, order.side, order.node, order.key, outcomes)
                nodes = places[0].node, places[1].node
                known = [
                    stored(half.tree, place, outcomes)
                    for half, place in zip(halves, places, strict=True)
                ]
            except Nothing as nothing:
                return Comparison(None, _without(order, str(nothing)), levels)
        try:
            a_next, b_next = [
                await self._completed(half, place, each, outcomes)
                for half, place, each in zip(halves, places, known, strict=True)
            ]
        except Nothing as nothing:
            return Comparison(None, StateComparison(*nodes, str(nothing), None, None, []), levels)
        is_text = first.rule.kind == "appending"
        label = _labels(halves, alphabets) if is_text else outcomes.state
        state = _compared(nodes, a_next, b_next, order.heights, label, is_text)
        if levels is not None and nodes[0] is not None and None not in known:
            levels = _sharpened(levels, first.depth(nodes[0]), state, order.heights)
        return Comparison(None, state, levels)

    async def _alphabet(self, half: _Half) -> Alphabet | None:
        """The tokens of a rule that is at hand."""
        standing = self._door.standing(half.tree.rule)
        if not standing.is_available or standing.state != "ready":
            return None
        async with self._door.for_tree(half.tree.rule) as loaded:
            return loaded.alphabet

    async def _completed(
        self, half: _Half, place: Place, known: Next | None, outcomes: Outcomes
    ) -> Next:
        """What is stored if that is everything, else what the rule says if it may be asked."""
        if known is not None and known.rule.complete:
            return known
        tree = half.tree
        if half.entry.may_write and self._door.standing(tree.rule).is_available:
            # One after the other: a rule in use may hold the only place that another waits for.
            async with self._door.for_tree(tree.rule) as loaded:
                told = await asked(tree, place, loaded, half.entry.caller.id, outcomes)
            known = told or known
        if known is None:
            raise Nothing(_not_grown(half))
        return known


def _compared(
    nodes: tuple[int | None, int | None],
    a: Next,
    b: Next,
    heights: Heights,
    label: Callable[[int], bytes],
    has_keys: bool,
) -> StateComparison:
    (rule,) = divergences([a.rule], [b.rule])
    procedure = None
    if a.procedure is not None and b.procedure is not None:
        (procedure,) = divergences([a.procedure], [b.procedure])
    by_rule = Table(a.rule), Table(b.rule)
    by_procedure = Table(a.procedure), Table(b.procedure)
    leading = dict.fromkeys(each for table in (*by_rule, *by_procedure) for each in table.leading)
    rows = [
        Row(
            key=outcome if has_keys else None,
            raw=label(outcome),
            rule=Shares(*(table.of(outcome) for table in by_rule)),
            procedure=Shares(*(table.of(outcome) for table in by_procedure)),
        )
        for outcome in leading
    ]
    if heights == "rule":
        rows.sort(key=lambda row: -row.rule.mean)
    else:
        rows.sort(key=lambda row: (-row.procedure.mean, -row.rule.mean))
    return StateComparison(*nodes, None, rule, procedure, rows)


def _sharpened(
    levels: list[Level], depth: int, state: StateComparison, heights: Heights
) -> list[Level]:
    """Where the state that is compared (expanded in both) is all there is at its depth, what is
    known of it from the rules is known of the depth."""
    known = state.rule if heights == "rule" else state.procedure
    level = levels[depth]
    if known is None or level.compared != 1 or level.left_out:
        return levels
    exact = replace(
        level,
        total_variation=known.total_variation,
        jensen_shannon=known.jensen_shannon,
        guarantee=known.guarantee,
    )
    return [*levels[:depth], exact, *levels[depth + 1 :]]


def _labels(
    halves: tuple[_Half, _Half], alphabets: tuple[Alphabet | None, Alphabet | None]
) -> Callable[[int], bytes]:
    def label(key: int) -> bytes:
        for half, alphabet in zip(halves, alphabets, strict=True):
            if alphabet is not None:
                return alphabet.bytes_of(key)
            if key in half.tree.symbols:
                return half.tree.symbols.label(key)
        return b""

    return label


def _without(order: ComparisonOrder, problem: str) -> StateComparison:
    """Nothing to compare at a state that is named in one of the trees."""
    node = order.node if order.key is None else None
    a, b = (node, None) if order.side == "a" else (None, node)
    return StateComparison(a, b, problem, None, None, [])


def _apart(a: Tree, b: Tree) -> str:
    return (
        f"{a.rule.name} and {b.rule.name} have different alphabets: they stand side by side as "
        "text, and no token of one is a token of the other."
    )


def _not_grown(half: _Half) -> str:
    name = half.tree.rule.name
    if not half.entry.may_write:
        return f"In the multiverse of {name}, this state is not grown, and a reader grows nothing."
    return f"In the multiverse of {name}, this state is not grown, and its rule cannot say more."
