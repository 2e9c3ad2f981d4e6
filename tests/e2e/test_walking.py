"""Point 3, walking: click a block to zoom and back, click a token to select, draw again."""

import re

from playwright.sync_api import expect

from tests.e2e.observatory import Observatory


def leading_block(visitor: Observatory) -> tuple[float, float]:
    """A place inside the most probable next state of what is in view, as shares of the canvas.

    It is the topmost block of the first column, as tall as it is probable.
    """
    visitor.select_prompt()
    p = visitor.next_states()[0][1]
    assert p * visitor.shown("lines") > 3, "the leading branch is too thin for a block"
    return 0.02, p / 2


def test_a_click_on_a_block_zooms_into_it_and_escape_leads_back(visitor: Observatory) -> None:
    visitor.grow()
    visitor.settle()
    assert visitor.shown("anchor") == 0
    whole = visitor.outline.inner_text()

    visitor.click_worlds(*leading_block(visitor))
    expect(visitor.worlds).not_to_have_attribute("data-anchor", "0")
    visitor.wait_until_filled()
    visitor.settle()
    anchor = visitor.shown("anchor")
    assert visitor.ask("GET", f"/states/{anchor}")["depth"] == 1
    assert visitor.outline.inner_text() != whole

    visitor.worlds.focus()
    visitor.page.keyboard.press("Escape")
    expect(visitor.worlds).to_have_attribute("data-anchor", "0")
    visitor.settle()
    assert visitor.outline.inner_text() == whole


def test_zooming_again_and_again_goes_on_without_a_floor(visitor: Observatory) -> None:
    visitor.grow("", rule="Fair coin")
    visitor.settle()

    for _ in range(70):
        anchor = visitor.shown("anchor")
        visitor.click_worlds(0.01, 0.25)
        expect(visitor.worlds).not_to_have_attribute("data-anchor", str(anchor))
        visitor.wait_until_filled()

    expect(visitor.page.get_by_test_id("chosen")).to_contain_text("70.00 bits")
    worlds = visitor.outline.get_by_role("listitem").all_inner_texts()
    assert len(set(worlds)) > 1


def test_a_click_on_a_token_of_a_line_selects_its_state(visitor: Observatory) -> None:
    visitor.grow()
    visitor.settle()
    last_line = (visitor.shown("lines") - 0.5) / visitor.shown("lines")

    visitor.click_worlds(0.5, last_line)

    expect(visitor.step).to_have_text(re.compile(r"step [1-9]\d*"))
    expect(visitor.page.get_by_test_id("read-token").last).to_be_visible()
    assert visitor.shown("anchor") == 0


def test_another_draw_shows_other_worlds_of_the_same_tree(visitor: Observatory) -> None:
    visitor.grow()
    visitor.settle()
    centred = visitor.outline.inner_text()
    states = visitor.tree()["states"]

    visitor.worlds.focus()
    visitor.page.keyboard.press("n")
    visitor.settle()
    visitor.wait_until_filled()
    visitor.settle()

    assert visitor.outline.inner_text() != centred
    assert visitor.tree()["states"] > states


def test_the_keyboard_alone_walks_expands_and_prunes(visitor: Observatory) -> None:
    visitor.grow()
    visitor.settle()
    visitor.worlds.focus()

    visitor.page.keyboard.press("ArrowRight")
    expect(visitor.step).to_have_text("step 1")
    first = visitor.probability()
    visitor.page.keyboard.press("ArrowDown")
    expect(visitor.step).to_have_text("step 1")
    visitor.wait_for(lambda: visitor.probability() < first, "the next rank is less probable")
    visitor.page.keyboard.press("ArrowUp")
    visitor.wait_for(lambda: visitor.probability() == first, "back at the first rank")
    visitor.page.keyboard.press("ArrowRight")
    expect(visitor.step).to_have_text("step 2")
    visitor.page.keyboard.press("ArrowLeft")
    expect(visitor.step).to_have_text("step 1")
    visitor.page.keyboard.press("Delete")
    expect(visitor.status).to_have_text("pruned")
    visitor.page.keyboard.press("Control+z")
    expect(visitor.status).not_to_have_text("pruned")


def test_the_address_keeps_the_view_and_history_leads_back(visitor: Observatory) -> None:
    visitor.grow()
    visitor.settle()
    visitor.click_worlds(*leading_block(visitor))
    expect(visitor.worlds).not_to_have_attribute("data-anchor", "0")
    anchor = visitor.shown("anchor")
    visitor.settle()

    visitor.page.reload()
    expect(visitor.worlds).to_have_attribute("data-anchor", str(anchor))


def test_pruning_the_state_in_view_leads_back_to_where_it_was_cut(visitor: Observatory) -> None:
    visitor.grow()
    visitor.settle()
    visitor.select_leading()
    visitor.worlds.focus()
    visitor.page.keyboard.press("z")
    visitor.settle()
    visitor.page.keyboard.press("Delete")
    expect(visitor.status).to_have_text("pruned")
    visitor.wait_until_filled()

    expect(visitor.page.get_by_test_id("chosen")).not_to_contain_text("∞")
    expect(visitor.page.get_by_test_id("grow-state")).to_be_disabled()
    assert visitor.outline.get_by_role("listitem").count() > 1
    visitor.page.get_by_test_id("restore").click()
    expect(visitor.status).not_to_have_text("pruned")
    expect(visitor.page.get_by_test_id("grow-state")).to_be_enabled()
