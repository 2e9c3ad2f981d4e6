"""A 405 names every method that its address takes (RFC 9110, section 15.5.6)."""

from collections.abc import Iterable

from fastapi.routing import APIRoute
from starlette.datastructures import MutableHeaders
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class AllowedMethods:
    """Middleware: completes `Allow`, which routing fills from the first route of an address."""

    def __init__(self, app: ASGIApp, routes: Iterable[BaseRoute]) -> None:
        self._app = app
        self._routes = [route for route in routes if isinstance(route, APIRoute)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def completed(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 405:
                MutableHeaders(scope=message)["Allow"] = ", ".join(self._methods(scope["path"]))
            await send(message)

        await self._app(scope, receive, completed)

    def _methods(self, path: str) -> list[str]:
        matching = (route for route in self._routes if route.path_regex.match(path))
        return sorted({method for route in matching for method in route.methods or ()})
