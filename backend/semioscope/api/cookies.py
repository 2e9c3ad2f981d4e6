"""The anonymous identity of a browser: a cookie that scripts on a page cannot read."""

from http.cookies import SimpleCookie
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from semioscope.service.access import Caller
from semioscope.store.identities import Identities

COOKIE: Final = "semioscope"
_YEAR_S: Final = 365 * 86_400
_ANSWERS: Final = frozenset({"http.response.start", "websocket.accept"})


class IdentityCookie:
    """Middleware: every call of the API has a caller, in `request.state.caller`.

    `request.state.is_newcomer` says that it was made just now, for want of a valid cookie.
    Finds the identities in `app.state.identities`.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the call on; its answer carries the cookie when there is a new one."""
        if scope["type"] == "lifespan" or not scope["path"].startswith("/api/"):
            await self._app(scope, receive, send)
            return
        identities: Identities = scope["app"].state.identities
        identity = await identities.resolve(HTTPConnection(scope).cookies.get(COOKIE))
        state = scope.setdefault("state", {})
        state["caller"] = Caller(identity.id)
        state["is_newcomer"] = identity.is_new

        async def telling(message: Message) -> None:
            if identity.new_token is not None and message["type"] in _ANSWERS:
                message.setdefault("headers", [])
                cookie = set_cookie(identity.new_token, scope["scheme"] in {"https", "wss"})
                MutableHeaders(scope=message).append("set-cookie", cookie)
            await send(message)

        await self._app(scope, receive, telling)


def set_cookie(token: str, is_secure: bool) -> str:
    """The value of a Set-Cookie header. Secure would lose the cookie on plain http."""
    cookie: SimpleCookie = SimpleCookie({COOKIE: token})
    morsel = cookie[COOKIE]
    morsel["path"] = "/"
    morsel["max-age"] = _YEAR_S
    morsel["httponly"] = True
    morsel["samesite"] = "Lax"
    morsel["secure"] = is_secure
    return morsel.OutputString()
