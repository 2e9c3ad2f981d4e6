"""Working with branches: bookmarks, notes, names, picking, keeping, the outline of the tree."""

import math
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.conftest import NewVisitor
from tests.e2e.observatory import Observatory
from tests.e2e.test_access import PHONE, violations
from tests.server import Server

LETTERS = "".join(chr(code) for code in range(0x4E00, 0x4E00 + 60))
"""Sixty symbols that a chain fitted to them takes for equally probable."""


def enter(visitor: Observatory, ref: str) -> Observatory:
    """Opens a tree, and waits until one can work in it."""
    visitor.visit(f"/t/{ref}")
    expect(visitor.page.get_by_test_id("tree-outline")).to_be_attached()
    visitor.settle()
    return visitor


@pytest.fixture
def owner(new_visitor: NewVisitor, coin_server: Server) -> Observatory:
    """Three flips of a fair coin, all grown; the first two states are H and T."""
    visitor = new_visitor(coin_server)
    visitor.make(rule="coin", prompt="")
    visitor.ask(
        "POST",
        "/growths",
        {"state": {"node": 0}, "strategy": {"kind": "breadth", "k": 2, "depth": 3}},
    )
    visitor.wait_for(lambda: visitor.tree()["states"] >= 15, "three flips are grown")
    return enter(visitor, visitor.ref)


def at(visitor: Observatory, name: str) -> Locator:
    return visitor.page.get_by_test_id(name)


def press(visitor: Observatory, *keys: str) -> None:
    for key in keys:
        visitor.page.keyboard.press(key)


def item(visitor: Observatory, node: int) -> Locator:
    """A state's row in the outline."""
    return visitor.page.locator(f"[role=treeitem][data-node='{node}']")


def pruned(visitor: Observatory) -> float:
    return visitor.ledger()["pruned"]


def wait_for_pruned(visitor: Observatory, share: float) -> None:
    visitor.wait_for(lambda: abs(pruned(visitor) - share) < 1e-6, f"{share} is pruned")


def test_what_is_set_down_by_keyboard_is_there_for_a_reader(
    owner: Observatory, new_visitor: NewVisitor, coin_server: Server
) -> None:
    press(owner, "ArrowRight", "b")
    expect(at(owner, "bookmark")).to_have_attribute("aria-pressed", "true")
    press(owner, "m")
    expect(at(owner, "note-field")).to_be_focused()
    owner.page.keyboard.type("heads first")
    press(owner, "Enter")
    owner.page.keyboard.type("<b>plain</b>")
    press(owner, "Control+Enter")
    expect(at(owner, "note-text")).to_have_text("heads first\n<b>plain</b>")
    press(owner, "F2")
    owner.page.keyboard.type("the lucky one")
    press(owner, "Enter")
    expect(at(owner, "label-text")).to_have_text("the lucky one")
    press(owner, "z")
    expect(at(owner, "breadcrumbs")).to_contain_text("the lucky one")

    reader = enter(new_visitor(coin_server), owner.ref)
    mark = at(reader, "mark")
    expect(mark).to_have_count(1)
    expect(mark).to_contain_text("the lucky one")
    mark.click()
    expect(at(reader, "note-text")).to_have_text("heads first\n<b>plain</b>")
    expect(at(reader, "label-text")).to_have_text("the lucky one")
    for name in ("bookmark", "note", "label", "keep", "note-field"):
        expect(at(reader, name)).to_have_count(0)
    press(reader, "b", "m", "F2", "k")
    expect(at(reader, "note-field")).to_have_count(0)
    assert reader.tree()["seq"] == owner.tree()["seq"]


def test_marks_are_changed_and_taken_away_with_the_mouse(owner: Observatory) -> None:
    owner.select_leading()
    at(owner, "bookmark").click()
    at(owner, "note").click()
    at(owner, "note-field").fill("one")
    at(owner, "initial-state").click()  # what is written is kept, on the state it was written on
    expect(at(owner, "state-step")).to_have_text("step 0")
    mark = at(owner, "mark")
    expect(mark).to_contain_text("one")
    mark.click()
    expect(owner.step).to_have_text("step 1")
    at(owner, "note-text").click()
    at(owner, "note-field").fill("two")
    press(owner, "Escape")
    expect(at(owner, "note-text")).to_have_text("one")
    at(owner, "note-text").click()
    at(owner, "note-field").fill("")
    press(owner, "Control+Enter")
    expect(at(owner, "note-text")).to_have_count(0)
    at(owner, "bookmark").click()
    expect(mark).to_have_count(0)


def test_undo_and_redo_say_what_they_are_about_to_do(owner: Observatory) -> None:
    press(owner, "ArrowRight", "b")
    expect(at(owner, "undo")).to_have_attribute("title", "Undo: bookmark “H” (Ctrl + Z)")
    press(owner, "k")
    expect(at(owner, "undo")).to_have_attribute("title", "Undo: keep only “H” (Ctrl + Z)")
    press(owner, "Control+z")
    expect(at(owner, "redo")).to_have_attribute("title", "Redo: keep only “H” (Ctrl + Shift + Z)")
    press(owner, "Control+z")
    expect(at(owner, "bookmark")).to_have_attribute("aria-pressed", "false")
    press(owner, "Control+Shift+z")
    expect(at(owner, "bookmark")).to_have_attribute("aria-pressed", "true")


def test_keeping_only_this_prunes_what_is_beside_its_path(owner: Observatory) -> None:
    press(owner, "ArrowRight", "ArrowRight", "k")
    wait_for_pruned(owner, 0.75)
    expect(owner.notices).to_contain_text("pruned 2 other branches")
    expect(owner.notices).to_contain_text("what is not grown stays in the residual")
    expect(owner.status).not_to_have_text("pruned")
    press(owner, "k")
    expect(owner.notices).to_contain_text("There is nothing else to prune")
    press(owner, "Control+z")
    wait_for_pruned(owner, 0)
    at(owner, "keep").click()
    wait_for_pruned(owner, 0.75)


def test_states_are_picked_by_keyboard_and_pruned_together(owner: Observatory) -> None:
    says = at(owner, "picked-says")
    press(owner, "ArrowRight", "ArrowRight", "x")
    expect(says).to_have_text("1 state picked · 25.0%")
    press(owner, "Shift+ArrowDown")
    expect(says).to_have_text("2 states picked · 50.0%")
    press(owner, "Shift+ArrowUp")
    expect(says).to_have_text("1 state picked · 25.0%")
    press(owner, "Escape")
    expect(at(owner, "picked-bar")).to_have_count(0)
    press(owner, "x", "ArrowLeft", "ArrowDown", "x")
    expect(says).to_have_text("2 states picked · 75.0%")
    before = owner.tree()["seq"]
    press(owner, "Delete")
    wait_for_pruned(owner, 0.75)
    expect(at(owner, "picked-bar")).to_have_count(0)
    log: Any = owner.ask("GET", f"/events?after={before}")["events"]
    assert [event["kind"] for event in log if event["kind"] != "grow"] == ["prune"]
    press(owner, "Control+z")
    wait_for_pruned(owner, 0)


def test_states_are_picked_with_the_mouse_and_kept_together(owner: Observatory) -> None:
    press(owner, "o")
    heads, tails = 1, 2
    item(owner, heads).click()
    item(owner, heads).get_by_text("H", exact=True).click(modifiers=["Control"])
    below: list[int] = [
        candidate["node"] for candidate in owner.ask("GET", f"/states/{tails}")["candidates"]
    ]
    item(owner, tails).click()
    press(owner, "ArrowRight")
    item(owner, below[0]).click(modifiers=["Control"])
    expect(at(owner, "picked-says")).to_have_text("2 states picked · 75.0%")
    at(owner, "keep-picked").click()
    wait_for_pruned(owner, 0.25)
    expect(owner.notices).to_contain_text("Kept only 2 states")
    item(owner, heads).click(modifiers=["Control"])
    at(owner, "clear-picked").click()
    expect(at(owner, "picked-bar")).to_have_count(0)


def test_a_block_of_worlds_is_picked_by_a_click_with_control(owner: Observatory) -> None:
    box = owner.worlds.bounding_box()
    assert box is not None
    owner.page.keyboard.down("Control")
    owner.click_worlds(20 / box["width"], 0.25)
    owner.page.keyboard.up("Control")
    expect(at(owner, "picked-says")).to_have_text("1 state picked · 50.0%")
    assert owner.shown("anchor") == 0
    at(owner, "prune-picked").click()
    wait_for_pruned(owner, 0.5)


@pytest.mark.parametrize("has_api", [True, False])
def test_the_trajectory_is_copied_with_and_without_a_clipboard_api(
    owner: Observatory, has_api: bool
) -> None:
    if has_api:
        owner.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    else:  # as on plain http in a network
        owner.page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    press(owner, "ArrowRight", "ArrowRight", "ArrowDown", "c")
    expect(owner.notices).to_contain_text("The trajectory is copied.")
    at(owner, "own-text").focus()
    press(owner, "Control+v")
    expect(at(owner, "own-text")).to_have_value("HT")


def test_the_outline_is_walked_by_keyboard_in_step_with_the_selection(owner: Observatory) -> None:
    tree = owner.page.get_by_role("tree", name="All that has grown")
    press(owner, "o")
    expect(tree).to_be_visible()
    press(owner, "ArrowRight")
    expect(item(owner, 1)).to_have_attribute("aria-selected", "true")
    item(owner, 1).focus()
    for name, value in (("level", "2"), ("posinset", "1"), ("setsize", "2"), ("expanded", "false")):
        expect(item(owner, 1)).to_have_attribute(f"aria-{name}", value)
    press(owner, "ArrowRight")
    expect(item(owner, 1)).to_have_attribute("aria-expanded", "true")
    press(owner, "ArrowRight")
    expect(owner.step).to_have_text("step 2")
    focused = owner.page.locator("[role=treeitem]:focus")
    expect(focused).to_have_attribute("aria-level", "3")
    expect(focused).to_have_attribute("tabindex", "0")
    expect(owner.page.locator("[role=treeitem][tabindex='0']")).to_have_count(1)
    press(owner, "ArrowLeft")
    expect(focused).to_have_attribute("aria-level", "2")
    press(owner, "ArrowLeft")
    expect(item(owner, 1)).to_have_attribute("aria-expanded", "false")
    press(owner, "End")
    expect(item(owner, 2)).to_be_focused()
    press(owner, "Home")
    expect(focused).to_have_attribute("aria-level", "1")
    press(owner, "t")  # type-ahead
    expect(item(owner, 2)).to_be_focused()
    press(owner, "Space")
    expect(at(owner, "picked-says")).to_have_text("1 state picked · 50.0%")
    press(owner, "F2")
    owner.page.keyboard.type("tails")
    press(owner, "Enter")
    expect(item(owner, 2)).to_contain_text("tails")
    expect(item(owner, 2)).to_have_accessible_name("tails: “T”, 50.0%, picked")
    press(owner, "Escape", "o")
    expect(at(owner, "outline-close")).to_have_count(0)


def test_the_outline_is_there_for_a_screen_reader_when_it_is_not_shown(owner: Observatory) -> None:
    press(owner, "ArrowRight", "ArrowRight")
    expect(owner.page.locator("[role=treeitem][aria-selected=true]")).to_have_attribute(
        "aria-level", "3"
    )
    outline = at(owner, "tree-outline")
    box = outline.bounding_box()
    assert box is not None
    assert box["width"] <= 1

    def is_wide() -> bool:
        # Rows may just be made anew for the selection that the keys above have moved.
        owner.page.locator("[role=treeitem][tabindex='0']").focus()
        wide = outline.bounding_box()
        return wide is not None and wide["width"] > 200

    owner.wait_for(is_wide, "who tabs into it sees where they are")
    press(owner, "Escape")
    expect(owner.page.locator("[role=treeitem]:focus")).to_have_count(0)


def test_an_outline_of_many_children_lists_the_most_probable_fifty_first(
    new_visitor: NewVisitor, coin_server: Server
) -> None:
    visitor = new_visitor(coin_server)
    spec = {"kind": "markov", "text": LETTERS, "order": 0}
    rule = visitor.page.request.post(f"{visitor.url}/api/rules", data={"spec": spec}).json()["id"]
    visitor.make(rule=rule, prompt="")
    growth = {"state": {"node": 0}, "strategy": {"kind": "breadth", "k": 64, "depth": 1}}
    visitor.ask("POST", "/growths", growth)
    visitor.wait_for(lambda: visitor.tree()["states"] >= 61, "all sixty are grown")
    enter(visitor, visitor.ref)
    press(visitor, "o")
    second = visitor.page.locator("[role=treeitem][aria-level='2']")
    expect(second).to_have_count(51)
    more = visitor.page.get_by_role("treeitem", name="10 more")
    more.scroll_into_view_if_needed()
    more.click()
    expect(second).to_have_count(60)
    expect(second.last).to_have_attribute("aria-posinset", "60")
    expect(second.last).to_have_attribute("aria-setsize", "60")
    assert math.isclose(sum(visitor.ledger().values()), 1, abs_tol=1e-6)


def test_visited_states_are_this_browsers_own(
    owner: Observatory, new_visitor: NewVisitor, coin_server: Server
) -> None:
    press(owner, "ArrowRight")
    expect(item(owner, 1)).to_have_attribute("data-visited", "true")
    expect(item(owner, 2)).to_have_attribute("data-visited", "false")
    owner.page.wait_for_function(
        "ref => localStorage.getItem(`semioscope.visited.${ref}`) === '[1]'", arg=owner.ref
    )
    enter(owner, owner.ref)
    expect(item(owner, 1)).to_have_attribute("data-visited", "true")
    other = enter(new_visitor(coin_server), owner.ref)
    expect(item(other, 1)).to_have_attribute("data-visited", "false")


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_axe_finds_nothing_where_branches_are_worked_with(
    new_visitor: NewVisitor, coin_server: Server, owner: Observatory, scheme: str
) -> None:
    owner.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of two words
    press(owner, "ArrowRight", "b", "x", "Shift+ArrowDown", "o")
    expect(at(owner, "mark")).to_have_count(1)
    press(owner, "m")
    owner.page.keyboard.type("a note")
    assert violations(owner.page) == []
    press(owner, "Control+Enter")
    expect(at(owner, "note-text")).to_be_visible()
    assert violations(owner.page) == []


def test_branches_are_worked_with_on_a_phone(
    new_visitor: NewVisitor, coin_server: Server, owner: Observatory
) -> None:
    press(owner, "ArrowRight", "b")
    expect(at(owner, "mark")).to_have_count(1)
    phone = enter(new_visitor(coin_server, **PHONE), owner.ref)
    at(phone, "outline-toggle").tap()
    item(phone, 1).tap()
    at(phone, "outline-close").tap()
    at(phone, "tab-state").tap()
    at(phone, "pick").tap()
    expect(at(phone, "picked-says")).to_have_text("1 state picked · 50.0%")
    expect(at(phone, "mark")).to_be_visible()
    assert violations(phone.page) == []
