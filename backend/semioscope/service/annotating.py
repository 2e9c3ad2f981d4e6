"""Bookmarks, notes on states, and names of branches: seen by all, written by who may write."""

from typing import Literal

from semioscope.core.annotations import MOST_ANNOTATED, MOST_NOTES_TEXT
from semioscope.core.errors import Conflict
from semioscope.core.tree import Tree
from semioscope.core.types import NodeId
from semioscope.service import checks
from semioscope.service.access import Caller
from semioscope.service.change_names import quoted
from semioscope.service.edited import Edited
from semioscope.service.open_tree import Change, OpenTree, new_change, to_the_end
from semioscope.settings import Settings
from semioscope.store.trees import Trees

_NOUNS = {"bookmark": "bookmarks", "note": "notes", "label": "names of branches"}


class Annotating:
    """Sets and takes away; each is one change, and what is so already changes nothing."""

    def __init__(self, store: Trees, settings: Settings) -> None:
        self._store = store
        self._settings = settings

    async def bookmark(self, opened: OpenTree, caller: Caller, node: int, on: bool) -> Edited:
        """Raises Conflict "too-many-bookmarks"."""

        async def work() -> Edited:
            async with opened.lock:
                tree = opened.tree
                at = checks.visible(tree, node)
                marked = tree.annotations.bookmarks
                if on and at not in marked:
                    _has_room(len(marked), "bookmark")
                label = f"{'Bookmarked' if on else 'Took the bookmark off'} {quoted(tree, at)}"
                changes = [Change("bookmark", {"node": at, "on": on})]
                return await self._commit(
                    opened, caller, changes if (at in marked) != on else [], label, at
                )

        return await to_the_end(work())

    async def note(self, opened: OpenTree, caller: Caller, node: int, text: str) -> Edited:
        """An empty text takes the note away. Raises InvalidRequest "long-note", Conflict
        "too-many-notes" or "notes-too-long"."""
        return await self._write(opened, caller, "note", node, checks.note(text))

    async def label(self, opened: OpenTree, caller: Caller, node: int, text: str) -> Edited:
        """Names the branch that begins at a state; an empty text takes the name away. Raises
        InvalidRequest "long-label" or "label-root", Conflict "too-many-labels"."""
        checks.not_the_whole(node)
        return await self._write(opened, caller, "label", node, checks.label(text))

    # -- inside

    async def _write(
        self,
        opened: OpenTree,
        caller: Caller,
        kind: Literal["note", "label"],
        node: int,
        text: str,
    ) -> Edited:
        async def work() -> Edited:
            async with opened.lock:
                tree = opened.tree
                at = checks.visible(tree, node)
                texts = tree.annotations.texts(kind)
                previous = texts.get(at, "")
                if text and not previous:
                    _has_room(len(texts), kind)
                if kind == "note" and len(text) > len(previous):
                    _notes_fit(tree, len(text) - len(previous))
                change = Change(kind, {"node": at, "text": text, "previous": previous})
                told = _told(tree, kind, at, text)
                changes = [change] if text != previous else []
                return await self._commit(opened, caller, changes, told, at)

        return await to_the_end(work())

    async def _commit(
        self, opened: OpenTree, caller: Caller, changes: list[Change], label: str, node: NodeId
    ) -> Edited:
        every = self._settings.snapshot_every
        seq = await opened.commit(self._store, caller.id, new_change(), changes, every)
        return Edited(seq, label, node)


def _told(tree: Tree, kind: Literal["note", "label"], node: NodeId, text: str) -> str:
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
