"""The procedure is a list of steps: added, moved, switched off, removed; its faults are said."""

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import NewVisitor
from tests.e2e.observatory import Observatory
from tests.server import Server


@pytest.fixture
def flipper(coin_server: Server, new_visitor: NewVisitor) -> Observatory:
    """A visitor with a tree of a fair coin: quick to weigh."""
    visitor = new_visitor(coin_server)
    visitor.grow("", rule="Fair coin")
    visitor.settle()
    return visitor


def test_steps_apply_in_the_order_in_which_they_stand(flipper: Observatory) -> None:
    page = flipper.page
    flipper.add_step("top_p")
    flipper.add_step("temperature")
    flipper.add_step("repetition")
    flipper.wait_for_procedure("top_p", "temperature", "repetition")

    flipper.steps.nth(2).get_by_test_id("move-up").click()
    flipper.wait_for_procedure("top_p", "repetition", "temperature")

    flipper.steps.nth(0).get_by_test_id("grip").press("ArrowDown")
    flipper.wait_for_procedure("repetition", "top_p", "temperature")
    expect(flipper.steps.nth(1).get_by_test_id("grip")).to_be_focused()

    page.get_by_test_id("grip").nth(2).drag_to(flipper.steps.nth(0))
    flipper.wait_for_procedure("temperature", "repetition", "top_p")
    assert flipper.shown_steps() == ["temperature", "repetition", "top_p"]


def test_a_step_that_is_off_stays_in_sight_and_a_removed_one_does_not(
    flipper: Observatory,
) -> None:
    page = flipper.page
    flipper.add_step("temperature")
    flipper.add_step("min_p")
    flipper.wait_for_procedure("temperature", "min_p")

    page.get_by_test_id("temperature-on").uncheck()
    flipper.wait_for_procedure("min_p")
    assert flipper.shown_steps() == ["temperature", "min_p"]

    page.get_by_test_id("temperature-on").check()
    flipper.wait_for_procedure("temperature", "min_p")

    flipper.steps.nth(1).get_by_test_id("remove-step").click()
    flipper.wait_for_procedure("temperature")
    assert flipper.shown_steps() == ["temperature"]


@pytest.mark.parametrize(
    ("kind", "value", "says"),
    [
        ("temperature", "-1", "Temperature is 0, or lies between 0.01 and 100."),
        ("top_k", "0", "k is 1 or more"),
        ("top_k", "2.5", "k is a whole number"),
        ("top_p", "1.5", "p lies above 0, up to 1"),
        ("eta", "1", "ε lies above 0 and below 1"),
        ("repetition", "0", "between 0.01 and 100"),
        ("presence", "-101", "between −100 and 100"),
    ],
)
def test_a_value_that_makes_no_sense_is_explained_and_changes_nothing(
    flipper: Observatory, kind: str, value: str, says: str
) -> None:
    flipper.add_step(kind)
    flipper.wait_for_procedure(kind)
    before = flipper.tree()["procedure"]

    flipper.page.get_by_test_id(f"{kind}-number").fill(value)

    procedure = flipper.page.get_by_test_id("procedure")
    expect(procedure.get_by_role("alert")).to_contain_text(says)
    expect(flipper.page.get_by_test_id("in-force")).to_contain_text("still in force")
    flipper.page.wait_for_timeout(500)
    assert flipper.tree()["procedure"] == before

    flipper.page.get_by_test_id("give-up").click()
    expect(procedure.get_by_role("alert")).to_have_count(0)


def test_an_undo_and_another_page_are_followed(flipper: Observatory) -> None:
    flipper.add_step("top_k")
    flipper.wait_for_procedure("top_k")
    flipper.set_step("top_k", 1)
    flipper.wait_for(lambda: flipper.tree()["procedure"] == [{"kind": "top_k", "k": 1}], "k is 1")

    flipper.page.get_by_role("button", name="Undo").click()
    expect(flipper.page.get_by_test_id("top_k-number")).to_have_value("40")

    answered = flipper.page.request.put(
        f"{flipper.url}/api/trees/{flipper.ref}/procedure",
        data={"procedure": [{"kind": "min_p", "p": 0.5}]},
        headers={"Origin": flipper.url},
    )
    assert answered.ok, answered.text()
    expect(flipper.page.get_by_test_id("min_p-number")).to_have_value("0.5")
    assert flipper.shown_steps() == ["min_p"]


def test_a_preset_is_a_whole_procedure(flipper: Observatory) -> None:
    page = flipper.page
    page.get_by_test_id("presets").click()
    page.get_by_test_id("preset-menu").get_by_text("T 0.7, min-p 0.05", exact=True).click()
    steps = flipper.wait_for_procedure("temperature", "min_p")
    assert steps == [{"kind": "temperature", "value": 0.7}, {"kind": "min_p", "p": 0.05}]

    page.get_by_test_id("presets").click()
    page.get_by_test_id("preset-menu").get_by_text("The rule itself", exact=True).click()
    flipper.wait_for_procedure()


def test_tokens_are_typed_as_text_and_shown(flipper: Observatory) -> None:
    page = flipper.page
    flipper.add_step("force")
    expect(page.get_by_test_id("procedure").get_by_role("alert")).to_contain_text("needs a token")
    page.get_by_test_id("force-text").fill("H")
    page.get_by_test_id("force-text").press("Enter")
    assert flipper.wait_for_procedure("force") == [{"kind": "force", "keys": [0]}]
    expect(page.get_by_test_id("force-tokens")).to_contain_text("H")

    page.get_by_test_id("force-text").fill("edge")
    page.get_by_test_id("force-add").click()
    expect(page.get_by_test_id("procedure")).to_contain_text("A coin knows H and T only")

    flipper.select_prompt()
    flipper.settle()
    expect(flipper.candidates.and_(page.locator("[data-key='0']"))).to_have_attribute("data-q", "1")
    expect(flipper.candidates.and_(page.locator("[data-key='1']"))).to_have_attribute("data-q", "0")


def test_steps_that_contradict_each_other_are_named(flipper: Observatory) -> None:
    page = flipper.page
    flipper.add_step("force")
    page.get_by_test_id("force-text").fill("T")
    page.get_by_test_id("force-text").press("Enter")
    flipper.wait_for_procedure("force")
    flipper.add_step("forbid")
    flipper.wait_for_procedure("force", "forbid")
    page.get_by_test_id("forbid-text").fill("T")
    page.get_by_test_id("forbid-text").press("Enter")

    said = page.get_by_test_id("contradiction")
    expect(said).to_contain_text(
        "Steps 1 (forced tokens) and 2 (forbidden tokens) contradict each other"
    )
    page.wait_for_timeout(500)
    assert flipper.tree()["procedure"][1] == {"kind": "forbid", "keys": []}


def test_a_procedure_that_leaves_nothing_is_refused_in_the_servers_words(
    flipper: Observatory,
) -> None:
    page = flipper.page
    flipper.add_step("forbid")
    flipper.wait_for_procedure("forbid")
    before = flipper.tree()["seq"]
    page.get_by_test_id("forbid-text").fill("HT")
    page.get_by_test_id("forbid-text").press("Enter")

    said = page.get_by_test_id("procedure-problem")
    expect(said).to_contain_text("Step 1 of the sampling procedure (forbidden tokens) leaves no")
    assert flipper.tree()["procedure"] == [{"kind": "forbid", "keys": []}]
    assert flipper.tree()["seq"] == before

    page.get_by_test_id("give-up").click()
    expect(said).to_have_count(0)
    expect(page.get_by_test_id("forbid-tokens").get_by_role("listitem")).to_have_count(0)


def test_a_reader_looks_under_steps_of_their_own(
    coin_server: Server, new_visitor: NewVisitor, flipper: Observatory
) -> None:
    reader = new_visitor(coin_server)
    reader.visit(f"/t/{flipper.ref}")
    reader.set_step("temperature", 0)
    expect(reader.page.get_by_test_id("procedure")).to_contain_text("this page only")
    reader.select_prompt()
    reader.wait_for(lambda: [q for _, _, q in reader.next_states()] == [1, 0], "one flip is left")
    assert flipper.tree()["procedure"] == []

    reader.page.get_by_role("button", name="Back to the tree's").click()
    expect(reader.steps).to_have_count(0)
    expect(reader.page.get_by_test_id("procedure")).not_to_contain_text("this page only")


def test_the_inspector_shows_what_each_step_takes_and_moves(flipper: Observatory) -> None:
    page = flipper.page
    flipper.add_step("bias")
    page.get_by_test_id("bias-text").fill("H")
    page.get_by_test_id("bias-text").press("Enter")
    flipper.add_step("top_k")
    flipper.set_step("top_k", 1)
    flipper.wait_for(lambda: len(flipper.tree()["procedure"]) == 2, "both steps are set")
    flipper.select_prompt()

    stages = page.get_by_test_id("stages")
    heads = stages.locator("[data-testid=stage-row][data-key='0'] td")
    tails = stages.locator("[data-testid=stage-row][data-key='1'] td")
    expect(heads).to_have_count(3)
    shares = [float(cell.get_attribute("data-p") or -1) for cell in heads.all()]
    assert shares == pytest.approx([0.5, 0.731, 1], abs=1e-3)
    assert [float(cell.get_attribute("data-p") or -1) for cell in tails.all()][2] == 0
    expect(tails.nth(2)).to_contain_class("gone")
    expect(stages).to_contain_text("rule")
    expect(stages).to_contain_text("top-k 1")
