"""Points 3 to 5: prune, restore, undo and redo; the inspector; one's own text; the ledger."""

import math
import re

import pytest
from playwright.sync_api import expect

from tests.e2e.observatory import Observatory


def test_delete_prunes_and_the_ledger_counts_it_until_it_is_restored(visitor: Observatory) -> None:
    visitor.grow()
    visitor.select_leading()
    p = visitor.probability()
    assert visitor.ledger()["pruned"] == 0

    visitor.page.keyboard.press("Delete")
    expect(visitor.status).to_have_text("pruned")
    assert visitor.ledger()["pruned"] == pytest.approx(p, abs=1e-6)
    assert sum(visitor.ledger().values()) == pytest.approx(1, abs=1e-6)

    visitor.page.get_by_test_id("restore").click()
    expect(visitor.status).not_to_have_text("pruned")
    assert visitor.ledger()["pruned"] == pytest.approx(0, abs=1e-9)


def test_undo_and_redo_take_back_and_repeat_a_prune(visitor: Observatory) -> None:
    visitor.grow()
    visitor.settle()
    visitor.select_leading()
    p = visitor.probability()
    visitor.page.keyboard.press("Delete")
    expect(visitor.status).to_have_text("pruned")

    visitor.page.get_by_test_id("undo").click()
    expect(visitor.status).not_to_have_text("pruned")
    assert visitor.ledger()["pruned"] == pytest.approx(0, abs=1e-9)

    visitor.page.get_by_test_id("redo").click()
    expect(visitor.status).to_have_text("pruned")
    assert visitor.ledger()["pruned"] == pytest.approx(p, abs=1e-6)


def test_undo_takes_back_a_growth_and_redo_brings_the_same_states(visitor: Observatory) -> None:
    visitor.grow("The committee agreed that")
    visitor.settle()
    before = visitor.ledger()
    visitor.select_prompt()
    visitor.strategy("breadth", k=4, depth=3)
    expect(visitor.start_growth()).to_have_attribute("data-state", "done", timeout=60_000)
    grown = visitor.ledger()
    assert grown["residual"] < before["residual"]
    states = visitor.tree()["states"]

    visitor.page.get_by_test_id("undo").click()
    visitor.wait_for(lambda: near(visitor.ledger(), before), "the growth is taken back")

    visitor.page.get_by_test_id("redo").click()
    visitor.wait_for(lambda: near(visitor.ledger(), grown), "the growth is there again")
    assert visitor.tree()["states"] == states


def near(one: dict[str, float], other: dict[str, float]) -> bool:
    return all(abs(one[part] - other[part]) < 1e-9 for part in other)


def test_the_inspector_accounts_for_all_of_the_next_states(visitor: Observatory) -> None:
    visitor.grow()
    visitor.select_prompt()

    listed = [p for _, p, _ in visitor.next_states()]
    rest = visitor.page.get_by_test_id("rest").get_attribute("data-p")
    assert rest is not None
    assert sum(listed) + float(rest) == pytest.approx(1, abs=1e-6)
    assert listed == sorted(listed, reverse=True)
    assert len(listed) >= 10
    expect(visitor.page.get_by_test_id("entropy")).to_contain_text(re.compile(r"\d\.\d\d bits"))


def test_the_inspector_says_what_the_api_says(visitor: Observatory) -> None:
    visitor.grow()
    visitor.select_prompt()
    told = {row["key"]: row["probability"] for row in visitor.ask("GET", "/states/0")["candidates"]}

    shown = {key: p for key, p, _ in visitor.next_states()}
    # A world may have gone through a token beyond the stored candidates: the page lists it too.
    leading = told.keys() & shown.keys()
    assert len(leading) >= 12
    for key in leading:
        assert shown[key] == pytest.approx(told[key], rel=1e-5)


def test_a_click_on_a_candidate_branches_there(visitor: Observatory) -> None:
    visitor.grow()
    visitor.settle()
    visitor.select_prompt()
    rows = visitor.next_states()

    visitor.candidates.nth(11).click()

    expect(visitor.step).to_have_text("step 1")
    assert visitor.probability() == pytest.approx(rows[11][1], rel=1e-5)


def test_typing_a_continuation_makes_a_branch_and_computes_its_probability(
    visitor: Observatory,
) -> None:
    visitor.grow()
    visitor.settle()
    visitor.select_prompt()
    box = visitor.page.get_by_test_id("own-text")
    box.fill(" sentient and asks for me")
    box.press("Enter")

    tokens = visitor.page.get_by_test_id("own-tokens").get_by_role("listitem")
    expect(tokens.nth(4)).to_be_visible()
    count = tokens.count()
    expect(visitor.step).to_have_text(f"step {count}")
    node = max(step["node"] for step in visitor.ask("GET", f"/states/{visitor.selected()}")["path"])
    told = visitor.ask("GET", f"/states/{node}")
    assert told["text"] == " sentient and asks for me"
    assert visitor.probability() == pytest.approx(math.exp(told["cumulative_log_prob"]), rel=1e-4)
    steps = [step["log_prob"] for step in told["path"]]
    assert sum(steps) == pytest.approx(told["cumulative_log_prob"], abs=1e-4)


def test_the_reading_strip_shows_the_trajectory_and_leads_back_to_its_states(
    visitor: Observatory,
) -> None:
    visitor.grow()
    visitor.settle()
    visitor.select_prompt()
    box = visitor.page.get_by_test_id("own-text")
    box.fill(" sentient and asks for me")
    box.press("Enter")
    expect(visitor.page.get_by_test_id("own-tokens")).to_be_visible()

    strip = visitor.page.get_by_test_id("reading-strip")
    expect(strip).to_contain_text("chatbot has become")
    expect(strip.get_by_test_id("read-token").first).to_be_visible()
    strip.get_by_test_id("read-token").nth(1).click()
    expect(visitor.step).to_have_text("step 2")


def test_the_ledger_adds_up_to_one_through_everything(visitor: Observatory) -> None:
    visitor.grow()
    for _ in range(3):
        visitor.select_leading()
        visitor.page.keyboard.press("Delete")
        expect(visitor.status).to_have_text("pruned")
        assert sum(visitor.ledger().values()) == pytest.approx(1, abs=1e-6)
        visitor.page.get_by_test_id("undo").click()
        expect(visitor.status).not_to_have_text("pruned")
        assert sum(visitor.ledger().values()) == pytest.approx(1, abs=1e-6)


def test_the_prompt_itself_cannot_be_pruned(visitor: Observatory) -> None:
    visitor.grow("", rule="Fair coin")
    visitor.select_prompt()
    visitor.worlds.focus()
    visitor.page.keyboard.press("Delete")

    expect(visitor.notices).to_contain_text("cannot be pruned")
    assert visitor.ledger()["pruned"] == 0
