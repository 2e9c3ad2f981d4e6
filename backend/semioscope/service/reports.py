"""What a growth tells: what its strategy has found, and the masses of what lies below its state."""

from semioscope.core.below import Below
from semioscope.core.strategies.plan import Plan
from semioscope.core.strategies.report import Figure, Findings, Report


def report_of(plan: Plan, findings: Findings, below: Below) -> Report:
    """resolved + unexplored + pruned = 1 are those of the tree, given the state grown, under the
    rule. A growth that draws at random tells its estimates only: they are under the procedure."""
    if plan.is_drawn:
        return findings.report()
    ledger = below.ledger()
    masses = [
        Figure("resolved", ledger.terminal, "share", "exact"),
        Figure("unexplored", ledger.frontier + ledger.residual, "share", "exact"),
    ]
    if ledger.pruned:
        masses.append(Figure("pruned", ledger.pruned, "share", "exact"))
    return findings.report(masses)
