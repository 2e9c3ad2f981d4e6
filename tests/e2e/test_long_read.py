"""A page of thousands of tokens: a part of it is in the document, and one gets everywhere."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import NewVisitor
from tests.e2e.test_read_time import Reader
from tests.server import Server

LENGTH = 4000
MOST = 1500
"""Tokens in the document at once, at most."""


@pytest.fixture
def reader(new_visitor: NewVisitor, coin_server: Server) -> tuple[Reader, list[int]]:
    """Somebody who reads 4,000 flips of a coin, and the flips; every seventh is tails."""
    owner = new_visitor(coin_server)
    owner.make(rule="coin", prompt="")
    keys = [int(step % 7 == 6) for step in range(LENGTH)]
    node = 0
    for start in range(0, LENGTH, 500):
        body = {"node": node, "keys": keys[start : start + 500]}
        node = owner.ask("POST", "/branches", body)["node"]
    visitor = new_visitor(coin_server)
    visitor.visit(f"/t/{owner.ref}?v=1&view=read&s={node}")
    reader = Reader(visitor.page, visitor.url)
    expect(reader.page.get_by_test_id("read-page")).to_be_visible()
    expect(reader.page.get_by_test_id("find-open")).to_be_visible()
    return reader, keys


def steps(reader: Reader) -> list[int]:
    """The steps whose tokens are in the document."""
    shown = "tokens => tokens.map((token) => Number(token.closest('[data-step]').dataset.step))"
    found: list[int] = reader.tokens.evaluate_all(shown)
    return found


def check(reader: Reader, keys: list[int]) -> list[int]:
    """The document holds one unbroken part of the text, no more than so much, and rightly."""
    there = steps(reader)
    assert len(there) <= MOST
    assert there == list(range(there[0], there[-1] + 1))
    texts = [text.strip() for text in reader.tokens.all_inner_texts()]
    assert [text[:1] for text in texts] == ["HT"[keys[step - 1]] for step in there if step > 0]
    return there


def test_the_keys_walk_through_all_of_it(reader: tuple[Reader, list[int]]) -> None:
    page, keys = reader
    expect(page.chosen).to_have_count(1)
    assert check(page, keys)[-1] == LENGTH

    page.press("Home")
    expect(page.step).to_have_text("step 0")
    assert check(page, keys)[0] <= 1
    # Past the edge of what is in the document, one step after the other.
    edge = steps(page)[-1]
    page.page.get_by_test_id("page-token").last.click()
    expect(page.step).to_have_text(f"step {edge}")
    for _ in range(3):
        page.press("ArrowRight")
    expect(page.step).to_have_text(f"step {edge + 3}")
    assert {edge - 1, edge + 3} <= set(check(page, keys))
    expect(page.chosen).to_be_in_viewport()
    page.press("End")
    expect(page.step).to_have_text(f"step {LENGTH}")
    assert check(page, keys)[-1] == LENGTH


def test_scrolling_goes_on_to_either_end(reader: tuple[Reader, list[int]]) -> None:
    page, keys = reader
    check(page, keys)
    box = page.page.get_by_test_id("read-page").bounding_box()
    assert box is not None
    page.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    for towards, end in ((-1, 1), (1, LENGTH)):
        for _ in range(60):
            if end in steps(page):
                break
            page.page.mouse.wheel(0, towards * 4000)
            page.page.wait_for_timeout(60)
        assert end in check(page, keys)
    # One has only looked; the selection is where it was.
    expect(page.step).to_have_text(re.compile(f"step {LENGTH}"))
