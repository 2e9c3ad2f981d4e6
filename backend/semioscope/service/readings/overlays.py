"""What an instrument found of every state, one number each, to colour a tree by."""

import math
from typing import Literal

from semioscope.core.tree import Tree
from semioscope.physics.profile import overlays
from semioscope.physics.table import Column

OverlayName = Literal["varentropy", "rank", "trajectory"]


def overlay(tree: Tree, name: OverlayName, fingerprint: str) -> Column:
    """trajectory: −log₂ of the probability of the whole trajectory, bits."""
    found = overlays(tree, fingerprint)
    if name != "trajectory":
        return found.column(name)
    known = found.column("log_prob")
    about = "−log₂ of the probability of the whole trajectory from the initial state on."
    return Column(name, "bits", known.label, -known.values / math.log(2) + 0.0, about)
