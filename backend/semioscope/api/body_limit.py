"""A bound on the size of a request's body, whether it is announced or streamed."""

import asyncio
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from semioscope.api.problems import refuse
from semioscope.core.errors import TooLarge

DRAIN_BYTES: Final = 64_000_000
DRAIN_SECONDS: Final = 5.0


class BodyLimit:
    """Middleware: a body over the limit is answered 413 "body-too-large", and never kept."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on, counting its body."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if _announced(scope) > self._max_bytes:
            await _drain(receive)
            await self._refuse(scope, receive, send)
            return
        counted = _Counted(receive, send, self._max_bytes, self._refusal())
        try:
            await self._app(scope, counted.receive, counted.send)
        except TooLarge as error:
            if error is not counted.error:
                raise
        if counted.is_over and not counted.started:
            if counted.has_more:
                await _drain(receive)
            await self._refuse(scope, receive, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        await refuse(scope, receive, send, self._refusal(), {"Connection": "close"})

    def _refusal(self) -> TooLarge:
        return TooLarge(
            "body-too-large",
            f"The request is larger than {self._max_bytes:,} bytes.",
            "Send less at a time.",
        )


class _Counted:
    """One request's channel. Once its body is over the limit, what the app says of it is dropped:
    a framework may already have turned the refusal into an answer of its own."""

    def __init__(self, receive: Receive, send: Send, limit: int, error: TooLarge) -> None:
        self._receive = receive
        self._send = send
        self._left = limit
        self.error = error
        self.started = False
        self.has_more = True

    @property
    def is_over(self) -> bool:
        return self._left < 0

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            self.has_more = message.get("more_body", False)
            if self.is_over:
                raise self.error
        return message

    async def send(self, message: Message) -> None:
        if self.is_over and not self.started:
            return
        self.started = True
        await self._send(message)


def _announced(scope: Scope) -> int:
    length = Headers(scope=scope).get("content-length", "")
    return int(length) if length.isascii() and length.isdigit() else 0


async def _drain(receive: Receive) -> None:
    # A client that is still sending when the connection closes never reads the answer: take in a
    # bounded amount, for a bounded time, and keep none of it.
    left = DRAIN_BYTES
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            while left > 0:
                message = await receive()
                left -= len(message.get("body", b""))
                if not message.get("more_body", False):
                    return
    except TimeoutError:
        return
