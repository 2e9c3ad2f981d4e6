"""Point 6: links to read, frozen links, invitations to edit, forks, and two browsers at once."""

import re
import time

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import NewVisitor
from tests.e2e.observatory import Observatory


def link(visitor: Observatory, kind: str) -> str:
    """Makes a link of this kind in the Share dialog; gives its path, query and fragment."""
    visitor.page.get_by_test_id("share").click()
    row = visitor.page.get_by_test_id(f"share-{kind}")
    field = row.get_by_role("textbox")
    if kind != "live":
        row.get_by_role("button").click()
    expect(field).to_have_value(re.compile("^http"))
    address = field.input_value()
    visitor.page.get_by_role("button", name="Close").click()
    return address.removeprefix(visitor.url)


@pytest.fixture
def owner(visitor: Observatory) -> Observatory:
    visitor.grow()
    visitor.settle()
    return visitor


def states(visitor: Observatory) -> int:
    return int(visitor.tree()["states"])


def test_a_live_link_shows_the_tree_to_another_browser_that_cannot_write(
    owner: Observatory, new_visitor: NewVisitor
) -> None:
    reader = new_visitor()
    reader.visit(link(owner, "live"))
    reader.wait_until_filled()
    reader.settle()

    assert reader.outline.inner_text() == owner.outline.inner_text()
    expect(reader.page.get_by_test_id("banner")).to_contain_text("Fork")
    expect(reader.page.get_by_test_id("share")).to_have_count(0)
    expect(reader.page.get_by_test_id("own-text")).to_have_count(0)
    before = states(owner)
    for path, body in (
        ("/growths", {"state": {"node": 0}, "strategy": {"kind": "best_first", "states": 3}}),
        ("/branches", {"node": 0, "text": " no"}),
        ("/prune", {"state": {"node": 1}}),
        ("/undo", None),
    ):
        told = reader.ask("POST", path, body)
        assert told["status"] == 403, told
    assert reader.ask("PUT", "/procedure", {"procedure": []})["status"] == 403
    assert states(owner) == before


def test_a_reader_walks_and_zooms_over_what_is_grown(
    owner: Observatory, new_visitor: NewVisitor
) -> None:
    reader = new_visitor()
    reader.visit(link(owner, "live"))
    reader.wait_until_filled()
    before = states(owner)

    reader.worlds.focus()
    reader.page.keyboard.press("ArrowRight")
    expect(reader.step).to_have_text("step 1")
    reader.page.keyboard.press("z")
    expect(reader.worlds).not_to_have_attribute("data-anchor", "0")
    reader.settle()

    assert states(owner) == before


def test_growth_reaches_a_second_browser_within_a_second(
    owner: Observatory, new_visitor: NewVisitor
) -> None:
    reader = new_visitor()
    reader.visit(link(owner, "live"))
    reader.wait_until_filled()
    reader.settle()
    owner.select_prompt()
    owner.page.get_by_test_id("own-text").fill(" purple")
    seen = reader.shown("version")

    owner.page.get_by_test_id("own-branch").click()
    expect(owner.page.get_by_test_id("own-tokens")).to_be_visible()
    acknowledged = time.perf_counter()
    expect(reader.worlds).not_to_have_attribute("data-version", str(seen), timeout=1_000)
    assert time.perf_counter() - acknowledged < 1

    owner.page.keyboard.press("Escape")
    owner.page.get_by_test_id("prune").click()
    expect(owner.status).to_have_text("pruned")
    pruned = owner.ledger()["pruned"]
    reader.wait_for(lambda: reader.ledger()["pruned"] == pytest.approx(pruned), "the prune", 1.0)


def test_a_frozen_link_stays_as_it_was(owner: Observatory, new_visitor: NewVisitor) -> None:
    path = link(owner, "frozen")
    states_then, ledger_then = states(owner), owner.ledger()
    owner.select_leading()
    owner.page.keyboard.press("Delete")
    expect(owner.status).to_have_text("pruned")
    owner.settle()

    reader = new_visitor()
    reader.visit(path)
    reader.wait_until_filled()
    assert path.startswith("/f/f")
    assert states(reader) == states_then
    assert reader.ledger() == pytest.approx(ledger_then)
    expect(reader.page.get_by_test_id("banner")).to_contain_text("as it was")


def test_an_invitation_lets_another_browser_edit_and_leaves_the_address(
    owner: Observatory, new_visitor: NewVisitor
) -> None:
    path = link(owner, "edit")
    assert "#edit=" in path

    editor = new_visitor()
    editor.visit(path)
    editor.wait_until_filled()
    assert "#" not in editor.page.url
    editor.select_leading()
    editor.page.keyboard.press("Delete")
    expect(editor.status).to_have_text("pruned")
    pruned = editor.ledger()["pruned"]
    owner.wait_for(lambda: owner.ledger()["pruned"] == pytest.approx(pruned), "the prune", 1.0)

    owner.page.get_by_test_id("share").click()
    owner.page.get_by_role("button", name="Revoke: Invitation").click()
    expect(owner.page.get_by_role("button", name="Revoke: Invitation")).to_have_count(0)
    late = new_visitor()
    late.visit(path)
    expect(late.page.get_by_test_id("link-problem")).to_be_visible()
    assert editor.ask("POST", "/undo")["status"] == 403


def test_an_undo_takes_back_only_ones_own_change(
    owner: Observatory, new_visitor: NewVisitor
) -> None:
    editor = new_visitor()
    editor.visit(link(owner, "edit"))
    editor.wait_until_filled()
    owner.select_leading()
    owner.page.keyboard.press("Delete")
    expect(owner.status).to_have_text("pruned")
    editor.wait_for(lambda: editor.ledger()["pruned"] > 0, "the owner's prune")

    assert editor.ask("POST", "/undo")["status"] == 409
    assert owner.ledger()["pruned"] > 0


@pytest.mark.parametrize("viewport", [(1440, 900), (1024, 768), (390, 844)])
def test_whoever_opens_a_bare_link_sees_the_worlds_that_were_grown(
    owner: Observatory, new_visitor: NewVisitor, viewport: tuple[int, int]
) -> None:
    """On a screen that would have other lines, known for two steps or three."""
    owner.wait_until_filled()
    lines = owner.shown("lines")
    reader = new_visitor(viewport={"width": viewport[0], "height": viewport[1]})
    reader.visit(f"/t/{owner.ref}")
    reader.settle()
    assert f"lines={lines}" in reader.page.url
    assert reader.shown("lines") in (lines, lines // 2, 2 * lines)
    if reader.shown("lines") <= lines:
        assert reader.shown("steps") > 6


def test_a_fork_is_the_readers_own_and_goes_on(owner: Observatory, new_visitor: NewVisitor) -> None:
    reader = new_visitor()
    reader.visit(link(owner, "live"))
    reader.wait_until_filled()
    before = states(owner)

    reader.page.get_by_test_id("fork").click()
    expect(reader.page.get_by_test_id("share")).to_be_visible()
    assert reader.ref != owner.ref
    assert states(reader) == before
    reader.wait_until_filled()
    reader.select_prompt()
    own = reader.page.get_by_test_id("own-text")
    own.fill(" zebra")  # no world that was drawn goes on so
    own.press("Enter")

    reader.wait_for(lambda: states(reader) > before, "the state that was typed")
    assert reader.tree()["role"] == "owner"
    assert states(owner) == before


def test_a_revoked_live_link_ends_for_whoever_reads_along(
    owner: Observatory, new_visitor: NewVisitor
) -> None:
    path = link(owner, "live")
    reader = new_visitor()
    reader.visit(path)
    reader.wait_until_filled()

    owner.page.get_by_test_id("share").click()
    replace = owner.page.get_by_test_id("links").get_by_role("button", name="replace")
    replace.click()
    expect(replace).to_have_text("Cut its readers off and replace it")
    replace.click()
    expect(reader.page.get_by_text("taken back")).to_be_visible()
    reader.visit(path)
    expect(reader.page.get_by_test_id("link-problem")).to_be_visible()
    new = owner.page.get_by_test_id("share-live").get_by_role("textbox").input_value()
    assert path.split("?")[0] not in new
    reader.visit(new.removeprefix(reader.url))
    reader.wait_until_filled()
    owner.page.reload()
    owner.wait_until_filled()


def test_a_recovery_link_moves_ownership_to_another_browser(
    owner: Observatory, new_visitor: NewVisitor
) -> None:
    path = link(owner, "recovery")
    other = new_visitor()
    other.visit(path)
    other.wait_until_filled()

    assert "#" not in other.page.url
    assert other.tree()["role"] == "owner"


def test_the_page_counts_who_is_here(owner: Observatory, new_visitor: NewVisitor) -> None:
    reader = new_visitor()
    reader.visit(link(owner, "live"))
    expect(owner.page.get_by_text("2 people here")).to_be_visible()
    reader.page.goto("about:blank")
    expect(owner.page.get_by_text("people here")).to_have_count(0)
