"""A body over the limit is refused in a way that a client gets to read."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from semioscope.settings import Settings

from .conftest import LIMIT, make_app


async def chunks(sizes: list[int]) -> AsyncIterator[bytes]:
    for size in sizes:
        yield b"x" * size


@pytest.mark.parametrize("path", ["/api/bytes", "/api/trees"])
@pytest.mark.parametrize("is_streamed", [True, False])
async def test_a_body_over_the_limit_is_too_large(
    client: httpx.AsyncClient, path: str, is_streamed: bool
) -> None:
    content = chunks([LIMIT, 1]) if is_streamed else b"x" * (LIMIT + 1)
    response = await client.post(
        path, content=content, headers={"content-type": "application/json"}
    )
    assert response.status_code == 413
    assert response.json()["code"] == "body-too-large"
    assert response.json()["detail"] == "The request is larger than 2,000 bytes."


@pytest.mark.parametrize("sizes", [[LIMIT], [LIMIT - 1, 1], [0]])
async def test_a_body_up_to_the_limit_is_taken(client: httpx.AsyncClient, sizes: list[int]) -> None:
    response = await client.post("/api/bytes", content=chunks(sizes))
    assert response.json() == sum(sizes)


async def test_a_length_that_is_no_number_is_not_believed(client: httpx.AsyncClient) -> None:
    response = await client.post(
        "/api/bytes", content=b"x" * (LIMIT + 1), headers={"content-length": "-5"}
    )
    assert response.status_code == 413


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[str]:
    """The edge behind a real server, with the limits that Semioscope has."""
    app: FastAPI = make_app(Settings(data_folder=tmp_path))
    config = uvicorn.Config(app, log_config=None, ws="none")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        running = uvicorn.Server(config)
        serving = asyncio.create_task(running.serve([listener]))
        while not running.started:  # noqa: ASYNC110 -- uvicorn has no event for it
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        running.should_exit = True
        await serving


@pytest.mark.parametrize("is_streamed", [True, False])
async def test_who_sends_50_mb_reads_the_answer(server: str, is_streamed: bool) -> None:
    content = chunks([1_000_000] * 50) if is_streamed else b"x" * 50_000_000
    async with httpx.AsyncClient() as client:
        response = await client.post(f"{server}/api/bytes", content=content, timeout=60)
        assert (response.status_code, response.json()["code"]) == (413, "body-too-large")
        assert response.headers["connection"] == "close"
        assert (await client.get(f"{server}/api/me")).status_code == 200
