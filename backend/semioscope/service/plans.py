"""From a strategy as it is asked for to a plan that can be driven, and its name for people."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from semioscope.core.errors import InvalidRequest
from semioscope.core.strategies.ancestral import Ancestral
from semioscope.core.strategies.best_first import BestFirst
from semioscope.core.strategies.breadth import Breadth
from semioscope.core.strategies.mass_threshold import MassThreshold
from semioscope.core.strategies.plan import Plan
from semioscope.core.strategies.worlds import Worlds
from semioscope.service.jobs import StrategyName


@dataclass(frozen=True)
class NamedPlan:
    """A strategy with its parameters. is_drawn: its trajectories are drawn under a procedure."""

    name: StrategyName
    label: str
    plan: Plan
    is_drawn: bool


def plan_of(asked: Mapping[str, Any]) -> NamedPlan:
    """asked: {"kind": "worlds" | "breadth" | "mass" | "best_first" | "ancestral", …parameters}.

    Raises InvalidRequest with the strategy's own sentence.
    """
    parameters = {name: value for name, value in asked.items() if name != "kind"}
    match asked.get("kind"):
        case "worlds":
            worlds = Worlds(**parameters)
            label = f"{_many(worlds.lines, 'world')} × {_many(worlds.steps, 'step')}"
            return NamedPlan("worlds", label, worlds, True)
        case "breadth":
            breadth = Breadth(**parameters)
            label = f"{breadth.k} most probable × {_many(breadth.depth, 'step')}"
            return NamedPlan("breadth", label, breadth, False)
        case "mass":
            mass = MassThreshold(**parameters)
            label = f"Every state of probability {mass.epsilon:g} or more"
            return NamedPlan("mass", label, mass, False)
        case "best_first":
            best = BestFirst(**parameters)
            label = f"The {_many(best.n, 'most probable state')}"
            return NamedPlan("best_first", label, best, False)
        case "ancestral":
            ancestral = Ancestral(**parameters)
            rollouts = _many(ancestral.rollouts, "rollout")
            label = f"{rollouts} × {_many(ancestral.steps, 'step')}"
            return NamedPlan("ancestral", label, ancestral, True)
    raise InvalidRequest(
        "unknown-strategy",
        "A growth's strategy is worlds, breadth, mass, best_first or ancestral.",
    )


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
