"""Semioscope: an observatory for semiotic physics.

    from semioscope import BestFirst, grow, rule
    tree = grow(rule("smollm2"), "Once upon a time", BestFirst(500))

What can be imported from here is listed, with its types, in __init__.pyi; it is loaded when it is
first named, so that importing the package costs nothing.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_PLACES = {
    "semioscope.library": ("RuleHandle", "grow", "rule"),
    "semioscope.grown_tree": ("GrownTree", "Trajectory"),
    "semioscope.core.errors": ("SemioscopeError",),
    "semioscope.core.strategies": (
        "Ancestral",
        "Beam",
        "BestFirst",
        "Breadth",
        "Figure",
        "Found",
        "Greedy",
        "MassThreshold",
        "Report",
        "StochasticBeam",
        "Stop",
        "Worlds",
    ),
    "semioscope.core.sampling": (
        "Bias",
        "Epsilon",
        "Eta",
        "Forbid",
        "Force",
        "Frequency",
        "MinP",
        "NoRepeat",
        "Presence",
        "Procedure",
        "Repetition",
        "Temperature",
        "TopK",
        "TopP",
        "Typical",
    ),
}
_PLACE_OF = {name: place for place, names in _PLACES.items() for name in names}

__all__ = sorted((*_PLACE_OF, "__version__"))


def __getattr__(name: str) -> Any:
    if name not in _PLACE_OF:
        raise AttributeError(f"module 'semioscope' has no attribute '{name}'")
    return getattr(import_module(_PLACE_OF[name]), name)


def __dir__() -> list[str]:
    return list(__all__)
