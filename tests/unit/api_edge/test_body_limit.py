"""A body over the limit is refused in a way that a client gets to read."""

from collections.abc import AsyncIterator

import httpx
import pytest

from .conftest import LIMIT


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


@pytest.mark.parametrize("is_streamed", [True, False])
async def test_who_sends_50_mb_reads_the_answer(server: str, is_streamed: bool) -> None:
    content = chunks([1_000_000] * 50) if is_streamed else b"x" * 50_000_000
    async with httpx.AsyncClient() as client:
        response = await client.post(f"http://{server}/api/bytes", content=content, timeout=60)
        assert (response.status_code, response.json()["code"]) == (413, "body-too-large")
        assert response.headers["connection"] == "close"
        assert (await client.get(f"http://{server}/api/me")).status_code == 200
