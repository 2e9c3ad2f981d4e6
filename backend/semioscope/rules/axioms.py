"""The Kolmogorov axioms, checked of what every rule answers."""

import math

from semioscope.core.distribution import MASS_TOLERANCE
from semioscope.core.errors import Unavailable
from semioscope.core.rule import RuleDescription
from semioscope.rules.protocol import Successors


def check_successors(rule: RuleDescription, found: Successors, most: int) -> None:
    """Raises Unavailable "broken-rule", naming the rule, unless it lists each next state once, at
    most `most` of them, and their probabilities are not negative and sum to one. (Rows are checked
    by `core.distribution`.)"""
    count = len(found.probs)
    if not len(found.labels) == len(found.states) == count:
        raise _broken(rule, "next states without a probability")
    if count > most:
        raise _broken(rule, f"{count:,} next states, where {most:,} may be listed")
    if len(set(zip(found.labels, found.states, strict=True))) < count:
        raise _broken(rule, "the same next state twice")
    listed = (*found.probs, found.remainder)
    if any(not prob >= 0 for prob in listed):
        raise _broken(rule, "a probability that is negative or no number")
    if count or found.remainder:
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
