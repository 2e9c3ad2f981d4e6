"""Point 3, growth: every strategy grows, shows its progress, and can be cancelled."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.observatory import Observatory

STRATEGIES: dict[str, dict[str, float]] = {
    "best_first": {"states": 5},
    "breadth": {"k": 3, "depth": 3},
    "mass": {"epsilon": 0.01},
    "ancestral": {"rollouts": 12, "steps": 8},
}


@pytest.mark.parametrize("kind", STRATEGIES)
def test_a_strategy_grows_and_says_how_far_it_is(visitor: Observatory, kind: str) -> None:
    visitor.grow("Two roads met in a wood, and I")
    visitor.settle()
    before = visitor.tree()["states"]

    visitor.select_prompt()
    visitor.strategy(kind, **STRATEGIES[kind])
    job = visitor.start_growth()

    expect(job).to_have_attribute("data-state", "done", timeout=60_000)
    expect(job).to_contain_text(re.compile(r"\d+ states[\s\S]*resolved[\s\S]*/s"))
    assert visitor.tree()["states"] > before
    assert sum(visitor.ledger().values()) == pytest.approx(1, abs=1e-6)


def test_worlds_grow_from_a_state_that_is_chosen(visitor: Observatory) -> None:
    visitor.grow("The recipe begins with")
    visitor.settle()
    visitor.page.get_by_test_id("strategy-worlds").click()
    visitor.page.get_by_test_id("grow-into-view").uncheck()
    visitor.select_leading(9)
    before = visitor.tree()["expansions"]

    visitor.start_growth()

    visitor.wait_for(lambda: visitor.tree()["expansions"] > before + 10, "worlds of the state")


def test_a_running_growth_can_be_cancelled_and_keeps_what_it_has(visitor: Observatory) -> None:
    visitor.grow("An infinite library holds")
    visitor.settle()
    visitor.select_prompt()
    before = visitor.tree()["expansions"]
    visitor.strategy("ancestral", rollouts=256, steps=16)

    job = visitor.start_growth()
    expect(job).to_have_attribute("data-state", "running")
    visitor.wait_for(lambda: visitor.tree()["expansions"] > before, "some growth")
    job.get_by_test_id("cancel-job").click()

    expect(job).to_have_attribute("data-state", "cancelled", timeout=5_000)
    kept = visitor.tree()["expansions"]
    assert before < kept < before + 256 * 16
    visitor.page.wait_for_timeout(1_500)
    assert visitor.tree()["expansions"] == kept


def test_a_growth_under_way_tells_its_rate_and_mass(visitor: Observatory) -> None:
    visitor.grow("Count the stars:")
    visitor.settle()
    visitor.select_prompt()
    visitor.strategy("ancestral", rollouts=64, steps=24)

    job = visitor.start_growth()

    expect(job).to_have_attribute("data-state", "running")
    expect(job).to_contain_text(
        re.compile(r"[1-9]\d* (of [\d,]+ )?states ·[\s\S]*resolved · [1-9]\d*/s")
    )
    job.get_by_test_id("cancel-job").click()


@pytest.mark.parametrize(
    ("kind", "parameter", "value", "sentence"),
    [
        ("mass", "epsilon", 2, "lies between"),
        ("mass", "epsilon", 0, "above 0"),
        ("breadth", "k", 0, "lies between"),
        ("best_first", "states", 100_000, "lies between"),
    ],
)
def test_a_parameter_out_of_bounds_is_explained_and_not_sent(
    visitor: Observatory, kind: str, parameter: str, value: float, sentence: str
) -> None:
    visitor.grow("", rule="Fair coin")
    visitor.strategy(kind, **{parameter: value})

    expect(visitor.page.get_by_test_id("growth").get_by_role("alert")).to_contain_text(sentence)
    expect(visitor.page.get_by_test_id("grow-state")).to_be_disabled()
