"""Bookmarks, notes on states, and names of branches: seen by all, written by who may write."""

from collections.abc import Callable
from typing import Literal

from semioscope.core.annotations import MOST_ANNOTATED, MOST_NOTES_TEXT
from semioscope.core.errors import Conflict
from semioscope.core.tree import Tree
from semioscope.core.types import NodeId
from semioscope.service import checks
from semioscope.service.access import Caller
from semioscope.service.change_names import quoted
from semioscope.service.edited import Edited
from semioscope.service.growth_jobs import GrowthJobs
from semioscope.service.open_tree import Change, OpenTree, to_the_end
from semioscope.service.places import Place, nodes_of, ready, standing
from semioscope.settings import Settings
from semioscope.store.trees import Trees

_NOUNS = {"bookmark": "bookmarks", "note": "notes", "label": "names of branches"}


class Annotating:
    """Sets and takes away; each is one change, and what is so already changes nothing."""

    def __init__(self, store: Trees, growths: GrowthJobs, settings: Settings) -> None:
        self._store = store
        self._growths = growths
        self._settings = settings

    async def bookmark(self, opened: OpenTree, caller: Caller, place: Place, on: bool) -> Edited:
        """Raises Conflict "too-many-bookmarks"."""

        def change(tree: Tree, node: NodeId) -> Change | None:
            marked = tree.annotations.bookmarks
            if (node in marked) == on:
                return None
            if on:
                _has_room(len(marked), "bookmark")
            return Change("bookmark", {"node": node, "on": on})

        def told(tree: Tree, node: NodeId) -> str:
            return f"{'Bookmarked' if on else 'Took the bookmark off'} {quoted(tree, node)}"

        return await self._set(opened, caller, place, on, change, told)

    async def note(self, opened: OpenTree, caller: Caller, place: Place, text: str) -> Edited:
        """An empty text takes the note away. Raises InvalidRequest "long-note", Conflict
        "too-many-notes" or "notes-too-long"."""
        return await self._write(opened, caller, "note", place, checks.note(text))

    async def label(self, opened: OpenTree, caller: Caller, place: Place, text: str) -> Edited:
        """Names the branch that begins at a state; an empty text takes the name away. Raises
        InvalidRequest "long-label" or "label-root", Conflict "too-many-labels"."""
        if place[1] is None:
            checks.not_the_whole(place[0])
        return await self._write(opened, caller, "label", place, checks.label(text))

    # -- inside

    async def _write(
        self,
        opened: OpenTree,
        caller: Caller,
        kind: Literal["note", "label"],
        place: Place,
        text: str,
    ) -> Edited:
        def change(tree: Tree, node: NodeId) -> Change | None:
            texts = tree.annotations.texts(kind)
            previous = texts.get(node, "")
            if text == previous:
                return None
            if text and not previous:
                _has_room(len(texts), kind)
            if kind == "note" and len(text) > len(previous):
                _notes_fit(tree, len(text) - len(previous))
            return Change(kind, {"node": node, "text": text, "previous": previous})

        return await self._set(
            opened, caller, place, bool(text), change, lambda tree, at: _told(tree, at, kind, text)
        )

    async def _set(
        self,
        opened: OpenTree,
        caller: Caller,
        place: Place,
        is_something: bool,
        change_of: Callable[[Tree, NodeId], Change | None],
        told: Callable[[Tree, NodeId], str],
    ) -> Edited:
        """Makes the state a node on need, as part of the same change. change_of: None where it is
        so already."""
        node = standing(opened.tree, place)
        if node is None and not is_something:
            return Edited(opened.tree.seq, "There was nothing to take away", None)
        if node is None:
            change_of(opened.tree, NodeId(opened.tree.size))  # refuses before anything is made
        change = await ready(self._growths, opened, caller, [place])

        async def work() -> Edited:
            async with opened.lock:
                tree = opened.tree
                (at,), grown = nodes_of(tree, [place])
                set_down = change_of(tree, at)
                changes = [] if set_down is None else [*grown, set_down]
                every = self._settings.snapshot_every
                seq = await opened.commit(self._store, caller.id, change, changes, every)
                return Edited(seq, told(tree, at), at)

        return await to_the_end(work())


def _told(tree: Tree, node: NodeId, kind: Literal["note", "label"], text: str) -> str:
    where = quoted(tree, node)
    if kind == "note":
        return f"{'Noted something' if text else 'Took the note away'} on {where}"
    return f"Named {where} “{text}”" if text else f"Took the name of the branch {where} away"


def _has_room(count: int, kind: Literal["bookmark", "note", "label"]) -> None:
    if count >= MOST_ANNOTATED:
        nouns = _NOUNS[kind]
        raise Conflict(
            f"too-many-{kind}s",
            f"This multiverse has {count:,} {nouns}, which is as many as it may have.",
            "Take one away first.",
        )


def _notes_fit(tree: Tree, more: int) -> None:
    if sum(map(len, tree.annotations.notes.values())) + more > MOST_NOTES_TEXT:
        raise Conflict(
            "notes-too-long",
            f"All notes of a multiverse together have at most {MOST_NOTES_TEXT:,} characters.",
            "Shorten this note, or another.",
        )
