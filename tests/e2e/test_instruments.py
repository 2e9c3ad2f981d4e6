"""Instruments beneath the canvas, and colours by what they found."""

import csv
import io
import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.conftest import NewVisitor
from tests.e2e.observatory import Observatory
from tests.e2e.test_comparing import made_rule
from tests.server import Server


@pytest.fixture
def coin(new_visitor: NewVisitor, coin_server: Server) -> Observatory:
    """A biased coin's tree, six flips deep and whole, its rarest trajectory selected."""
    visitor = new_visitor(coin_server, accept_downloads=True)
    visitor.visit()
    ref = visitor.make(rule=made_rule(visitor, kind="coin", heads=0.7), prompt="")
    strategy = {"kind": "breadth", "k": 2, "depth": 6}
    visitor.ask("POST", "/growths", {"state": {"node": 0}, "strategy": strategy})
    visitor.wait_for(lambda: visitor.tree()["states"] == 127, "the tree is grown")
    visitor.visit(f"/t/{ref}?v=1&s=126")
    expect(visitor.page.get_by_test_id("open-profile")).to_be_visible()
    return visitor


def instrument(visitor: Observatory) -> Locator:
    return visitor.page.get_by_test_id("instrument")


def test_the_profile_is_opened_read_and_closed_by_keyboard(coin: Observatory) -> None:
    coin.page.keyboard.press("i")
    expect(instrument(coin)).to_have_attribute("data-kind", "profile")
    expect(instrument(coin).get_by_test_id("figure")).to_have_count(4)
    expect(instrument(coin).get_by_role("img", name="Surprisal and entropy")).to_be_visible()
    expect(instrument(coin).get_by_test_id("instrument-summary")).to_contain_text("6 steps")
    coin.page.keyboard.press("Escape")
    expect(instrument(coin)).to_have_count(0)


def test_a_step_that_is_pointed_at_is_read_and_a_click_selects_its_state(coin: Observatory) -> None:
    coin.page.get_by_test_id("open-profile").click()
    plot = instrument(coin).get_by_test_id("figure").first.locator("svg").last
    expect(plot).to_be_visible()
    box = plot.bounding_box()
    assert box is not None
    coin.page.mouse.move(box["x"] + 53, box["y"] + box["height"] / 2)
    expect(instrument(coin).get_by_test_id("instrument-row")).to_contain_text("step 1")
    expect(instrument(coin).get_by_test_id("instrument-row")).to_contain_text("surprisal")
    coin.page.mouse.down()
    coin.page.mouse.up()
    expect(coin.step).to_have_text("step 1")
    expect(instrument(coin).get_by_test_id("instrument-summary")).to_contain_text("1 step;")


def test_it_says_what_one_is_looking_at_and_is_saved_as_a_table(
    coin: Observatory, tmp_path: Path
) -> None:
    coin.page.keyboard.press("i")
    instrument(coin).get_by_test_id("instrument-about").click()
    expect(instrument(coin).get_by_test_id("instrument-says")).to_contain_text("arXiv 2405.13798")
    expect(instrument(coin).locator(".katex math")).to_have_count(1)
    with coin.page.expect_download() as waiting:
        instrument(coin).get_by_test_id("instrument-csv").click()
    saved = tmp_path / "profile.csv"
    waiting.value.save_as(saved)
    table = list(csv.DictReader(io.StringIO(saved.read_text(encoding="utf-8"), newline="")))
    assert [row["step (steps)"] for row in table] == list("123456")
    assert float(table[0]["surprisal (bits)"]) == pytest.approx(1.737, abs=1e-3)
    about = json.loads(table[0]["about"])
    assert about["instrument"] == "profile"
    assert any("fingerprint" in line for line in about["from"])


def test_the_initial_state_has_no_trajectory_and_says_so(coin: Observatory) -> None:
    coin.page.keyboard.press("i")
    coin.select_prompt()
    expect(instrument(coin).get_by_test_id("instrument-empty")).to_contain_text("further on")
    expect(instrument(coin).get_by_test_id("figure")).to_have_count(0)


@pytest.mark.parametrize(
    ("colour", "says"),
    [
        ("trajectory", re.compile("bits$")),
        ("varentropy", re.compile("bits²")),
        ("rank", re.compile("^rank")),
    ],
)
@pytest.mark.parametrize("view", ["worlds", "tree", "read"])
def test_states_are_coloured_by_what_an_instrument_found(
    coin: Observatory, colour: str, says: re.Pattern[str], view: str
) -> None:
    coin.page.get_by_test_id(f"view-{view}").click()
    menu = coin.page.get_by_test_id("read-colour" if view == "read" else "colour")
    with coin.page.expect_response(re.compile(f"overlays/{colour}")):
        menu.select_option(colour)
    expect(coin.page.get_by_test_id("read-legend" if view == "read" else "legend")).to_have_text(
        says
    )
    expect(coin.page).to_have_url(re.compile(f"colour={colour}"))


def test_what_is_measured_is_asked_for_once_and_again_when_the_tree_has_grown(
    coin: Observatory,
) -> None:
    asked: list[str] = []
    coin.page.on(
        "request",
        lambda request: asked.append(request.url) if "/instruments/" in request.url else None,
    )
    coin.page.keyboard.press("g")  # nothing grows by itself
    coin.settle(1.0)
    coin.page.get_by_test_id("colour").select_option("trajectory")
    coin.page.keyboard.press("i")
    expect(instrument(coin).get_by_test_id("figure")).to_have_count(4)
    coin.page.wait_for_timeout(2500)
    assert sorted("overlays" in url for url in asked) == [False, True]

    coin.ask("POST", "/branches", {"node": 126, "keys": [0]})
    coin.wait_for(lambda: len(asked) == 4, "both are measured again")
    coin.page.wait_for_timeout(1500)
    assert len(asked) == 4
