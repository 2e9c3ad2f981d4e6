"""What a browser is told to allow, and whose writes are taken (DESIGN.md section 5)."""

import re
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from semioscope.api.problems import refuse
from semioscope.core.errors import Forbidden

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
    "img-src 'self' data:; worker-src 'self'; manifest-src 'self'; connect-src {connect}; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
)
_HOST: Final = re.compile(r"[A-Za-z0-9._\-]+(:\d+)?|\[[0-9A-Fa-f:.]+\](:\d+)?")
_READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


class SecurityHeaders:
    """Middleware: a strict Content-Security-Policy and its companions on every response."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on and adds the headers to its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        policy = _POLICY.format(connect=_connect(Headers(scope=scope).get("host", "")))

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = policy
                headers["Referrer-Policy"] = "no-referrer"
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Cross-Origin-Resource-Policy"] = "same-origin"
                if scope["path"].startswith("/api/"):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, guarded)


class SameOrigin:
    """Middleware: writes and socket handshakes from another site's page are refused.

    A browser always says which origin a write comes from; a script says none and is let in.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on, or answers 403 "other-origin"."""
        if _is_write(scope) and not _is_own(scope):
            error = Forbidden(
                "other-origin",
                "A page of another site may not do this.",
                "Open Semioscope at its own address.",
            )
            await refuse(scope, receive, send, error)
            return
        await self._app(scope, receive, send)


def _connect(host: str) -> str:
    # Not every browser counts a WebSocket to the page's own host as 'self'. What is not plainly
    # a host is not repeated: it would be text of the caller's in a header.
    return f"'self' ws://{host} wss://{host}" if _HOST.fullmatch(host) else "'self'"


def _is_write(scope: Scope) -> bool:
    if scope["type"] == "websocket":
        return True
    return scope["type"] == "http" and scope["method"] not in _READS


def _is_own(scope: Scope) -> bool:
    headers = Headers(scope=scope)
    host = headers.get("host", "").lower()
    return all(_names(origin, host) for origin in headers.getlist("origin"))


def _names(origin: str, host: str) -> bool:
    # The scheme is not compared: behind a proxy that speaks https the server itself sees http.
    try:
        url = urlsplit(origin.lower())
        port = url.port
    except ValueError:
        return False
    if url.scheme not in _DEFAULT_PORTS or not url.hostname:
        return False
    if url.netloc == host:
        return True
    name = f"[{url.hostname}]" if ":" in url.hostname else url.hostname
    default = _DEFAULT_PORTS[url.scheme]
    return (port or default) == default and host in {name, f"{name}:{default}"}
