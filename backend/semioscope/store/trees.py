"""The repository of trees: their rows, their event logs and their snapshots."""

import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, func, insert, literal, or_, select, update
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from semioscope.core.errors import Conflict, Gone, NotFound
from semioscope.store.database import Database
from semioscope.store.records import (
    EventSummary,
    IdentityId,
    NewEvent,
    NewTree,
    Role,
    StoredFrame,
    TreeId,
    TreeRef,
    TreeRow,
)
from semioscope.store.schema import events, links, rights, snapshots, trees
from semioscope.store.secrets import new_id

_TREE_COLUMNS = [column for column in trees.c if column.name != "deleted_at"]
_SUMMARY_COLUMNS = [column for column in events.c if column.name not in {"tree", "states", "frame"}]


class Trees:
    """Trees and their logs. What a method acknowledges outlives a killed process."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create_tree(self, new: NewTree, owner: IdentityId) -> TreeRow:
        """Stores a tree at sequence 0 with its live link. The owner must have been kept
        (`Identities.keep`)."""
        now = time.time()
        row = TreeRow(
            id=TreeId(new_id()),
            owner=owner,
            read_id=new_id("t"),
            name=new.name,
            rule=new.rule,
            rule_fingerprint=new.rule_fingerprint,
            prompt=new.prompt,
            max_length=new.max_length,
            seq=0,
            states=1,
            created_at=now,
            updated_at=now,
            origin_ref=None,
            origin_seq=None,
        )

        async def work(connection: AsyncConnection) -> TreeRow:
            await _insert_tree(connection, row)
            return row

        return await self._database.write(work)

    async def tree_by_ref(self, ref: str) -> TreeRef:
        """What a live or frozen link opens.

        Raises NotFound "unknown-link", Gone "revoked-link" or "deleted-tree".
        """

        async def work(connection: AsyncConnection) -> TreeRef:
            found = await connection.execute(
                select(links.c.kind, links.c.seq.label("frozen_seq"), links.c.revoked_at, trees)
                .join(trees, trees.c.id == links.c.tree)
                .where(links.c.id == ref, links.c.kind.in_(("live", "frozen")))
            )
            row = found.one_or_none()
            if row is None:
                raise NotFound(
                    "unknown-link", "No tree has this link.", "Check that it was copied whole."
                )
            if row.revoked_at is not None:
                raise Gone(
                    "revoked-link",
                    "This link was revoked by the tree's owner.",
                    "Ask them for a new one.",
                )
            if row.deleted_at is not None:
                raise Gone("deleted-tree", "This tree was deleted by its owner.")
            return TreeRef(_tree(row), row.kind, row.frozen_seq)

        return await self._database.read(work)

    async def tree(self, tree_id: TreeId) -> TreeRow:
        """The tree as it stands now. Raises NotFound "unknown-tree", Gone "deleted-tree"."""

        async def work(connection: AsyncConnection) -> TreeRow:
            row = (await connection.execute(_alive(tree_id))).one_or_none()
            if row is None:
                raise await _missing(connection, tree_id)
            return _tree(row)

        return await self._database.read(work)

    async def append_events(
        self, tree_id: TreeId, appended: Sequence[NewEvent], *, name: str | None = None
    ) -> None:
        """Appends the events of one change after the tree's last one, all or nothing.

        `name` is the tree's name from now on, when they rename it. Raises Conflict "seq-taken"
        when they do not begin with the next number; NotFound, Gone as `tree` does.
        """
        first, last = appended[0], appended[-1]
        changed: dict[str, Any] = {
            "seq": last.seq,
            "states": last.states,
            "updated_at": last.at,
        }
        if name is not None:
            changed["name"] = name

        async def work(connection: AsyncConnection) -> None:
            moved = await connection.execute(
                update(trees)
                .where(
                    trees.c.id == tree_id,
                    trees.c.seq == first.seq - 1,
                    trees.c.deleted_at.is_(None),
                )
                .values(**changed)
            )
            if moved.rowcount != 1:
                raise await _why_not_appended(connection, tree_id, first.seq)
            await connection.execute(
                insert(events), [{"tree": tree_id, **vars(event)} for event in appended]
            )

        await self._database.write(work)

    async def events_after(
        self, tree_id: TreeId, seq: int, *, up_to: int | None = None, limit: int = 1000
    ) -> list[StoredFrame]:
        """At most `limit` event frames with numbers in (seq, up_to], in order."""
        query = (
            select(events.c.seq, events.c.frame)
            .where(events.c.tree == tree_id, events.c.seq > seq)
            .order_by(events.c.seq)
            .limit(limit)
        )
        if up_to is not None:
            query = query.where(events.c.seq <= up_to)
        return await self._frames(query)

    async def events_of_change(self, tree_id: TreeId, change: str) -> list[StoredFrame]:
        """The event frames of one user action, in order."""
        return await self._frames(
            select(events.c.seq, events.c.frame)
            .where(events.c.tree == tree_id, events.c.change == change)
            .order_by(events.c.seq)
        )

    async def event_summaries(self, tree_id: TreeId) -> list[EventSummary]:
        """The whole log without its frames, in order."""

        async def work(connection: AsyncConnection) -> list[EventSummary]:
            found = await connection.execute(
                select(*_SUMMARY_COLUMNS).where(events.c.tree == tree_id).order_by(events.c.seq)
            )
            return [EventSummary(**row) for row in found.mappings()]

        return await self._database.read(work)

    async def latest_snapshot(
        self, tree_id: TreeId, *, up_to: int | None = None
    ) -> StoredFrame | None:
        """The newest snapshot with a number of at most `up_to`."""
        query = (
            select(snapshots.c.seq, snapshots.c.frame)
            .where(snapshots.c.tree == tree_id)
            .order_by(snapshots.c.seq.desc())
            .limit(1)
        )
        if up_to is not None:
            query = query.where(snapshots.c.seq <= up_to)
        found = await self._frames(query)
        return found[0] if found else None

    async def save_snapshot(self, tree_id: TreeId, seq: int, frame: bytes) -> None:
        """Stores the whole tree as it is after event `seq`; again is no harm."""

        async def work(connection: AsyncConnection) -> None:
            row = sqlite_insert(snapshots).values(tree=tree_id, seq=seq, frame=frame)
            await connection.execute(row.on_conflict_do_nothing())

        await self._database.write(work)

    async def fork(
        self, tree_id: TreeId, seq: int, owner: IdentityId, *, name: str, ref: str
    ) -> TreeRow:
        """Copies the tree as it is after event `seq` into a new one that `owner` owns.

        `ref` is the link it was forked through. The owner must have been kept. Raises NotFound
        "unknown-event" for a number the log has not reached; NotFound, Gone as `tree` does.
        """

        async def work(connection: AsyncConnection) -> TreeRow:
            source = (await connection.execute(_alive(tree_id))).one_or_none()
            if source is None:
                raise await _missing(connection, tree_id)
            states = await _states_at(connection, tree_id, seq)
            now = time.time()
            row = TreeRow(
                id=TreeId(new_id()),
                owner=owner,
                read_id=new_id("t"),
                name=name,
                rule=source.rule,
                rule_fingerprint=source.rule_fingerprint,
                prompt=source.prompt,
                max_length=source.max_length,
                seq=seq,
                states=states,
                created_at=now,
                updated_at=now,
                origin_ref=ref,
                origin_seq=seq,
            )
            await _insert_tree(connection, row)
            for table in (events, snapshots):
                copied = [column for column in table.c if column.name != "tree"]
                await connection.execute(
                    insert(table).from_select(
                        ["tree", *(column.name for column in copied)],
                        select(literal(row.id), *copied).where(
                            table.c.tree == tree_id, table.c.seq <= seq
                        ),
                    )
                )
            return row

        return await self._database.write(work)

    async def list_of(self, identity: IdentityId) -> list[tuple[TreeRow, Role]]:
        """The trees the identity owns or may edit, the last changed first."""
        invited = select(rights.c.tree).where(rights.c.identity == identity)

        async def work(connection: AsyncConnection) -> list[tuple[TreeRow, Role]]:
            found = await connection.execute(
                select(*_TREE_COLUMNS)
                .where(
                    or_(trees.c.owner == identity, trees.c.id.in_(invited)),
                    trees.c.deleted_at.is_(None),
                )
                .order_by(trees.c.updated_at.desc(), trees.c.created_at.desc())
            )
            return [
                (_tree(row), "owner" if row.owner == identity else "editor") for row in found.all()
            ]

        return await self._database.read(work)

    async def role_of(self, tree_id: TreeId, identity: IdentityId) -> Role:
        """What the identity may do: owner, editor (by an invitation), else reader."""

        async def work(connection: AsyncConnection) -> Role:
            owner = await connection.scalar(select(trees.c.owner).where(trees.c.id == tree_id))
            if owner == identity:
                return "owner"
            invited = await connection.scalar(
                select(func.count())
                .select_from(rights)
                .where(rights.c.tree == tree_id, rights.c.identity == identity)
            )
            return "editor" if invited else "reader"

        return await self._database.read(work)

    async def delete(self, tree_id: TreeId) -> None:
        """Takes the tree from everyone: its links answer Gone from now on. Its rows stay.

        Raises NotFound, Gone as `tree` does.
        """

        async def work(connection: AsyncConnection) -> None:
            done = await connection.execute(
                update(trees)
                .where(trees.c.id == tree_id, trees.c.deleted_at.is_(None))
                .values(deleted_at=time.time())
            )
            if done.rowcount != 1:
                raise await _missing(connection, tree_id)

        await self._database.write(work)

    async def _frames(self, query: Select[tuple[int, bytes]]) -> list[StoredFrame]:
        async def work(connection: AsyncConnection) -> list[StoredFrame]:
            found = await connection.execute(query)
            return [StoredFrame(row.seq, row.frame) for row in found.all()]

        return await self._database.read(work)


async def _insert_tree(connection: AsyncConnection, row: TreeRow) -> None:
    await connection.execute(
        insert(trees).values(**{column.name: getattr(row, column.name) for column in _TREE_COLUMNS})
    )
    await connection.execute(
        insert(links).values(id=row.read_id, tree=row.id, kind="live", created_at=row.created_at)
    )


async def _states_at(connection: AsyncConnection, tree_id: TreeId, seq: int) -> int:
    if seq == 0:
        return 1
    states = await connection.scalar(
        select(events.c.states).where(events.c.tree == tree_id, events.c.seq == seq)
    )
    if states is None:
        raise NotFound("unknown-event", f"The tree has no event {seq}.")
    return int(states)


async def _missing(connection: AsyncConnection, tree_id: TreeId) -> NotFound | Gone:
    if await connection.scalar(select(trees.c.id).where(trees.c.id == tree_id)) is None:
        return NotFound("unknown-tree", "There is no such tree.")
    return Gone("deleted-tree", "This tree was deleted by its owner.")


async def _why_not_appended(
    connection: AsyncConnection, tree_id: TreeId, seq: int
) -> NotFound | Gone | Conflict:
    row = (await connection.execute(_alive(tree_id))).one_or_none()
    if row is None:
        return await _missing(connection, tree_id)
    return Conflict(
        "seq-taken",
        f"Event {seq} cannot follow event {row.seq}: the tree was changed meanwhile.",
        "Read the tree again and repeat the change.",
        retryable=True,
    )


def _alive(tree_id: TreeId) -> Select[Any]:
    return select(*_TREE_COLUMNS).where(trees.c.id == tree_id, trees.c.deleted_at.is_(None))


def _tree(row: Row[Any]) -> TreeRow:
    return TreeRow(**{column.name: getattr(row, column.name) for column in _TREE_COLUMNS})
