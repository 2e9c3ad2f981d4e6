"""The Kolmogorov axioms, checked of what every rule answers."""

import math

from semioscope.core.distribution import MASS_TOLERANCE
from semioscope.core.errors import Unavailable
from semioscope.core.rule import RuleDescription
from semioscope.rules.protocol import Successors


def check_successors(rule: RuleDescription, found: Successors) -> None:
    """Raises Unavailable "broken-rule", naming the rule, unless the probabilities of its next
    states are not negative and sum to one. (Rows are checked by `core.distribution`.)"""
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
