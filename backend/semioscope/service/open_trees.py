"""The trees in memory: read from the store on need, the least recently used given up first."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from semioscope.core.events import decode_event
from semioscope.core.replay import replay
from semioscope.core.tree import Tree
from semioscope.service.open_tree import OpenTree
from semioscope.service.stored_beginning import beginning_of
from semioscope.store.records import EventSummary, TreeId, TreeRow
from semioscope.store.trees import Trees

OPEN_AT_ONCE: Final = 32
"""Trees kept in memory, beside those that somebody watches or grows."""
_PAGE: Final = 500


class OpenTrees:
    """The trees in memory, the least recently used given up first."""

    def __init__(self, store: Trees) -> None:
        self._store = store
        self._open: OrderedDict[tuple[TreeId, int | None], asyncio.Task[OpenTree]] = OrderedDict()

    async def get(self, row: TreeRow, seq: int | None) -> OpenTree:
        """The tree as it is now, or (seq given) as it was after that event."""
        place = (row.id, seq)
        reading = self._open.get(place)
        if reading is None:
            reading = asyncio.create_task(self._read(row, seq))
            self._open[place] = reading
        self._open.move_to_end(place)
        try:
            found = await asyncio.shield(reading)
        except BaseException:
            if reading.done() and self._open.get(place) is reading:
                del self._open[place]
            raise
        self._give_up_the_oldest()
        return found

    def hold(self, row: TreeRow, tree: Tree) -> OpenTree:
        """Takes a tree that was just made."""
        opened = self._make(row, None, tree, [])

        async def ready() -> OpenTree:
            return opened

        self._open[row.id, None] = asyncio.create_task(ready())
        self._give_up_the_oldest()
        return opened

    def all(self) -> list[OpenTree]:
        """Everything in memory."""
        return [reading.result() for reading in self._open.values() if _is_read(reading)]

    def of(self, tree: TreeId) -> list[OpenTree]:
        """What is in memory of a tree: as it is now, and at events of frozen links."""
        readings = [reading for place, reading in self._open.items() if place[0] == tree]
        return [reading.result() for reading in readings if _is_read(reading)]

    def forget(self, tree: TreeId) -> None:
        """Drops a tree, now and at every event."""
        for place in [place for place in self._open if place[0] == tree]:
            del self._open[place]

    def _give_up_the_oldest(self) -> None:
        spare = len(self._open) - OPEN_AT_ONCE
        for place, reading in list(self._open.items()):
            if spare <= 0:
                return
            if _is_read(reading) and not reading.result().is_busy:
                del self._open[place]
                spare -= 1

    def _make(self, row: TreeRow, seq: int | None, tree: Tree, log: list[EventSummary]) -> OpenTree:
        return OpenTree(row, tree, log, lambda: self._drop((row.id, seq)))

    def _drop(self, place: tuple[TreeId, int | None]) -> None:
        self._open.pop(place, None)

    async def _read(self, row: TreeRow, seq: int | None) -> OpenTree:
        tree = beginning_of(row)
        stored = await self._store.latest_snapshot(row.id, up_to=seq)
        if stored is not None:
            tree = await asyncio.to_thread(
                Tree.from_frame,
                stored.frame,
                tree.rule,
                tree.prompt,
                tree.max_length,
                tree.prompt_pieces,
            )
        while frames := await self._store.events_after(row.id, tree.seq, up_to=seq, limit=_PAGE):
            await asyncio.to_thread(_apply_all, tree, [each.frame for each in frames])
        log = await self._store.event_summaries(row.id) if seq is None else []
        return self._make(row, seq, tree, log)


def _is_read(reading: asyncio.Task[OpenTree]) -> bool:
    return reading.done() and not reading.cancelled() and reading.exception() is None


def _apply_all(tree: Tree, frames: Sequence[bytes]) -> None:
    replay(tree, [decode_event(frame)[0] for frame in frames])
