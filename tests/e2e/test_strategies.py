"""The growth form: every strategy grows by it, is explained, stops where asked, and reports."""

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.conftest import NewVisitor
from tests.e2e.observatory import Observatory

STRATEGIES: dict[str, dict[str, float]] = {
    "best_first": {"states": 4},
    "breadth": {"k": 2, "depth": 4},
    "mass": {"epsilon": 0.05},
    "greedy": {"steps": 12},
    "beam": {"k": 4, "steps": 6},
    "ancestral": {"rollouts": 16, "steps": 6},
    "stochastic_beam": {"k": 6, "steps": 6},
}
DRAWN = {"ancestral", "stochastic_beam"}


def figures(job: Locator) -> dict[str, float]:
    """What a growth tells, by name."""
    rows = job.get_by_test_id("figure").evaluate_all(
        "rows => rows.map(row => [row.querySelector('dt').textContent, row.dataset.value])"
    )
    return {name: float(value) for name, value in rows}


def sticky(visitor: Observatory) -> None:
    """A tree of the sticky coin, with nothing chosen yet."""
    visitor.grow("H", rule="Sticky coin")
    visitor.settle()
    visitor.select_prompt()


@pytest.mark.parametrize("kind", STRATEGIES)
def test_every_strategy_grows_and_is_explained(visitor: Observatory, kind: str) -> None:
    sticky(visitor)
    visitor.strategy(kind, **STRATEGIES[kind])
    growth = visitor.page.get_by_test_id("growth")

    expect(growth.get_by_test_id("guarantee")).to_have_text(re.compile(r"^[A-Z].*\.$"))
    expect(growth.get_by_test_id("another-seed")).to_have_count(1 if kind in DRAWN else 0)
    job = visitor.start_growth()
    expect(job).to_have_attribute("data-state", re.compile("done|running"), timeout=60_000)
    expect(job).to_have_attribute("data-state", "done", timeout=60_000)
    assert figures(job) != {}


def test_a_report_stays_after_the_end_and_its_trajectories_can_be_selected(
    visitor: Observatory,
) -> None:
    sticky(visitor)
    visitor.strategy("beam", k=3, steps=4)
    job = visitor.start_growth()
    expect(job).to_have_attribute("data-state", "done", timeout=60_000)
    visitor.page.wait_for_timeout(4000)

    expect(job).to_be_visible()
    found = job.get_by_test_id("found-trajectory")
    expect(found).to_have_count(3)
    expect(found.first).to_contain_text("HHHH")
    found.first.click()
    expect(visitor.step).to_have_text("step 4")
    job.get_by_test_id("dismiss-job").click()
    expect(visitor.page.get_by_test_id("job")).to_have_count(0)


def test_masses_are_exact_and_estimates_have_standard_errors(visitor: Observatory) -> None:
    sticky(visitor)
    visitor.strategy("breadth", k=2, depth=3)
    job = visitor.start_growth()
    expect(job).to_have_attribute("data-state", "done", timeout=60_000)
    told = figures(job)
    assert told["resolved"] + told["unexplored"] == pytest.approx(1, abs=1e-6)
    expect(job.get_by_test_id("figures")).to_contain_text("exact")

    visitor.strategy("stochastic_beam", k=8, steps=5)
    drawn = visitor.start_growth()
    expect(drawn).to_have_attribute("data-state", "done", timeout=60_000)
    expect(drawn.get_by_test_id("figures")).to_contain_text("estimate")
    expect(drawn.get_by_test_id("figures")).to_contain_text("±")
    expect(drawn.get_by_test_id("found-trajectory").first).to_contain_text("weight")


def test_another_seed_draws_again_and_the_same_one_repeats(visitor: Observatory) -> None:
    sticky(visitor)
    visitor.strategy("stochastic_beam", k=4, steps=8)

    def found() -> list[str]:
        job = visitor.start_growth()
        expect(job).to_have_attribute("data-state", "done", timeout=60_000)
        nodes = job.get_by_test_id("found-trajectory").evaluate_all(
            "rows => rows.map(row => row.dataset.node)"
        )
        job.get_by_test_id("dismiss-job").click()
        expect(visitor.page.get_by_test_id("job")).to_have_count(0)
        return list(nodes)

    first = found()
    assert found() == first
    seed = visitor.page.get_by_test_id("growth-seed")
    before = seed.inner_text()
    visitor.page.get_by_test_id("another-seed").click()
    expect(seed).not_to_have_text(before)
    assert found() != first


def test_a_growth_stops_at_a_depth(visitor: Observatory) -> None:
    sticky(visitor)
    visitor.strategy("greedy", steps=500)
    visitor.page.get_by_test_id("stops").click()
    visitor.page.get_by_test_id("stop-depth-on").check(force=True)
    visitor.page.get_by_test_id("stop-depth").fill("3")
    job = visitor.start_growth()

    expect(job).to_have_attribute("data-state", "done", timeout=60_000)
    # A state three steps deep is still evaluated, so that its next states are known.
    job.get_by_test_id("found-trajectory").first.click()
    expect(visitor.step).to_have_text("step 4")


def test_what_draws_at_random_is_not_stopped_by_what_it_finds(visitor: Observatory) -> None:
    sticky(visitor)
    visitor.strategy("ancestral")
    visitor.page.get_by_test_id("stops").click()

    expect(visitor.page.get_by_test_id("stop-depth-on")).to_be_attached()
    expect(visitor.page.get_by_test_id("stop-ended-on")).to_have_count(0)
    expect(visitor.page.get_by_test_id("stop-resolved-on")).to_have_count(0)
    expect(visitor.page.get_by_test_id("growth")).to_contain_text("would bias its estimates")


def test_what_goes_over_the_budget_is_refused_before_it_is_sent(visitor: Observatory) -> None:
    sticky(visitor)
    visitor.strategy("beam", k=1024, steps=1000)

    expect(visitor.page.get_by_test_id("growth").get_by_role("alert")).to_contain_text(
        "may evaluate"
    )
    expect(visitor.page.get_by_test_id("grow-state")).to_be_disabled()


def test_the_growth_form_fits_a_phone(new_visitor: NewVisitor) -> None:
    visitor = new_visitor(viewport={"width": 390, "height": 844})
    visitor.grow("H", rule="Sticky coin")
    visitor.page.get_by_test_id("tab-setup").click()
    visitor.strategy("beam", k=3, steps=4)
    job = visitor.start_growth()

    expect(job).to_have_attribute("data-state", "done", timeout=60_000)
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 390
