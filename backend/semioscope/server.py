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
    `say` is told how the loading of the first rules ends.

    Raises SemioscopeError for rules to be loaded at the start that are not on offer."""
    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING)
    catalogue = Catalogue(settings)
    first = catalogue.at_start(settings.load_at_start)
    config = uvicorn.Config(
        create_app(settings, catalogue),
        log_config=None,
        access_log=verbose,
        ws_max_size=_LARGEST_SOCKET_MESSAGE,
        timeout_graceful_shutdown=_GRACE_S,
        server_header=False,
    )
    _Server(config, catalogue, first, announce, say).run(sockets=[listener])


class _Server(uvicorn.Server):
    def __init__(
        self,
        config: uvicorn.Config,
        catalogue: Catalogue,
        first: list[str],
        announce: Callable[[], None],
        say: Callable[[str], None],
    ) -> None:
        super().__init__(config)
        self._catalogue = catalogue
        self._first = first
        self._announce = announce
        self._say = say
        self._news: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._announce()
            self._news = asyncio.create_task(self._tell())

    async def _tell(self) -> None:
        waiting = set(self._first)
        while waiting:
            for offer in self._catalogue.offers():
                if offer.id in waiting and offer.state in ("ready", "failed"):
                    waiting.remove(offer.id)
                    is_ready = offer.state == "ready"
                    what = f"{offer.name} is ready." if is_ready else offer.message
                    self._say(f"{what} {offer.hint or ''}".rstrip())
            await asyncio.sleep(0.1)
