"""What a search marks and what a filter holds back, as it is painted on the canvas of Worlds."""

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import NewVisitor
from tests.e2e.observatory import Observatory
from tests.e2e.test_find import PATHS, Finder, coin_tree
from tests.server import Server

COLUMN = 96
"""Width of a step's blocks, CSS pixels."""
ACCENT = {"dark": (0xF2, 0xB8, 0x4B), "light": (0xA8, 0x6A, 0x00)}
BACKGROUND = {"dark": (0x0D, 0x10, 0x17), "light": (0xF6, 0xF3, 0xEC)}

PIXELS = """(canvas, [x0, x1, top, bottom, accent, background]) => {
  const ratio = canvas.width / canvas.clientWidth;
  const [from, to] = [Math.round(top * canvas.height), Math.round(bottom * canvas.height)];
  const [left, right] = [Math.round(x0 * ratio), Math.round(x1 * ratio)];
  const copy = new OffscreenCanvas(right - left, to - from);
  const context = copy.getContext('2d', { willReadFrequently: true });
  context.drawImage(canvas, -left, -from);
  const { data } = context.getImageData(0, 0, copy.width, copy.height);
  const off = (i, colour) => colour.reduce((sum, c, k) => sum + Math.abs(data[i + k] - c), 0);
  let [marked, contrast] = [0, 0];
  for (let i = 0; i < data.length; i += 4) {
    if (off(i, accent) < 30) marked += 1;
    contrast += off(i, background);
  }
  return [marked, contrast / (data.length / 4)];
}"""


@dataclass(frozen=True)
class Part:
    """A part of the canvas: pixels of the accent's colour, and the mean contrast to nothing."""

    marked: int
    contrast: float


@dataclass(frozen=True)
class Canvas:
    """The canvas of Worlds, on which a coin's next states halve the height of their state."""

    visitor: Observatory
    scheme: str

    def block(self, path: str) -> Part:
        """The block of a trajectory of a coin."""
        top = sum(0.5 ** (i + 1) for i, side in enumerate(path) if side == "T")
        column = len(path) - 1
        return self.part(column * COLUMN, (column + 1) * COLUMN, top, top + 0.5 ** len(path))

    def text(self) -> Part:
        """What a line says, right of all blocks."""
        return self.part(5 * COLUMN + 8, 5 * COLUMN + 24, 0.168, 0.192)

    def part(self, x0: float, x1: float, top: float, bottom: float) -> Part:
        self.visitor.settle()
        asked = [x0, x1, top, bottom, ACCENT[self.scheme], BACKGROUND[self.scheme]]
        return Part(*self.visitor.worlds.evaluate(PIXELS, asked))


@pytest.fixture(params=["dark", "light"])
def canvas(request: pytest.FixtureRequest, new_visitor: NewVisitor, coin_server: Server) -> Canvas:
    """A reader's, of a small tree of a coin, in both themes."""
    owner = new_visitor(coin_server)
    coin_tree(owner, *PATHS)
    wide = {"width": 1440, "height": 910}
    visitor = new_visitor(coin_server, color_scheme=request.param, viewport=wide)
    visitor.visit(f"/t/{owner.ref}")
    expect(visitor.page.get_by_test_id("find-open")).to_be_visible()
    return Canvas(visitor, request.param)


@pytest.mark.parametrize("hand", ["mouse", "keyboard"])
def test_what_is_found_is_framed_and_the_match_one_is_at_more_so(canvas: Canvas, hand: str) -> None:
    page = canvas.visitor.page
    finder = Finder(page)
    assert canvas.block("T").marked == 0
    if hand == "mouse":
        finder.open()
        finder.ask("TH")
    else:
        page.keyboard.press("/")
        expect(finder.text).to_be_focused()
        page.keyboard.type("TH")
    expect(finder.said).to_have_text(re.compile(r"\d"))

    assert canvas.block("TH").marked > 100, "where it ends"
    contrast = canvas.block("T").contrast
    assert canvas.block("T").marked > 100, "and where it begins"
    assert canvas.block("HH").marked == 0

    if hand == "mouse":
        finder.rows.first.click()
    else:
        page.keyboard.press("Enter")
    expect(finder.said).to_have_text(re.compile("^1 of"))
    # The first of them is the shortest; of what is selected the frames are thicker.
    assert canvas.block("T").contrast < contrast
    assert canvas.block("HHT").marked > 100
    assert canvas.block("HH").marked == 0

    if hand == "mouse":
        page.get_by_test_id("find-close").click()
    else:
        page.keyboard.press("Escape")
    expect(finder.bar).to_have_count(0)
    assert canvas.block("HHT").marked == 0
    assert canvas.block("T").marked > 100, "it is selected"


@pytest.mark.parametrize("hand", ["mouse", "keyboard"])
def test_what_a_filter_holds_back_is_clearly_dimmed_and_the_rest_stays(
    canvas: Canvas, hand: str
) -> None:
    page = canvas.visitor.page
    chip = page.get_by_test_id("filter-chip")
    paths = {path[:end] for path in PATHS for end in range(len(path) + 1)}
    before = {name: canvas.block(name) for name in ("H", "HH")}
    text = canvas.text()

    if hand == "mouse":
        page.get_by_test_id("find-open").click()
        page.get_by_test_id("find-filter").click()
        page.get_by_test_id("filter-from").fill("2")
        page.get_by_test_id("filter-to").fill("3")
        page.get_by_test_id("find-close").click()
    else:
        page.keyboard.press("f")
        expect(page.get_by_test_id("filter-least")).to_be_focused()
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.type("2")
        page.keyboard.press("Tab")
        page.keyboard.type("3")
        page.keyboard.press("Escape")
    left = sum(2 <= len(path) <= 3 for path in paths)
    expect(chip).to_contain_text(f"steps 2–3 {left} of {len(paths)} states")
    expect(page.get_by_test_id("filter-said")).to_have_text(
        f"Filter: steps 2–3 leaves {left} of {len(paths)} states"
    )
    assert canvas.block("H").contrast < 0.35 * before["H"].contrast
    assert canvas.text().contrast < 0.45 * text.contrast
    assert canvas.block("HH").contrast == pytest.approx(before["HH"].contrast, rel=0.02)

    if hand == "mouse":
        chip.click()
    else:
        page.keyboard.press("Shift+F")
    expect(chip).to_have_count(0)
    expect(page.get_by_test_id("filter-said")).to_be_empty()
    assert canvas.block("H") == before["H"]
    assert canvas.text() == text


def test_the_states_that_a_filter_leaves_are_counted_anew_as_the_tree_grows(
    new_visitor: NewVisitor, coin_server: Server
) -> None:
    owner = new_visitor(coin_server)
    states = coin_tree(owner, "HH", "HT")
    reader = new_visitor(coin_server)
    reader.visit(f"/t/{owner.ref}")
    page = reader.page
    expect(page.get_by_test_id("find-open")).to_be_visible()
    page.keyboard.press("f")
    page.get_by_test_id("filter-least").fill("50")
    chip = page.get_by_test_id("filter-chip")
    expect(chip).to_contain_text("2 of 4 states")
    page.get_by_test_id("find-close").click()
    owner.ask("POST", "/branches", {"node": 0, "keys": [1, 1]})
    expect(chip).to_contain_text("3 of 6 states")
    owner.ask("POST", "/undo")
    expect(chip).to_contain_text("2 of 4 states")
    assert len(states) == 4


def test_a_search_and_a_filter_are_in_the_address_and_come_back_with_it(
    new_visitor: NewVisitor, coin_server: Server
) -> None:
    owner = new_visitor(coin_server)
    states = coin_tree(owner, *PATHS)
    reader = new_visitor(coin_server)
    reader.visit(f"/t/{owner.ref}")
    page, finder = reader.page, Finder(reader.page)
    finder.open()
    page.get_by_test_id("find-expression").click()
    page.get_by_test_id("find-case").click()
    finder.ask("T{2}")
    page.get_by_test_id("find-filter").click()
    page.get_by_test_id("filter-to").fill("5")
    expect(finder.said).to_have_text("in 3 states")
    finder.rows.last.click()
    expect(finder.said).to_have_text("3 of 3")
    assert finder.found() == {states[path] for path in ("TT", "HHTT", "TTTT")}
    page.wait_for_url(re.compile(r"[?&]q=T%7B2%7D&qre=1&qcase=1&to=5$"))

    # A reload, and another person who has only the link.
    other = new_visitor(coin_server)
    for one in (reader, other):
        one.visit(page.url.removeprefix(one.url))
        found = Finder(one.page)
        expect(found.said).to_have_text("3 of 3")
        assert found.found() == {states[path] for path in ("TT", "HHTT", "TTTT")}
        expect(found.text).to_have_value("T{2}")
        expect(found.text).not_to_be_focused()
        expect(one.page.get_by_test_id("filter-chip")).to_contain_text("up to step 5")
        expect(one.page).to_have_url(page.url)

    # What is over is out of the address; Back brings it again.
    page.evaluate("() => history.pushState(null, '', location.href)")
    page.get_by_test_id("find-close").click()
    page.get_by_test_id("filter-chip").click()
    expect(page).not_to_have_url(re.compile(r"[?&](q|qre|qcase|to)="))
    page.go_back()
    expect(finder.said).to_have_text(re.compile("3 states|of 3"))
    expect(page.get_by_test_id("filter-chip")).to_contain_text("up to step 5")

    # What makes no sense is passed over, and the rest of the view opens.
    reader.visit(f"/t/{owner.ref}?v=1&s={states['HH']}&q=(&qre=1&from=9&to=2")
    expect(reader.step).to_have_text("step 2")
    expect(page.get_by_test_id("find-open")).to_be_visible()
    expect(finder.bar).to_have_count(0)
    expect(page.get_by_test_id("filter-chip")).to_have_count(0)
