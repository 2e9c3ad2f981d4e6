"""A strategy as it is asked for becomes a plan, with a label for people."""

from typing import Any

import pytest

from semioscope.core.errors import InvalidRequest
from semioscope.service.plans import plan_of


@pytest.mark.parametrize(
    ("asked", "label", "total"),
    [
        ({"kind": "worlds", "lines": 38, "steps": 12}, "38 worlds × 12 steps", 456),
        ({"kind": "worlds", "lines": 1, "steps": 1}, "1 world × 1 step", 1),
        ({"kind": "breadth", "k": 3, "depth": 2}, "3 most probable × 2 steps", 4),
        ({"kind": "mass", "epsilon": 0.01}, "Every state of probability 0.01 or more", None),
        ({"kind": "best_first", "n": 1200}, "The 1,200 most probable states", 1200),
        ({"kind": "ancestral", "rollouts": 8, "steps": 2}, "8 rollouts × 2 steps", 16),
    ],
)
def test_a_plan_has_its_label_and_its_total(
    asked: dict[str, Any], label: str, total: int | None
) -> None:
    plan = plan_of(asked)
    assert plan.name == asked["kind"]
    assert plan.label == label
    assert plan.plan.total == total
    assert plan.is_drawn == (asked["kind"] in ("worlds", "ancestral"))


def test_an_unknown_strategy_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="worlds, breadth"):
        plan_of({"kind": "dream"})
