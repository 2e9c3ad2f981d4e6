"""Every refusal as RFC 9457 problem JSON: the one place that maps errors to HTTP."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final, TypeVar

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError, WebSocketRequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketState

from semioscope.api.validation_sentence import validation_sentence
from semioscope.api.wire import Problem
from semioscope.core.errors import SemioscopeError

MEDIA_TYPE: Final = "application/problem+json"
CLOSE_BASE: Final = 4000
"""An open socket is closed with this plus the HTTP status, and the problem's code as reason."""
_POLICY_VIOLATION: Final = 1008

_log = logging.getLogger("semioscope")

_ROUTING: Final = {
    404: ("unknown-address", "There is nothing at this address."),
    405: ("method-not-allowed", "This address does not take that method."),
}


def problem_response(
    status: int,
    code: str,
    detail: str,
    *,
    hint: str | None = None,
    retryable: bool = False,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A problem as a response; `detail` is one sentence for a person."""
    problem = Problem(
        type=f"urn:semioscope:{code}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=_sayable(detail),
        code=code,
        hint=None if hint is None else _sayable(hint),
        retryable=retryable,
    )
    return Response(
        problem.model_dump_json(exclude_none=True), status, headers, media_type=MEDIA_TYPE
    )


def refusal_response(error: SemioscopeError, headers: Mapping[str, str] | None = None) -> Response:
    """The response that a refusal of the inner layers becomes."""
    return problem_response(
        error.status_hint,
        error.code,
        error.message,
        hint=error.hint,
        retryable=error.retryable,
        headers=headers,
    )


async def refuse(
    scope: Scope,
    receive: Receive,
    send: Send,
    error: SemioscopeError,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Answers a request, or a WebSocket's handshake, with a refusal; for ASGI middleware."""
    response = refusal_response(error, headers)
    if scope["type"] == "websocket":
        await _deny(WebSocket(scope, receive, send), response)
    else:
        await response(scope, receive, send)


def add_problem_handlers(app: FastAPI) -> None:
    """Refusals, validation errors, broken JSON, unknown addresses and methods become problems."""

    async def refused(connection: HTTPConnection, error: Exception) -> Response:
        refusal = _expect(error, SemioscopeError)
        return await _answer(connection, refusal_response(refusal), refusal.code)

    async def invalid(connection: HTTPConnection, error: Exception) -> Response:
        response = validation_response(_expect(error, RequestValidationError).errors())
        return await _answer(connection, response, "invalid-field")

    async def invalid_socket(connection: HTTPConnection, error: Exception) -> Response:
        found = _expect(error, WebSocketRequestValidationError).errors()
        return await _answer(connection, validation_response(found), "invalid-field")

    async def http(connection: HTTPConnection, error: Exception) -> Response:
        raised = _expect(error, HTTPException)
        code, detail = _ROUTING.get(raised.status_code, ("bad-request", f"{raised.detail}"))
        response = problem_response(raised.status_code, code, detail, headers=raised.headers)
        return await _answer(connection, response, code)

    app.add_exception_handler(SemioscopeError, refused)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(WebSocketRequestValidationError, invalid_socket)
    app.add_exception_handler(HTTPException, http)


def validation_response(errors: Sequence[Mapping[str, Any]]) -> Response:
    """The problem of a request that does not fit its schema: its first error, as a sentence."""
    first = errors[0]
    if first["type"] == "json_invalid":
        return problem_response(400, "broken-json", validation_sentence(first))
    return problem_response(422, "invalid-field", validation_sentence(first))


class UnexpectedErrors:
    """Middleware: an exception nobody foresaw is logged whole and answered without its text."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on; 500 "unexpected" when it raises before it answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception:
            if started:
                raise
            _log.exception("unexpected error in %s %s", scope["method"], scope["path"])
            response = problem_response(
                500,
                "unexpected",
                "Something went wrong on the server; nothing was changed that it has not told.",
                hint="Try again; if it stays, the server's log says more.",
                retryable=True,
            )
            await response(scope, receive, send)


def _sayable(sentence: str) -> str:
    # A refusal may quote what was sent, and JSON can carry half a character: \ud800.
    return sentence.encode("utf-8", "backslashreplace").decode()


_E = TypeVar("_E", bound=Exception)


def _expect(error: Exception, kind: type[_E]) -> _E:
    # Starlette types every handler as taking any exception, and calls it with its own only.
    if not isinstance(error, kind):
        raise TypeError(f"not a {kind.__name__}") from error
    return error


class _Answered(Response):
    """What Starlette may send after a socket got its answer: nothing."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends nothing."""


async def _answer(connection: HTTPConnection, response: Response, code: str) -> Response:
    if not isinstance(connection, WebSocket):
        return response
    if connection.application_state is WebSocketState.CONNECTING:
        await _deny(connection, response)
    elif connection.application_state is WebSocketState.CONNECTED:
        await connection.close(CLOSE_BASE + response.status_code, code)
    return _Answered()


async def _deny(socket: WebSocket, response: Response) -> None:
    if socket.client_state is WebSocketState.CONNECTING:
        await socket.receive()
    if "websocket.http.response" not in socket.scope.get("extensions", {}):
        await socket.close(_POLICY_VIOLATION)
        return
    await socket.send_denial_response(response)
    # uvicorn counts the handshake as answered once it has seen the connection close, which is
    # scheduled by now; returning before it has would be logged as an error of ours.
    await asyncio.sleep(0)
