"""A real Chromium, and visitors: browser profiles of their own that must stay without errors."""

import re
from collections.abc import Iterator
from typing import Any, Protocol

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.e2e.browser import launch
from tests.e2e.observatory import Observatory
from tests.server import Server

PATIENCE_MS = 20_000
"""For what a busy machine takes longer to show; what has a limit of its own states it."""

SMALL_LAPTOP = {"width": 1180, "height": 680}
"""A window that holds about 24 lines × 18 steps: less for a model to say than a large one."""

# Chromium logs every answer over 399 as an error, also those that a test asks for, and every
# server that is not there, also one that a test has stopped.
REFUSAL = re.compile(
    r"Failed to load resource: the server responded with a status of (?:4\d\d|503)"
    r"|.*net::ERR_CONNECTION_REFUSED"
)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests of the page; gone before tests with event loops of their own."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


class NewVisitor(Protocol):
    """Makes a visitor: a browser profile (an identity of its own) with one page."""

    def __call__(self, server: Server | None = None, **context: Any) -> Observatory: ...


@pytest.fixture
def new_visitor(browser: Browser, model_server: Server) -> Iterator[NewVisitor]:
    """Visitors of the server with the default model, unless told otherwise.

    After the test, every console error, uncaught exception and policy violation of every
    visitor fails it.
    """
    contexts = []
    complaints: list[str] = []

    def make(server: Server | None = None, **context: Any) -> Observatory:
        profile = {"viewport": SMALL_LAPTOP, "reduced_motion": "reduce"}
        opened = browser.new_context(**{**profile, **context})
        opened.set_default_timeout(PATIENCE_MS)
        contexts.append(opened)
        page = opened.new_page()
        page.on("pageerror", lambda error: complaints.append(f"uncaught: {error}"))
        page.on(
            "console",
            lambda message: (
                complaints.append(f"console: {message.text}")
                if message.type in {"error", "warning"} and not REFUSAL.match(message.text)
                else None
            ),
        )
        return Observatory(page, (server or model_server).url)

    yield make
    for opened in contexts:
        opened.close()
    assert complaints == []


@pytest.fixture
def visitor(new_visitor: NewVisitor) -> Observatory:
    """One visitor with a small laptop's window, on the server with the default model."""
    return new_visitor()
