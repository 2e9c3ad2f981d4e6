"""One page's socket on a tree, read by a test."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from semioscope.core import frame
from semioscope.core.events import decode_event
from tests.integration.visitors import Visitor

PATIENCE_S = 20


class Watching:
    """What has come by one socket: events (their headers) and messages, in order."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.events: list[dict[str, Any]] = []
        self.messages: list[dict[str, Any]] = []
        self.frames: list[bytes] = []

    @property
    def client(self) -> str:
        """The id that the socket was given."""
        return str(next(each for each in self.messages if each["type"] == "hello")["client"])

    async def until(self, enough: Callable[["Watching"], bool]) -> None:
        """Reads until that holds."""
        async with asyncio.timeout(PATIENCE_S):
            while not enough(self):
                await self._read()

    async def until_seq(self, seq: int) -> None:
        await self.until(lambda watched: bool(watched.events) and watched.events[-1]["seq"] >= seq)

    async def until_message(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Reads until a message of that kind with those fields has come, and returns it."""
        found: list[dict[str, Any]] = []

        def came(watched: Watching) -> bool:
            found[:] = [
                each
                for each in watched.messages
                if each["type"] == kind and fields.items() <= each.items()
            ]
            return bool(found)

        await self.until(came)
        return found[-1]

    async def until_job(self, state: str) -> dict[str, Any]:
        """Reads until a job is in that state, and returns it."""

        def jobs(watched: Watching) -> list[dict[str, Any]]:
            told = [each["job"] for each in watched.messages if each["type"] == "progress"]
            return [job for job in told if job["state"] == state]

        await self.until(lambda watched: bool(jobs(watched)))
        return jobs(self)[-1]

    async def until_closed(self) -> int | None:
        """Reads to the end; returns the close code."""
        async with asyncio.timeout(PATIENCE_S):
            try:
                while True:
                    await self._read()
            except ConnectionClosed:
                return self.connection.close_code

    async def _read(self) -> None:
        told = await self.connection.recv()
        if isinstance(told, str):
            self.messages.append(json.loads(told))
            return
        header, _ = frame.decode(told)
        decode_event(told)
        self.events.append(header)
        self.frames.append(told)


@asynccontextmanager
async def watching(
    address: str, visitor: Visitor, ref: str, after: int = 0
) -> AsyncIterator[Watching]:
    """An open socket with the visitor's identity, from event `after` on."""
    await visitor.get("/status")
    cookie = "; ".join(f"{name}={value}" for name, value in visitor.client.cookies.items())
    async with connect(
        f"ws://{address}/api/trees/{ref}/socket?after={after}",
        additional_headers={"Cookie": cookie},
        max_size=None,
    ) as connection:
        yield Watching(connection)
