"""Rules that visitors make: every kind once, each bad input in one sentence, nothing changed."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import NewVisitor
from tests.e2e.observatory import Observatory

FLIPS = "A fair coin was tossed. The results: heads, tails,"


class Builder:
    """The dialog in which a rule is made."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.begin = page.get_by_test_id("begin-with-rule")
        self.prompt = page.get_by_test_id("rule-prompt")
        self.preview = page.get_by_test_id("rule-preview")

    def choose(self, kind: str) -> None:
        self.page.get_by_test_id(f"kind-{kind}").click()

    def fill(self, field: str, value: str) -> None:
        self.page.get_by_test_id(f"rule-{field}").fill(value)

    def fault(self, field: str) -> Locator:
        """The one sentence under a field."""
        return self.page.get_by_test_id(f"rule-{field}-fault")

    def grow(self) -> None:
        """Begins a tree, once the server has said what the rule is."""
        expect(self.begin).to_be_enabled(timeout=60_000)
        self.begin.click()
        self.page.wait_for_url(re.compile("/t/t"), timeout=60_000)


def open_builder(visitor: Observatory) -> Builder:
    visitor.visit()
    visitor.page.get_by_test_id("rule-picker").click()
    visitor.page.get_by_test_id("make-rule").click()
    return Builder(visitor.page)


def coin(builder: Builder) -> None:
    builder.fill("heads", "0.75")
    builder.page.get_by_test_id("rule-sticky").uncheck(force=True)
    builder.prompt.fill("HHT")


def restricted(builder: Builder) -> None:
    builder.fill("texts", " heads\n tails")
    builder.prompt.fill(FLIPS)


def markov(builder: Builder) -> None:
    builder.page.get_by_test_id("rule-file").set_input_files(
        {"name": "cat.txt", "mimeType": "text/plain", "buffer": b"abab abab abac " * 20}
    )
    builder.fill("order", "1")
    builder.prompt.fill("b")


def chain(builder: Builder) -> None:
    builder.fill("symbols", "S R")
    builder.fill("matrix", "3/4 1/4\n0.5 0.5")
    builder.prompt.fill("S")


def automaton(builder: Builder) -> None:
    builder.fill("number", "30")
    builder.prompt.fill("0000000100000000")


def rewriting(builder: Builder) -> None:
    builder.fill("rules", "A->AB, B->A")
    builder.prompt.fill("AB")


def interpolated(builder: Builder) -> None:
    builder.page.get_by_test_id("rule-first").select_option("coin-biased")
    builder.page.get_by_test_id("rule-second").select_option("coin")
    builder.fill("weight", "0.5")
    builder.prompt.fill("H")


@pytest.mark.parametrize(
    ("kind", "fill", "leading"),
    [
        ("coin", coin, 0.75),
        ("restricted", restricted, None),
        ("markov", markov, 0.6),
        ("chain", chain, 0.75),
        ("automaton", automaton, 1.0),
        ("rewriting", rewriting, 0.5),
        ("interpolated", interpolated, 0.6),
    ],
)
def test_a_rule_of_each_kind_is_made_and_grows_a_tree(
    visitor: Observatory, kind: str, fill: Callable[[Builder], None], leading: float | None
) -> None:
    builder = open_builder(visitor)
    builder.choose(kind)
    fill(builder)
    builder.grow()
    visitor.wait_until_filled()

    visitor.select_prompt()
    rows = visitor.next_states()
    assert sum(p for _, p, _ in rows) == pytest.approx(1, abs=1e-5)
    if leading is not None:
        assert rows[0][1] == pytest.approx(leading, abs=0.01)
    tree = visitor.tree()
    assert str(tree["rule"]["id"]).startswith("made-")
    expect(visitor.page.get_by_test_id("rule-summary")).to_have_text(tree["rule"]["summary"])
    expect(visitor.page.get_by_test_id("rule-spec")).to_be_visible()


@pytest.mark.parametrize(
    ("kind", "field", "value", "says"),
    [
        ("chain", "matrix", "0.5 0.5\n0.3 0.8", r"Row 2 sums to 1\.1"),
        ("automaton", "number", "300", r"between 0 and 255, not at 300"),
        ("markov", "text", "  ", r"Paste a text"),
        ("rewriting", "rules", "->A", r"nothing before its arrow"),
        ("restricted", "texts", " heads\n heads or tails", r"not one token .* but 3"),
        ("coin", "heads", "1.5", r"between 0 and 1"),
    ],
)
def test_bad_input_is_told_under_its_field_and_makes_nothing(
    visitor: Observatory, kind: str, field: str, value: str, says: str
) -> None:
    builder = open_builder(visitor)
    builder.choose(kind)
    builder.fill(field, value)

    expect(builder.fault(field)).to_contain_text(re.compile(says), timeout=60_000)
    expect(builder.begin).to_be_disabled()
    rules = visitor.page.request.get(f"{visitor.url}/api/rules").json()["rules"]
    assert [rule for rule in rules if rule["id"].startswith("made-")] == []


def test_rows_show_their_sums_while_a_matrix_is_pasted(visitor: Observatory) -> None:
    builder = open_builder(visitor)
    builder.choose("chain")
    builder.fill("matrix", "0.9 0.1\n0.5 0.4")

    sums = visitor.page.get_by_test_id("rule-sums").get_by_role("listitem")
    expect(sums.nth(0)).to_contain_text("Σ 1")
    expect(sums.nth(1)).to_contain_text("Σ 0.9")


def test_a_cell_of_the_table_changes_the_number(visitor: Observatory) -> None:
    builder = open_builder(visitor)
    builder.choose("automaton")
    builder.fill("number", "110")
    visitor.page.get_by_test_id("rule-cell-111").click()

    expect(visitor.page.get_by_test_id("rule-number")).to_have_value("238")
    expect(builder.preview).to_contain_text("238")


def test_a_prompt_that_the_rule_cannot_read_is_explained(visitor: Observatory) -> None:
    builder = open_builder(visitor)
    builder.choose("automaton")
    builder.prompt.fill("heads")
    expect(builder.begin).to_be_enabled(timeout=60_000)
    builder.begin.click()

    expect(visitor.page.get_by_test_id("rule-prompt-problem")).to_contain_text("A cell is 0 or 1")
    assert visitor.page.request.get(f"{visitor.url}/api/trees").json() == {"trees": []}
    visitor.page.get_by_test_id("take-example").click()
    builder.grow()
    visitor.wait_until_filled()


def test_rewriting_that_never_stops_grows_within_its_bounds(visitor: Observatory) -> None:
    builder = open_builder(visitor)
    builder.choose("rewriting")
    builder.fill("rules", "A->AA")
    builder.grow()
    visitor.wait_until_filled()

    assert visitor.shown("steps") >= 3
    expect(visitor.page.get_by_test_id("rule")).to_contain_text("without end")


def test_an_automaton_is_drawn_as_rows(visitor: Observatory) -> None:
    builder = open_builder(visitor)
    builder.choose("automaton")
    builder.fill("number", "90")
    builder.prompt.fill("00000000100000000")
    builder.grow()
    visitor.settle()

    picture = visitor.page.get_by_test_id("spacetime")
    expect(picture).to_be_visible()
    rows = int(picture.get_attribute("data-rows") or 0)
    assert rows >= 40
    height = picture.bounding_box()
    assert height is not None
    picture.click(position={"x": 4, "y": height["height"] * 4.5 / rows})
    expect(visitor.step).to_have_text("step 4")


def test_a_chain_shows_its_matrix_and_where_it_settles(visitor: Observatory) -> None:
    builder = open_builder(visitor)
    builder.choose("chain")
    builder.fill("symbols", "S R")
    builder.fill("matrix", "0.8 0.2\n0.6 0.4")
    builder.grow()
    visitor.page.get_by_test_id("rule-chain").click()

    expect(visitor.page.get_by_test_id("chain-matrix")).to_be_visible()
    settled = visitor.page.get_by_test_id("stationary").get_by_role("listitem")
    expect(settled.first).to_contain_text("75.0%")
    expect(visitor.page.get_by_test_id("closed-classes")).to_contain_text("all states")


def test_a_tree_is_begun_again_with_another_rule(visitor: Observatory) -> None:
    first = visitor.grow("HT", rule="Fair coin")
    visitor.page.get_by_test_id("begin-again").click()
    builder = Builder(visitor.page)
    expect(visitor.page.get_by_test_id("rule-builder")).to_be_visible()
    builder.choose("offered")
    expect(builder.prompt).to_have_value("HT")
    visitor.page.get_by_role("radio", name=re.compile("Biased coin")).check()
    builder.begin.click()
    visitor.page.wait_for_url(lambda url: "/t/t" in url and first not in url)

    assert visitor.tree()["rule"]["id"] == "coin-biased"
    assert visitor.tree()["prompt"]["text"] == "HT"


def test_the_builder_is_worked_by_the_keyboard_on_a_phone(new_visitor: NewVisitor) -> None:
    visitor = new_visitor(viewport={"width": 390, "height": 844})
    builder = open_builder(visitor)
    builder.choose("rewriting")
    builder.prompt.fill("A")
    expect(builder.begin).to_be_enabled(timeout=60_000)
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 390
    builder.begin.press("Enter")
    visitor.page.wait_for_url(re.compile("/t/t"))
    visitor.wait_until_filled()
