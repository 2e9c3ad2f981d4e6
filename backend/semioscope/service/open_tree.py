"""A tree in memory, changed one change at a time.

A tree is changed under its lock only. A change is applied, stored, and then told; what is read
under the lock is therefore stored. A tree whose change could not be stored is forgotten, and read
from the store again.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import uuid4

from semioscope.core.errors import Conflict
from semioscope.core.events import Event, EventKind, encode_event
from semioscope.core.tree import Tree
from semioscope.core.types import Columns, Seq
from semioscope.service.broadcast import Channel, Happened, Lost
from semioscope.store.records import EventSummary, NewEvent, TreeId, TreeRow
from semioscope.store.trees import Trees

T = TypeVar("T")


@dataclass(frozen=True)
class Change:
    """One event about to happen, without its number and its time."""

    kind: EventKind
    payload: dict[str, Any]
    columns: Columns = field(default_factory=dict)


class OpenTree:
    """A tree in memory, with who watches it. Frozen ones are never changed."""

    def __init__(
        self, row: TreeRow, tree: Tree, log: list[EventSummary], forget: Callable[[], None]
    ) -> None:
        """log: the summaries of all events so far; `forget` drops this object from memory."""
        self.row = row
        self.tree = tree
        self.log = log
        self.lock = asyncio.Lock()
        self.channel = Channel()
        self.growing = 0
        self.is_lost = False
        self._forget = forget

    @property
    def id(self) -> TreeId:
        return self.row.id

    @property
    def is_busy(self) -> bool:
        return bool(self.growing or len(self.channel) or self.lock.locked())

    async def commit(
        self, store: Trees, by: str, change: str, changes: Sequence[Change], every: int
    ) -> Seq:
        """Applies, stores (all or none) and tells the events of one change; to be called under
        the lock.

        every: nodes between two snapshots. Raises what the store raises; the tree is lost then,
        and Conflict "tree-reopened" for one that is lost already.
        """
        if self.is_lost:
            raise Conflict("tree-reopened", "This multiverse had to be read again.", retryable=True)
        if not changes:
            return self.tree.seq
        size_before = self.tree.size
        stored = False
        try:
            events = [self._applied(each, by, change) for each in changes]
            renamed = any(event.kind == "rename" for event in events)
            await store.append_events(self.id, events, name=self.tree.name if renamed else None)
            stored = True
        finally:
            if not stored:
                self.lose()
        for event in events:
            self.log.append(_summary(event))
            self.channel.tell(Happened(Seq(event.seq), event.frame))
        if self.tree.size // every > size_before // every:
            snapshot = await asyncio.to_thread(self.tree.to_frame)
            await store.save_snapshot(self.id, self.tree.seq, snapshot)
        return self.tree.seq

    def lose(self) -> None:
        """Gives this object up: memory and store differ. Who watches has to come again."""
        self.is_lost = True
        self._forget()
        self.channel.tell(Lost())

    def _applied(self, each: Change, by: str, change: str) -> NewEvent:
        """The event, applied, as it is stored."""
        event = Event(
            seq=Seq(self.tree.seq + 1),
            kind=each.kind,
            at=time.time(),
            by=by,
            change=change,
            payload=each.payload,
            columns=each.columns,
        )
        self.tree.apply(event)
        return NewEvent(
            seq=event.seq,
            kind=event.kind,
            at=event.at,
            by=event.by,
            change=event.change,
            states=self.tree.size,
            frame=encode_event(event, self.tree.ledger),
            automatic=bool(event.payload.get("automatic", False)),
            undoes=event.payload.get("undoes"),
            redoes=event.payload.get("redoes"),
        )


def _summary(event: NewEvent) -> EventSummary:
    return EventSummary(
        seq=event.seq,
        kind=event.kind,
        at=event.at,
        by=event.by,
        change=event.change,
        automatic=event.automatic,
        undoes=event.undoes,
        redoes=event.redoes,
    )


def new_change() -> str:
    """The id of one person's action."""
    return uuid4().hex


async def to_the_end(work: Coroutine[Any, Any, T]) -> T:
    """Runs a change to its end even if who asked for it is gone meanwhile."""
    return await asyncio.shield(asyncio.create_task(work))
