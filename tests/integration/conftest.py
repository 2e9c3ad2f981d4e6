"""One app with coins for all tests here, in one event loop; every test has visitors of its own."""

import asyncio
import inspect
import socket
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import pytest
import pytest_asyncio
import uvicorn
from fastapi import FastAPI

from tests.integration.sockets import Watching, watching
from tests.integration.visitors import BreakingCoin, SlowCoin, Visitor, running

LINGER_S = 0.4


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        is_async = inspect.iscoroutinefunction(getattr(item, "function", None))
        if item.path.parent.name == "integration" and is_async:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.fixture(scope="session")
def slow_coin() -> SlowCoin:
    return SlowCoin()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def app(
    tmp_path_factory: pytest.TempPathFactory, slow_coin: SlowCoin
) -> AsyncIterator[FastAPI]:
    folder = tmp_path_factory.mktemp("app")
    async with running(folder, slow_coin, BreakingCoin(), linger_s=LINGER_S) as app:
        yield app


@pytest_asyncio.fixture(loop_scope="session")
async def ada(app: FastAPI) -> AsyncIterator[Visitor]:
    async with Visitor(app) as visitor:
        yield visitor


@pytest_asyncio.fixture(loop_scope="session")
async def bob(app: FastAPI) -> AsyncIterator[Visitor]:
    async with Visitor(app) as visitor:
        yield visitor


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def address(app: FastAPI) -> AsyncIterator[str]:
    """The same app behind a real socket: `127.0.0.1:port`."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(app, lifespan="off", log_config=None, ws_ping_interval=None)
    )
    serving = asyncio.create_task(server.serve([listener]))
    for _ in range(1000):
        if server.started:
            break
        await asyncio.sleep(0.01)
    yield f"127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    await serving


class Watch(Protocol):
    """Opens a socket on a tree, as a visitor."""

    def __call__(
        self, visitor: Visitor, ref: str, after: int = 0
    ) -> AbstractAsyncContextManager[Watching]: ...


@pytest.fixture
def watch(address: str) -> Watch:
    return lambda visitor, ref, after=0: watching(address, visitor, ref, after)
