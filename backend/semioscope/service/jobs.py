"""A growth as people see it: what it does, how far it is, how fast it goes."""

from dataclasses import dataclass
from typing import Literal

from semioscope.core.strategies.report import Report
from semioscope.service.allowance import Allowance

JobState = Literal["running", "done", "cancelled", "failed"]
StrategyName = Literal[
    "worlds",
    "breadth",
    "mass",
    "best_first",
    "beam",
    "greedy",
    "ancestral",
    "stochastic_beam",
    "typed",
    "reweigh",
]


@dataclass(frozen=True)
class Job:
    """A growth at one moment.

    by: the public id of who asked. automatic: a moving view asked. expanded, total: states.
    resolved and unexplored: mass of the whole tree. rate: states a second. started_at: unix s.
    report: what it has found; None of what finds nothing (typed, reweigh). allowance: what the
    person who asked has left for growing into view; None of what does not count.
    """

    id: str
    strategy: StrategyName
    label: str
    by: str
    automatic: bool
    started_at: float
    state: JobState = "running"
    expanded: int = 0
    total: int | None = None
    resolved: float = 0.0
    unexplored: float = 1.0
    rate: float = 0.0
    message: str | None = None
    report: Report | None = None
    allowance: Allowance | None = None
