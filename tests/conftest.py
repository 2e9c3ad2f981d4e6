"""What every test may use: a server with the default model, and one that waits for no model."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.server import Server

# The default model is embedded; nothing may be looked up on a hub.
os.environ["HF_HUB_OFFLINE"] = "1"

# `make test` tries the same examples every time, so that what is red is red for a reason that is in
# the change; SEMIOSCOPE_EXAMPLES=new tries others, which is how new ones are found.
settings.register_profile("same", derandomize=True)
settings.load_profile("default" if os.environ.get("SEMIOSCOPE_EXAMPLES") == "new" else "same")

_ORDER = ("unit", "property", "contract", "integration", "e2e")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Quick tests first, the browser last: its event loop lives as long as its tests do."""
    here = Path(__file__).parent

    def place(item: pytest.Item) -> int:
        folder = item.path.relative_to(here).parts[0]
        return _ORDER.index(folder) if folder in _ORDER else 0

    items.sort(key=place)


@pytest.fixture(scope="session")
def model_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on a fresh data folder, with the default model loaded."""
    # Tests look more often than a person does.
    server = Server(tmp_path_factory.mktemp("model-server"), requests_per_minute="100000")
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def coin_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on a fresh data folder that is used with coins only."""
    server = Server(tmp_path_factory.mktemp("coin-server"), rule="coin")
    server.start()
    yield server
    server.stop()
