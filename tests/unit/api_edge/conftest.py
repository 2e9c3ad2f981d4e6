"""A small app behind the whole edge, over a real database."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Annotated, Literal

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Query, Request, WebSocket, WebSocketDisconnect
from pydantic import BaseModel, ConfigDict, Field

from semioscope.api.edge import add_edge
from semioscope.core.errors import Gone, InvalidRequest
from semioscope.settings import Settings
from semioscope.store.database import Database
from semioscope.store.identities import Identities

LIMIT = 2000
"""Bytes of a body."""


class Worlds(BaseModel):
    kind: Literal["worlds"]
    lines: int = Field(ge=1)


class Breadth(BaseModel):
    kind: Literal["breadth"]
    k: int


class Order(BaseModel):
    model_config = ConfigDict(extra="forbid")
    prompt: str
    steps: list[int] = []
    growth: Annotated[Worlds | Breadth, Field(discriminator="kind")] | None = None


def make_app(settings: Settings) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        database = await Database.open(settings.database_path)
        app.state.identities = Identities(database)
        yield
        await database.close()

    app = FastAPI(lifespan=lifespan)
    add_edge(app, settings)

    @app.get("/")
    async def page() -> str:
        return "page"

    @app.get("/api/me")
    async def me(request: Request) -> str:
        caller: str = request.state.caller.id
        return caller

    @app.post("/api/keep")
    async def keep(request: Request) -> str:
        caller: str = request.state.caller.id
        await request.app.state.identities.keep(caller)
        return caller

    @app.post("/api/trees")
    async def order(order: Order, limit: Annotated[int, Query(ge=1)] = 1) -> str:
        return f"{order.prompt} {limit}"

    @app.post("/api/bytes")
    async def count(request: Request) -> int:
        return len(await request.body())

    @app.get("/api/refused")
    async def refused() -> None:
        raise InvalidRequest("empty-prompt", "The prompt is empty.", "Type something.")

    @app.get("/api/broken")
    async def broken() -> None:
        raise RuntimeError("the secret is 12345")

    @app.websocket("/api/trees/{ref}/socket")
    async def watch(websocket: WebSocket, ref: str, after: int = 0) -> None:
        if ref == "gone":
            raise Gone("revoked-link", "This link was revoked.")
        await websocket.accept()
        await websocket.send_text(f"{websocket.state.caller.id} {after}")
        with suppress(WebSocketDisconnect):
            await websocket.receive_text()
            raise Gone("revoked-link", "This link was revoked.")

    return app


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_folder=tmp_path, max_body_bytes=LIMIT, requests_per_minute=1000)


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    app = make_app(settings)
    async with app.router.lifespan_context(app):
        yield app


Browser = Callable[[], httpx.AsyncClient]


@pytest.fixture
async def browser(app: FastAPI) -> AsyncIterator[Browser]:
    """Makes browsers, each with cookies of its own."""
    made: list[httpx.AsyncClient] = []

    def make() -> httpx.AsyncClient:
        made.append(
            httpx.AsyncClient(
                transport=httpx.ASGITransport(app), base_url="http://observatory:8000"
            )
        )
        return made[-1]

    yield make
    for client in made:
        await client.aclose()


@pytest.fixture
def client(browser: Browser) -> httpx.AsyncClient:
    return browser()


@pytest.fixture
async def server(settings: Settings) -> AsyncIterator[str]:
    """The address of the app behind a real server."""
    running = uvicorn.Server(uvicorn.Config(make_app(settings), log_config=None))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = asyncio.create_task(running.serve([listener]))
        while not running.started:  # noqa: ASYNC110 -- uvicorn has no event for it
            await asyncio.sleep(0.01)
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        running.should_exit = True
        await serving
