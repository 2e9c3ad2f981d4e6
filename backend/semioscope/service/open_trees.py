"""The trees in memory: read from the store on need, changed one change at a time.

A tree is changed under its lock only. A change is applied, stored, and then told; what is read
under the lock is therefore stored. A tree whose change could not be stored is forgotten, and read
from the store again.
"""

import asyncio
import time
from base64 import b64decode, b64encode
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar
from uuid import uuid4

from semioscope.core.errors import Conflict
from semioscope.core.events import Event, EventKind, decode_event, encode_event
from semioscope.core.rule import RuleDescription
from semioscope.core.sampling import Procedure
from semioscope.core.tree import Tree
from semioscope.core.types import Columns, Seq, State
from semioscope.service.broadcast import Channel, Happened, Lost
from semioscope.store.records import EventSummary, NewEvent, TreeId, TreeRow
from semioscope.store.trees import Trees

OPEN_AT_ONCE: Final = 32
"""Trees kept in memory, beside those that somebody watches or grows."""
_PAGE: Final = 500

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
        """Applies, stores and tells the events of one change; to be called under the lock.

        every: nodes between two snapshots. Raises what the store raises; the tree is lost then,
        and Conflict "tree-reopened" for one that is lost already.
        """
        if self.is_lost:
            raise Conflict(
                "tree-reopened", "This multiverse had to be read again.", retryable=True
            )
        for each in changes:
            size_before = self.tree.size
            event = Event(
                seq=Seq(self.tree.seq + 1),
                kind=each.kind,
                at=time.time(),
                by=by,
                change=change,
                payload=each.payload,
                columns=each.columns,
            )
            frame, summary = await self._store(store, event)
            self.log.append(summary)
            self.channel.tell(Happened(event.seq, frame))
            if self.tree.size // every > size_before // every:
                snapshot = await asyncio.to_thread(self.tree.to_frame)
                await store.save_snapshot(self.id, self.tree.seq, snapshot)
        return self.tree.seq

    def lose(self) -> None:
        """Gives this object up: memory and store differ. Who watches has to come again."""
        self.is_lost = True
        self._forget()
        self.channel.tell(Lost())

    async def _store(self, store: Trees, event: Event) -> tuple[bytes, EventSummary]:
        stored = False
        try:
            self.tree.apply(event)
            frame = encode_event(event, self.tree.ledger)
            payload = event.payload
            new = NewEvent(
                seq=event.seq,
                kind=event.kind,
                at=event.at,
                by=event.by,
                change=event.change,
                states=self.tree.size,
                frame=frame,
                automatic=bool(payload.get("automatic", False)),
                undoes=payload.get("undoes"),
                redoes=payload.get("redoes"),
            )
            name = self.tree.name if event.kind == "rename" else None
            await store.append_event(self.id, new, name=name)
            stored = True
        finally:
            if not stored:
                self.lose()
        summary = EventSummary(
            seq=new.seq,
            kind=new.kind,
            at=new.at,
            by=new.by,
            change=new.change,
            automatic=new.automatic,
            undoes=new.undoes,
            redoes=new.redoes,
        )
        return frame, summary


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

    def _make(
        self, row: TreeRow, seq: int | None, tree: Tree, log: list[EventSummary]
    ) -> OpenTree:
        return OpenTree(row, tree, log, lambda: self._drop((row.id, seq)))

    def _drop(self, place: tuple[TreeId, int | None]) -> None:
        self._open.pop(place, None)

    async def _read(self, row: TreeRow, seq: int | None) -> OpenTree:
        stored = await self._store.latest_snapshot(row.id, up_to=seq)
        rule, prompt, pieces, procedure = _stored_beginning(row)
        name = first_name(row)
        if stored is None:
            tree = Tree(rule, prompt, row.max_length, pieces, procedure, name)
        else:
            tree = await asyncio.to_thread(
                Tree.from_frame, stored.frame, rule, prompt, row.max_length, pieces
            )
        while frames := await self._store.events_after(
            row.id, tree.seq, up_to=seq, limit=_PAGE
        ):
            await asyncio.to_thread(_apply_all, tree, [each.frame for each in frames])
        log = await self._store.event_summaries(row.id) if seq is None else []
        return self._make(row, seq, tree, log)


def _is_read(reading: asyncio.Task[OpenTree]) -> bool:
    return reading.done() and not reading.cancelled() and reading.exception() is None


def new_change() -> str:
    """The id of one person's action."""
    return uuid4().hex


def stored_prompt(
    prompt: State, pieces: Sequence[bytes], procedure: Procedure, name: str
) -> dict[str, Any]:
    """What the store keeps of a tree's beginning, as JSON."""
    state = _text(prompt) if isinstance(prompt, bytes) else list(prompt)
    return {
        "state": state,
        "pieces": [_text(piece) for piece in pieces],
        "procedure": procedure.to_wire(),
        "name": name,
    }


def first_name(row: TreeRow) -> str:
    """The name that the tree began with; later ones are events."""
    return str(row.prompt["name"])


def prompt_pieces(row: TreeRow) -> tuple[bytes, ...]:
    """The bytes of each token of the prompt."""
    return tuple(b64decode(piece) for piece in row.prompt["pieces"])


def _stored_beginning(
    row: TreeRow,
) -> tuple[RuleDescription, State, tuple[bytes, ...], Procedure]:
    state = row.prompt["state"]
    prompt: State = b64decode(state) if isinstance(state, str) else tuple(state)
    procedure = Procedure.from_wire(row.prompt["procedure"])
    return RuleDescription.from_json(row.rule), prompt, prompt_pieces(row), procedure


def _apply_all(tree: Tree, frames: Sequence[bytes]) -> None:
    for frame in frames:
        event, _ = decode_event(frame)
        tree.apply(event)


def _text(raw: bytes) -> str:
    return b64encode(raw).decode("ascii")


async def to_the_end(work: Coroutine[Any, Any, T]) -> T:
    """Runs a change to its end even if who asked for it is gone meanwhile."""
    return await asyncio.shield(asyncio.create_task(work))


def with_undo(change: Change, **marks: str) -> Change:
    """The change with `undoes` or `redoes` in its payload."""
    return replace(change, payload=change.payload | marks)
