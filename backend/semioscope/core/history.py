"""Undo and redo: the caller's own last change is answered by a compensating one.

Nothing is taken out of the log. A growth is undone by hiding what it made visible, unless somebody
has built on it; an automatic growth (of a moving view) of the same identity on top is hidden along.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from semioscope.core.errors import Conflict
from semioscope.core.events import Event, EventKind, cut_nodes
from semioscope.core.ledger import CUT, EXPANDED, HIDDEN
from semioscope.core.sampling import Procedure
from semioscope.core.tree import Tree
from semioscope.core.types import NO_PARENT, Columns


class Summary(Protocol):
    """What the log's index tells of an event; see core/events.py for the fields."""

    @property
    def seq(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def by(self) -> str: ...
    @property
    def change(self) -> str: ...
    @property
    def automatic(self) -> bool: ...
    @property
    def undoes(self) -> str | None: ...
    @property
    def redoes(self) -> str | None: ...


@dataclass(frozen=True)
class Step:
    """One step back or forth: `change` is undone or redone by compensating `last`, the change
    that did it last (itself, or a later undo or redo of it)."""

    change: str
    last: str


@dataclass(frozen=True)
class History:
    """What one identity can undo and redo, the next one last."""

    undo: tuple[Step, ...]
    redo: tuple[Step, ...]

    def next_undo(self) -> Step:
        """Raises Conflict "nothing-to-undo"."""
        if not self.undo:
            raise Conflict("nothing-to-undo", "There is no change of yours to undo.")
        return self.undo[-1]

    def next_redo(self) -> Step:
        """Raises Conflict "nothing-to-redo"."""
        if not self.redo:
            raise Conflict("nothing-to-redo", "There is no undone change of yours to redo.")
        return self.redo[-1]


@dataclass(frozen=True)
class Compensation:
    """An event to be appended; the caller adds `undoes` or `redoes` to the payload."""

    kind: EventKind
    payload: dict[str, Any]
    columns: Columns


def history_of(log: Iterable[Summary], by: str) -> History:
    """The undo and redo stacks of one identity. Automatic changes, and those that only weigh,
    are on neither; a new change forgets what was undone before it."""
    undo: list[Step] = []
    redo: list[Step] = []
    seen: set[str] = set()
    for event in log:
        if event.by != by or event.automatic or event.kind == "weigh" or event.change in seen:
            continue
        seen.add(event.change)
        if event.undoes is not None:
            undo = [step for step in undo if step.change != event.undoes]
            redo.append(Step(event.undoes, event.change))
        elif event.redoes is not None:
            redo = [step for step in redo if step.change != event.redoes]
            undo.append(Step(event.redoes, event.change))
        else:
            undo.append(Step(event.change, event.change))
            redo.clear()
    return History(tuple(undo), tuple(redo))


def compensate(tree: Tree, change: Sequence[Event], log: Iterable[Summary]) -> list[Compensation]:
    """The events that take one change back, last first; never none, so that the stack moves on
    (what others took back already is met by a `show` of nothing).

    change: all its events, in order. log: of the whole tree. Raises Conflict "built-upon" when
    somebody else, or a later change that was not automatic, rests on it; then nothing may happen.
    """
    compensations = []
    if any(event.kind in ("grow", "show") for event in change):
        compensations.append(_hide(tree, change[0], log))
    for event in reversed(change):
        match event.kind:
            case "hide":
                compensations.append(_show(event))
            case "prune" | "restore":
                compensations += _cut_back(tree, event)
            case "procedure":
                compensations.append(_previous_procedure(tree, event))
            case "rename":
                compensations.append(_previous_name(tree, event))
            case "bookmark":
                compensations += _previous_bookmark(tree, event)
            case "note" | "label":
                compensations.append(_previous_text(tree, event))
    return compensations or [Compensation("show", {}, {})]


def _hide(tree: Tree, first: Event, log: Iterable[Summary]) -> Compensation:
    """Hides what the change made visible and what the same identity's views grew on it."""
    log = list(log)
    own = [event.seq for event in log if event.change == first.change]
    along = [event.seq for event in log if event.by == first.by and event.automatic]
    shown = (tree.marks & HIDDEN) == 0
    expanded = (tree.marks & EXPANDED) != 0
    nodes = shown & np.isin(tree.since, own)
    expansions = expanded & np.isin(tree.expanded_since, own)
    nodes[0] = False
    parents = np.where(tree.parents == NO_PARENT, 0, tree.parents)
    while True:
        on_top = shown & ~nodes & (nodes | expansions)[parents]
        on_top[0] = False
        opened = expanded & ~expansions & nodes
        if not (on_top.any() or opened.any()):
            break
        built = np.concatenate([tree.since[on_top], tree.expanded_since[opened]])
        if not np.isin(built, along).all():
            raise Conflict(
                "built-upon",
                "This growth cannot be undone: something else has been built on it.",
                "Prune the branch instead.",
            )
        nodes |= on_top
        expansions |= opened
    return Compensation(
        "hide", {}, {"hidden_node": _ids(nodes), "hidden_expansion": _ids(expansions)}
    )


def _show(event: Event) -> Compensation:
    columns = {
        name.replace("hidden", "shown"): column
        for name, column in event.columns.items()
        if name.startswith("hidden_")
    }
    return Compensation("show", {}, columns)


def _cut_back(tree: Tree, event: Event) -> list[Compensation]:
    """Restores what a prune cut, or cuts what a restore gave back: whatever is still so."""
    was_pruned = event.kind == "prune"
    nodes = cut_nodes(event)
    nodes = nodes[((tree.marks[nodes] & CUT) != 0) == was_pruned]
    if not nodes.size:
        return []
    kind: EventKind = "restore" if was_pruned else "prune"
    if "node" in event.payload:
        return [Compensation(kind, {"node": event.payload["node"]}, {})]
    kept = {name: nodes for name, nodes in event.payload.items() if name == "kept"}
    return [Compensation(kind, kept, {"cut_node": nodes})]


def _previous_bookmark(tree: Tree, event: Event) -> list[Compensation]:
    node, on = event.payload["node"], event.payload["on"]
    if (node in tree.annotations.bookmarks) != on:
        return []
    return [Compensation("bookmark", {"node": node, "on": not on}, {})]


def _previous_text(tree: Tree, event: Event) -> Compensation:
    kind: Literal["note", "label"] = "note" if event.kind == "note" else "label"
    node, text = event.payload["node"], event.payload["text"]
    if tree.annotations.text(kind, node) != text:
        what = "note" if kind == "note" else "name of a branch"
        raise Conflict("built-upon", f"This {what} has been changed again since.")
    payload = {"node": node, "text": event.payload["previous"], "previous": text}
    return Compensation(kind, payload, {})


def _previous_procedure(tree: Tree, event: Event) -> Compensation:
    if tree.fingerprint != event.payload["fingerprint"]:
        raise Conflict("built-upon", "The sampling procedure has been changed again since.")
    previous = Procedure.from_wire(event.payload["previous"])
    payload = {
        "procedure": previous.to_wire(),
        "fingerprint": previous.fingerprint,
        "previous": event.payload["procedure"],
    }
    return Compensation("procedure", payload, {})


def _previous_name(tree: Tree, event: Event) -> Compensation:
    if tree.name != event.payload["name"]:
        raise Conflict("built-upon", "This multiverse has been renamed again since.")
    payload = {"name": event.payload["previous"], "previous": event.payload["name"]}
    return Compensation("rename", payload, {})


def _ids(chosen: NDArray[np.bool_]) -> NDArray[np.uint32]:
    return np.flatnonzero(chosen).astype(np.uint32)
