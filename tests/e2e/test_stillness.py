"""Who does not want motion gets none: zooms and notices stand still."""

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.conftest import NewVisitor
from tests.e2e.test_find import coin_tree
from tests.server import Server

PICTURES = """async (canvas, ms) => {
  const small = new OffscreenCanvas(160, 100);
  const context = small.getContext('2d', { willReadFrequently: true });
  const seen = new Set();
  for (const until = performance.now() + ms; performance.now() < until;) {
    await new Promise(requestAnimationFrame);
    context.drawImage(canvas, 0, 0, 160, 100);
    seen.add(context.getImageData(0, 0, 160, 100).data.join());
  }
  return seen.size;
}"""


def pictures(canvas: Locator, ms: int = 1200) -> int:
    """How many different pictures a canvas shows from now on, for so long."""
    shown: int = canvas.evaluate(PICTURES, ms)
    return shown


MOTION = pytest.mark.parametrize("motion", ["reduce", "no-preference"])


@MOTION
def test_a_zoom_is_one_new_picture_or_a_move(
    new_visitor: NewVisitor, coin_server: Server, motion: str
) -> None:
    owner = new_visitor(coin_server)
    coin_tree(owner, "HHTHTTHHT", "THHTHHTT")
    reader = new_visitor(coin_server, reduced_motion=motion)
    reader.visit(f"/t/{owner.ref}")
    expect(reader.page.get_by_test_id("find-open")).to_be_visible()
    reader.settle()
    reader.click_worlds(0.05, 0.25)
    reader.wait_for(lambda: reader.shown("anchor") != 0, "it has zoomed in")
    reader.settle()
    reader.page.keyboard.press("Escape")
    seen = pictures(reader.worlds)
    assert reader.shown("anchor") == 0
    assert seen <= 2 if motion == "reduce" else seen > 4


@MOTION
def test_a_notice_appears_or_moves_in(
    new_visitor: NewVisitor, coin_server: Server, motion: str
) -> None:
    owner = new_visitor(coin_server, reduced_motion=motion)
    coin_tree(owner, "HH")
    owner.visit(f"/t/{owner.ref}")
    expect(owner.page.get_by_test_id("find-open")).to_be_visible()
    owner.page.keyboard.press("Control+Shift+z")
    notice = owner.notices.locator("> *").first
    expect(notice).to_be_visible()
    longest = notice.evaluate(
        """(one) => [one, ...one.querySelectorAll('*')].flatMap((each) => {
          const { animationName, animationDuration, transitionDuration } = getComputedStyle(each);
          const names = animationName.split(', ');
          const moves = animationDuration.split(', ').filter((_, i) => names[i] !== 'none');
          return [...moves, ...transitionDuration.split(', ')].map(parseFloat);
        }).reduce((most, one) => Math.max(most, one), 0)"""
    )
    assert longest < 0.001 if motion == "reduce" else longest > 0.05
