"""Takes the README's picture from the real page: `python -m tests.bench.screenshot`."""

import tempfile
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from tests.e2e.browser import launch
from tests.e2e.observatory import Observatory
from tests.server import Server

PICTURE = Path(__file__).resolve().parents[2] / ".github" / "screenshot.png"

DRAW = 5
"""Which worlds stand in the picture."""

PROCEDURE = [{"kind": "temperature", "value": 0.7}, {"kind": "top_p", "p": 0.95}]
"""Under which they stand there: tame enough to be read."""


def main() -> None:
    """Grows the night call, selects the leading branch's second state, and takes the picture."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Server(Path(folder))
        server.start()
        browser = launch(playwright)
        try:
            page = browser.new_page(
                viewport={"width": 1440, "height": 900},
                color_scheme="dark",
                reduced_motion="reduce",
            )
            visitor = Observatory(page, server.url)
            ref = visitor.grow()
            changed = page.request.put(
                f"{server.url}/api/trees/{ref}/procedure",
                data={"procedure": PROCEDURE},
                headers={"Origin": server.url},
            )
            assert changed.ok, changed.text()
            visitor.visit(f"/t/{ref}?v=1&seed={DRAW}")
            visitor.wait_until_filled()
            visitor.settle()
            visitor.page.keyboard.press("ArrowRight")
            visitor.page.keyboard.press("ArrowRight")
            expect(visitor.step).to_have_text("step 2")
            visitor.settle()
            PICTURE.parent.mkdir(exist_ok=True)
            page.screenshot(path=PICTURE)
        finally:
            browser.close()
            server.stop()


if __name__ == "__main__":
    main()
