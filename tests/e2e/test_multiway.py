"""The Multiway view: equal states are one, cycles and closed components stand out, rows."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import NewVisitor
from tests.e2e.observatory import Observatory
from tests.e2e.test_access import violations
from tests.e2e.test_comparing import made_rule
from tests.server import Server


class Multiway:
    """The Multiway view of a visitor's page, by what its canvas says of itself."""

    def __init__(self, visitor: Observatory) -> None:
        self.visitor = visitor
        self.page = visitor.page
        self.canvas = visitor.page.get_by_test_id("multiway")

    def text(self, name: str) -> str:
        value = self.canvas.get_attribute(f"data-{name}")
        assert value is not None
        return value

    def number(self, name: str) -> float:
        return float(self.text(name))

    def wait(self, **numbers: int) -> None:
        for name, value in numbers.items():
            expect(self.canvas).to_have_attribute(f"data-{name}", str(value))

    def focus(self) -> None:
        self.page.get_by_role("application").focus()

    def place(self) -> tuple[float, float]:
        """Of the selected class, on the page."""
        self.visitor.wait_for(lambda: "," in self.text("place"), "the selected class has a place")
        box = self.canvas.bounding_box()
        assert box is not None
        x, y = self.text("place").split(",")
        return box["x"] + float(x), box["y"] + float(y)


def multiway(
    visitor: Observatory, states: int, strategy: dict[str, Any], query: str = "", **tree: Any
) -> Multiway:
    """A tree that is grown whole to its length, looked at as a graph."""
    ref = visitor.make(**tree)
    visitor.ask("POST", "/growths", {"state": {"node": 0}, "strategy": strategy})
    visitor.wait_for(lambda: visitor.tree()["states"] == states, f"{states} states are grown")
    visitor.visit(f"/t/{ref}?v=1&view=multiway{query}")
    view = Multiway(visitor)
    view.wait(states=states)
    return view


@pytest.fixture
def fibonacci(new_visitor: NewVisitor, coin_server: Server) -> Multiway:
    """A->AB, B->A from A, five steps: 1, 1, 2, 3, 5 and 8 states by step, all of them different."""
    visitor = new_visitor(coin_server)
    visitor.visit()
    rule = made_rule(visitor, kind="rewriting", rules="A->AB, B->A")
    strategy = {"kind": "breadth", "k": 5, "depth": 5}
    return multiway(visitor, 86, strategy, rule=rule, prompt="A", max_length=6)


@pytest.fixture
def ring(new_visitor: NewVisitor, coin_server: Server) -> Multiway:
    """Rule 110 on a ring of eight cells: from one live cell to a cycle of sixteen rows."""
    visitor = new_visitor(coin_server)
    visitor.visit()
    rule = made_rule(visitor, kind="automaton", number=110)
    strategy = {"kind": "breadth", "k": 1, "depth": 30}
    return multiway(visitor, 31, strategy, rule=rule, prompt="00010000", max_length=31)


def test_equal_strings_are_one_state(fibonacci: Multiway) -> None:
    fibonacci.wait(classes=1 + 1 + 2 + 3 + 5 + 8, recurring=0, closed=0)
    page = fibonacci.page
    expect(page.get_by_test_id("mw-counts")).to_contain_text("86 states in 20 classes")
    listed = page.get_by_test_id("classes").get_by_role("listitem").all_inner_texts()
    assert len(listed) == 20
    assert [line.split(":")[0] for line in listed[:2]] == ["A", "AB"]
    assert "leads to AA, ABB" in listed[1] or "leads to ABB, AA" in listed[1]


def test_the_probabilities_of_a_step_add_up_to_one(fibonacci: Multiway) -> None:
    """AA and ABB are all that is reached at step 2; each by one of the two matches in AB."""
    listed = fibonacci.page.get_by_test_id("classes").get_by_role("listitem").all_inner_texts()
    reached = {line.split(":")[0]: line for line in listed}
    assert "reached with 50.0%" in reached["AA"]
    assert "reached with 50.0%" in reached["ABB"]


def test_it_is_turned_to_by_a_key_and_the_address_keeps_how_it_lies(fibonacci: Multiway) -> None:
    page = fibonacci.page
    page.keyboard.press("1")
    expect(fibonacci.visitor.worlds).to_be_visible()
    page.keyboard.press("3")
    expect(fibonacci.canvas).to_be_visible()
    page.get_by_test_id("layout-force").click()
    expect(fibonacci.canvas).to_have_attribute("data-layout", "force")
    page.wait_for_url(re.compile("mw=force"))
    page.reload()
    expect(fibonacci.canvas).to_have_attribute("data-layout", "force")
    expect(page.get_by_test_id("layout-force")).to_have_attribute("aria-checked", "true")


def test_a_click_selects_the_likeliest_member_and_then_the_next(fibonacci: Multiway) -> None:
    page, visitor = fibonacci.page, fibonacci.visitor
    # AAB is reached from AA and from ABB.
    name = re.compile(r"^AAB:")
    page.get_by_test_id("classes").get_by_role("button", name=name).dispatch_event("click")
    expect(visitor.step).to_have_text("step 3")
    first, chosen = fibonacci.number("node"), fibonacci.text("selected")
    page.mouse.click(*fibonacci.place())
    visitor.wait_for(lambda: fibonacci.number("node") != first, "another member")
    assert fibonacci.text("selected") == chosen
    second = fibonacci.number("node")
    states = [visitor.ask("GET", f"/states/{node:.0f}") for node in (first, second)]
    assert [state["text"] for state in states] == ["AAB", "AAB"]
    page.mouse.click(*fibonacci.place())
    visitor.wait_for(lambda: fibonacci.number("node") == first, "and the first again")


def test_a_pointer_on_a_class_tells_its_text_and_its_members(fibonacci: Multiway) -> None:
    fibonacci.page.keyboard.press("ArrowRight")
    fibonacci.wait(selected=1)
    fibonacci.page.mouse.move(*fibonacci.place())
    tip = fibonacci.page.get_by_test_id("class-tip")
    expect(tip).to_contain_text("AB")
    expect(tip).to_contain_text("first at step 1")
    fibonacci.page.mouse.move(5, 5)
    expect(tip).to_have_count(0)


def test_wheel_drag_and_keys_move_the_graph(fibonacci: Multiway) -> None:
    page = fibonacci.page
    scale = fibonacci.number("scale")
    x, y = fibonacci.place()
    page.mouse.move(x, y)
    page.mouse.wheel(0, -300)
    fibonacci.visitor.wait_for(lambda: fibonacci.number("scale") > scale, "closer")
    nearer = fibonacci.place()
    assert abs(nearer[0] - x) <= 2, "what the pointer is on stays"
    assert abs(nearer[1] - y) <= 2, "what the pointer is on stays"
    page.mouse.move(x + 200, y + 150)
    page.mouse.down()
    page.mouse.move(x + 260, y + 180, steps=4)
    page.mouse.up()
    fibonacci.visitor.wait_for(
        lambda: abs(fibonacci.place()[0] - x - 60) <= 3, "the graph follows the hand"
    )
    page.keyboard.press("0")
    fibonacci.visitor.wait_for(lambda: fibonacci.number("scale") == scale, "the whole again")
    page.keyboard.press("-")
    fibonacci.visitor.wait_for(lambda: fibonacci.number("scale") < scale, "further away")
    page.keyboard.press("+")
    fibonacci.visitor.wait_for(lambda: fibonacci.number("scale") >= scale - 1e-3, "and back")


def test_by_keys_alone_one_goes_from_class_to_class_and_out_again(fibonacci: Multiway) -> None:
    page = fibonacci.page
    fibonacci.focus()
    page.keyboard.press("Tab")
    fibonacci.wait(selected=1)
    seen = {"0", "1"}
    for _ in range(18):
        before = fibonacci.text("selected")
        page.keyboard.press("Tab")
        expect(fibonacci.canvas).not_to_have_attribute("data-selected", before)
        seen.add(fibonacci.text("selected"))
    assert len(seen) == 20
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("() => document.activeElement?.getAttribute('role')") == "application"
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement?.getAttribute('role')") != "application"


def test_the_cycle_of_an_automaton_is_found_closed_and_jumped_to(ring: Multiway) -> None:
    ring.wait(classes=20, recurring=1, closed=1)
    page = ring.page
    page.get_by_test_id("recurrences").click()
    found = page.get_by_test_id("recurrence")
    expect(found).to_have_count(1)
    expect(found).to_have_attribute("data-size", "16")
    expect(found).to_have_attribute("data-exact", "true")
    expect(found).to_contain_text("cycle of 16")
    found.click()
    expect(ring.visitor.step).to_have_text("step 4")
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("recurrence-list")).to_have_count(0)


def test_by_keys_alone_one_comes_to_the_cycle(ring: Multiway) -> None:
    ring.focus()
    ring.page.keyboard.press("y")
    expect(ring.visitor.step).to_have_text("step 4")
    ring.page.keyboard.press("e")
    expect(ring.visitor.step).to_have_text("step 20")


def test_a_cycle_is_closed_only_as_far_as_grown_while_a_way_out_is_cut(
    new_visitor: NewVisitor, coin_server: Server
) -> None:
    visitor = new_visitor(coin_server)
    visitor.visit()
    rule = made_rule(visitor, kind="rewriting", rules="a->b, b->a, a->c")
    strategy = {"kind": "breadth", "k": 2, "depth": 4}
    tree = {"rule": rule, "prompt": "a", "max_length": 5}
    view = multiway(visitor, 7, strategy, **tree)
    view.wait(classes=3, recurring=1, closed=0)
    expect(view.page.get_by_test_id("mw-counts")).to_contain_text("1 ended")
    leaves = [node for node in range(1, 7) if visitor.ask("GET", f"/states/{node}")["text"] == "c"]
    visitor.ask("POST", "/prune", {"states": [{"node": node} for node in leaves]})
    view.wait(classes=2, recurring=1, closed=1)
    expect(view.page.get_by_test_id("mw-counts")).to_contain_text("2 pruned branches left out")
    view.page.get_by_test_id("recurrences").click()
    found = view.page.get_by_test_id("recurrence")
    expect(found).to_have_attribute("data-exact", "false")
    expect(found).to_contain_text("closed as far as grown")


def test_an_automaton_is_shown_as_rows_of_cells(ring: Multiway) -> None:
    page = ring.page
    page.get_by_test_id("spacetime-on").click()
    rows = page.get_by_test_id("space-time")
    expect(rows).to_have_attribute("data-rows", "31")
    expect(rows).to_have_attribute("data-columns", "8")
    expect(rows).to_have_attribute("data-alternatives", "0")
    box = rows.bounding_box()
    cell = float(rows.get_attribute("data-cell") or 0)
    assert box is not None
    page.mouse.click(box["x"] + 3, box["y"] + 5.5 * cell)
    expect(ring.visitor.step).to_have_text("step 5")
    page.wait_for_url(re.compile("mw=spacetime"))
    page.get_by_test_id("graph-on").click()
    ring.wait(classes=20)


def test_a_noisy_automaton_shows_what_else_could_have_come(
    new_visitor: NewVisitor, coin_server: Server
) -> None:
    visitor = new_visitor(coin_server)
    visitor.visit()
    rule = made_rule(visitor, kind="automaton", number=90, noise=0.1)
    strategy = {"kind": "breadth", "k": 2, "depth": 3}
    tree = {"rule": rule, "prompt": "0001000", "max_length": 4}
    ref = visitor.make(**tree)
    visitor.ask("POST", "/growths", {"state": {"node": 0}, "strategy": strategy})
    visitor.visit(f"/t/{ref}?v=1&view=multiway&mw=spacetime")
    rows = visitor.page.get_by_test_id("space-time")
    expect(rows).to_have_attribute("data-rows", "4")
    visitor.wait_for(lambda: int(rows.get_attribute("data-alternatives") or 0) >= 9, "three a row")
    box = rows.bounding_box()
    cell = float(rows.get_attribute("data-cell") or 0)
    assert box is not None
    page = visitor.page
    page.mouse.click(box["x"] + 7 * cell + 22 + 4, box["y"] + 1.5 * cell)
    expect(visitor.step).to_have_text("step 1")
    assert visitor.probability() < 0.2, "an alternative is less probable than the rule's own row"


def test_a_language_models_texts_do_not_merge_and_last_tokens_do(visitor: Observatory) -> None:
    visitor.visit()
    rule = visitor.page.request.get(f"{visitor.url}/api/rules").json()["rules"][0]["id"]
    strategy = {"kind": "breadth", "k": 3, "depth": 3}
    prompt = "the cat and the dog and the"
    view = multiway(visitor, 40, strategy, rule=rule, prompt=prompt, max_length=10)
    page = view.page
    view.wait(classes=40)
    expect(page.get_by_test_id("mw-nothing")).to_contain_text("nothing merges")
    page.get_by_test_id("mw-offer").click()
    page.wait_for_url(re.compile("mw=last2"))
    page.get_by_test_id("last-k").select_option("1")
    page.wait_for_url(re.compile("mw=last1"))
    visitor.wait_for(lambda: view.number("classes") < 40, "states that end alike are one")
    expect(page.get_by_test_id("mw-nothing")).to_have_count(0)
    page.reload()
    expect(page.get_by_test_id("last-k")).to_have_value("1")


def test_a_phone_holds_it(new_visitor: NewVisitor, coin_server: Server) -> None:
    visitor = new_visitor(coin_server, viewport={"width": 390, "height": 844}, has_touch=True)
    visitor.visit()
    rule = made_rule(visitor, kind="coin", heads=0.7)
    strategy = {"kind": "breadth", "k": 2, "depth": 4}
    view = multiway(visitor, 31, strategy, rule=rule, prompt="", max_length=4)
    view.wait(classes=3)
    box = view.canvas.bounding_box()
    assert box is not None
    assert box["width"] > 340
    assert box["height"] > 300
    assert visitor.page.evaluate("() => document.documentElement.scrollWidth") <= 390
    visitor.page.touchscreen.tap(*view.place())
    expect(visitor.page.get_by_test_id("mw-fit")).to_be_visible()


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_axe_finds_nothing(new_visitor: NewVisitor, coin_server: Server, scheme: str) -> None:
    visitor = new_visitor(coin_server, color_scheme=scheme)
    visitor.visit()
    rule = made_rule(visitor, kind="automaton", number=110)
    strategy = {"kind": "breadth", "k": 1, "depth": 30}
    view = multiway(visitor, 31, strategy, rule=rule, prompt="00010000", max_length=31)
    view.page.get_by_test_id("recurrences").click()
    assert violations(view.page) == []
    view.page.get_by_test_id("spacetime-on").click()
    expect(view.page.get_by_test_id("space-time")).to_be_visible()
    assert violations(view.page) == []
