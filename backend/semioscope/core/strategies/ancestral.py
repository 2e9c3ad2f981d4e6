"""Ancestral sampling: independent rollouts under the procedure, merged into counted branches."""

from dataclasses import dataclass
from typing import ClassVar, Final

from semioscope.core.growth import Growth
from semioscope.core.random import WORD, uniform
from semioscope.core.strategies.lines import follow
from semioscope.core.strategies.plan import MOST_EXPANSIONS, Strategy, check_budget, whole
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

    def __post_init__(self) -> None:
        whole(self.rollouts, 1, MOST_ROLLOUTS, "bad-rollouts", "The number of rollouts")
        whole(self.steps, 1, MOST_STEPS, "bad-steps", "The number of steps")
        whole(self.seed, 0, WORD, "bad-seed", "The seed")

    @property
    def total(self) -> int:
        return self.rollouts * self.steps

    def run(
        self,
        growth: Growth,
        anchor: NodeId,
        budget: int = MOST_EXPANSIONS,
    ) -> Strategy:
        """Rollouts under the growth's procedure; counts every node they pass, the anchor too."""
        check_budget(self, budget)
        return self._run(growth, anchor)

    def _run(self, growth: Growth, anchor: NodeId) -> Strategy:
        growth.visit(anchor, self.rollouts)
        choosers = [_Chooser(self.seed, index) for index in range(self.rollouts)]
        yield from follow(growth, anchor, choosers, self.steps, growth.visit)


class _Chooser:
    """Draws each step anew, by its own (seed, rollout, step)."""

    def __init__(self, seed: int, index: int) -> None:
        self._seed = seed
        self._index = index
        self.u = uniform(seed, index, 0)

    def descend(self, before: float, width: float, step: int) -> None:  # noqa: ARG002 -- a Chooser
        self.u = uniform(self._seed, self._index, step + 1)
