"""The Chromium that tests, benchmarks and the screenshot use."""

import os

from playwright.sync_api import Browser, Playwright

ARGUMENTS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def launch(playwright: Playwright) -> Browser:
    """Starts the Chromium that SEMIOSCOPE_CHROMIUM names (`make test` finds or installs it)."""
    return playwright.chromium.launch(
        executable_path=os.environ.get("SEMIOSCOPE_CHROMIUM", "/usr/bin/chromium"),
        args=ARGUMENTS,
    )
