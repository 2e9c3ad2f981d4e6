"""One app with coins for all tests here, in one event loop; every test has visitors of its own."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from fastapi import FastAPI

from tests.integration.visitors import BreakingCoin, SlowCoin, Visitor, running


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent.name == "integration":
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.fixture(scope="session")
def slow_coin() -> SlowCoin:
    return SlowCoin()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def app(
    tmp_path_factory: pytest.TempPathFactory, slow_coin: SlowCoin
) -> AsyncIterator[FastAPI]:
    async with running(tmp_path_factory.mktemp("app"), slow_coin, BreakingCoin()) as app:
        yield app


@pytest_asyncio.fixture(loop_scope="session")
async def ada(app: FastAPI) -> AsyncIterator[Visitor]:
    async with Visitor(app) as visitor:
        yield visitor


@pytest_asyncio.fixture(loop_scope="session")
async def bob(app: FastAPI) -> AsyncIterator[Visitor]:
    async with Visitor(app) as visitor:
        yield visitor
