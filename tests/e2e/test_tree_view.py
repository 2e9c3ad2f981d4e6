"""The Tree view: the most probable states in rows, wedges that open, hoist and collapse."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import NewVisitor
from tests.e2e.observatory import Observatory
from tests.e2e.test_comparing import made_rule
from tests.server import Server


class TreeView:
    """The Tree view of a visitor's page, by what its canvas says of itself."""

    def __init__(self, visitor: Observatory) -> None:
        self.visitor = visitor
        self.canvas = visitor.page.get_by_test_id("tree-canvas")

    def number(self, name: str) -> int:
        value = self.canvas.get_attribute(f"data-{name}")
        assert value is not None
        return int(value)

    def wait(self, name: str, value: int) -> None:
        expect(self.canvas).to_have_attribute(f"data-{name}", str(value))

    def click(self, x: float, y: float, count: int = 1) -> None:
        """At these CSS pixels of the canvas."""
        box = self.canvas.bounding_box()
        assert box is not None
        self.visitor.page.mouse.click(box["x"] + x, box["y"] + y, click_count=count)


@pytest.fixture
def coin(new_visitor: NewVisitor, coin_server: Server) -> TreeView:
    """A biased coin's tree, eight flips deep and whole: 511 states, looked at as a tree."""
    visitor = new_visitor(coin_server)
    visitor.visit()
    ref = visitor.make(rule=made_rule(visitor, kind="coin", heads=0.7), prompt="")
    strategy = {"kind": "breadth", "k": 2, "depth": 8}
    visitor.ask("POST", "/growths", {"state": {"node": 0}, "strategy": strategy})
    visitor.wait_for(lambda: visitor.tree()["states"] == 511, "the tree is grown")
    visitor.visit(f"/t/{ref}?v=1&view=tree")
    tree = TreeView(visitor)
    expect(tree.canvas).to_have_attribute("data-states", re.compile(r"\d+"))
    return tree


def everything(tree: TreeView) -> int:
    return tree.number("states") + tree.number("held")


def test_it_is_turned_to_by_a_click_or_a_key_and_the_address_keeps_it(
    new_visitor: NewVisitor, coin_server: Server
) -> None:
    visitor = new_visitor(coin_server)
    visitor.grow("", rule="Fair coin")
    page = visitor.page
    page.get_by_test_id("view-tree").click()
    expect(page.get_by_test_id("tree-canvas")).to_be_visible()
    page.wait_for_url(re.compile("view=tree"))
    page.reload()
    expect(page.get_by_test_id("tree-canvas")).to_be_visible()
    expect(page.get_by_test_id("view-tree")).to_have_attribute("aria-checked", "true")
    page.keyboard.press("1")
    expect(visitor.worlds).to_be_visible()


def test_every_state_is_either_shown_or_counted_in_a_wedge(coin: TreeView) -> None:
    assert coin.number("wedges") > 0
    assert everything(coin) == 511
    before = coin.number("states")
    coin.visitor.page.keyboard.press("+")
    coin.visitor.wait_for(lambda: coin.number("states") > before, "a closer look opens wedges")
    assert everything(coin) == 511
    coin.visitor.page.keyboard.press("0")
    coin.wait("states", before)


def test_the_wheel_looks_closer_about_the_pointer(coin: TreeView) -> None:
    before = coin.number("states")
    box = coin.canvas.bounding_box()
    assert box is not None
    page = coin.visitor.page
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    for _ in range(4):
        page.mouse.wheel(0, -240)
    coin.visitor.wait_for(lambda: coin.number("states") > before, "the wheel opens wedges")
    assert everything(coin) == 511


def test_collapse_hoist_and_back_by_keys_alone(coin: TreeView) -> None:
    page = coin.visitor.page
    page.keyboard.press("ArrowRight")
    expect(coin.visitor.step).to_have_text("step 1")
    before = coin.number("states")
    page.keyboard.press(" ")
    coin.wait("collapsed", 1)
    assert everything(coin) == 511
    expect(page.get_by_test_id("tree-collapse")).to_have_text("Open")
    page.keyboard.press(" ")
    coin.wait("collapsed", 0)
    assert coin.number("states") == before

    page.keyboard.press("h")
    first = coin.visitor.selected()
    coin.wait("root", first)
    assert everything(coin) == 255
    page.keyboard.press("1")
    expect(coin.visitor.worlds).to_have_attribute("data-anchor", str(first))
    page.keyboard.press("2")
    coin.wait("root", first)
    page.keyboard.press("u")
    coin.wait("root", 0)


def test_the_buttons_do_the_same(coin: TreeView) -> None:
    page = coin.visitor.page
    # In a narrow bar the buttons that have keys and the wheel beside them give way.
    page.set_viewport_size({"width": 1500, "height": 680})
    page.keyboard.press("ArrowRight")
    page.get_by_test_id("tree-hoist").click()
    coin.wait("root", coin.visitor.selected())
    page.get_by_test_id("tree-unhoist").click()
    coin.wait("root", 0)
    before = coin.number("states")
    page.get_by_test_id("tree-in").click()
    coin.visitor.wait_for(lambda: coin.number("states") > before, "closer")
    page.get_by_test_id("tree-out").click()
    coin.wait("states", before)


def test_a_click_selects_a_state_for_every_view(coin: TreeView) -> None:
    root = coin.canvas.bounding_box()
    assert root is not None
    # The states of the first step stand a column away from the root.
    page = coin.visitor.page
    for y in range(12, int(root["height"]), 6):
        coin.click(18 + 104, y)
        if "&s=" in page.url or "?s=" in page.url:
            break
    node = coin.visitor.selected()
    assert coin.visitor.ask("GET", f"/states/{node}")["depth"] == 1
    expect(coin.visitor.step).to_have_text("step 1")


def test_a_state_that_is_gone_to_is_brought_into_sight(coin: TreeView) -> None:
    """The tail of a path is deep in a wedge; walking to it opens the way."""
    page = coin.visitor.page
    for _ in range(8):
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowDown")
    expect(coin.visitor.step).to_have_text("step 8")
    assert everything(coin) == 511
    columns = coin.number("states")
    assert columns > 8


def test_on_a_phone_it_fills_the_screen(new_visitor: NewVisitor, coin_server: Server) -> None:
    visitor = new_visitor(coin_server, viewport={"width": 390, "height": 844}, has_touch=True)
    visitor.grow("", rule="Fair coin")
    visitor.page.get_by_test_id("view-tree").click()
    canvas = visitor.page.get_by_test_id("tree-canvas")
    expect(canvas).to_be_visible()
    box = canvas.bounding_box()
    assert box is not None
    assert box["width"] > 340
    assert visitor.page.evaluate("() => document.documentElement.scrollWidth") <= 390
    expect(visitor.page.get_by_test_id("tab-worlds")).to_have_text("Tree")


def test_two_fingers_open_wedges_and_close_them(
    coin: TreeView, new_visitor: NewVisitor, coin_server: Server
) -> None:
    address = coin.visitor.page.url
    phone = new_visitor(coin_server, viewport={"width": 390, "height": 844}, has_touch=True)
    phone.page.goto(address)
    tree = TreeView(phone)
    expect(tree.canvas).to_have_attribute("data-states", re.compile(r"\d+"))
    before = tree.number("rows")
    box = tree.canvas.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    phone.spread(x, y, 160)
    phone.wait_for(lambda: tree.number("rows") > before, "more rows are there")
    assert everything(tree) == 511
    phone.spread(x, y, -60)
    phone.spread(x, y, -60)
    phone.wait_for(lambda: tree.number("rows") <= before, "and fewer again")


@pytest.mark.parametrize("width", [390, 1180, 1280, 1440])
def test_all_tools_are_there_at_every_width_and_the_line_below_is_cut_nowhere(
    coin: TreeView, width: int
) -> None:
    page = coin.visitor.page
    page.set_viewport_size({"width": width, "height": 800})
    for name in ("unhoist", "out", "in"):
        expect(page.get_by_test_id(f"tree-{name}")).to_be_in_viewport(ratio=1)
    box = page.get_by_test_id("tree-said").bounding_box()
    if width == 390:
        assert box is None
        return
    assert box is not None
    shown = [part.bounding_box() for part in page.get_by_test_id("tree-said").locator("span").all()]
    bottom = box["y"] + box["height"]
    seen = [part for part in shown if part is not None and part["y"] < bottom]
    assert len(seen) >= 1
    for part in seen:
        assert part["x"] >= box["x"] - 1
        assert part["x"] + part["width"] <= box["x"] + box["width"] + 1
        assert part["y"] + part["height"] <= bottom + 1


@pytest.mark.parametrize(("view", "menu"), [("read", "read-colour"), ("multiway", "colour")])
def test_a_phone_has_room_for_what_the_colours_are(coin: TreeView, view: str, menu: str) -> None:
    page = coin.visitor.page
    page.set_viewport_size({"width": 390, "height": 800})
    page.get_by_test_id(f"view-{view}").click()
    select = page.get_by_test_id(menu)
    expect(select).to_be_in_viewport(ratio=1)
    wanted = select.evaluate(
        """menu => {
          const free = menu.cloneNode(true);
          free.style.cssText = 'position: fixed; max-width: none';
          menu.parentElement.append(free);
          const { width } = free.getBoundingClientRect();
          free.remove();
          return width;
        }"""
    )
    box = select.bounding_box()
    assert box is not None
    assert box["width"] >= wanted - 1
    assert page.evaluate("() => document.documentElement.scrollWidth") == 390
