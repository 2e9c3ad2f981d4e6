"""From a zoom into a state that has not been grown to its worlds, on the default model, in a real
Chromium: part of `python -m tests.bench.canvas`, or by itself.

A zoom is the key z on a state one step from the prompt, the second most probable, so that a
canvas of its lines has to be grown.
"""

import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page, sync_playwright

from tests.bench.spine import PROMPTS, WARM_UP, grow
from tests.e2e.browser import launch
from tests.server import Server

WATCH: Final = """() => {
  const worlds = document.querySelector('[data-testid=worlds]');
  const { anchor: from } = worlds.dataset;
  const seen = (window.__zoom = { began: null, first: null, all: null });
  addEventListener('keydown', () => (seen.began ??= performance.now()), { capture: true });
  new MutationObserver(() => {
    const { anchor, steps } = worlds.dataset;
    if (seen.began === null || anchor === from) return;
    const now = performance.now() - seen.began;
    if (Number(steps) >= 1) seen.first ??= now;
    if (Number(steps) >= 12) seen.all ??= now;
  }).observe(worlds, { attributes: true, attributeFilter: ['data-steps', 'data-version'] });
}"""


@dataclass(frozen=True)
class Zoom:
    """Times from the key, both in milliseconds: until every line in view has one step, and 12."""

    first_column: float
    worlds: float


def zoom(page: Page) -> Zoom:
    """Zooms into a state of the tree that is open."""
    page.wait_for_function(
        "() => !document.querySelector('[data-testid=job][data-state=running]')", timeout=60_000
    )
    page.wait_for_timeout(500)
    page.get_by_test_id("worlds").focus()
    for key in ("Home", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    page.wait_for_timeout(200)
    page.evaluate(WATCH)
    page.keyboard.press("z")
    page.wait_for_function("() => window.__zoom.all !== null", timeout=60_000, polling=100)
    first, worlds = page.evaluate("() => [window.__zoom.first, window.__zoom.all]")
    return Zoom(first, worlds)


def measure(browser: Browser, url: str) -> list[Zoom]:
    """One zoom for each prompt, after one that is not counted."""
    context = browser.new_context(viewport={"width": 1440, "height": 910})
    page = context.new_page()
    grow(page, url, WARM_UP, tokens=None)
    zoom(page)
    zooms = []
    for prompt in PROMPTS:
        grow(page, url, prompt)
        zooms.append(zoom(page))
    context.close()
    return zooms


def measured(browser: Browser) -> list[Zoom]:
    """On a server of its own."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder))
        server.start()
        try:
            return measure(browser, server.url)
        finally:
            server.stop()


def line(zooms: list[Zoom]) -> str:
    """The medians, for a RESULT line."""
    first = statistics.median(each.first_column for each in zooms)
    worlds = statistics.median(each.worlds for each in zooms) / 1000
    return f"zoom_first_ms={first:.0f} zoom_worlds_s={worlds:.2f}"


if __name__ == "__main__":
    with sync_playwright() as playwright:
        found = measured(launch(playwright))
    for each in found:
        print(f"first column {each.first_column:.0f} ms, 12 steps {each.worlds:.0f} ms")
    print(f"RESULT zooming {line(found)}")
