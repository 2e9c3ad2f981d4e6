"""Every step of a procedure at one state: from what is stored, or from the rule."""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from semioscope.core.distribution import Answer, Question, past_of
from semioscope.core.errors import Conflict, Forbidden
from semioscope.core.ranking import RankedRow, StoredRow
from semioscope.core.sampling import IDENTITY, Past, Procedure, Stage, stages
from semioscope.core.tree import Tree
from semioscope.core.types import IdArray, NodeId, State
from semioscope.rules.catalogue import LoadedRule
from semioscope.service import checks


@dataclass(frozen=True)
class StagesAt:
    """The stages of a procedure at one state, over the same keys u32[M].

    label: the bytes of a key.
    """

    keys: IdArray
    stages: list[Stage]
    label: Callable[[int], bytes]


@dataclass(frozen=True)
class Place:
    """A state somebody names: a node (`node` has it), or a next state of one, no node itself."""

    state: State
    node: NodeId | None


def place_of(tree: Tree, node: int, key: int | None) -> Place:
    """Raises NotFound "unknown-state", InvalidRequest "unknown-token", Conflict
    "terminal-state"."""
    at = checks.visible(tree, node)
    if key is not None:
        checks.existing(tree, at, key)
        child = tree.find_child(at, key)
        if child is None or not tree.has(child):
            if tree.is_terminal(at) or tree.ends(key, tree.depth(at) + 1):
                raise checks.terminal()
            state = tree.state_of(at)
            is_bytes = isinstance(state, bytes)
            return Place(tree.symbols.state(key) if is_bytes else (*state, key), None)
        at = child
    if tree.is_terminal(at):
        raise checks.terminal()
    return Place(tree.state_of(at), at)


def stored_stages(tree: Tree, place: Place, procedure: Procedure) -> StagesAt | None:
    """The stages of a state that the tree holds whole; None of any other. Raises InvalidRequest
    "procedure-empties"."""
    expansion = None if place.node is None else tree.expansion(place.node)
    if expansion is None or not expansion.complete:
        return None
    row = StoredRow(expansion.log_probs, True, expansion.keys)
    past = _past(tree, place, procedure, expansion.log_sum_exp)
    keys, found = stages(procedure, row, past)
    return StagesAt(keys, found, tree.symbols.label)


async def asked_stages(
    tree: Tree, place: Place, procedure: Procedure, loaded: LoadedRule, group: str
) -> StagesAt:
    """The stages of a state, its distribution being asked of the rule. Nothing is stored.

    Raises Conflict "partial-rule" where the rule tells only a part of it, InvalidRequest
    "procedure-empties", and what the rule raises.
    """
    everything = -math.inf if isinstance(place.state, bytes) else None
    question = Question(
        place.state, above=everything, given=len(tree.prompt), whole=tree.rule.kind == "appending"
    )
    (answer,) = await loaded.worker.ask([question], IDENTITY, group=group)
    if answer.expansion.complete and not len(answer.expansion.keys):
        raise checks.terminal()
    past = _past(tree, place, procedure, answer.expansion.log_sum_exp)
    row, label = _whole(answer, loaded)
    keys, found = await asyncio.to_thread(stages, procedure, row, past)
    return StagesAt(keys, found, label)


def needs_rule() -> Forbidden:
    """Of a reader, who causes no evaluation, at a state that is not stored whole."""
    return Forbidden(
        "stages-need-rule",
        "Only a part of this state's next states is stored, and a link for reading does not ask "
        "the rule for the others.",
        "Fork this multiverse to see what each step does here.",
    )


def _past(tree: Tree, place: Place, procedure: Procedure, log_sum_exp: float) -> Past:
    if not procedure.reorders:
        return Past(log_sum_exp=log_sum_exp)
    return past_of(place.state, len(tree.prompt), log_sum_exp, procedure)


def _whole(
    answer: Answer, loaded: LoadedRule
) -> tuple[RankedRow | StoredRow, Callable[[int], bytes]]:
    if answer.row is not None and loaded.alphabet is not None:
        return RankedRow(answer.row), loaded.alphabet.bytes_of
    listed = [each for each in answer.above if each.symbol is not None]
    if not listed or answer.expansion.told < 1:
        raise Conflict(
            "partial-rule",
            "This rule tells only a part of what may follow here, so what a step does to the whole "
            "cannot be said.",
        )
    # A rewriting rule's next states are numbered as they come; the tree may not have them yet.
    labels = [b"" if each.symbol is None else each.symbol[0] for each in listed]
    log_probs = np.array([each.log_prob for each in listed], np.float32)
    return StoredRow(log_probs, True, np.arange(len(listed), dtype=np.uint32)), labels.__getitem__
