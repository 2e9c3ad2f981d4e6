"""One SQLite file: one writer connection in turn, a pool of readers beside it."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import closing
from pathlib import Path
from typing import Any, Final, Self, TypeVar

from sqlalchemy import URL, Connection, event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from semioscope.store.migration import ensure_schema

T = TypeVar("T")
Work = Callable[[AsyncConnection], Awaitable[T]]
"""What is done with a connection, inside one transaction."""

READERS: Final = 4
_BUSY_TIMEOUT_MS: Final = 10_000
_WAL_LIMIT_BYTES: Final = 64_000_000


class Database:
    """The file and its connections.

    Write-ahead logging with synchronous=NORMAL: a commit has been handed to the operating
    system when it is acknowledged, so it outlives a killed process. Only a power failure can
    take the last commits (never the file's integrity). FULL would add a disk flush to every
    event: measured 3.0 ms against 3.5 to 4.7 for one of 40 kB on a cloud disk, far more on a
    plain one.
    """

    def __init__(self, writer: AsyncEngine, readers: AsyncEngine) -> None:
        self._writer = writer
        self._readers = readers
        self._turn = asyncio.Lock()

    @classmethod
    async def open(cls, path: Path) -> Self:
        """Opens the file, makes or migrates it first. Raises Unavailable "newer-database"."""
        path.parent.mkdir(parents=True, exist_ok=True)
        await asyncio.to_thread(_prepare, path)
        writer = _engine(path, pool_size=1, begin="BEGIN IMMEDIATE", query_only=False)
        readers = _engine(path, pool_size=READERS, begin="BEGIN", query_only=True)
        return cls(writer, readers)

    async def close(self) -> None:
        """Closes every connection, after the write that may be under way."""
        async with self._turn:
            await self._writer.dispose()
            await self._readers.dispose()

    async def write(self, work: Work[T]) -> T:
        """Runs `work` in a transaction of its own and commits it before returning.

        Once begun it ends, committed or (when `work` raises) undone, even if the caller is
        cancelled meanwhile: a cancelled write is never half done nor its connection lost.
        """
        return await _to_the_end(self._write(work))

    async def read(self, work: Work[T]) -> T:
        """Runs `work` on one consistent state of the database, beside any writer."""
        return await _to_the_end(self._read(work))

    async def _write(self, work: Work[T]) -> T:
        async with self._turn, self._writer.begin() as connection:
            return await work(connection)

    async def _read(self, work: Work[T]) -> T:
        async with self._readers.begin() as connection:
            return await work(connection)


async def _to_the_end(work: Coroutine[Any, Any, T]) -> T:
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # seen; the caller asked to be gone
        raise


def _prepare(path: Path) -> None:
    ensure_schema(path)
    # The file stays in this mode. Connections that open together could not each set it: to change
    # it takes a lock for which SQLite does not wait.
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")


def _engine(path: Path, *, pool_size: int, begin: str, query_only: bool) -> AsyncEngine:
    engine = create_async_engine(
        URL.create("sqlite+aiosqlite", database=str(path)),
        pool_size=pool_size,
        max_overflow=0,
        hide_parameters=True,  # a parameter may be a secret's hash, and errors are logged
    )

    def set_up(dbapi_connection: Any, _record: object) -> None:
        dbapi_connection.isolation_level = None  # transactions begin where SQLAlchemy says
        cursor = dbapi_connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute(f"PRAGMA journal_size_limit = {_WAL_LIMIT_BYTES}")
        cursor.execute(f"PRAGMA query_only = {int(query_only)}")
        cursor.close()

    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine.sync_engine, "connect", set_up)
    event.listen(engine.sync_engine, "begin", start)
    return engine
