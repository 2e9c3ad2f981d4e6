"""Runs the app under uvicorn, and says on the terminal what a person wants to know."""

import asyncio
import logging
import socket
from collections.abc import Callable
from typing import Final

import uvicorn

from semioscope.app import create_app
from semioscope.rules.catalogue import Catalogue
from semioscope.settings import Settings

_GRACE_S: Final = 3
_LARGEST_SOCKET_MESSAGE: Final = 65_536


def run(
    settings: Settings,
    listener: socket.socket,
    announce: Callable[[], None],
    say: Callable[[str], None],
    *,
    verbose: bool,
) -> None:
    """Serves on a bound socket until a signal ends it. `announce` is called once it listens;
    `say` is told how the default rule's loading ends."""
    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING)
    catalogue = Catalogue(settings)
    config = uvicorn.Config(
        create_app(settings, catalogue),
        log_config=None,
        access_log=verbose,
        ws_max_size=_LARGEST_SOCKET_MESSAGE,
        timeout_graceful_shutdown=_GRACE_S,
        server_header=False,
    )
    _Server(config, catalogue, announce, say).run(sockets=[listener])


class _Server(uvicorn.Server):
    def __init__(
        self,
        config: uvicorn.Config,
        catalogue: Catalogue,
        announce: Callable[[], None],
        say: Callable[[str], None],
    ) -> None:
        super().__init__(config)
        self._catalogue = catalogue
        self._announce = announce
        self._say = say
        self._news: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._announce()
            self._news = asyncio.create_task(self._tell())

    async def _tell(self) -> None:
        while True:
            offer = self._catalogue.offers()[0]
            if offer.state == "ready":
                self._say(f"{offer.name} is ready.")
                return
            if offer.state == "failed":
                self._say(f"{offer.message} {offer.hint or ''}")
                return
            await asyncio.sleep(0.1)
