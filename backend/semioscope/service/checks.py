"""Whether a state that somebody names is there, and may be grown, cut or restored."""

import unicodedata
from collections.abc import Sized
from typing import Final

from semioscope.core.annotations import MOST_LABEL, MOST_NOTE
from semioscope.core.errors import Conflict, InvalidRequest, NotFound
from semioscope.core.tree import Tree
from semioscope.core.types import ROOT, NodeId

MOST_NAME: Final = 200
"""Characters of a multiverse's name."""
MOST_PRUNED: Final = 1000
"""States that one call may prune, or keep."""
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs"})
"""Unicode categories of characters that show nothing, or turn others around."""
_JOINERS: Final = "\u200c\u200d"
"""Of them, what emoji and some scripts are joined with."""


def visible(tree: Tree, node: int) -> NodeId:
    """The node, if it is there to see. Raises NotFound "unknown-state"."""
    if not 0 <= node < tree.size:
        has = f"{tree.size:,} states, numbered from 0" if tree.size > 1 else "one state, number 0"
        raise NotFound("unknown-state", f"State {node} does not exist: this multiverse has {has}.")
    if not tree.has(node):
        raise NotFound(
            "unknown-state", f"State {node} was taken back by an undo.", "Redo brings it back."
        )
    return NodeId(node)


def growable(tree: Tree, node: int, key: int | None) -> tuple[NodeId, int | None]:
    """Where growth may begin: a node, or the next state `key` of a node, not made yet.

    A next state that is a node already is given as that node. Raises NotFound, InvalidRequest
    "unknown-token", Conflict "terminal-state" or "under-cut".
    """
    at = open_to_growth(tree, visible(tree, node))
    if key is None:
        return at, None
    existing(tree, at, key)
    child = tree.find_child(at, key)
    if child is not None and tree.has(child):
        return open_to_growth(tree, child), None
    if tree.rule.kind == "appending" and key in tree.rule.end_keys:
        raise terminal()
    if tree.prompt_length + tree.depth(at) + 1 >= tree.max_length:
        raise terminal()
    return at, key


def open_to_growth(tree: Tree, node: NodeId) -> NodeId:
    """The node. Raises Conflict "terminal-state" or "under-cut"."""
    if tree.is_terminal(node):
        raise terminal()
    if tree.under_cut(node):
        raise Conflict(
            "under-cut", "This state is under a cut.", "Restore it to go on growing here."
        )
    return node


def existing(tree: Tree, node: NodeId, key: int) -> None:
    """Raises InvalidRequest "unknown-token" for a key that cannot follow the state."""
    size = tree.rule.alphabet_size
    if tree.rule.kind == "rewriting":
        expansion = tree.expansion(node)
        if expansion is None or key not in expansion.keys:
            raise InvalidRequest("unknown-token", f"There is no next state {key} here.")
    elif key < 0 or (size is not None and key >= size):
        many = "" if size is None else f": the alphabet has {size:,} tokens, numbered from 0"
        raise InvalidRequest("unknown-token", f"Token {key} does not exist{many}.")


def prunable(tree: Tree, node: NodeId) -> NodeId:
    """The node. Raises InvalidRequest "prune-root", Conflict "already-cut"."""
    not_root(node)
    if tree.is_cut(node):
        raise Conflict("already-cut", "This state is pruned already.")
    return node


def not_root(node: int) -> None:
    """Raises InvalidRequest "prune-root"."""
    if node == ROOT:
        raise InvalidRequest(
            "prune-root",
            "The initial state cannot be pruned: nothing would be left.",
            "Prune one of the states that follow it.",
        )


def countable(states: Sized) -> None:
    """Raises InvalidRequest "no-states" or "too-many-states"."""
    if not len(states):
        raise InvalidRequest("no-states", "Name at least one state.")
    if len(states) > MOST_PRUNED:
        raise InvalidRequest("too-many-states", f"One change takes at most {MOST_PRUNED:,} states.")


def restorable(tree: Tree, node: NodeId) -> NodeId:
    """The node. Raises Conflict "not-cut"."""
    if not tree.is_cut(node):
        raise Conflict("not-cut", "This state is not pruned, so there is nothing to restore.")
    return node


def name(text: str) -> str:
    """The name without space around it. Raises InvalidRequest "empty-name" or "long-name"."""
    clean = tidy(text)
    if not clean:
        raise InvalidRequest("empty-name", "A name needs at least one character.")
    if len(clean) > MOST_NAME:
        raise InvalidRequest("long-name", f"A name has at most {MOST_NAME} characters.")
    return clean


def label(text: str) -> str:
    """A branch's name without space around it; empty for none. Raises InvalidRequest
    "long-label"."""
    clean = tidy(text)
    if len(clean) > MOST_LABEL:
        raise InvalidRequest(
            "long-label", f"The name of a branch has at most {MOST_LABEL} characters."
        )
    return clean


def note(text: str) -> str:
    """A note as it is kept: its lines, without what hides text or turns it around, and without
    space at its end. Raises InvalidRequest "long-note"."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").expandtabs(4).split("\n")
    clean = "\n".join(_seen(line).rstrip() for line in lines).strip()
    if len(clean) > MOST_NOTE:
        raise InvalidRequest("long-note", f"A note has at most {MOST_NOTE:,} characters.")
    return clean


def not_the_whole(node: int) -> None:
    """Raises InvalidRequest "label-root": what begins at the root is the tree itself."""
    if node == ROOT:
        raise InvalidRequest(
            "label-root",
            "The initial state begins no branch, but the whole multiverse.",
            "Rename the multiverse instead.",
        )


def tidy(text: str) -> str:
    """On one line, without controls and marks that hide text or turn it around."""
    return _seen(" ".join(text.split())).strip()


def _seen(text: str) -> str:
    return "".join(
        char for char in text if char in _JOINERS or unicodedata.category(char) not in _UNSEEN
    )


def terminal() -> Conflict:
    """The refusal of a state that nothing can follow."""
    return Conflict(
        "terminal-state",
        "This state is terminal: nothing follows it.",
        "Go on from a state before it.",
    )
