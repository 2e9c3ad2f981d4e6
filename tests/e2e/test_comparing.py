"""Two multiverses side by side in a real browser."""

import math
import re
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.conftest import NewVisitor
from tests.e2e.observatory import Observatory
from tests.server import Server

WIDE = {"width": 1280, "height": 720}
PHONE = {"width": 390, "height": 844}


class Comparison:
    """The page of two trees, as its visitors know it."""

    def __init__(self, visitor: Observatory) -> None:
        self.visitor = visitor
        self.page = visitor.page
        self.screen = self.page.get_by_test_id("compare-screen")
        self.rows = self.page.get_by_test_id("compare-row")
        self.levels = self.page.get_by_test_id("compare-level")

    def open(self, a: str, b: str) -> None:
        self.visitor.visit(f"/compare/{a}/{b}")
        expect(self.screen).to_be_visible()

    def half(self, side: str) -> Locator:
        return self.page.get_by_test_id(f"half-{side}")

    def number(self, measure: str, under: str) -> float:
        cell = self.page.get_by_test_id(f"{measure}-{under}")
        expect(cell).to_have_attribute("data-value", re.compile("."))
        value = cell.get_attribute("data-value")
        assert value is not None
        return float(value.replace("Infinity", "inf"))

    def guarantee(self, measure: str, under: str) -> str | None:
        return self.page.get_by_test_id(f"{measure}-{under}").get_attribute("data-guarantee")

    def filled(self) -> None:
        for side in ("a", "b"):
            worlds = self.half(side).get_by_test_id("worlds")
            expect(worlds).to_have_attribute("data-open", "0", timeout=120_000)


def made_rule(visitor: Observatory, **spec: Any) -> str:
    answer = visitor.page.request.post(f"{visitor.url}/api/rules", data={"spec": spec})
    return str(answer.json()["id"])


def js(p: list[float], q: list[float]) -> float:
    """bits"""
    middle = [(x + y) / 2 for x, y in zip(p, q, strict=True)]
    sums = (sum(x * math.log2(x / m) for x, m in zip(d, middle, strict=True)) for d in (p, q))
    return sum(sums) / 2


@pytest.fixture
def coins(new_visitor: NewVisitor, coin_server: Server) -> Comparison:
    """A fair coin beside one of seven tenths."""
    visitor = new_visitor(coin_server, viewport=WIDE)
    visitor.visit()
    biased = made_rule(visitor, kind="coin", heads=0.7)
    a, b = visitor.make(rule="coin", prompt=""), visitor.make(rule=biased, prompt="")
    pair = Comparison(visitor)
    pair.open(a, b)
    return pair


def test_a_fair_coin_beside_a_biased_one(coins: Comparison) -> None:
    coins.filled()
    for under in ("rule", "procedure"):
        assert coins.number("tv", under) == pytest.approx(0.2, abs=1e-6)
        assert coins.number("js", under) == pytest.approx(js([0.5, 0.5], [0.7, 0.3]), abs=1e-6)
        assert coins.guarantee("js", under) == "exact"
    heads = coins.rows.first
    expect(heads).to_contain_text("H")
    assert float(heads.get_attribute("data-ratio") or "nan") == pytest.approx(
        math.log2(5 / 7), abs=1e-5
    )
    expect(coins.levels.first).to_be_visible()
    for level in coins.levels.all()[:3]:
        assert float(level.get_attribute("data-tv") or "nan") == pytest.approx(0.2, abs=1e-6)


def test_what_is_chosen_in_one_is_chosen_in_the_other(coins: Comparison) -> None:
    coins.filled()
    worlds = coins.half("a").get_by_test_id("worlds")
    box = worlds.bounding_box()
    assert box is not None
    coins.page.mouse.click(box["x"] + 30, box["y"] + 0.25 * box["height"])
    for side in ("a", "b"):
        expect(coins.half(side).get_by_test_id("worlds")).not_to_have_attribute("data-anchor", "0")
    expect(coins.page.get_by_test_id("compare-panel")).to_contain_text("After step 1")
    coins.page.keyboard.press("Escape")
    for side in ("a", "b"):
        expect(coins.half(side).get_by_test_id("worlds")).to_have_attribute("data-anchor", "0")


def test_a_procedure_beside_the_model_itself(visitor: Observatory) -> None:
    visitor.grow()
    visitor.page.get_by_test_id("compare").click()
    dialog = visitor.page.get_by_test_id("compare-dialog")
    dialog.get_by_test_id("compare-way-procedure").click()
    dialog.get_by_test_id("presets").click()
    dialog.get_by_text("Top-k 40").click()
    dialog.get_by_test_id("compare-go").click()
    visitor.page.wait_for_url(re.compile("/compare/"))
    pair = Comparison(visitor)

    expect(pair.half("b").get_by_test_id("half-rule")).to_contain_text("top-k 40")
    assert pair.number("js", "rule") == pytest.approx(0, abs=1e-9)
    kept = -math.log2(1 - pair.number("tv", "procedure"))
    assert pair.number("backward", "procedure") == pytest.approx(kept, abs=1e-4)
    assert pair.number("forward", "procedure") == math.inf
    assert pair.guarantee("js", "procedure") == "exact"
    expect(visitor.page.get_by_test_id("forward-procedure")).to_have_text("∞")
    pair.filled()


def test_another_prompt_beside_it(new_visitor: NewVisitor, coin_server: Server) -> None:
    visitor = new_visitor(coin_server, viewport=WIDE)
    visitor.grow("HT", rule="Sticky coin")
    visitor.page.get_by_test_id("compare").click()
    visitor.page.get_by_test_id("compare-way-prompt").click()
    visitor.page.get_by_test_id("compare-prompt").fill("HTTX")
    visitor.page.get_by_test_id("compare-go").click()
    expect(visitor.page.get_by_test_id("compare-refused")).to_be_visible()
    visitor.page.get_by_test_id("compare-prompt").fill("HTH")
    visitor.page.get_by_test_id("compare-go").click()
    visitor.page.wait_for_url(re.compile("/compare/"))
    pair = Comparison(visitor)
    stays = 0.0
    for row in pair.rows.all() or [pair.rows.first]:
        expect(row).to_be_visible()
        stays = max(stays, float(row.get_attribute("data-a") or 0))
    assert pair.number("tv", "rule") == pytest.approx(abs(2 * stays - 1), abs=1e-5)


def test_different_alphabets_stand_side_by_side_as_text(coins: Comparison) -> None:
    visitor = coins.visitor
    chain = made_rule(visitor, kind="chain", symbols=["x", "y"], matrix=[[0.9, 0.1], [0.5, 0.5]])
    a, b = visitor.make(rule="coin", prompt=""), visitor.make(rule=chain, prompt="")
    coins.open(a, b)
    expect(visitor.page.get_by_test_id("apart")).to_contain_text("different alphabets")
    expect(visitor.page.get_by_test_id("divergences")).to_have_count(0)
    coins.filled()
    expect(coins.half("b").get_by_test_id("worlds")).to_be_visible()


def test_a_reader_compares_what_is_stored(
    new_visitor: NewVisitor, coin_server: Server, coins: Comparison
) -> None:
    coins.filled()
    path = coins.page.url.removeprefix(coins.visitor.url)
    reader = new_visitor(coin_server, viewport=WIDE)
    reader.visit(path)
    pair = Comparison(reader)
    assert pair.number("tv", "rule") == pytest.approx(0.2, abs=1e-6)
    expect(pair.half("a")).to_contain_text("reading")


def test_on_a_phone_the_trees_and_the_numbers_are_tabs(
    new_visitor: NewVisitor, coin_server: Server, coins: Comparison
) -> None:
    path = coins.page.url.removeprefix(coins.visitor.url)
    phone = new_visitor(coin_server, viewport=PHONE, has_touch=True)
    phone.visit(path)
    pair = Comparison(phone)
    expect(pair.half("a")).to_be_visible()
    expect(pair.half("b")).to_be_hidden()
    phone.page.get_by_test_id("compare-tab-b").click()
    expect(pair.half("b")).to_be_visible()
    phone.page.get_by_test_id("compare-tab-numbers").click()
    expect(phone.page.get_by_test_id("divergences")).to_be_visible()
    overflow = phone.page.evaluate(
        "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert overflow <= 0


def test_a_tree_that_is_not_there_is_said_so(coins: Comparison) -> None:
    visitor = coins.visitor
    ref = visitor.make(rule="coin", prompt="")
    visitor.visit(f"/compare/{ref}/tnobody-knows-this-one0")
    expect(visitor.page.get_by_test_id("link-problem")).to_be_visible()
