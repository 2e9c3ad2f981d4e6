"""Which declared outcome each node of a tree has reached."""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from semioscope.core.below import by_depth
from semioscope.core.ledger import NOTHING, is_terminal
from semioscope.core.tree import Tree
from semioscope.core.types import ROOT
from semioscope.physics.outcomes import (
    NONE,
    Condition,
    Contains,
    Ends,
    EndsIn,
    InCluster,
    Loops,
    Matches,
    Outcomes,
)

_Flags = NDArray[np.bool_]
_CHARACTER: Final = 4
"""Bytes of a character in UTF-8, at most."""


def assigned(
    tree: Tree, outcomes: Outcomes, clusters: Mapping[int, int] | None = None
) -> NDArray[np.int64]:
    """Which outcome each node has reached, itself or before it, i64[tree.size]; NONE of the others.

    clusters: of nodes whose endings were put into one.
    """
    found = np.full(tree.size, NONE, np.int64)
    for number in reversed(range(len(outcomes))):
        found[_holding(tree, outcomes.conditions[number], clusters or {})] = number
    parents = tree.parents
    for level in by_depth(np.arange(tree.size, dtype=np.uint32), tree.depths)[1:]:
        before = found[parents[level]]
        found[level] = np.where(before == NONE, found[level], before)
    return found


def ends(tree: Tree) -> _Flags:
    """Which nodes are over by the rule itself, by an end token or because nothing can follow, and
    not by length L, bool[tree.size]."""
    found: _Flags = is_terminal(tree.marks) & ((tree.marks & NOTHING) != 0)
    if tree.rule.kind == "appending":
        found |= np.isin(tree.keys, np.array(tree.rule.end_keys, np.uint32))
        found[ROOT] = is_terminal(tree.marks[ROOT]) and bool(tree.marks[ROOT] & NOTHING)
    return found


def _holding(tree: Tree, condition: Condition, clusters: Mapping[int, int]) -> _Flags:
    """Where a condition holds. Below a node where it holds as soon as it is reached, it may be said
    to hold or not: the outcome is inherited."""
    match condition:
        case Contains() | Matches():
            if isinstance(tree.prompt, bytes):
                return _of_states(tree, condition.holds)
            if isinstance(condition, Contains):
                return _containing(tree, condition)
            return _matching(tree, condition)
        case EndsIn():
            return _ending_in(tree, condition)
        case Loops():
            return _looping(tree, condition)
        case Ends():
            return ends(tree)
        case InCluster(cluster):
            found = np.zeros(tree.size, np.bool_)
            found[[node for node, of in clusters.items() if of == cluster]] = True
            return np.asarray(found & is_terminal(tree.marks), np.bool_)


def _of_states(tree: Tree, holds: Callable[[bytes], bool]) -> _Flags:
    """Of a rewriting rule, whose texts are its states: each is looked at once."""
    known: dict[int, bool] = {}
    found = np.zeros(tree.size, np.bool_)
    for node in range(tree.size):
        number = tree.state_id(node)
        if number not in known:
            known[number] = holds(_state(tree, node))
        found[node] = known[number]
    return found


def _containing(tree: Tree, condition: Contains) -> _Flags:
    """From node to node with only so much of the text as a match may begin in."""
    held = _CHARACTER * len(condition.text)
    pieces, parents, keys = _pieces(tree), tree.parents.tolist(), tree.keys.tolist()
    needle = condition.text.encode()
    found, ends_in = [False] * tree.size, [b""] * tree.size
    for node in range(1, tree.size):
        parent = parents[node]
        if found[parent]:
            found[node] = True
            continue
        text = ends_in[parent] + pieces[keys[node]]
        found[node] = condition.holds(text) if condition.ignore_case else needle in text
        ends_in[node] = text[-held:]
    return np.array(found)


def _matching(tree: Tree, condition: Matches) -> _Flags:
    """An expression may look at the whole text; what no later node needs is dropped."""
    pieces, parents, keys = _pieces(tree), tree.parents.tolist(), tree.keys.tolist()
    waiting = np.bincount(tree.parents[1:], minlength=tree.size).tolist()
    found = [condition.holds(b"")] + [False] * (tree.size - 1)
    texts: dict[int, bytes] = {int(ROOT): b""}
    for node in range(1, tree.size):
        parent = parents[node]
        waiting[parent] -= 1
        before = texts[parent] if waiting[parent] else texts.pop(parent)
        if found[parent]:
            found[node] = True
            text = b""
        else:
            text = before + pieces[keys[node]]
            found[node] = condition.holds(text)
        if waiting[node]:
            texts[node] = text
    return np.array(found)


def _ending_in(tree: Tree, condition: EndsIn) -> _Flags:
    found = np.zeros(tree.size, np.bool_)
    enough = len(condition.text.encode())
    pieces, parents, keys = _pieces(tree), tree.parents, tree.keys
    for node in np.flatnonzero(is_terminal(tree.marks)).tolist():
        if isinstance(tree.prompt, bytes):
            found[node] = condition.holds(_state(tree, node))
            continue
        text, at = b"", node
        while at != ROOT and len(text.rstrip()) < enough:
            text, at = pieces[int(keys[at])] + text, int(parents[at])
        found[node] = condition.holds(text)
    return found


def _looping(tree: Tree, condition: Loops) -> _Flags:
    """Level by level: for how many tokens on end each was the one `period` before it."""
    prompt = tree.prompt if isinstance(tree.prompt, tuple) else (0,)
    longest = len(prompt) + int(tree.depths.max())
    width = min(condition.longest, longest // condition.repeats)
    found = np.zeros(tree.size, np.bool_)
    if not width:
        return found
    tokens = tree.keys.astype(np.int64)
    if isinstance(tree.prompt, bytes):
        tokens = np.array([tree.state_id(node) for node in range(tree.size)], np.int64)
    needed = (condition.repeats - 1) * np.arange(1, width + 1)
    last = np.full((1, width), -1, np.int64)  # the tokens before, the latest first
    runs = np.zeros((1, width), np.int64)
    for token in prompt:
        last, runs = _after(last, runs, np.array([token]))
    found[ROOT] = bool((runs >= needed).any())
    place = np.zeros(tree.size, np.int64)
    for level in by_depth(np.arange(tree.size, dtype=np.uint32), tree.depths)[1:]:
        above = place[tree.parents[level]]
        last, runs = _after(last[above], runs[above], tokens[level])
        found[level] = (runs >= needed).any(axis=1)
        place[level] = np.arange(len(level))
    return found


def _after(
    last: NDArray[np.int64], runs: NDArray[np.int64], tokens: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    runs = np.where(last == tokens[:, np.newaxis], runs + 1, 0)
    return np.concatenate([tokens[:, np.newaxis], last[:, :-1]], axis=1), runs


def _pieces(tree: Tree) -> dict[int, bytes]:
    """The bytes of each key that the tree has a node of."""
    return {key: tree.symbols.label(key) for key in np.unique(tree.keys).tolist()}


def _state(tree: Tree, node: int) -> bytes:
    state = tree.state_of(node)
    if not isinstance(state, bytes):
        raise TypeError("only a rewriting rule's states are texts")
    return state
