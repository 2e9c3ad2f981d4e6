"""Links: how a tree is shared, and how a right to it is given and taken back."""

import time
from typing import Any, Final

from sqlalchemy import Row, delete, func, insert, or_, select, update
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from semioscope.core.errors import Gone, LimitExceeded, NotFound
from semioscope.store.database import Database
from semioscope.store.records import (
    IdentityId,
    LinkKind,
    LinkRow,
    NewLink,
    Role,
    TreeId,
)
from semioscope.store.schema import links, rights, trees
from semioscope.store.secrets import hash_of, matches, new_id, new_secret

MAX_LINKS: Final = 200
"""Links of one tree that stand at a time."""

_PREFIX: Final[dict[LinkKind, str]] = {"live": "t", "frozen": "f", "edit": "e", "recovery": "r"}
_LINK_COLUMNS = [column for column in links.c if column.name not in {"tree", "secret_hash"}]


class Links:
    """The links of all trees. Who may make or revoke one is for the caller to decide."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, tree_id: TreeId, kind: LinkKind, *, seq: int | None = None) -> NewLink:
        """Makes a link; `seq` is the event at which a frozen one stands still.

        A tree always has exactly one live link: asking for it gives the one there is. Raises
        LimitExceeded "too-many-links".
        """
        if (kind == "frozen") != (seq is not None):
            raise ValueError("a frozen link, and no other, stands at an event")

        async def work(connection: AsyncConnection) -> NewLink:
            if kind == "live":
                return NewLink(await _live_link(connection, tree_id), None)
            standing = await connection.scalar(
                select(func.count())
                .select_from(links)
                .where(links.c.tree == tree_id, links.c.revoked_at.is_(None))
            )
            if standing is not None and standing >= MAX_LINKS:
                raise LimitExceeded(
                    "too-many-links",
                    f"A tree has at most {MAX_LINKS} links at a time.",
                    "Revoke some of the old ones first.",
                )
            secret = None if kind == "frozen" else new_secret()
            return NewLink(await _insert_link(connection, tree_id, kind, seq, secret), secret)

        return await self._database.write(work)

    async def list_of(self, tree_id: TreeId) -> list[LinkRow]:
        """The tree's links that stand (neither revoked nor used up), the oldest first."""

        async def work(connection: AsyncConnection) -> list[LinkRow]:
            found = await connection.execute(
                select(*_LINK_COLUMNS)
                .where(
                    links.c.tree == tree_id,
                    links.c.revoked_at.is_(None),
                    or_(links.c.kind != "recovery", links.c.used_at.is_(None)),
                )
                .order_by(links.c.created_at, links.c.id)
            )
            return [_link(row) for row in found.all()]

        return await self._database.read(work)

    async def revoke(self, tree_id: TreeId, link_id: str) -> LinkRow | None:
        """Takes a link back; it answers Gone from now on. Again is no harm.

        The rights that an edit invitation gave go with it. Revoking the live link makes a new
        one, which is returned; otherwise None. Raises NotFound "unknown-link".
        """

        async def work(connection: AsyncConnection) -> LinkRow | None:
            found = await connection.execute(
                select(links.c.kind, links.c.revoked_at).where(
                    links.c.id == link_id, links.c.tree == tree_id
                )
            )
            row = found.one_or_none()
            if row is None:
                raise _unknown()
            if row.revoked_at is not None:
                return None
            await connection.execute(
                update(links).where(links.c.id == link_id).values(revoked_at=time.time())
            )
            await connection.execute(delete(rights).where(rights.c.link == link_id))
            if row.kind != "live":
                return None
            replacement = await _insert_link(connection, tree_id, "live", None, None)
            await connection.execute(
                update(trees).where(trees.c.id == tree_id).values(read_id=replacement.id)
            )
            return replacement

        return await self._database.write(work)

    async def redeem_invitation(self, secret: str, identity: IdentityId) -> tuple[str, Role]:
        """Gives the identity what an edit invitation promises: (the tree's read id, its role).

        The identity must have been kept. An invitation may be taken up by many. Raises NotFound
        "unknown-link", Gone "revoked-link" or "deleted-tree".
        """

        async def work(connection: AsyncConnection) -> tuple[str, Role]:
            row = await _by_secret(connection, "edit", secret)
            if row.owner == identity:
                return row.read_id, "owner"
            right = sqlite_insert(rights).values(
                tree=row.tree, identity=identity, link=row.id, role="editor"
            )
            await connection.execute(right.on_conflict_do_nothing())
            await connection.execute(
                update(links).where(links.c.id == row.id).values(used_at=time.time())
            )
            return row.read_id, "editor"

        return await self._database.write(work)

    async def redeem_recovery(self, secret: str, identity: IdentityId) -> tuple[str, Role]:
        """Makes the identity the tree's owner: (the tree's read id, "owner").

        Works once; the owner before becomes a reader, and other recovery links of the tree are
        revoked, or they could take it back. The owner's own visit uses nothing up. The identity
        must have been kept. Raises as `redeem_invitation`, and Gone "used-link".
        """

        async def work(connection: AsyncConnection) -> tuple[str, Role]:
            row = await _by_secret(connection, "recovery", secret)
            if row.owner == identity:
                return row.read_id, "owner"
            if row.used_at is not None:
                raise Gone(
                    "used-link",
                    "This recovery link was used already; it works once.",
                    "Make a new one in the browser that owns the tree.",
                )
            now = time.time()
            await connection.execute(
                update(links)
                .where(
                    links.c.tree == row.tree,
                    links.c.kind == "recovery",
                    links.c.id != row.id,
                    links.c.revoked_at.is_(None),
                    links.c.used_at.is_(None),
                )
                .values(revoked_at=now)
            )
            await connection.execute(update(links).where(links.c.id == row.id).values(used_at=now))
            await connection.execute(
                update(trees).where(trees.c.id == row.tree).values(owner=identity)
            )
            await connection.execute(
                delete(rights).where(
                    rights.c.tree == row.tree, rights.c.identity.in_((row.owner, identity))
                )
            )
            return row.read_id, "owner"

        return await self._database.write(work)


async def _live_link(connection: AsyncConnection, tree_id: TreeId) -> LinkRow:
    found = await connection.execute(
        select(*_LINK_COLUMNS).where(
            links.c.tree == tree_id, links.c.kind == "live", links.c.revoked_at.is_(None)
        )
    )
    return _link(found.one())


async def _insert_link(
    connection: AsyncConnection,
    tree_id: TreeId,
    kind: LinkKind,
    seq: int | None,
    secret: str | None,
) -> LinkRow:
    link = LinkRow(
        id=new_id(_PREFIX[kind]),
        kind=kind,
        seq=seq,
        created_at=time.time(),
        revoked_at=None,
        used_at=None,
    )
    await connection.execute(
        insert(links).values(
            id=link.id,
            tree=tree_id,
            kind=kind,
            secret_hash=None if secret is None else hash_of(secret),
            seq=seq,
            created_at=link.created_at,
        )
    )
    return link


async def _by_secret(connection: AsyncConnection, kind: LinkKind, secret: str) -> Row[Any]:
    found = await connection.execute(
        select(links, trees.c.owner, trees.c.read_id, trees.c.deleted_at)
        .join(trees, trees.c.id == links.c.tree)
        .where(links.c.kind == kind, links.c.secret_hash == hash_of(secret))
    )
    row = found.one_or_none()
    if row is None or not matches(secret, row.secret_hash):
        raise _unknown()
    if row.revoked_at is not None:
        raise Gone(
            "revoked-link",
            "This link was revoked by the tree's owner.",
            "Ask them for a new one.",
        )
    if row.deleted_at is not None:
        raise Gone("deleted-tree", "This tree was deleted by its owner.")
    return row


def _unknown() -> NotFound:
    return NotFound("unknown-link", "There is no such link.", "Check that it was copied whole.")


def _link(row: Row[Any]) -> LinkRow:
    return LinkRow(**{column.name: getattr(row, column.name) for column in _LINK_COLUMNS})
