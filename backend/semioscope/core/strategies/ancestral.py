"""Ancestral sampling: independent rollouts under the procedure, merged into counted branches."""

import math
from collections import Counter
from dataclasses import dataclass, replace
from typing import ClassVar, Final

from semioscope.core.growth import Growth
from semioscope.core.random import WORD, uniform
from semioscope.core.strategies.lines import follow
from semioscope.core.strategies.plan import MOST_EXPANSIONS, Strategy, check_budget, whole
from semioscope.core.strategies.report import Findings, Found, means, traits
from semioscope.core.types import NodeId

MOST_ROLLOUTS: Final = 4096
MOST_STEPS: Final = 4096


@dataclass(frozen=True, slots=True)
class Ancestral:
    """`rollouts` independent trajectories of `steps` steps. Unbiased (SCIENCE.md section 1): the
    expected count of a node is rollouts × its probability given the anchor, under the procedure.

    Raises InvalidRequest.
    """

    rollouts: int
    steps: int
    seed: int = 0
    kind: ClassVar[str] = "ancestral"
    is_drawn: ClassVar[bool] = True

    def __post_init__(self) -> None:
        whole(self.rollouts, 1, MOST_ROLLOUTS, "bad-rollouts", "The number of rollouts")
        whole(self.steps, 1, MOST_STEPS, "bad-steps", "The number of steps")
        whole(self.seed, 0, WORD, "bad-seed", "The seed")

    @property
    def total(self) -> int:
        return self.rollouts * self.steps

    def down_to(self, depth: int) -> "Ancestral":
        return replace(self, steps=min(self.steps, depth + 1))

    def run(
        self,
        growth: Growth,
        anchor: NodeId,
        budget: int = MOST_EXPANSIONS,
        findings: Findings | None = None,
    ) -> Strategy:
        """Rollouts under the growth's procedure; counts every node they pass, the anchor too.
        Findings come at the end, of all rollouts or not at all."""
        check_budget(self, budget)
        return self._run(growth, anchor, findings or Findings())

    def _run(self, growth: Growth, anchor: NodeId, findings: Findings) -> Strategy:
        growth.visit(anchor, self.rollouts)
        choosers = [_Chooser(self.seed, index) for index in range(self.rollouts)]
        ends: list[NodeId] = []
        yield from follow(
            growth, [anchor] * len(choosers), choosers, self.steps, growth.visit, ends
        )
        of = traits(growth, anchor, ends, self.steps)
        findings.figures = means(growth, of, are_independent=True)
        drawn = Counter(ends).most_common()
        findings.name(
            [Found(node, growth.cum_log_prob(node), math.log(count)) for node, count in drawn]
        )
        findings.note = (
            "Estimates by the mean of all rollouts, each of weight one; the trajectories named "
            "weigh as often as they were drawn."
        )


class _Chooser:
    """Draws each step anew, by its own (seed, rollout, step)."""

    def __init__(self, seed: int, index: int) -> None:
        self._seed = seed
        self._index = index
        self.u = uniform(seed, index, 0)

    def descend(self, before: float, width: float, step: int) -> None:  # noqa: ARG002 -- a Chooser
        self.u = uniform(self._seed, self._index, step + 1)
