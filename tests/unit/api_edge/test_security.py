"""What a browser is told, and from where it may write."""

import httpx
import pytest
from starlette.testclient import TestClient, WebSocketDenialResponse

from semioscope.settings import Settings

from .conftest import make_app

OWN = "http://observatory:8000"


def policy(response: httpx.Response) -> dict[str, str]:
    directives = response.headers["content-security-policy"].split("; ")
    return dict(directive.split(" ", 1) for directive in directives)


@pytest.mark.parametrize("path", ["/", "/api/me", "/api/nothing"])
async def test_every_response_carries_the_policy(client: httpx.AsyncClient, path: str) -> None:
    response = await client.get(path)
    told = policy(response)
    assert told["script-src"] == told["style-src"] == told["font-src"] == "'self'"
    assert told["default-src"] == told["frame-ancestors"] == "'none'"
    assert told["base-uri"] == told["object-src"] == "'none'"
    assert told["img-src"] == "'self' data:"
    assert told["connect-src"] == "'self' ws://observatory:8000 wss://observatory:8000"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("host", "connect"),
    [
        ("192.168.1.7:8000", "'self' ws://192.168.1.7:8000 wss://192.168.1.7:8000"),
        ("[::1]:8000", "'self' ws://[::1]:8000 wss://[::1]:8000"),
        ("x; script-src *", "'self'"),
        ("a b", "'self'"),
    ],
)
async def test_only_a_plain_host_gets_into_the_policy(
    client: httpx.AsyncClient, host: str, connect: str
) -> None:
    told = policy(await client.get("/", headers={"host": host}))
    assert told["connect-src"] == connect
    assert told["script-src"] == "'self'"


async def test_answers_of_the_api_are_not_stored_by_caches(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/me")).headers["cache-control"] == "no-store"
    assert "cache-control" not in (await client.get("/")).headers


@pytest.mark.parametrize("origin", [None, OWN, OWN.upper(), "https://observatory:8000"])
async def test_a_write_from_the_own_page_or_a_script_is_taken(
    client: httpx.AsyncClient, origin: str | None
) -> None:
    headers = {} if origin is None else {"origin": origin}
    response = await client.post("/api/trees", json={"prompt": "x"}, headers=headers)
    assert response.status_code == 200


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "http://observatory",
        "http://observatory:8001",
        "http://observatory:8000.evil.example",
        "http://evil.example#observatory:8000",
        "null",
        "",
        "observatory:8000",
        "file://observatory:8000",
        "http://observatory:port",
        "http://[",
    ],
)
async def test_a_write_from_another_origin_is_refused(
    client: httpx.AsyncClient, origin: str
) -> None:
    response = await client.post("/api/keep", headers={"origin": origin})
    assert (response.status_code, response.json()["code"]) == (403, "other-origin")
    assert "content-security-policy" in response.headers


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("observatory", "https://observatory"),
        ("observatory:443", "https://observatory"),
        ("observatory", "http://observatory:80"),
        ("[::1]:8000", "http://[::1]:8000"),
        ("[::1]", "http://[::1]:80"),
    ],
)
async def test_default_ports_may_be_left_out(
    client: httpx.AsyncClient, host: str, origin: str
) -> None:
    response = await client.post("/api/keep", headers={"host": host, "origin": origin})
    assert response.status_code == 200


async def test_reading_is_for_every_origin_to_try(client: httpx.AsyncClient) -> None:
    response = await client.get("/api/me", headers={"origin": "http://evil.example"})
    assert response.status_code == 200
    assert "access-control-allow-origin" not in response.headers


def test_a_socket_from_another_origin_is_refused(settings: Settings) -> None:
    with TestClient(make_app(settings)) as client:
        with (
            pytest.raises(WebSocketDenialResponse) as denial,
            client.websocket_connect(
                "/api/trees/t/socket", headers={"origin": "http://evil.example"}
            ),
        ):
            pass
        assert (denial.value.status_code, denial.value.json()["code"]) == (403, "other-origin")
        with client.websocket_connect(
            "/api/trees/t/socket", headers={"origin": "http://testserver"}
        ) as socket:
            assert socket.receive_text()
