"""Every refusal is one clear sentence in problem JSON."""

import json
import logging
from typing import Any

import httpx
import pytest
import websockets
from fastapi import FastAPI
from pydantic import ValidationError
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect
from websockets.typing import Origin

from semioscope.api.problems import problem_response, validation_response
from semioscope.api.wire import CreateTreeRequest
from semioscope.settings import Settings

from .conftest import make_app


def problem(
    response: httpx.Response | WebSocketDenialResponse, status: int, code: str
) -> dict[str, Any]:
    assert response.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = response.json()
    assert (response.status_code, told["status"], told["code"]) == (status, status, code)
    assert told["title"]
    assert told["type"] == f"urn:semioscope:{code}"
    assert isinstance(told["retryable"], bool)
    return told


async def test_a_refusal_keeps_its_code_sentence_and_hint(client: httpx.AsyncClient) -> None:
    told = problem(await client.get("/api/refused"), 422, "empty-prompt")
    assert (told["detail"], told["hint"]) == ("The prompt is empty.", "Type something.")


async def test_an_unknown_address_and_a_wrong_method(client: httpx.AsyncClient) -> None:
    problem(await client.get("/api/nothing"), 404, "unknown-address")
    response = await client.delete("/api/me")
    problem(response, 405, "method-not-allowed")
    assert response.headers["allow"] == "GET"


async def test_an_unexpected_error_is_logged_and_not_told(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "semioscope"):
        response = await client.get("/api/broken")
    problem(response, 500, "unexpected")
    assert "12345" not in response.text
    assert "12345" in caplog.text
    assert "content-security-policy" in response.headers


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({}, "The field “prompt” is missing."),
        ({"prompt": 5}, "The field “prompt” is not valid: input should be a valid string."),
        ({"prompt": "x", "colour": 1}, "The field “colour” is not known here."),
        (
            {"prompt": "x", "steps": [1, "b"]},
            "The field “steps[1]” is not valid: input should be a valid integer, unable to parse "
            "string as an integer.",
        ),
        (
            {"prompt": "x", "growth": {"kind": "worlds", "lines": 0}},
            "The field “growth.worlds.lines” is not valid: input should be greater than or equal "
            "to 1.",
        ),
        ({"prompt": "x", "growth": {}}, "The field “growth” has no 'kind'."),
        (
            {"prompt": "x", "growth": {"kind": "<b>"}},
            "The field “growth” has an unknown 'kind'; it can be 'worlds', 'breadth'.",
        ),
        (["x"], "The body must be a JSON object, sent as application/json."),
        (None, "This request needs a JSON body."),
    ],
)
async def test_a_wrong_body_is_answered_with_its_first_fault(
    client: httpx.AsyncClient, body: object, sentence: str
) -> None:
    response = await client.post("/api/trees", json=body)
    assert problem(response, 422, "invalid-field")["detail"] == sentence


async def test_a_wrong_query_parameter_is_named(client: httpx.AsyncClient) -> None:
    response = await client.post("/api/trees?limit=0", json={"prompt": "x"})
    detail = problem(response, 422, "invalid-field")["detail"]
    assert detail.startswith("The query parameter “limit” is not valid: ")


async def test_broken_json_says_where(client: httpx.AsyncClient) -> None:
    response = await client.post(
        "/api/trees", content='{"prompt": ', headers={"content-type": "application/json"}
    )
    detail = problem(response, 400, "broken-json")["detail"]
    assert detail == "The body is not valid JSON: expecting value at character 11."


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"[" * 1900])
async def test_bytes_that_cannot_be_json_are_refused(
    client: httpx.AsyncClient, content: bytes
) -> None:
    response = await client.post(
        "/api/trees", content=content, headers={"content-type": "application/json"}
    )
    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"


def test_a_socket_that_is_refused_gets_the_problem(settings: Settings) -> None:
    with TestClient(make_app(settings)) as client:
        with (
            pytest.raises(WebSocketDenialResponse) as denial,
            client.websocket_connect("/api/trees/gone/socket"),
        ):
            pass
        problem(denial.value, 410, "revoked-link")
        with (
            pytest.raises(WebSocketDenialResponse) as denial,
            client.websocket_connect("/api/trees/t/socket?after=x"),
        ):
            pass
        problem(denial.value, 422, "invalid-field")


def test_an_open_socket_is_closed_with_the_problems_status(app_for_sockets: TestClient) -> None:
    with app_for_sockets.websocket_connect("/api/trees/t/socket") as socket:
        socket.receive_text()
        socket.send_text("revoke")
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_text()
    assert (closed.value.code, closed.value.reason) == (4410, "revoked-link")


def test_a_server_without_denial_responses_just_closes(settings: Settings) -> None:
    app = make_app(settings)

    async def plain(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "extensions": {}}, receive, send)

    with (
        TestClient(app),
        pytest.raises(WebSocketDisconnect) as closed,
        TestClient(plain).websocket_connect("/api/trees/gone/socket"),
    ):
        pass
    assert closed.value.code == 1008


@pytest.mark.parametrize(
    ("ref", "origin", "status", "code"),
    [("gone", None, 410, "revoked-link"), ("t", "http://evil.example", 403, "other-origin")],
)
async def test_a_real_server_denies_a_socket_without_a_fault_in_its_log(
    server: str,
    ref: str,
    origin: str | None,
    status: int,
    code: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    address = f"ws://{server}/api/trees/{ref}/socket"
    with pytest.raises(websockets.InvalidStatus) as denial:
        await websockets.connect(address, origin=None if origin is None else Origin(origin))
    response = denial.value.response
    assert (response.status_code, json.loads(response.body)["code"]) == (status, code)
    assert [r for r in caplog.records if r.levelno >= logging.ERROR] == []


async def test_half_a_character_in_a_refusal_is_spelt_out() -> None:
    response = problem_response(404, "unknown-rule", "No rule “\ud800”.", hint="Not \udfff.")
    told = json.loads(bytes(response.body))
    assert (told["detail"], told["hint"]) == ("No rule “\\ud800”.", "Not \\udfff.")


@pytest.mark.parametrize("prompt", ["\\ud800", "ab\\udfff", "\\udc00\\ud800"])
def test_a_request_with_half_a_character_is_refused(prompt: str) -> None:
    raw = f'{{"rule": "coin", "prompt": "{prompt}"}}'
    with pytest.raises(ValidationError) as refusal:
        CreateTreeRequest.model_validate(json.loads(raw))
    response = validation_response(refusal.value.errors())
    assert "half of a surrogate pair" in json.loads(bytes(response.body))["detail"]


@pytest.fixture
def app_for_sockets(settings: Settings) -> Any:
    app: FastAPI = make_app(settings)
    with TestClient(app) as client:
        yield client
