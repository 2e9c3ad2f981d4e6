"""A database of its own for every test, an owner and a tree in it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from semioscope.store.database import Database
from semioscope.store.identities import Identities
from semioscope.store.links import Links
from semioscope.store.records import IdentityId, NewEvent, NewTree, TreeRow
from semioscope.store.trees import Trees

NEW_TREE = NewTree(
    name="Once",
    rule={"id": "coin", "end_keys": []},
    rule_fingerprint="c01n",
    prompt={"text": "Ünïcode\u0000 ⟨E2⟩", "keys": [1, 2]},
    max_length=64,
)


@dataclass(frozen=True)
class Store:
    database: Database
    trees: Trees
    links: Links
    identities: Identities

    async def person(self) -> IdentityId:
        """A new identity that is stored."""
        identity = await self.identities.resolve(None)
        await self.identities.keep(identity.id)
        return identity.id

    async def grown(self, owner: IdentityId, events: int) -> TreeRow:
        """A tree with a log of so many events."""
        tree = await self.trees.create_tree(NEW_TREE, owner)
        for seq in range(1, events + 1):
            await self.trees.append_events(tree.id, [event(seq)])
        return await self.trees.tree(tree.id)


def event(seq: int, *, frame: bytes | None = None, change: str = "change") -> NewEvent:
    """A `grow` that adds ten states."""
    return NewEvent(
        seq=seq,
        kind="grow",
        at=1000.0 + seq,
        by="someone",
        change=change,
        states=1 + 10 * seq,
        frame=b"frame %d" % seq if frame is None else frame,
    )


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    database = await Database.open(tmp_path / "folder" / "trees.sqlite")
    yield Store(database, Trees(database), Links(database), Identities(database))
    await database.close()


@pytest.fixture
async def owner(store: Store) -> IdentityId:
    return await store.person()
