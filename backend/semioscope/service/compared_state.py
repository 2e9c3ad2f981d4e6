"""The next states of one state in each of two trees: as stored, or as their rules give them."""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from semioscope.core.alignment import Outcomes, counterpart
from semioscope.core.comparison import stored_next
from semioscope.core.distribution import Answer, Question, past_of
from semioscope.core.divergence import (
    OutcomeArray,
    PartlyKnown,
    partly_known,
)
from semioscope.core.errors import Conflict, InvalidRequest
from semioscope.core.ranking import RankedRow, StoredRow
from semioscope.core.sampling import EMPTIES, IDENTITY, Past, applied
from semioscope.core.tree import Tree
from semioscope.core.types import IdArray, State
from semioscope.rules.loaded import LoadedRule
from semioscope.service import checks
from semioscope.service.stages import Place, place_of

Side = Literal["a", "b"]

LEADING_ROWS: Final = 24
"""Next states that lead, of each distribution, that are listed."""


@dataclass(frozen=True)
class Next:
    """The next states of one state, under the rule and under its tree's procedure (None: that has
    not been evaluated there, or leaves nothing)."""

    rule: PartlyKnown
    procedure: PartlyKnown | None


@dataclass(frozen=True)
class Shares:
    """Log-probabilities of one next state in both trees, nats; None where not known."""

    a: float | None
    b: float | None


class Nothing(Exception):  # noqa: N818 -- no error: it is what there is to compare
    """There are no next states to compare, for the reason said."""


def places_of(
    a: Tree, b: Tree, side: Side, node: int, key: int | None, outcomes: Outcomes
) -> tuple[Place, Place]:
    """The same state in both trees, named in one of them.

    Raises NotFound "unknown-state", InvalidRequest "unknown-token"; Nothing where it is terminal.
    """
    ours, theirs = (a, b) if side == "a" else (b, a)
    try:
        here = place_of(ours, node, key)
    except Conflict as refusal:
        raise Nothing(refusal.message) from None
    there = _other(ours, theirs, node, key, here, outcomes)
    return (here, there) if side == "a" else (there, here)


def _other(
    ours: Tree, theirs: Tree, node: int, key: int | None, here: Place, outcomes: Outcomes
) -> Place:
    at = here.node if here.node is not None else checks.visible(ours, node)
    other = counterpart(ours, theirs, at, outcomes)
    if other is not None and here.node is not None:
        if theirs.is_terminal(other):
            raise Nothing(f"The state is terminal in the multiverse of {theirs.rule.name}.")
        return Place(theirs.state_of(other), other)
    depth = ours.depth(at) + (here.node is None)
    if theirs.prompt_length + depth >= theirs.max_length:
        raise Nothing(f"The multiverse of {theirs.rule.name} does not go as deep as this.")
    if isinstance(here.state, bytes):
        return Place(here.state, None)
    path = here.state[len(ours.prompt) :]
    if any(step in theirs.rule.end_keys for step in path):
        raise Nothing(f"The multiverse of {theirs.rule.name} ends before this state.")
    if here.node is None and other is not None and key is not None:
        child = theirs.find_child(other, key)
        if child is not None and theirs.has(child):
            return Place(theirs.state_of(child), child)
    prompt = theirs.prompt
    return Place((*prompt, *path) if isinstance(prompt, tuple) else here.state, None)


def stored(tree: Tree, place: Place, outcomes: Outcomes) -> Next | None:
    """The next states of one state as far as the tree stores them; None where it is not expanded.

    Raises Nothing where nothing follows.
    """
    expansion = None if place.node is None else tree.expansion(place.node)
    if place.node is None or expansion is None:
        return None
    if expansion.complete:
        row = StoredRow(expansion.log_probs, True, expansion.keys)
        return _whole(
            tree, place.state, row, expansion.log_sum_exp, lambda keys: outcomes.of_keys(tree, keys)
        )
    rule = stored_next(tree, place.node, "rule", outcomes)
    if rule is None:
        return None
    return Next(rule, stored_next(tree, place.node, "procedure", outcomes))


async def asked(
    tree: Tree, place: Place, loaded: LoadedRule, group: str, outcomes: Outcomes
) -> Next | None:
    """The next states of one state as the rule gives them; None where it tells only a part.

    Raises Nothing where nothing follows, or the rule cannot go on from that state; and what else
    the rule raises.
    """
    question = Question(place.state, given=len(tree.prompt), whole=True)
    if isinstance(place.state, bytes):
        question = Question(place.state, above=-math.inf)
    try:
        (answer,) = await loaded.worker.ask([question], IDENTITY, group=group)
    except InvalidRequest as refusal:
        raise Nothing(refusal.message) from None
    return await asyncio.to_thread(_told, tree, place.state, answer, outcomes)


def _told(tree: Tree, state: State, answer: Answer, outcomes: Outcomes) -> Next | None:
    log_sum_exp = answer.expansion.log_sum_exp
    if answer.row is not None:
        ranked = RankedRow(answer.row)
        return _whole(tree, state, ranked, log_sum_exp, lambda keys: keys.astype(np.int64))
    listed = [(each, each.symbol) for each in answer.above if each.symbol is not None]
    if answer.expansion.told < 1 or (not listed and not answer.expansion.complete):
        return None
    numbers = outcomes.of_states(to for _, (_, to) in listed)
    log_probs = np.array([each.log_prob for each, _ in listed], np.float32)
    row = StoredRow(log_probs, True, np.arange(len(listed), dtype=np.uint32))
    return _whole(tree, state, row, log_sum_exp, lambda keys: numbers[keys])


def _whole(
    tree: Tree,
    state: State,
    row: RankedRow | StoredRow,
    log_sum_exp: float,
    numbers: Callable[[IdArray], OutcomeArray],
) -> Next:
    keys, log_probs, _ = row.known()
    if not len(keys):
        raise Nothing(f"By {tree.rule.name}, nothing follows this state.")
    rule = partly_known(numbers(keys), log_probs.astype(np.float64), complete=True)
    procedure = tree.procedure
    past = Past(log_sum_exp=log_sum_exp)
    if procedure.reorders:
        past = past_of(state, len(tree.prompt), log_sum_exp, procedure)
    try:
        kept, log_q = applied(procedure, row, past)
    except InvalidRequest as refusal:
        if refusal.code != EMPTIES:
            raise
        return Next(rule, None)
    return Next(rule, partly_known(numbers(kept), log_q, complete=True))


class Table:
    """Log-probabilities of next states by outcome, nats; of none where nothing is known."""

    def __init__(self, known: PartlyKnown | None) -> None:
        self._complete = known is not None and known.complete
        self._log_probs: dict[int, float] = {}
        self.leading: list[int] = []
        if known is not None:
            order = np.argsort(-known.log_probs, kind="stable")[:LEADING_ROWS]
            self.leading = known.outcomes[order].tolist()
            self._log_probs = dict(
                zip(known.outcomes.tolist(), known.log_probs.tolist(), strict=True)
            )

    def of(self, outcome: int) -> float | None:
        """None where it is not known."""
        return self._log_probs.get(outcome, -math.inf if self._complete else None)
