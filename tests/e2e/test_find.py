"""Finding text across tokens, by a text and by an expression; the filter; the list of actions."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import NewVisitor
from tests.e2e.observatory import Observatory
from tests.e2e.test_access import PHONE, violations
from tests.server import Server

PATHS = ("HHTHTTHHT", "HHTTTH", "THHTHHTT", "TTTTTT")
"""Trajectories of a coin; what they share is one state."""

HEADS, TAILS = 0, 1


class Finder:
    """The search as its visitors know it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.bar = page.get_by_test_id("find")
        self.text = page.get_by_test_id("find-text")
        self.said = page.get_by_test_id("find-said")
        self.rows = page.get_by_test_id("find-row")
        self.problem = page.get_by_test_id("find-problem")

    def open(self) -> None:
        self.page.get_by_test_id("find-open").click()
        expect(self.text).to_be_focused()

    def ask(self, query: str) -> None:
        self.text.fill(query)
        expect(self.bar).to_have_attribute("data-searching", "false")

    def found(self) -> set[int]:
        """The states that are listed; there must be no more than a page of them."""
        rows = self.rows.evaluate_all("rows => rows.map((row) => Number(row.dataset.node))")
        assert str(len(rows)) == self.bar.get_attribute("data-count")
        return set(rows)


def coin_tree(visitor: Observatory, *paths: str) -> dict[str, int]:
    """A tree with these trajectories and no other; the state of each of their beginnings."""
    visitor.make(rule="coin", prompt="")
    states: dict[str, int] = {"": 0}
    for path in paths:
        branch(visitor, states, path)
    return states


def branch(visitor: Observatory, states: dict[str, int], path: str) -> None:
    keys = [HEADS if side == "H" else TAILS for side in path]
    last = visitor.ask("POST", "/branches", {"node": 0, "keys": keys})["node"]
    at: int = last
    for end in range(len(path), 0, -1):
        states[path[:end]] = at
        at = visitor.ask("GET", f"/states/{at}")["parent"] or 0


@pytest.fixture
def reader(new_visitor: NewVisitor, coin_server: Server) -> tuple[Observatory, dict[str, int]]:
    """Somebody who may only read a small tree of a coin, which nothing grows by itself."""
    owner = new_visitor(coin_server)
    states = coin_tree(owner, *PATHS)
    visitor = new_visitor(coin_server)
    visitor.visit(f"/t/{owner.ref}")
    expect(visitor.page.get_by_test_id("find-open")).to_be_visible()
    return visitor, states


def test_a_text_is_found_across_tokens_by_whoever_reads(
    reader: tuple[Observatory, dict[str, int]],
) -> None:
    visitor, states = reader
    finder = Finder(visitor.page)
    finder.open()

    finder.ask("htt")
    assert finder.found() == {node for path, node in states.items() if path.endswith("HTT")}
    expect(finder.said).to_have_text("in 3 states")

    # The shortest trajectory is the most probable one.
    finder.rows.first.click()
    expect(finder.said).to_have_text("1 of 3")
    expect(visitor.step).to_have_text("step 4")
    visitor.page.get_by_test_id("find-next").click()
    expect(finder.said).to_have_text("2 of 3")
    expect(visitor.step).to_have_text("step 6")
    visitor.page.get_by_test_id("find-previous").click()
    expect(visitor.step).to_have_text("step 4")

    visitor.page.get_by_test_id("find-case").click()
    expect(finder.said).to_have_text("not found")
    visitor.page.get_by_test_id("find-close").click()
    expect(finder.bar).to_have_count(0)


def test_each_match_stands_in_its_context_and_at_its_probability(
    reader: tuple[Observatory, dict[str, int]],
) -> None:
    visitor, states = reader
    finder = Finder(visitor.page)
    finder.open()
    finder.ask("THT")
    row = finder.rows.first
    expect(row).to_have_attribute("data-node", str(states["HHTHT"]))
    expect(row.locator("mark")).to_have_text("THT")
    expect(row).to_have_text(re.compile(r"^\s*HH\s*THT\s*3\.1[23]%\s*$"))


def test_the_keyboard_alone_finds_walks_and_closes(
    reader: tuple[Observatory, dict[str, int]],
) -> None:
    visitor, states = reader
    finder = Finder(visitor.page)
    keyboard = visitor.page.keyboard
    begin = visitor.page.get_by_test_id("find-open")
    begin.focus()

    keyboard.press("/")
    expect(finder.text).to_be_focused()
    keyboard.type("hh")
    count = sum(path.endswith("HH") for path in states)
    expect(finder.said).to_have_text(f"in {count} states")
    for key, place in (
        ("Enter", 1),
        ("ArrowDown", 2),
        ("F3", 3),
        ("Shift+Enter", 2),
        ("Shift+F3", 1),
        ("ArrowUp", count),
        ("Enter", 1),
    ):
        keyboard.press(key)
        expect(finder.said).to_have_text(f"{place} of {count}")
        chosen = finder.bar.get_by_role("option", selected=True).get_attribute("data-node")
        expect(visitor.page).to_have_url(re.compile(rf"[?&]s={chosen}\b"))
        expect(finder.text).to_have_attribute("aria-activedescendant", f"find-row-{place - 1}")
    keyboard.press("Escape")
    expect(finder.bar).to_have_count(0)
    expect(begin).to_be_focused()

    # Ctrl F brings it back with what was looked for, ready to be typed over.
    keyboard.press("Control+f")
    expect(finder.said).to_have_text(f"in {count} states")
    keyboard.type("tht")
    assert finder.found() == {node for path, node in states.items() if path.endswith("THT")}


def test_what_grows_and_what_is_pruned_while_one_searches_is_found_so(
    new_visitor: NewVisitor, coin_server: Server
) -> None:
    owner = new_visitor(coin_server)
    states = coin_tree(owner, "HHHH")
    visitor = new_visitor(coin_server)
    visitor.visit(f"/t/{owner.ref}")
    finder = Finder(visitor.page)
    finder.open()
    finder.ask("T")
    expect(finder.said).to_have_text("not found")

    for i, path in enumerate(["HT", "HHT", "HHHT", "HHHHT"]):
        branch(owner, states, path)
        expect(finder.said).to_have_text(re.compile(rf"^in {i + 1} states?$"))
    assert "seq" in owner.ask("POST", "/prune", {"state": {"node": states["HHH"]}})
    expect(finder.rows.filter(has_text="pruned")).to_have_count(2)
    owner.ask("POST", "/restore", {"node": states["HHH"]})
    expect(finder.rows.filter(has_text="pruned")).to_have_count(0)
    owner.ask("POST", "/undo")
    owner.ask("POST", "/undo")
    owner.ask("POST", "/undo")
    expect(finder.said).to_have_text("in 3 states")

    # An expression is asked of whole trajectories, and again when they have grown.
    visitor.page.get_by_test_id("find-expression").click()
    finder.ask("h{3}$")
    expect(finder.said).to_have_text("in 1 state")
    branch(owner, states, "HTHHH")
    expect(finder.said).to_have_text("in 2 states")


def test_an_expression_finds_or_says_what_is_wrong_with_it(
    reader: tuple[Observatory, dict[str, int]],
) -> None:
    visitor, states = reader
    finder = Finder(visitor.page)
    finder.open()
    visitor.page.get_by_test_id("find-expression").click()

    finder.ask("T{3}")
    ends = {node for path, node in states.items() if path in {"HHTTT", "TTT", "TTTTTT"}}
    expect(finder.said).to_have_text("in 3 states")
    assert finder.found() == ends

    finder.ask("T{3")
    expect(finder.problem).to_have_text(re.compile(r"^This is no regular expression: [a-z ]+\.$"))
    expect(finder.rows).to_have_count(0)
    expect(finder.text).to_have_attribute("aria-invalid", "true")
    finder.ask("^T")
    expect(finder.problem).to_have_count(0)
    assert finder.found() == {states["T"]}


def test_an_expression_that_would_run_for_ever_ends_with_a_sentence(
    new_visitor: NewVisitor, coin_server: Server
) -> None:
    owner = new_visitor(coin_server)
    states = coin_tree(owner, "H" * 60)
    visitor = new_visitor(coin_server)
    visitor.visit(f"/t/{owner.ref}")
    finder = Finder(visitor.page)
    finder.open()
    visitor.page.get_by_test_id("find-expression").click()
    finder.text.fill("(H+)+!")

    expect(finder.problem).to_have_text(re.compile(r"^This expression takes too long .*\.$"))
    assert len(re.findall(r"\.", finder.problem.inner_text())) == 1
    expect(finder.said).to_be_empty()
    # The page was never held up by it, and searches on.
    finder.ask("H{50}")
    expect(finder.problem).to_have_count(0)
    assert finder.found() == {states["H" * 50]}


def test_a_filter_draws_the_rest_faint_and_narrows_what_is_found(
    reader: tuple[Observatory, dict[str, int]],
) -> None:
    visitor, states = reader
    page = visitor.page
    finder = Finder(page)
    chip = page.get_by_test_id("filter-chip")
    expect(page.get_by_test_id("find-open")).to_be_visible()
    page.keyboard.press("f")
    expect(page.get_by_test_id("filter-least")).to_be_focused()
    page.keyboard.type("12.5")
    expect(chip).to_contain_text("at least 12.5%")
    finder.ask("T")
    near = {node for path, node in states.items() if path.endswith("T") and len(path) <= 3}
    assert finder.found() == near
    expect(finder.bar).to_contain_text("held back")

    page.get_by_test_id("filter-from").fill("2")
    expect(chip).to_contain_text("at least 12.5%, from step 2")
    expect(finder.said).to_have_text(f"in {len(near - {states['T']})} states")

    # What makes no sense is said, and changes nothing.
    page.get_by_test_id("filter-least").fill("120")
    expect(page.get_by_test_id("filter-problem")).to_have_text(
        "A probability is above 0 and at most 100 per cent."
    )
    expect(chip).to_contain_text("at least 12.5%, from step 2")

    page.get_by_test_id("find-close").click()
    chip.click()
    expect(chip).to_have_count(0)
    finder.open()
    expect(finder.said).to_have_text(f"in {sum(path.endswith('T') for path in states)} states")


def test_the_palette_does_what_is_chosen_in_it(
    reader: tuple[Observatory, dict[str, int]],
) -> None:
    page = reader[0].page
    choices = page.get_by_test_id("palette-choice")
    field = page.get_by_test_id("palette-text")

    page.keyboard.press("Control+k")
    expect(field).to_be_focused()
    every = choices.count()
    names = choices.evaluate_all("rows => rows.map((row) => row.dataset.id)")
    assert len(set(names)) == every > 10
    assert "prune" not in names, "a reader cannot prune"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    expect(choices.nth(1)).to_have_attribute("aria-selected", "true")
    expect(field).to_have_attribute("aria-activedescendant", "palette-1")

    page.keyboard.type("wrods")
    expect(choices).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("palette")).to_have_count(0)
    expect(page.get_by_test_id("help-dialog")).to_be_visible()
    page.keyboard.press("Escape")

    # The find bar gives way to it, and it may lead back there.
    page.keyboard.press("/")
    expect(page.get_by_test_id("find-text")).to_be_focused()
    page.keyboard.press("Control+k")
    page.keyboard.type("nonsense")
    expect(page.get_by_test_id("palette-said")).to_have_text("Nothing here is called that.")
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("palette")).to_have_count(0)

    page.keyboard.press("Control+k")
    page.keyboard.type("next match")
    choices.first.click()
    expect(page.get_by_test_id("find-text")).to_be_focused()


def test_the_palette_goes_to_states_that_bear_a_name_or_a_note(
    new_visitor: NewVisitor, coin_server: Server
) -> None:
    owner = new_visitor(coin_server)
    states = coin_tree(owner, *PATHS)
    named = owner.ask("PUT", f"/states/{states['THHT']}/label", {"name": "Turning point"})
    noted = owner.ask("PUT", f"/states/{states['TT']}/note", {"text": "dull, so far"})
    assert "seq" in named
    assert "seq" in noted
    visitor = new_visitor(coin_server)
    visitor.visit(f"/t/{owner.ref}")
    expect(visitor.page.get_by_test_id("find-open")).to_be_visible()
    choices = visitor.page.get_by_test_id("palette-choice")

    # What is typed before the palette is there is not lost, nor does it walk the tree.
    visitor.page.keyboard.press("Control+k")
    visitor.page.keyboard.type("turnin")
    expect(choices).to_have_count(1)
    visitor.page.keyboard.press("Enter")
    expect(visitor.step).to_have_text("step 4")
    assert visitor.selected() == states["THHT"]

    visitor.page.keyboard.press("Control+k")
    visitor.page.keyboard.type("so far")
    visitor.page.keyboard.press("Enter")
    expect(visitor.step).to_have_text("step 2")


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_axe_finds_nothing_on_the_search_and_the_palette(
    new_visitor: NewVisitor, coin_server: Server, scheme: str
) -> None:
    owner = new_visitor(coin_server)
    states = coin_tree(owner, *PATHS)
    owner.ask("POST", "/prune", {"state": {"node": states["TT"]}})
    visitor = new_visitor(coin_server, color_scheme=scheme)
    visitor.visit(f"/t/{owner.ref}")
    finder = Finder(visitor.page)
    finder.open()
    finder.ask("T")
    finder.rows.first.click()
    visitor.page.get_by_test_id("find-filter").click()
    visitor.page.get_by_test_id("filter-to").fill("5")
    expect(visitor.page.get_by_test_id("filter-chip")).to_be_visible()
    visitor.settle()
    assert violations(visitor.page) == []

    visitor.page.get_by_test_id("find-expression").click()
    finder.ask("(")
    expect(finder.problem).to_be_visible()
    assert violations(visitor.page) == []

    visitor.page.keyboard.press("Control+k")
    expect(visitor.page.get_by_test_id("palette-choice").first).to_be_visible()
    assert violations(visitor.page) == []


def test_the_search_and_the_palette_fit_a_phone(
    new_visitor: NewVisitor, coin_server: Server
) -> None:
    owner = new_visitor(coin_server)
    coin_tree(owner, *PATHS)
    visitor = new_visitor(coin_server, **PHONE)
    visitor.visit(f"/t/{owner.ref}")
    finder = Finder(visitor.page)
    finder.open()
    finder.ask("T")
    visitor.page.get_by_test_id("find-filter").click()
    visitor.page.get_by_test_id("filter-least").fill("0.5")
    boxes = [
        visitor.page.get_by_test_id(name).bounding_box()
        for name in ("find-text", "find-previous", "find-next", "find-filter", "find-close")
    ]
    reach = 0.0
    for box in boxes:
        assert box is not None
        assert box["x"] >= reach
        reach = box["x"] + box["width"]
    assert reach <= 390
    width = "document.documentElement.scrollWidth"
    assert visitor.page.evaluate(width) == 390
    finder.rows.first.tap()
    expect(finder.said).to_have_text(re.compile("^1 of"))
    finder.page.get_by_test_id("find-close").tap()
    chip = visitor.page.get_by_test_id("filter-chip")
    expect(chip).to_contain_text("at least 0.5%")
    chip.tap()
    expect(chip).to_have_count(0)
    visitor.page.keyboard.press("Control+k")
    expect(visitor.page.get_by_test_id("palette-choice").first).to_be_visible()
    assert visitor.page.evaluate(width) == 390
