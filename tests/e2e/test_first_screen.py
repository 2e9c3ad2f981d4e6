"""Point 2: the first screen says what this is, and Enter fills the Worlds."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import NewVisitor
from tests.e2e.observatory import NIGHT_CALL, Observatory


def test_one_sentence_says_what_this_is_and_what_to_do(visitor: Observatory) -> None:
    visitor.visit()

    expect(visitor.page.get_by_role("heading", level=1)).to_contain_text(
        "Type how something begins"
    )
    expect(visitor.page.get_by_test_id("prompt")).to_be_focused()
    expect(visitor.page.get_by_test_id("starter")).to_have_count(5)


def test_enter_fills_the_worlds_from_left_to_right(new_visitor: NewVisitor) -> None:
    visitor = new_visitor(viewport={"width": 1440, "height": 900})
    visitor.grow(NIGHT_CALL)

    marks = visitor.page.evaluate(
        """() => ["enter", "first-column", "worlds-12"].map(
          (name) => performance.getEntriesByName(`semioscope:${name}`)[0]?.startTime)"""
    )
    assert None not in marks
    assert marks == sorted(marks)
    assert visitor.shown("lines") >= 30
    assert visitor.shown("steps") >= 12
    expect(visitor.outline.get_by_role("listitem").first).to_be_attached()


@pytest.mark.parametrize("number", range(5))
def test_each_good_starting_prompt_grows_at_one_click(visitor: Observatory, number: int) -> None:
    visitor.visit()
    visitor.page.get_by_test_id("starter").nth(number).click()

    visitor.page.wait_for_url(re.compile("/t/t"))
    visitor.wait_until_filled()
    assert visitor.shown("steps") >= 12


def test_an_empty_prompt_is_refused_in_one_sentence_and_makes_nothing(visitor: Observatory) -> None:
    visitor.visit()
    visitor.type_prompt("")

    expect(visitor.page.get_by_test_id("prompt-problem")).to_contain_text(re.compile(r"\w+.*\."))
    assert visitor.page.url == visitor.url + "/"
    assert visitor.page.request.get(f"{visitor.url}/api/trees").json() == {"trees": []}


def test_a_coin_grows_without_a_prompt(visitor: Observatory) -> None:
    visitor.grow("", rule="Fair coin")

    visitor.select_prompt()
    assert sorted(p for _, p, _ in visitor.next_states()) == pytest.approx([0.5, 0.5])


def test_a_grown_tree_is_listed_and_opens_again(visitor: Observatory) -> None:
    ref = visitor.grow("The door opened, and")

    visitor.visit()
    visitor.page.get_by_test_id("recent").first.click()
    visitor.page.wait_for_url(re.compile(ref))
    visitor.wait_until_filled()
