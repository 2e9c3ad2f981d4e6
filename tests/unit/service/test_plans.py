"""A strategy as it is asked for becomes a plan, with a label for people."""

from typing import Any

import pytest

from semioscope.core.errors import InvalidRequest
from semioscope.service.plans import STRATEGIES, plan_of


@pytest.mark.parametrize(
    ("asked", "label", "total"),
    [
        ({"kind": "worlds", "lines": 38, "steps": 12}, "38 worlds × 12 steps", 456),
        ({"kind": "worlds", "lines": 1, "steps": 1}, "1 world × 1 step", 1),
        ({"kind": "breadth", "k": 3, "depth": 2}, "3 most probable × 2 steps", 4),
        ({"kind": "mass", "epsilon": 0.01}, "Every state of probability 0.01 or more", None),
        ({"kind": "best_first", "states": 1200}, "The 1,200 most probable states", 1200),
        ({"kind": "ancestral", "rollouts": 8, "steps": 2}, "8 rollouts × 2 steps", 16),
        ({"kind": "greedy", "steps": 9}, "Greedy × 9 steps", 9),
        ({"kind": "beam", "k": 4, "steps": 3}, "Beam of 4 × 3 steps", 9),
        (
            {"kind": "stochastic_beam", "k": 4, "steps": 3, "seed": 1},
            "4 draws without replacement × 3 steps",
            11,
        ),
    ],
)
def test_a_plan_has_its_label_and_its_total(
    asked: dict[str, Any], label: str, total: int | None
) -> None:
    plan = plan_of(asked)
    assert plan.name == asked["kind"]
    assert plan.label == label
    assert plan.plan.total == total
    assert plan.plan.is_drawn == (asked["kind"] in ("worlds", "ancestral", "stochastic_beam"))


def test_a_stop_stands_in_the_label_and_lowers_the_total() -> None:
    plan = plan_of({"kind": "breadth", "k": 2, "depth": 9}, {"ended": 3, "depth": 2})
    assert plan.label == "2 most probable × 9 steps, until 3 ended or 2 steps deep"
    assert plan.plan.total == 7


@pytest.mark.parametrize("kind", STRATEGIES)
def test_what_draws_at_random_is_not_stopped_by_what_it_finds(kind: str) -> None:
    parameters: dict[str, dict[str, Any]] = {
        "worlds": {"lines": 4, "steps": 2},
        "breadth": {"k": 2, "depth": 2},
        "mass": {"epsilon": 0.1},
        "best_first": {"states": 5},
        "beam": {"k": 2, "steps": 2},
        "greedy": {"steps": 2},
        "ancestral": {"rollouts": 4, "steps": 2},
        "stochastic_beam": {"k": 2, "steps": 2},
    }
    asked = {"kind": kind, **parameters[kind]}
    plan_of(asked, {"depth": 1})
    for stop in ({"ended": 1}, {"resolved": 0.5}):
        if kind in ("worlds", "ancestral", "stochastic_beam"):
            with pytest.raises(InvalidRequest, match="would bias its estimates") as refusal:
                plan_of(asked, stop)
            assert refusal.value.code == "biased-stop"
        else:
            plan_of(asked, stop)


@pytest.mark.parametrize(
    "stop",
    [{"ended": 0}, {"ended": True}, {"depth": 0}, {"depth": 1.5}, {"resolved": 0}, {"resolved": 2}],
)
def test_a_stop_that_makes_no_sense_is_refused(stop: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        plan_of({"kind": "greedy", "steps": 2}, stop)
    assert refusal.value.code == "bad-stop"


def test_an_unknown_strategy_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="worlds, breadth"):
        plan_of({"kind": "dream"})
