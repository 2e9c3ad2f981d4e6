"""Growth strategies: which states to evaluate next (SCIENCE.md section 1)."""

from semioscope.core.strategies.ancestral import Ancestral
from semioscope.core.strategies.best_first import BestFirst
from semioscope.core.strategies.breadth import Breadth
from semioscope.core.strategies.mass_threshold import MassThreshold
from semioscope.core.strategies.plan import BATCH, MOST_EXPANSIONS, Ask, Plan, Strategy
from semioscope.core.strategies.reweigh import Reweigh
from semioscope.core.strategies.typed import Typed
from semioscope.core.strategies.worlds import Worlds

__all__ = [
    "BATCH",
    "MOST_EXPANSIONS",
    "Ancestral",
    "Ask",
    "BestFirst",
    "Breadth",
    "MassThreshold",
    "Plan",
    "Reweigh",
    "Strategy",
    "Typed",
    "Worlds",
]
