"""Worlds as a place one can fly through: wheel, pinch, drag and keys, and no floor."""

import json
import re
from typing import Any

from playwright.sync_api import expect

from tests.e2e.conftest import NewVisitor
from tests.e2e.observatory import Observatory
from tests.server import Server

COIN = "coin"


def place(visitor: Observatory) -> tuple[int, float, float]:
    """The state that what is in view is measured in, and the part of it that is in view."""
    data = visitor.worlds.evaluate("canvas => ({ ...canvas.dataset })")
    return int(data["anchor"]), float(data["lo"]), float(data["hi"])


def depth(visitor: Observatory) -> int:
    return visitor.shown("depth")


def middle(visitor: Observatory, share: float = 0.5) -> tuple[float, float]:
    """A point of the screen on the canvas, at that share of its height."""
    box = visitor.worlds.bounding_box()
    assert box is not None
    return box["x"] + 0.4 * box["width"], box["y"] + share * box["height"]


def wheel(visitor: Observatory, dy: float, share: float = 0.5, times: int = 1) -> None:
    visitor.page.mouse.move(*middle(visitor, share))
    for _ in range(times):
        visitor.page.mouse.wheel(0, dy)
        visitor.page.wait_for_timeout(20)


def at_rest(visitor: Observatory) -> None:
    visitor.settle()
    visitor.wait_until_filled()
    visitor.settle()


def coins(new_visitor: NewVisitor, server: Server, **context: Any) -> Observatory:
    visitor = new_visitor(server, **context)
    visitor.make(rule=COIN, prompt="")
    visitor.visit(f"/t/{visitor.ref}")
    at_rest(visitor)
    return visitor


def test_the_wheel_zooms_about_the_pointer_and_back_by_any_amount(
    new_visitor: NewVisitor, coin_server: Server
) -> None:
    visitor = coins(new_visitor, coin_server)
    assert place(visitor) == (0, 0, 1)

    wheel(visitor, -100, 0.3)
    at_rest(visitor)
    anchor, lo, hi = place(visitor)
    assert 0 < lo < hi < 1
    assert anchor == 0
    # What is under the pointer stays there: 0.3 = lo + 0.3 (hi - lo).
    assert abs(lo + 0.3 * (hi - lo) - 0.3) < 0.01
    assert 0.7 < hi - lo < 0.9

    wheel(visitor, -100, 0.3, times=8)
    at_rest(visitor)
    assert depth(visitor) >= 2
    grown = visitor.outline.get_by_role("listitem").count()
    assert grown > 10

    wheel(visitor, 120, 0.3, times=20)
    at_rest(visitor)
    assert place(visitor) == (0, 0, 1)


def test_a_trackpad_pinch_zooms_too(new_visitor: NewVisitor, coin_server: Server) -> None:
    visitor = coins(new_visitor, coin_server)
    visitor.page.mouse.move(*middle(visitor, 0.5))
    visitor.page.keyboard.down("Control")
    for _ in range(10):
        visitor.page.mouse.wheel(0, -6)
    visitor.page.keyboard.up("Control")
    at_rest(visitor)
    _, lo, hi = place(visitor)
    assert 0.3 < hi - lo < 0.8
    assert visitor.page.evaluate("visualViewport.scale") == 1


def test_dragging_moves_the_picture_and_is_no_click(
    new_visitor: NewVisitor, coin_server: Server
) -> None:
    visitor = coins(new_visitor, coin_server)
    wheel(visitor, -100, 0.5, times=3)
    at_rest(visitor)
    _, lo, hi = place(visitor)
    chosen = visitor.page.get_by_test_id("state-step").inner_text()
    texts = set(visitor.outline.get_by_role("listitem").all_inner_texts())

    mouse = visitor.page.mouse
    x, y = middle(visitor, 0.7)
    mouse.move(x, y)
    mouse.down()
    mouse.move(x, y - 40, steps=4)
    box = visitor.worlds.bounding_box()
    assert box is not None
    mouse.up()
    at_rest(visitor)

    _, moved_lo, moved_hi = place(visitor)
    assert abs((moved_lo - lo) - (hi - lo) * 40 / box["height"]) < 0.01
    assert abs((moved_hi - moved_lo) - (hi - lo)) < 1e-9
    assert visitor.page.get_by_test_id("state-step").inner_text() == chosen
    # Lines that are still in view are the same worlds.
    now = set(visitor.outline.get_by_role("listitem").all_inner_texts())
    assert len(texts & now) > len(texts) / 2

    # And a press that does not move is a click.
    visitor.click_worlds(0.02, 0.25)
    expect(visitor.page.get_by_test_id("state-step")).not_to_have_text(chosen)


def test_keys_alone_zoom_and_move(new_visitor: NewVisitor, coin_server: Server) -> None:
    visitor = coins(new_visitor, coin_server)
    keys = visitor.page.keyboard
    visitor.worlds.focus()

    keys.press("+")
    at_rest(visitor)
    anchor, lo, hi = place(visitor)
    assert (anchor, round(hi - lo, 3)) == (0, 0.667)
    keys.press("PageDown")
    at_rest(visitor)
    assert abs(place(visitor)[2] - 1) < 1e-6
    keys.press("PageUp")
    at_rest(visitor)
    assert place(visitor)[1] < lo
    keys.press("-")
    at_rest(visitor)
    assert place(visitor) == (0, 0, 1)

    # About the selected state, which ends up filling the view and more.
    for _ in range(4):
        keys.press("ArrowRight")
    for _ in range(9):
        keys.press("+")
        visitor.page.wait_for_timeout(60)
    at_rest(visitor)
    assert depth(visitor) >= 3
    keys.press("Escape")
    at_rest(visitor)
    _, lo, hi = place(visitor)
    assert (lo, hi) == (0, 1)
    deep = depth(visitor)
    keys.press("Escape")
    at_rest(visitor)
    assert depth(visitor) == deep - 1


def test_fingers_pinch_and_pan(new_visitor: NewVisitor, coin_server: Server) -> None:
    phone = {"width": 390, "height": 844}
    visitor = coins(new_visitor, coin_server, viewport=phone, has_touch=True)
    touch = visitor.touch
    x, y = middle(visitor, 0.5)
    visitor.spread(x, y, 160)
    at_rest(visitor)
    _, lo, hi = place(visitor)
    assert abs((hi - lo) - 1 / 3) < 0.03
    assert abs((lo + hi) / 2 - 0.5) < 0.03

    touch("touchStart", (x, y))
    for step in range(1, 9):
        touch("touchMove", (x, y - 10 * step))
        visitor.page.wait_for_timeout(20)
    touch("touchEnd")
    at_rest(visitor)
    box = visitor.worlds.bounding_box()
    assert box is not None
    anchor, panned_lo, panned_hi = place(visitor)
    assert anchor == 0 or depth(visitor) == 1
    if anchor == 0:
        assert abs((panned_lo - lo) - (hi - lo) * 80 / box["height"]) < 0.03
    assert panned_hi > panned_lo
    # A tap still chooses.
    touch("touchStart", (x, y))
    touch("touchEnd")
    expect(visitor.page.get_by_test_id("worlds")).to_have_attribute("data-open", "0")


def test_three_hundred_bits_deep_lines_are_read_as_at_the_first(
    new_visitor: NewVisitor, coin_server: Server
) -> None:
    visitor = coins(new_visitor, coin_server)
    visitor.page.mouse.move(*middle(visitor, 0.4))
    while depth(visitor) < 300:
        before = depth(visitor)
        for _ in range(12):
            visitor.page.mouse.wheel(0, -240)
            visitor.page.wait_for_timeout(16)
        visitor.settle(0.2)
        visitor.wait_until_filled()
        assert depth(visitor) > before, "there is a floor"
    at_rest(visitor)

    _, lo, hi = place(visitor)
    assert 0 <= lo < hi <= 1
    # Where it lies across a border of two states it may be narrow, and not so that it wears out.
    assert hi - lo >= 2**-22
    worlds = visitor.outline.get_by_role("listitem").all_inner_texts()
    assert len(worlds) >= 15
    assert len(set(worlds)) == len(worlds), "worlds cannot be told apart"
    # And each can be chosen: its state is as deep as it looks.
    box = visitor.worlds.bounding_box()
    assert box is not None
    visitor.click_worlds(0.8, 0.5)
    selected = visitor.selected()
    told = visitor.ask("GET", f"/states/{selected}")
    assert told["depth"] > 300

    # The way back: every bit is given back.
    bits = float(visitor.page.get_by_test_id("chosen").get_attribute("data-bits") or 0)
    assert bits >= 300
    buttons = visitor.page.get_by_test_id("minimap").get_by_role("button")
    buttons.first.click()
    at_rest(visitor)
    assert place(visitor) == (0, 0, 1)


def test_a_view_that_is_part_of_a_state_comes_back_from_its_address(
    new_visitor: NewVisitor, coin_server: Server
) -> None:
    visitor = coins(new_visitor, coin_server)
    wheel(visitor, -100, 0.3, times=4)
    at_rest(visitor)
    before = place(visitor)
    worlds = visitor.outline.inner_text()
    visitor.page.wait_for_timeout(300)
    visitor.page.reload()
    at_rest(visitor)
    assert place(visitor) == before
    assert visitor.outline.inner_text() == worlds


def test_growing_into_view_says_what_is_left_and_can_be_switched_off(
    new_visitor: NewVisitor, coin_server: Server
) -> None:
    visitor = coins(new_visitor, coin_server)
    allowance = visitor.page.get_by_test_id("allowance")
    expect(allowance).to_have_text(re.compile(r"K left$"))
    expect(allowance).to_have_attribute("title", re.compile(r"of 100,000 states left"))
    left = int(allowance.get_attribute("data-states") or 0)
    assert left < 100_000

    switch = visitor.page.get_by_test_id("growing")
    expect(switch).to_have_attribute("aria-pressed", "true")
    visitor.worlds.focus()
    visitor.page.keyboard.press("g")
    expect(switch).to_have_attribute("aria-pressed", "false")
    states = visitor.tree()["states"]
    wheel(visitor, -240, 0.3, times=6)
    visitor.settle()
    assert visitor.tree()["states"] == states
    assert visitor.shown("open") > 0

    switch.click()
    visitor.wait_until_filled()
    assert visitor.tree()["states"] > states
    expect(allowance).to_be_visible()
    assert int(allowance.get_attribute("data-states") or 0) < left


def test_pointing_at_a_line_shows_its_whole_world(
    new_visitor: NewVisitor, coin_server: Server
) -> None:
    visitor = coins(new_visitor, coin_server)
    box = visitor.worlds.bounding_box()
    assert box is not None
    visitor.page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + box["height"] * 0.5)
    text = visitor.page.get_by_test_id("world-text")
    expect(text).to_be_visible()
    lines = json.loads(json.dumps(visitor.outline.get_by_role("listitem").all_inner_texts()))
    shown = text.inner_text().replace(" ", "")
    assert any(shown.startswith(line.replace(" ", "")[:12]) for line in lines)
