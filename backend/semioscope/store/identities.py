"""Anonymous identities: made in memory, written when they first come to own something."""

import re
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from semioscope.store.database import Database
from semioscope.store.records import IdentityId
from semioscope.store.schema import identities
from semioscope.store.secrets import hash_of, matches, new_id, new_secret

CACHED: Final = 20_000
"""Identities kept in memory, the least recently seen dropped first."""
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}")
_DAY_S: Final = 86_400.0


@dataclass(frozen=True)
class Identity:
    """Who is calling. `new_token` is what their cookie has to say from now on, if that is news;
    `is_new` that it was made by this call."""

    id: IdentityId
    new_token: str | None = None
    is_new: bool = False


@dataclass
class _Known:
    secret_hash: bytes
    stored: bool
    last_seen: float


class Identities:
    """Whose token is whose. A token is `<identity id>.<secret>`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: OrderedDict[IdentityId, _Known] = OrderedDict()

    async def resolve(self, token: str | None) -> Identity:
        """The identity a token stands for; a new one for no token or one that is not valid.

        Writes nothing. The first time in this process that a stored identity is seen, its token
        is handed back as `new_token` too, so that its cookie lives on for another year.
        """
        if token is None or not _TOKEN.fullmatch(token):
            return self._make()
        name, _, secret = token.partition(".")
        identity = IdentityId(name)
        known = self._known.get(identity)
        fresh = known is None
        if known is None:
            known = await self._stored(identity)
        if known is None or not matches(secret, known.secret_hash):
            return self._make()
        self._remember(identity, known)
        return Identity(identity, token if fresh else None)

    async def keep(self, identity: IdentityId) -> None:
        """Sees to it that the identity is stored; to be called before it comes to own a tree or
        a right. Cheap once it is.

        Raises KeyError for an identity that neither the memory nor the database knows.
        """
        known = self._known.get(identity) or await self._stored(identity)
        if known is None:
            raise KeyError(identity)
        now = time.time()
        if known.stored and now - known.last_seen < _DAY_S:
            return

        async def work(connection: AsyncConnection) -> None:
            row = insert(identities).values(
                id=identity, secret_hash=known.secret_hash, created_at=now, last_seen=now
            )
            await connection.execute(row.on_conflict_do_nothing())
            await connection.execute(
                update(identities).where(identities.c.id == identity).values(last_seen=now)
            )

        await self._database.write(work)
        known.stored, known.last_seen = True, now
        self._remember(identity, known)

    def _make(self) -> Identity:
        identity, secret = IdentityId(new_id()), new_secret()
        self._remember(identity, _Known(hash_of(secret), stored=False, last_seen=time.time()))
        return Identity(identity, f"{identity}.{secret}", is_new=True)

    def _remember(self, identity: IdentityId, known: _Known) -> None:
        self._known[identity] = known
        self._known.move_to_end(identity)
        while len(self._known) > CACHED:
            self._known.popitem(last=False)

    async def _stored(self, identity: IdentityId) -> _Known | None:
        async def work(connection: AsyncConnection) -> _Known | None:
            found = await connection.execute(
                select(identities.c.secret_hash, identities.c.last_seen).where(
                    identities.c.id == identity
                )
            )
            row = found.one_or_none()
            return None if row is None else _Known(row.secret_hash, True, row.last_seen)

        return await self._database.read(work)
