"""Each view, dark and light, beside a picture that somebody has looked at.

`SEMIOSCOPE_RECORD=1` records them anew; look at what changed before it is committed.
"""

import base64
import os
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.conftest import NewVisitor
from tests.e2e.observatory import Observatory
from tests.e2e.test_comparing import made_rule
from tests.server import Server

LOOKS: Final = Path(__file__).parent / "looks"
CANVAS: Final = {
    "worlds": "worlds",
    "tree": "tree-canvas",
    "multiway": "multiway",
    "read": "read-page",
}
DIFFERENT: Final = 48
"""Of 255: what a channel of a pixel may be off, so that edges of letters may be smoothed anew."""
ALLOWED: Final = 0.012
"""The share of pixels that may be off by more."""

COMPARE = """async ([one, other, different]) => {
  const read = async (data) => {
    const image = new Image();
    image.src = `data:image/png;base64,${data}`;
    await image.decode();
    const canvas = new OffscreenCanvas(image.width, image.height);
    const context = canvas.getContext('2d');
    context.drawImage(image, 0, 0);
    return context.getImageData(0, 0, image.width, image.height);
  };
  const [a, b] = [await read(one), await read(other)];
  if (a.width !== b.width || a.height !== b.height) return 1;
  let off = 0;
  for (let i = 0; i < a.data.length; i += 4) {
    for (let k = 0; k < 3; k++) {
      if (Math.abs(a.data[i + k] - b.data[i + k]) > different) { off += 1; break; }
    }
  }
  return off / (a.data.length / 4);
}"""


def is_grown(tree: dict[str, Any]) -> bool:
    running = any(job["state"] == "running" for job in tree["jobs"])
    return tree["states"] == 255 and not running


def grown(visitor: Observatory) -> str:
    """A biased coin's tree with a prune and marks in it, the same every time."""
    visitor.visit()
    ref = visitor.make(rule=made_rule(visitor, kind="coin", heads=0.7), prompt="")
    strategy = {"kind": "breadth", "k": 2, "depth": 7}
    visitor.ask("POST", "/growths", {"state": {"node": 0}, "strategy": strategy})
    visitor.wait_for(lambda: is_grown(visitor.tree()), "the tree is grown")
    pruned = visitor.ask("POST", "/prune", {"state": {"node": 6}})
    assert "seq" in pruned, pruned
    visitor.wait_for(lambda: visitor.tree()["ledger"]["pruned"] > 0, "the prune")
    visitor.ask("PUT", "/states/3/bookmark", {"on": True})
    return ref


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("view", list(CANVAS))
def test_a_view_looks_as_it_was_looked_at(
    view: str, theme: str, new_visitor: NewVisitor, coin_server: Server, browser: Browser
) -> None:
    owner = new_visitor(coin_server)
    ref = grown(owner)
    # A reader's view grows nothing, and looks the same every time.
    reader = new_visitor(coin_server, color_scheme=theme)
    reader.visit(f"/t/{ref}?v=1&view={view}&s=3")
    shown = reader.page.get_by_test_id(CANVAS[view])
    expect(shown).to_be_visible()
    reader.page.evaluate("() => document.fonts.ready")
    reader.page.wait_for_load_state("networkidle")
    reader.page.wait_for_timeout(1200)
    picture = reader.page.screenshot(animations="disabled", caret="hide")

    stored = LOOKS / f"{view}-{theme}.png"
    if os.environ.get("SEMIOSCOPE_RECORD"):
        LOOKS.mkdir(exist_ok=True)
        stored.write_bytes(picture)
    page = browser.new_page()
    pictures = [base64.b64encode(each).decode() for each in (picture, stored.read_bytes())]
    off = page.evaluate(COMPARE, [*pictures, DIFFERENT])
    page.close()
    assert off <= ALLOWED, f"{off:.2%} of the picture is not as it was"
