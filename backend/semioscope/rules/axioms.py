"""The Kolmogorov axioms, checked of what every rule answers."""

import math
from typing import Final

import numpy as np

from semioscope.core.errors import Unavailable
from semioscope.core.rule import RuleDescription
from semioscope.core.types import Float32Array
from semioscope.rules.protocol import Successors

MASS_TOLERANCE: Final = 1e-5
"""How far from one the probabilities of a state may sum."""


def check_row(rule: RuleDescription, log_probs: Float32Array) -> None:
    """Raises Unavailable "broken-rule", naming the rule, unless log_probs f32[N] (nats) are the
    logarithms of probabilities that sum to one. (A log-probability cannot be a negative
    probability; one above zero is caught by the sum, and nan by every comparison.)"""
    mass = float(np.exp(log_probs).sum(dtype=np.float64))
    _check_mass(rule, mass)


def check_successors(rule: RuleDescription, found: Successors) -> None:
    """As `check_row`, for the next states of a rewriting rule."""
    listed = (*found.probs, found.remainder)
    if any(not prob >= 0 for prob in listed):
        raise _broken(rule, "a negative probability")
    if found.labels:
        _check_mass(rule, math.fsum(listed))


def _check_mass(rule: RuleDescription, mass: float) -> None:
    if not abs(mass - 1) <= MASS_TOLERANCE:
        raise _broken(rule, f"probabilities that sum to {mass:g}, not to one")


def _broken(rule: RuleDescription, what: str) -> Unavailable:
    return Unavailable(
        "broken-rule",
        f"The rule “{rule.name}” ({rule.id}) returned {what}.",
        "Nothing was stored. The rule's weights or code are damaged: provide it again.",
    )
