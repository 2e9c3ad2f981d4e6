"""One writer in turn, readers beside it, and nothing half done."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from semioscope.store.database import READERS, Database
from semioscope.store.schema import identities

from .conftest import Store


def person(name: str) -> dict[str, object]:
    return {"id": name, "secret_hash": b"", "created_at": 0.0, "last_seen": 0.0}


async def count(database: Database) -> int:
    found = await database.read(lambda c: c.scalar(select(func.count()).select_from(identities)))
    return found or 0


@pytest.mark.parametrize(
    ("pragma", "value"), [("journal_mode", "wal"), ("synchronous", 1), ("foreign_keys", 1)]
)
async def test_connections_are_set_up(store: Store, pragma: str, value: object) -> None:
    async def work(connection: AsyncConnection) -> object:
        return await connection.scalar(text(f"PRAGMA {pragma}"))

    assert await store.database.write(work) == value
    assert await store.database.read(work) == value


async def test_a_new_file_need_not_change_its_mode_for_the_first_who_come(tmp_path: Path) -> None:
    path = tmp_path / "new.sqlite"
    database = await Database.open(path)
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    await database.close()


async def test_a_reader_cannot_write(store: Store) -> None:
    with pytest.raises(OperationalError, match="readonly"):
        await store.database.read(lambda c: c.execute(insert(identities).values(**person("a"))))
    assert await count(store.database) == 0


async def test_a_write_that_fails_is_undone_whole(store: Store) -> None:
    async def work(connection: AsyncConnection) -> None:
        await connection.execute(insert(identities).values(**person("a")))
        raise LookupError

    with pytest.raises(LookupError):
        await store.database.write(work)
    assert await count(store.database) == 0


async def test_readers_see_what_is_committed_while_a_write_is_under_way(store: Store) -> None:
    written, go_on = asyncio.Event(), asyncio.Event()

    async def work(connection: AsyncConnection) -> None:
        await connection.execute(insert(identities).values(**person("a")))
        written.set()
        await go_on.wait()

    writing = asyncio.create_task(store.database.write(work))
    await written.wait()
    assert await count(store.database) == 0
    go_on.set()
    await writing
    assert await count(store.database) == 1


async def test_a_write_whose_caller_is_cancelled_still_ends(store: Store) -> None:
    written, go_on = asyncio.Event(), asyncio.Event()

    async def work(connection: AsyncConnection) -> None:
        await connection.execute(insert(identities).values(**person("a")))
        written.set()
        await go_on.wait()

    writing = asyncio.create_task(store.database.write(work))
    await written.wait()
    writing.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert await count(store.database) == 1


async def test_many_writers_and_readers_get_their_turn(store: Store) -> None:
    async def add(name: str) -> None:
        await store.database.write(lambda c: c.execute(insert(identities).values(**person(name))))

    await asyncio.gather(
        *(add(str(i)) for i in range(30)), *(count(store.database) for _ in range(5 * READERS))
    )
    assert await count(store.database) == 30


async def test_a_closed_file_opens_again_with_all_in_it(tmp_path: Path) -> None:
    path = tmp_path / "odd %2f name?#" / "ü.sqlite"
    first = await Database.open(path)
    await first.write(lambda c: c.execute(insert(identities).values(**person("a"))))
    await first.close()
    assert path.is_file()
    second = await Database.open(path)
    assert await count(second) == 1
    await second.close()
