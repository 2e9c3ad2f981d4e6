"""Reading a trajectory with its alternatives, and looking back at how a tree grew."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.conftest import NewVisitor
from tests.e2e.observatory import Observatory
from tests.e2e.test_access import PHONE, violations
from tests.e2e.test_comparing import made_rule
from tests.server import Server

PROMPT = "HHT"


class Reader(Observatory):
    """A visitor who reads, and looks back."""

    @property
    def tokens(self) -> Locator:
        return self.page.get_by_test_id("page-token")

    @property
    def chosen(self) -> Locator:
        """The selected token of the page."""
        return self.page.locator("[data-testid=page-token][aria-selected=true]")

    @property
    def alternatives(self) -> Locator:
        return self.page.get_by_test_id("alternative")

    @property
    def time(self) -> Locator:
        return self.page.get_by_test_id("time")

    def text(self) -> str:
        """What is grown, as the page has it."""
        return "".join(self.tokens.all_inner_texts())

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def read(self) -> None:
        """Turns to Read by its key."""
        views = self.page.get_by_role("radiogroup", name="View").get_by_role("radio")
        self.press(str(views.all_inner_texts().index("Read") + 1))
        expect(self.page.get_by_test_id("read-page")).to_be_visible()

    def log(self) -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = self.ask("GET", "/events?limit=1000")["events"]
        return told

    def open_time(self) -> None:
        """By its key; waits until the log has been read."""
        self.press("t")
        expect(self.time).to_have_attribute("data-loaded", str(self.tree()["seq"]))

    def look_back(self, seq: int) -> None:
        """Waits until the tree is shown as it was after that event."""
        expect(self.time).to_have_attribute("data-at", str(seq))

    def at(self, last: int) -> int:
        """The event that one looks back to; the last one where that is now."""
        told = self.time.get_attribute("data-at")
        return last if told in (None, "now") else int(told)

    def states_after(self, seq: int) -> int:
        return 1 + sum(len(each["columns"].get("node_parent", [])) for each in self.log()[:seq])


def flips(new_visitor: NewVisitor, server: Server, prompt: str = PROMPT, **context: Any) -> Reader:
    """A visitor with a grown tree of a fair coin."""
    visitor = new_visitor(server, **context)
    reader = Reader(visitor.page, visitor.url)
    reader.grow(prompt, rule="Fair coin")
    reader.settle()
    return reader


@pytest.fixture
def reader(new_visitor: NewVisitor, coin_server: Server) -> Reader:
    return flips(new_visitor, coin_server)


def test_the_arrow_keys_walk_the_page_and_step_between_what_could_have_come(
    reader: Reader,
) -> None:
    reader.read()
    expect(reader.page.get_by_test_id("page-prompt")).to_have_text(PROMPT)
    whole = reader.text()
    assert len(whole) > 6
    reader.press(*["ArrowRight"] * 3)
    expect(reader.step).to_have_text("step 3")
    expect(reader.chosen).to_have_attribute("data-step", "3")
    assert reader.text() == whole, "walking along the text does not turn the page"

    here = reader.chosen.inner_text()
    expect(reader.alternatives).to_have_count(2)
    reader.press("ArrowDown" if here == "H" else "ArrowUp")
    expect(reader.chosen).not_to_have_text(here)
    turned = reader.text()
    assert turned[:2] == whole[:2]
    assert turned[2] != whole[2]
    expect(reader.page.get_by_test_id("fork-says")).to_contain_text("came with 50.0%")
    reader.press("ArrowLeft")
    expect(reader.step).to_have_text("step 2")
    assert reader.text() == turned, "the page stays as it was turned"
    reader.press("End")
    expect(reader.chosen).to_have_attribute("data-step", str(len(turned)))
    reader.press("Home")
    expect(reader.step).to_have_text("step 0")


@pytest.mark.parametrize("view", ["worlds", "tree", "multiway"])
def test_the_strip_says_what_lies_ahead_in_a_view_opened_by_its_address(
    reader: Reader, view: str
) -> None:
    reader.press("ArrowRight", "ArrowRight")
    expect(reader.page.get_by_test_id("read-token")).to_have_count(2)
    node = reader.page.get_by_test_id("read-token").last.get_attribute("data-node")
    ahead = reader.page.get_by_test_id("ahead-token")
    expect(ahead.first).to_be_visible()
    reader.visit(f"/t/{reader.ref}?v=1&view={view}&s={node}")
    expect(reader.page.get_by_test_id("read-token")).to_have_count(2)
    expect(ahead.first).to_be_visible()
    text = reader.page.get_by_test_id("reading-strip").get_by_role("group").inner_text()
    ahead.nth(1).click()
    expect(reader.page.get_by_test_id("read-token")).to_have_count(4)
    reader.page.get_by_test_id("read-token").nth(1).click()
    expect(reader.page.get_by_test_id("read-token")).to_have_count(2)
    now = reader.page.get_by_test_id("reading-strip").get_by_role("group").inner_text()
    assert now == text, "walking along the text does not change it"


def test_enter_branches_where_an_alternative_is_only_a_candidate(reader: Reader) -> None:
    reader.read()
    reader.press("End", "ArrowLeft", "ArrowLeft")
    depth = len(reader.text()) - 2
    for key in ("ArrowDown", "ArrowUp"):
        if reader.page.get_by_test_id("read-branch").count() == 0:
            reader.press(key)
    expect(reader.page.get_by_test_id("read-branch")).to_be_visible()
    expect(reader.status).to_have_text("not in the tree yet")
    expect(reader.page.get_by_test_id("read-stop")).to_contain_text("Not in the tree yet")
    before = reader.tree()["states"]
    reader.press("Enter")
    expect(reader.status).not_to_have_text("not in the tree yet")
    expect(reader.step).to_have_text(f"step {depth}")
    assert reader.tree()["states"] == before + 1


def test_the_mouse_turns_the_page_and_copies_it(
    new_visitor: NewVisitor, coin_server: Server
) -> None:
    reader = flips(new_visitor, coin_server, permissions=["clipboard-read", "clipboard-write"])
    reader.page.get_by_test_id("view-read").click()
    reader.tokens.nth(3).click()
    expect(reader.step).to_have_text("step 4")
    other = reader.alternatives.and_(reader.page.locator(":not([aria-current])")).first
    expect(other).to_be_visible()
    was = reader.chosen.inner_text()
    other.click()
    expect(reader.chosen).not_to_have_text(was)
    reader.page.get_by_test_id("copy-text").click()
    expect(reader.page.get_by_test_id("copy-text")).to_have_text("Copied")
    copied = reader.page.evaluate("() => navigator.clipboard.readText()")
    assert copied == PROMPT + reader.text()
    reader.page.get_by_test_id("read-colour").select_option("probability")
    expect(reader.page.get_by_test_id("read-legend")).to_have_text("0 – 100 %")


def test_the_likeliest_alternatives_lead_however_rare_the_one_that_is_here_is(
    new_visitor: NewVisitor,
) -> None:
    """The default model: a next state has many alternatives."""
    visitor = new_visitor()
    reader = Reader(visitor.page, visitor.url)
    reader.visit()
    ref = reader.make(rule="smollm2", prompt="The night was")
    growth = {"kind": "breadth", "k": 60, "depth": 1}
    reader.ask("POST", "/growths", {"state": {"node": 0}, "strategy": growth})
    reader.visit(f"/t/{ref}?v=1&view=read")
    expect(reader.tokens.first).to_be_visible()
    reader.press("ArrowRight")
    first = [row.inner_text() for row in reader.alternatives.all()[:4]]
    reader.press(*["ArrowDown"] * 40)
    here = reader.page.locator("[data-testid=alternative][aria-current=true]")
    expect(reader.page.get_by_test_id("fork-more")).to_contain_text("… 34 more")
    expect(here).to_be_in_viewport()
    assert [row.inner_text() for row in reader.alternatives.all()[:4]] == first
    expect(reader.alternatives).to_have_count(9)
    was = here.get_attribute("data-key")

    reader.page.get_by_test_id("fork-more").click()
    expect(reader.alternatives).to_have_count(43)
    expect(reader.page.get_by_test_id("fork-more")).to_have_count(0)
    expect(reader.alternatives.nth(4)).to_be_focused()
    expect(here).to_have_attribute("data-key", was or "")
    reader.press("ArrowUp")
    expect(reader.alternatives.nth(39)).to_have_attribute("aria-current", "true")
    expect(here).to_be_in_viewport()
    assert violations(reader.page) == []


def test_a_phone_has_a_button_in_place_of_a_key(
    new_visitor: NewVisitor, coin_server: Server
) -> None:
    reader = flips(new_visitor, coin_server, **PHONE)
    reader.page.get_by_test_id("view-read").tap()
    stop = reader.page.get_by_test_id("read-stop")
    expect(stop).to_be_visible()
    assert "Enter" not in stop.inner_text()
    reader.tokens.last.tap()
    reader.page.get_by_test_id("fork-close").tap()
    before = int(reader.tree()["states"])
    reader.page.get_by_test_id("read-grow").tap()
    reader.wait_for(lambda: int(reader.tree()["states"]) > before, "it has grown on")


def test_a_tree_of_one_state_says_what_to_do(new_visitor: NewVisitor, coin_server: Server) -> None:
    visitor = new_visitor(coin_server)
    ref = visitor.make(rule="coin", prompt="HT")
    visitor.visit(f"/t/{ref}?v=1&view=read")
    expect(visitor.page.get_by_test_id("read-empty")).to_contain_text("Press Enter")


def test_an_automaton_is_read_as_its_picture(new_visitor: NewVisitor, coin_server: Server) -> None:
    visitor = new_visitor(coin_server)
    visitor.visit()
    rule = made_rule(visitor, kind="automaton", number=110)
    ref = visitor.make(rule=rule, prompt="0001000")
    visitor.ask(
        "POST",
        "/growths",
        {"state": {"node": 0}, "strategy": {"kind": "worlds", "lines": 4, "steps": 12}},
    )
    visitor.visit(f"/t/{ref}")
    visitor.page.get_by_test_id("view-read").click()
    cells = visitor.page.get_by_test_id("read-cells")
    expect(cells).to_be_visible()
    visitor.wait_for(lambda: int(cells.get_attribute("data-rows") or 0) > 5, "rows are there")
    visitor.page.keyboard.press("ArrowRight")
    expect(visitor.step).to_have_text("step 1")


def test_a_tap_on_a_token_opens_a_sheet_on_a_phone(
    new_visitor: NewVisitor, coin_server: Server
) -> None:
    reader = flips(new_visitor, coin_server, **PHONE)
    reader.page.get_by_test_id("view-read").tap()
    expect(reader.tokens.first).to_be_visible()
    expect(reader.page.get_by_test_id("fork")).to_have_count(0)
    reader.tokens.nth(2).tap()
    expect(reader.alternatives).to_have_count(2)
    reader.alternatives.and_(reader.page.locator(":not([aria-current])")).tap()
    expect(reader.page.get_by_test_id("read-step")).to_contain_text("step 3")
    assert reader.page.evaluate("() => document.documentElement.scrollWidth") == 390
    reader.page.get_by_test_id("fork-close").tap()
    expect(reader.page.get_by_test_id("fork")).to_have_count(0)

    reader.page.get_by_test_id("time-open").tap()
    expect(reader.time).to_have_attribute("data-at", "now")
    reader.page.get_by_test_id("time-back").tap()
    expect(reader.page.get_by_test_id("time-said")).to_contain_text("as it was at event")
    assert reader.page.evaluate("() => document.documentElement.scrollWidth") == 390
    reader.page.get_by_test_id("time-now").tap()
    expect(reader.time).to_have_attribute("data-at", "now")


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_axe_finds_nothing_on_the_page_and_in_the_past(
    new_visitor: NewVisitor, coin_server: Server, scheme: str
) -> None:
    reader = flips(new_visitor, coin_server, color_scheme=scheme)
    reader.read()
    reader.press(*["ArrowRight"] * 3)
    expect(reader.alternatives).to_have_count(2)
    assert violations(reader.page) == []
    reader.open_time()
    reader.press(",")
    expect(reader.page.get_by_test_id("time-said")).to_contain_text("as it was")
    assert violations(reader.page) == []


def test_every_event_shows_the_tree_as_it_was_by_the_keyboard_alone(reader: Reader) -> None:
    reader.press(*["ArrowRight"] * 4)
    reader.press("Delete")
    expect(reader.status).to_have_text("pruned")
    pruned = reader.ledger()["pruned"]
    assert pruned > 0
    last = int(reader.tree()["seq"])
    now = int(reader.tree()["states"])

    reader.open_time()
    reader.press(",")
    reader.look_back(last - 1)
    expect(reader.page.get_by_test_id("time-said")).to_contain_text(
        f"as it was at event {last - 1} of {last}"
    )
    expect(reader.status).not_to_have_text("pruned")
    reader.wait_for(lambda: reader.ledger()["pruned"] == 0, "nothing was pruned then")
    reader.press("Delete")
    expect(reader.notices).to_contain_text("You are looking at the tree as it was")
    assert reader.tree()["seq"] == last

    axis = reader.page.get_by_test_id("time-axis")
    axis.focus()
    reader.press("Home")
    reader.look_back(0)
    expect(reader.time).to_have_attribute("data-states", "1")
    expect(reader.step).to_have_text("step 0")
    for seq in (1, 2, 3):
        reader.press("ArrowRight")
        reader.look_back(seq)
        expect(reader.time).to_have_attribute("data-states", str(reader.states_after(seq)))
        expect(reader.step).to_have_text(f"step {min(seq, 4)}")
    expect(axis).to_have_attribute("aria-valuetext", re.compile(r"event 3 of \d+, .*by you: "))
    reader.press("End")
    expect(reader.time).to_have_attribute("data-at", "now")
    expect(reader.time).to_have_attribute("data-states", str(now))
    expect(reader.step).to_have_text("step 4")
    expect(reader.status).to_have_text("pruned")
    reader.wait_for(lambda: reader.ledger()["pruned"] == pruned, "now it is pruned")


def test_the_mouse_goes_anywhere_and_plays(reader: Reader) -> None:
    reader.page.get_by_test_id("time-open").click()
    last = int(reader.tree()["seq"])
    expect(reader.time).to_have_attribute("data-loaded", str(last))
    box = reader.page.get_by_test_id("time-axis").bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    reader.page.mouse.move(box["x"] + 0.8 * box["width"], y)
    reader.page.mouse.down()
    for share in (0.7, 0.5, 0.3):
        reader.page.mouse.move(box["x"] + share * box["width"], y)
    reader.page.mouse.up()
    reader.wait_for(lambda: 0 < reader.at(last) < last / 2, "a third of the way")
    at = int(reader.time.get_attribute("data-at") or 0)
    expect(reader.time).to_have_attribute("data-states", str(reader.states_after(at)))
    reader.page.get_by_test_id("time-speed").select_option("4")
    reader.page.get_by_test_id("time-play").click()
    expect(reader.time).to_have_attribute("data-at", "now")
    expect(reader.time).to_have_attribute("data-states", str(reader.tree()["states"]))
    reader.page.get_by_test_id("time-close").click()
    expect(reader.time).to_have_count(0)


@pytest.mark.parametrize("view", ["worlds", "tree", "multiway", "read"])
def test_a_click_far_back_leaves_the_page_awake(reader: Reader, view: str) -> None:
    """The outline's rows, shown or not, and what a view has drawn, are of a moment at which there
    was more."""
    reader.page.get_by_test_id(f"view-{view}").click()
    if view == "worlds":
        reader.page.get_by_test_id("outline-toggle").click()
    reader.page.get_by_test_id("time-open").click()
    last = int(reader.tree()["seq"])
    expect(reader.time).to_have_attribute("data-loaded", str(last))
    box = reader.page.get_by_test_id("time-axis").bounding_box()
    assert box is not None
    for share in (0.3, 0.02):
        reader.page.mouse.click(box["x"] + share * box["width"], box["y"] + box["height"] / 2)
        reader.wait_for(
            lambda most=share + 0.1: reader.at(last) < most * last,
            f"at {share} of the axis",
        )
        at = reader.at(last)
        expect(reader.time).to_have_attribute("data-states", str(reader.states_after(at)))
    reader.page.keyboard.press(".")
    expect(reader.time).to_have_attribute("data-at", str(at + 1))
    reader.page.get_by_test_id("time-now").click()
    expect(reader.time).to_have_attribute("data-states", str(reader.tree()["states"]))


@pytest.mark.parametrize("view", ["worlds", "tree", "multiway", "read"])
def test_a_key_means_one_thing_whatever_is_open(reader: Reader, view: str) -> None:
    reader.page.get_by_test_id(f"view-{view}").click()
    reader.open_time()
    reader.page.keyboard.press("?")
    listed = reader.page.get_by_test_id("help-dialog").locator(".keys kbd")
    expect(listed.first).to_be_visible()
    keys = listed.all_inner_texts()
    assert len(keys) == len(set(keys)), keys
    # What these do depends on what is open, picked or selected; the others do one thing.
    several = listed.locator("xpath=../following-sibling::dd[1]").all_inner_texts()
    ordered = {key for key, says in zip(keys, several, strict=False) if says.startswith("in this")}
    assert {"Esc"} <= ordered <= {"Esc", "Delete", "Enter"}
    assert {"B", "C", "M", "P", "R"} <= {key.upper() for key in keys}


def test_r_plays_how_the_tree_grew_and_p_is_the_presentation_size(reader: Reader) -> None:
    reader.open_time()
    reader.press(*[","] * 3)
    reader.press("r")
    expect(reader.time).to_have_attribute("data-at", "now")
    reader.press("p")
    expect(reader.page.locator("[data-testid=tree-screen].presenting")).to_be_visible()


def test_esc_closes_time_after_a_field_and_before_it_zooms_out(reader: Reader) -> None:
    reader.press("g", "ArrowRight", "z")  # nothing grows, so that the log has an end
    expect(reader.worlds).not_to_have_attribute("data-anchor", "0")
    reader.open_time()
    reader.press(",")
    reader.look_back(int(reader.tree()["seq"]) - 1)
    reader.page.get_by_test_id("time-speed").focus()
    reader.press("Escape")
    expect(reader.time).to_be_visible()
    reader.press("Escape")
    expect(reader.time).to_have_count(0)
    expect(reader.worlds).not_to_have_attribute("data-anchor", "0")
    reader.press("Escape")
    expect(reader.worlds).to_have_attribute("data-anchor", "0")


def test_what_happens_meanwhile_makes_the_axis_longer(reader: Reader) -> None:
    last = int(reader.tree()["seq"])
    reader.open_time()
    reader.press(",", ",")
    reader.look_back(last - 2)
    states = reader.time.get_attribute("data-states")
    reader.ask("POST", "/prune", {"state": {"node": 1}})
    expect(reader.time).to_have_attribute("data-total", str(last + 1))
    expect(reader.time).to_have_attribute("data-loaded", str(last + 1))
    reader.look_back(last - 2)
    assert reader.time.get_attribute("data-states") == states
    assert reader.ledger()["pruned"] == 0
    reader.page.get_by_test_id("time-now").click()
    reader.wait_for(lambda: reader.ledger()["pruned"] > 0.4, "the prune is seen now")


def test_a_frozen_link_replays_up_to_its_event(
    reader: Reader, new_visitor: NewVisitor, coin_server: Server
) -> None:
    frozen = reader.ask("POST", "/links", {"kind": "frozen"})
    reader.ask("POST", "/prune", {"state": {"node": 1}})
    visitor = new_visitor(coin_server)
    guest = Reader(visitor.page, visitor.url)
    guest.visit(frozen["url_path"])
    expect(guest.worlds).to_be_visible()
    guest.press("t")
    expect(guest.time).to_have_attribute("data-loaded", str(frozen["seq"]))
    expect(guest.time).to_have_attribute("data-total", str(frozen["seq"]))
    guest.press(",")
    guest.look_back(frozen["seq"] - 1)
    expect(guest.page.get_by_test_id("time-said")).to_contain_text("by person 1")


def test_states_are_coloured_by_who_grew_them(
    reader: Reader, new_visitor: NewVisitor, coin_server: Server
) -> None:
    reader.page.get_by_test_id("colour").select_option("author")
    expect(reader.page.get_by_test_id("legend")).to_have_text("you")
    link = reader.ask("POST", "/links", {"kind": "edit"})
    visitor = new_visitor(coin_server)
    guest = Reader(visitor.page, visitor.url)
    guest.visit(link["url_path"])
    expect(guest.worlds).to_be_visible()
    growth = {"kind": "breadth", "k": 2, "depth": 9}
    guest.ask("POST", "/growths", {"state": {"node": 1}, "strategy": growth})
    expect(reader.page.get_by_test_id("legend")).to_have_text("you, person 2")
    guest.page.get_by_test_id("colour").select_option("author")
    expect(guest.page.get_by_test_id("legend")).to_have_text("person 1, you")
    guest.page.reload()
    expect(guest.page.get_by_test_id("legend")).to_have_text("person 1, you")
    guest.page.get_by_test_id("colour").select_option("time")
    expect(guest.page.get_by_test_id("legend")).to_contain_text("event 1 – ")
