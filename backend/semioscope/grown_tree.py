"""A tree as a script has it: it shows itself, and gives its trajectories, graph and table."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from semioscope.core.alphabet import text_of
from semioscope.core.ledger import Ledger
from semioscope.core.rule import RuleDescription
from semioscope.core.sampling import Procedure
from semioscope.core.strategies.plan import GrowthPlan
from semioscope.core.strategies.report import Figure, Report
from semioscope.core.strategies.stop import Stop
from semioscope.core.tree import Tree
from semioscope.exchange.about import steps_said

if TYPE_CHECKING:
    import networkx as nx  # type: ignore[import-untyped]  # networkx has no types
    import pandas as pd  # type: ignore[import-untyped]  # pandas has no types

_SHOWN: Final = 60
"""Characters of a prompt, and of a trajectory, that a repr shows."""
_LISTED: Final = 5


@dataclass(frozen=True)
class Trajectory:
    """A path from the prompt. text: what follows the prompt (a rewriting rule's: its last state).
    keys: of that. log_prob: under the rule, nats. ended: nothing can follow. visits: how many
    rollouts went through it. log_weight: nats, of a weighted draw."""

    node: int
    text: str
    keys: tuple[int, ...]
    log_prob: float
    ended: bool
    visits: int
    log_weight: float | None = None

    @property
    def probability(self) -> float:
        return math.exp(self.log_prob)

    @property
    def bits(self) -> float:
        """Surprisal."""
        return -self.log_prob / math.log(2) + 0.0


GrowFurther: TypeAlias = Callable[..., Report]


class GrownTree:
    """A tree in memory. tree: the core's own, with everything about it. report: of the last
    growth."""

    def __init__(self, tree: Tree, report: Report, grow_further: GrowFurther) -> None:
        self.tree = tree
        self.report = report
        self._grow_further = grow_further

    # -- what it is

    @property
    def rule(self) -> RuleDescription:
        return self.tree.rule

    @property
    def procedure(self) -> Procedure:
        return self.tree.procedure

    @property
    def prompt(self) -> str:
        return text_of(b"".join(self.tree.prompt_pieces))

    @property
    def ledger(self) -> Ledger:
        """terminal + frontier + residual + pruned = 1, under the rule."""
        return self.tree.ledger

    def __len__(self) -> int:
        """States."""
        return self.tree.size

    # -- one state

    def text(self, node: int) -> str:
        """What follows the prompt up to a state; of a rewriting rule the state."""
        return self.tree.text_of(node)

    def probability(self, node: int) -> float:
        """From the prompt, under the rule."""
        return math.exp(self.tree.cum_log_prob(node))

    def trajectory(self, node: int, log_weight: float | None = None) -> Trajectory:
        tree = self.tree
        return Trajectory(
            node=node,
            text=tree.text_of(node),
            keys=tuple(tree.key(step) for step in tree.path(node)[1:]),
            log_prob=tree.cum_log_prob(node),
            ended=tree.is_terminal(node),
            visits=int(tree.visits[node]),
            log_weight=log_weight,
        )

    # -- many

    def trajectories(self) -> list[Trajectory]:
        """To every state that nothing has been grown below, the most probable first."""
        return [self.trajectory(node) for node in self.tree.leaves()]

    @property
    def found(self) -> list[Trajectory]:
        """Those that the last growth names, in its order, with its weights; the first 64."""
        return [self.trajectory(each.node, each.log_weight) for each in self.report.found]

    def to_networkx(self, *, merged: bool = False) -> "nx.DiGraph":
        """See semioscope.exchange.graph; merged: equal states of a rewriting rule are one node.
        Raises InvalidRequest "not-rewriting"."""
        from semioscope.exchange.graph import to_multiway, to_networkx

        return to_multiway(self.tree) if merged else to_networkx(self.tree)

    def to_pandas(self) -> "pd.DataFrame":
        """See semioscope.exchange.table."""
        from semioscope.exchange.table import to_pandas

        return to_pandas(self.tree)

    def save(self, path: str | Path) -> Path:
        """Writes a file, in the format that its name ends in: .json (described by the JSON Schema
        in semioscope/exchange), .csv, .graphml, or .dot. Returns where it is. Raises InvalidRequest
        with what is wrong, and then leaves a file of that name as it was."""
        from semioscope.exchange.files import save

        place = Path(path)
        save(self.tree, place)
        return place

    # -- more

    def grow(
        self,
        strategy: GrowthPlan,
        node: int = 0,
        *,
        stop: Stop | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> "GrownTree":
        """Grows on below a state. Returns itself. Raises SemioscopeError with what is wrong."""
        self.report = self._grow_further(self, strategy, node, stop, progress)
        return self

    def __repr__(self) -> str:
        ledger = self.ledger.to_json()
        lines = [
            f"<tree of {_counted(len(self), 'state')} from {_short(self.prompt)!r}",
            f"  rule       {self.rule.name} ({self.rule.id})",
            f"  procedure  {steps_said(self.procedure.to_wire())}",
            "  ledger     " + ", ".join(f"{name} {share:.4f}" for name, share in ledger.items()),
        ]
        lines += [f"  {_figure(figure)}" for figure in self.report.figures]
        named = self.found or self.trajectories()
        lines += [f"  {one.bits:8.2f} bits  {_short(one.text)!r}" for one in named[:_LISTED]]
        return "\n".join(lines) + ">"


def _figure(figure: Figure) -> str:
    return f"{figure.name}: {figure.said} {figure.unit} ({figure.guarantee})"


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
