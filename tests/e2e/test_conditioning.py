"""Pruning is conditioning: what it gave up is counted, and what is left can fill the picture."""

import math
import re

import pytest
from playwright.sync_api import expect

from tests.e2e.observatory import Observatory


def bits(visitor: Observatory, testid: str) -> float:
    value = visitor.page.get_by_test_id(testid).get_attribute("data-bits")
    assert value is not None
    return float(value)


def test_bits_given_up_are_counted_and_given_back(visitor: Observatory) -> None:
    page = visitor.page
    visitor.grow("", rule="Fair coin")
    visitor.settle()
    visitor.select_leading()
    visitor.candidates.first.click()
    expect(visitor.step).to_have_text("step 2")
    expect(page.get_by_test_id("given-up")).to_have_count(0)

    page.get_by_test_id("prune").click()
    expect(page.get_by_test_id("given-up")).to_contain_text("Given up by 1 cut")
    quarter = -math.log2(3 / 4)
    assert bits(visitor, "given-up-whole") == pytest.approx(quarter, abs=1e-5)
    assert bits(visitor, "chosen") == pytest.approx(quarter, abs=1e-5)

    visitor.select_leading()
    page.get_by_role("button", name="Zoom in").click()
    expect(visitor.worlds).to_have_attribute("data-anchor", re.compile("[1-9]"))
    # Half of the whole is in view, and half of that is left.
    assert bits(visitor, "given-up-here") == pytest.approx(1, abs=1e-5)
    assert bits(visitor, "chosen") == pytest.approx(2, abs=1e-5)

    page.locator("body").press("Control+z")
    expect(page.get_by_test_id("given-up")).to_have_count(0)
    assert bits(visitor, "chosen") == pytest.approx(1, abs=1e-5)


def test_what_is_left_fills_the_picture_and_says_so(visitor: Observatory) -> None:
    page = visitor.page
    visitor.grow()
    visitor.settle()
    visitor.select_leading()
    leading = visitor.probability()
    page.get_by_test_id("prune").click()
    expect(page.get_by_test_id("given-up")).to_be_visible()
    visitor.select_prompt()
    visitor.candidates.nth(1).click()
    second = visitor.probability()
    ledger = visitor.ledger()

    page.get_by_test_id("renormalise").check()
    expect(page.get_by_test_id("conditioned")).to_be_visible()
    visitor.wait_until_filled()
    visitor.settle()

    expect(page.get_by_test_id("said")).to_contain_text("given that nothing pruned happens")
    shown = page.get_by_test_id("state-conditioned-probability").inner_text()
    share = float(shown.rstrip("%")) / 100
    assert share == pytest.approx(second / (1 - leading), rel=6e-3)
    assert bits(visitor, "given-up-whole") == pytest.approx(-math.log2(1 - leading), abs=1e-4)
    grown = visitor.ledger()
    assert grown["pruned"] == pytest.approx(ledger["pruned"], abs=1e-6)
    assert sum(grown.values()) == pytest.approx(1, abs=1e-6)
    texts = visitor.outline.get_by_role("listitem").all_inner_texts()
    assert len(texts) == visitor.shown("lines")
    assert "left=1" in page.url

    page.reload()
    expect(page.get_by_test_id("conditioned")).to_be_visible()
    page.get_by_test_id("renormalise").uncheck()
    expect(page.get_by_test_id("conditioned")).to_have_count(0)
