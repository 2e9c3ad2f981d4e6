"""The page for everyone: axe finds nothing, dark and light; a phone scrolls one way only."""

from functools import cache
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import NewVisitor
from tests.e2e.observatory import Observatory
from tests.unit.house.repository import ROOT

PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
}


@cache
def axe_source() -> str:
    return (ROOT / "frontend/node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")


def violations(page: Page) -> list[str]:
    """What axe-core finds on the page as it stands, one line each."""
    page.evaluate(axe_source())
    found = page.evaluate(
        """async () => (await axe.run()).violations.flatMap((violation) =>
          violation.nodes.map((node) =>
            `${violation.id}: ${node.target.join(" ")}: ${node.failureSummary}`))"""
    )
    return list(found)


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_axe_finds_nothing_on_the_first_screen(new_visitor: NewVisitor, scheme: str) -> None:
    visitor = new_visitor(color_scheme=scheme)
    visitor.visit()
    expect(visitor.page.get_by_test_id("rule-picker")).to_contain_text("SmolLM2")

    assert violations(visitor.page) == []


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_axe_finds_nothing_on_a_tree(new_visitor: NewVisitor, scheme: str) -> None:
    visitor = new_visitor(color_scheme=scheme)
    visitor.grow()
    visitor.settle()
    visitor.select_leading()
    visitor.settle()

    assert violations(visitor.page) == []

    visitor.page.get_by_test_id("share").click()
    expect(visitor.page.get_by_test_id("share-live").get_by_role("textbox")).to_be_visible()
    assert violations(visitor.page) == []


def overflow(visitor: Observatory) -> int:
    """CSS pixels by which the page is wider than its window."""
    width = visitor.page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return int(width)


def test_a_phone_shows_everything_without_scrolling_sideways(new_visitor: NewVisitor) -> None:
    visitor = new_visitor(**PHONE)
    visitor.visit()
    assert overflow(visitor) <= 0

    visitor.type_prompt("The rain had stopped, and")
    visitor.wait_until_filled()
    assert overflow(visitor) <= 0
    assert visitor.shown("lines") >= 8
    assert violations(visitor.page) == []
