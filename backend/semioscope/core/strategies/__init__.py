"""Growth strategies: which states to evaluate next (SCIENCE.md section 1)."""

from semioscope.core.strategies.ancestral import Ancestral
from semioscope.core.strategies.beam import Beam, Greedy
from semioscope.core.strategies.best_first import BestFirst
from semioscope.core.strategies.breadth import Breadth
from semioscope.core.strategies.mass_threshold import MassThreshold
from semioscope.core.strategies.plan import (
    BATCH,
    MOST_EXPANSIONS,
    Ask,
    GrowthPlan,
    Plan,
    Strategy,
)
from semioscope.core.strategies.report import Figure, Findings, Found, Report
from semioscope.core.strategies.reweigh import Reweigh
from semioscope.core.strategies.stochastic_beam import StochasticBeam
from semioscope.core.strategies.stop import Stop, stopped
from semioscope.core.strategies.typed import Typed
from semioscope.core.strategies.worlds import Worlds

__all__ = [
    "BATCH",
    "MOST_EXPANSIONS",
    "Ancestral",
    "Ask",
    "Beam",
    "BestFirst",
    "Breadth",
    "Figure",
    "Findings",
    "Found",
    "Greedy",
    "GrowthPlan",
    "MassThreshold",
    "Plan",
    "Report",
    "Reweigh",
    "StochasticBeam",
    "Stop",
    "Strategy",
    "Typed",
    "Worlds",
    "stopped",
]
