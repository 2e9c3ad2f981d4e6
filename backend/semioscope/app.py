"""The app: store, catalogue and service, wired once for one server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from fastapi import FastAPI
from starlette.responses import JSONResponse

from semioscope import __version__
from semioscope.api.document import openapi_document
from semioscope.api.edge import add_edge
from semioscope.api.methods import AllowedMethods
from semioscope.api.routers import (
    annotations,
    compare,
    exports,
    growths,
    instruments,
    page,
    rules,
    sharing,
    socket,
    trees,
)
from semioscope.core.errors import SemioscopeError
from semioscope.rules.catalogue import Catalogue
from semioscope.service.broadcast import RuleChanged
from semioscope.service.observatory import Observatory
from semioscope.service.rule_door import RuleDoor
from semioscope.settings import Settings
from semioscope.store.database import Database
from semioscope.store.identities import Identities
from semioscope.store.links import Links
from semioscope.store.trees import Trees

RULE_NEWS_EVERY_S: Final = 0.25
LISTEN_FIRST_S: Final = 0.05
"""Importing torch holds the interpreter: the server's socket should listen before."""


def create_app(
    settings: Settings | None = None,
    catalogue: Catalogue | None = None,
    *,
    load_at_start: bool = True,
) -> FastAPI:
    """One server's app. `load_at_start`: begin to load the rules that the settings name when the
    server starts; HTTP answers meanwhile."""
    told = settings or Settings()
    offered = catalogue or Catalogue(told)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        database = await Database.open(told.database_path)
        identities = Identities(database)
        house = Observatory(Trees(database), Links(database), identities, RuleDoor(offered), told)
        app.state.identities = identities
        app.state.observatory = house
        chores = [asyncio.create_task(_tell_rule_news(house))]
        if load_at_start:
            first = offered.at_start(told.load_at_start)
            chores.append(asyncio.create_task(_load(offered, first)))
        try:
            yield
        finally:
            for chore in chores:
                chore.cancel()
            await asyncio.gather(*chores, return_exceptions=True)
            await house.close()
            await asyncio.to_thread(offered.close)
            await database.close()

    app = FastAPI(
        title="Semioscope",
        version=__version__,
        lifespan=lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
    )
    app.state.page = page.PageFiles(told.page_folder)
    routers = [
        each.router
        for each in (
            rules,
            trees,
            exports,
            growths,
            annotations,
            compare,
            instruments,
            sharing,
            socket,
            page,
        )
    ]
    for router in routers:
        app.include_router(router)
    app.add_api_route(
        "/api/openapi.json", lambda: JSONResponse(openapi_document(app)), include_in_schema=False
    )
    app.add_middleware(AllowedMethods, routes=[route for each in routers for route in each.routes])
    add_edge(app, told)
    return app


def document_of_the_api() -> dict[str, Any]:
    """The OpenAPI document, without a server."""
    return openapi_document(create_app())


async def _load(catalogue: Catalogue, rules: list[str]) -> None:
    await asyncio.sleep(LISTEN_FIRST_S)
    for rule in rules:
        with suppress(SemioscopeError):  # the catalogue's offer says why it failed
            await catalogue.rule(rule)


async def _tell_rule_news(house: Observatory) -> None:
    """Tells open pages when a rule loads, is ready, or fails."""
    known = house.offers()
    while True:
        await asyncio.sleep(RULE_NEWS_EVERY_S)
        now = house.offers()
        for before, after in zip(known, now, strict=True):
            if before != after:
                house.tell_rules(RuleChanged(after.id))
        known = now
