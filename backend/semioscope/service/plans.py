"""From a strategy as it is asked for to a plan that can be driven, and its name for people."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from semioscope.core.errors import InvalidRequest
from semioscope.core.strategies.ancestral import Ancestral
from semioscope.core.strategies.beam import Beam, Greedy
from semioscope.core.strategies.best_first import BestFirst
from semioscope.core.strategies.breadth import Breadth
from semioscope.core.strategies.mass_threshold import MassThreshold
from semioscope.core.strategies.placed import places_of
from semioscope.core.strategies.plan import GrowthPlan
from semioscope.core.strategies.stochastic_beam import StochasticBeam
from semioscope.core.strategies.stop import Stop, stopped
from semioscope.core.strategies.worlds import Worlds
from semioscope.service.jobs import StrategyName


@dataclass(frozen=True)
class NamedPlan:
    """A strategy with its parameters."""

    name: StrategyName
    label: str
    plan: GrowthPlan


@dataclass(frozen=True)
class _Kind:
    name: StrategyName
    make: Callable[..., GrowthPlan]
    label: Callable[[Any], str]


def _worlds(places: Sequence[Mapping[str, Any]] | None = None, **asked: Any) -> Worlds:
    return Worlds(**asked, places=places_of(places))


_KINDS: Final[dict[str, _Kind]] = {
    kind.name: kind
    for kind in (
        _Kind(
            "worlds",
            _worlds,
            lambda p: (
                f"{_many(p.lines, 'world')} × {_steps(p)}{' of what is left' * p.conditioned}"
            ),
        ),
        _Kind("breadth", Breadth, lambda p: f"{p.k} most probable × {_many(p.depth, 'step')}"),
        _Kind("mass", MassThreshold, lambda p: f"Every state of probability {p.epsilon:g} or more"),
        _Kind("best_first", BestFirst, lambda p: f"The {_many(p.states, 'most probable state')}"),
        _Kind("beam", Beam, lambda p: f"Beam of {p.k:,} × {_steps(p)}"),
        _Kind("greedy", Greedy, lambda p: f"Greedy × {_steps(p)}"),
        _Kind("ancestral", Ancestral, lambda p: f"{_many(p.rollouts, 'rollout')} × {_steps(p)}"),
        _Kind(
            "stochastic_beam",
            StochasticBeam,
            lambda p: f"{_many(p.k, 'draw')} without replacement × {_steps(p)}",
        ),
    )
}
STRATEGIES: Final = tuple(_KINDS)
"""The kinds of growth that one can ask for."""


def plan_of(asked: Mapping[str, Any], stop: Mapping[str, Any] | None = None) -> NamedPlan:
    """asked: {"kind": one of STRATEGIES, …parameters}; stop: the fields of Stop.

    Raises InvalidRequest with the strategy's own sentence, or that of the stop.
    """
    kind = _KINDS.get(str(asked.get("kind")))
    if kind is None:
        listed = ", ".join(STRATEGIES[:-1])
        raise InvalidRequest(
            "unknown-strategy", f"A growth's strategy is {listed} or {STRATEGIES[-1]}."
        )
    plan = kind.make(**{name: value for name, value in asked.items() if name != "kind"})
    label, when = kind.label(plan), Stop(**(stop or {}))
    return NamedPlan(kind.name, label + _until(when), stopped(plan, when))


def _until(stop: Stop) -> str:
    told = [
        None if stop.ended is None else f"{stop.ended:,} ended",
        None if stop.depth is None else f"{_many(stop.depth, 'step')} deep",
        None if stop.resolved is None else f"{stop.resolved:.4g} resolved",
    ]
    listed = " or ".join(each for each in told if each is not None)
    return f", until {listed}" if listed else ""


def _steps(plan: Any) -> str:
    return _many(plan.steps, "step")


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
