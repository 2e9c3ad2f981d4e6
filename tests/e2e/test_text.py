"""Whatever a prompt or a model says stands on the page as text, never as markup."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.observatory import Observatory

MARKUP = '<b>bold</b><img src=x onerror="document.title=1"><script>document.title=2</script>'
ISOLATES = re.compile("[\u2066-\u2069]")


def plain(text: str) -> str:
    """Without the marks that keep right-to-left text in its place."""
    return ISOLATES.sub("", text)


def test_markup_in_a_prompt_and_in_a_branch_is_text(visitor: Observatory) -> None:
    visitor.grow(MARKUP)
    visitor.settle()
    visitor.select_prompt()
    box = visitor.page.get_by_test_id("own-text")
    box.fill("<h1>huge</h1><iframe>")
    box.press("Enter")
    expect(visitor.page.get_by_test_id("own-tokens")).to_be_visible()

    expect(visitor.page.get_by_test_id("initial-state")).to_have_text(MARKUP)
    strip = plain(visitor.page.get_by_test_id("reading-strip").inner_text())
    assert "<script>document.title=2</script>" in strip
    assert "<h1>huge</h1><iframe>" in "".join(
        plain(text) for text in visitor.page.get_by_test_id("read-token").all_inner_texts()
    )
    injected = visitor.page.locator("#app :is(img, script, iframe)")
    expect(injected).to_have_count(0)
    assert visitor.page.title() not in {"1", "2"}


def test_a_title_that_looks_like_markup_is_text(visitor: Observatory) -> None:
    visitor.grow("", rule="Fair coin")
    title = visitor.page.get_by_test_id("title")
    title.fill("<img src=x onerror=alert(1)>")
    title.press("Enter")
    visitor.wait_for(lambda: visitor.tree()["name"].startswith("<img"), "the new name")

    visitor.visit()
    expect(visitor.page.get_by_test_id("recent").first).to_contain_text("<img src=x")
    expect(visitor.page.locator("#app img")).to_have_count(0)


def test_what_looks_like_a_special_token_is_ordinary_text(visitor: Observatory) -> None:
    visitor.grow("<|im_start|>user")

    tokens = visitor.tree()["prompt"]["tokens"]
    assert len(tokens) > 3
    expect(visitor.page.get_by_test_id("initial-state")).to_have_text("<|im_start|>user")


@pytest.mark.parametrize("text", [" שלום עולם", " مرحبا", " 👩‍🚀🌍 ok", " naïve—café"])
def test_right_to_left_text_and_split_characters_read_as_they_were_typed(
    visitor: Observatory, text: str
) -> None:
    visitor.grow("She said:")
    visitor.settle()
    visitor.select_prompt()
    box = visitor.page.get_by_test_id("own-text")
    box.fill(text)
    box.press("Enter")
    expect(visitor.page.get_by_test_id("own-tokens")).to_be_visible()

    tokens = visitor.page.get_by_test_id("read-token").all_inner_texts()
    assert plain("".join(tokens)).replace("␣", " ") == text


def test_white_space_is_visible(visitor: Observatory) -> None:
    visitor.grow("one\n\ntwo\tthree")
    visitor.settle()
    visitor.select_prompt()
    box = visitor.page.get_by_test_id("own-text")
    box.fill("\n four")
    box.press("Enter")
    expect(visitor.page.get_by_test_id("own-tokens")).to_contain_text("↵")
