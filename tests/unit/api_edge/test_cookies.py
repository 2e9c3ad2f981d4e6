"""A browser is somebody, from its first call on."""

import httpx
from fastapi import FastAPI
from starlette.testclient import TestClient

from semioscope.settings import Settings
from semioscope.store.identities import Identities

from .conftest import Browser, make_app


async def test_the_first_call_makes_somebody_and_later_calls_are_theirs(
    client: httpx.AsyncClient,
) -> None:
    first = await client.get("/api/me")
    cookie = first.headers["set-cookie"]
    assert cookie.startswith(f"semioscope={first.json()}.")
    assert {part.strip() for part in cookie.split(";")[1:]} == {
        "HttpOnly",
        "Max-Age=31536000",
        "Path=/",
        "SameSite=Lax",
    }
    second = await client.post("/api/keep")
    assert second.json() == first.json()
    assert "set-cookie" not in second.headers


async def test_the_cookie_is_secure_on_https_only(client: httpx.AsyncClient) -> None:
    response = await client.get("https://observatory/api/me")
    assert "; Secure" in response.headers["set-cookie"]


async def test_two_browsers_are_two_people(browser: Browser) -> None:
    answers = [await browser().get("/api/me") for _ in range(2)]
    assert answers[0].json() != answers[1].json()


async def test_the_page_itself_sets_no_cookie(client: httpx.AsyncClient) -> None:
    assert "set-cookie" not in (await client.get("/")).headers


async def test_a_forged_or_forgotten_cookie_makes_somebody_new(
    client: httpx.AsyncClient, browser: Browser
) -> None:
    real = (await client.post("/api/keep")).json()
    for value in (f"{real}.{'A' * 43}", real, "x.y", '"', f"{'a' * 22}.{'b' * 43}"):
        response = await browser().get("/api/me", headers={"cookie": f"semioscope={value}"})
        assert response.status_code == 200
        assert response.json() != real
        assert response.headers["set-cookie"].startswith(f"semioscope={response.json()}.")


async def test_somebody_who_was_kept_is_known_after_a_restart(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    me = (await client.post("/api/keep")).json()
    app.state.identities = Identities(app.state.identities._database)
    again = await client.get("/api/me")
    assert again.json() == me
    assert again.headers["set-cookie"].startswith(f"semioscope={me}.")
    assert "set-cookie" not in (await client.get("/api/me")).headers


def test_a_socket_has_the_same_caller(settings: Settings) -> None:
    with TestClient(make_app(settings)) as client:
        me = client.get("/api/me").json()
        with client.websocket_connect("/api/trees/t/socket?after=7") as socket:
            assert socket.receive_text() == f"{me} 7"


def test_a_socket_alone_makes_somebody_too(settings: Settings) -> None:
    with (
        TestClient(make_app(settings)) as client,
        client.websocket_connect("/api/trees/t/socket") as socket,
    ):
        me = socket.receive_text().split()[0]
        assert socket.extra_headers is not None
        cookies = [value for name, value in socket.extra_headers if name == b"set-cookie"]
        assert len(cookies) == 1
        assert cookies[0].startswith(f"semioscope={me}.".encode())
