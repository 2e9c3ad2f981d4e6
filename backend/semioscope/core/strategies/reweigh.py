"""Reweigh: the states there are, evaluated again under another procedure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from semioscope.core.growth import Growth
from semioscope.core.strategies.plan import BATCH, MOST_EXPANSIONS, Ask, Strategy
from semioscope.core.strategies.report import Findings
from semioscope.core.strategies.steps import settle
from semioscope.core.tree import Tree
from semioscope.core.types import UNKNOWN_RANK, NodeId

_FIRST: Final = 8
"""States of the first step, the likeliest on screen: somebody waits for them."""


@dataclass(frozen=True, slots=True)
class Reweigh:
    """Every expanded state that is not yet under the procedure, the most probable first.

    It makes no nodes. What is hidden or cut is left for when it is shown again.
    """

    kind: ClassVar[str] = "reweigh"
    is_drawn: ClassVar[bool] = False

    @property
    def total(self) -> None:
        return None

    def run(
        self,
        growth: Growth,
        anchor: NodeId,
        budget: int = MOST_EXPANSIONS,
        findings: Findings | None = None,  # noqa: ARG002 -- it finds nothing, but is a Plan
        batch: int = BATCH,
    ) -> Strategy:
        """States below the anchor come first (they are on screen), then all others. Stops after
        `budget` evaluations."""
        return self._run(growth, anchor, budget, batch)

    def _run(self, growth: Growth, anchor: NodeId, budget: int, batch: int) -> Strategy:
        tree, fingerprint = growth.tree, growth.procedure.fingerprint
        waiting = _lacking(tree, fingerprint, anchor)
        size = _FIRST
        while budget > 0:
            asked: list[tuple[NodeId, list[NodeId]]] = []
            for node in waiting:
                if tree.weights_at(node, fingerprint) is None and _stands(tree, node):
                    asked.append((node, _outside(growth, node)))
                if len(asked) == min(size, batch, budget):
                    break
            if not asked:
                return
            budget -= len(asked)
            size *= 2
            answers = yield [
                Ask(node, growth.question(node, keys=[tree.key(tail) for tail in tails]))
                for node, tails in asked
            ]
            for (node, tails), answer in zip(asked, answers, strict=True):
                if _stands(tree, node) and settle(growth, node, answer):
                    for tail, following in zip(tails, answer.scored, strict=True):
                        if following is not None and tree.has(tail):
                            growth.child(node, following)


def _lacking(tree: Tree, fingerprint: str, anchor: NodeId) -> Iterator[NodeId]:
    """States that lacked the procedure when this began, in the order in which to ask."""
    nodes = tree.not_weighed(fingerprint)
    order = np.lexsort((-tree.cum_log_probs[nodes], ~_below(tree, anchor)[nodes]))
    return (NodeId(node) for node in nodes[order].tolist())


def _below(tree: Tree, anchor: NodeId) -> NDArray[np.bool_]:
    """Which nodes are the anchor or come after it, bool[n]."""
    below = [False] * tree.size
    below[anchor] = True
    for node, parent in enumerate(tree.parents[anchor + 1 :].tolist(), anchor + 1):
        below[node] = below[parent]
    return np.array(below)


def _stands(tree: Tree, node: NodeId) -> bool:
    return tree.has(node) and tree.is_expanded(node) and not tree.under_cut(node)


def _outside(growth: Growth, node: NodeId) -> list[NodeId]:
    """The visible children that may not be among the next states that will be stored there."""
    tree, expansion = growth.tree, growth.expansion(node)
    stored = 0 if expansion is None or growth.procedure.reorders else len(expansion.keys)
    return [
        child
        for child in tree.children(node)
        if tree.ranks[child] == UNKNOWN_RANK or tree.ranks[child] >= stored
    ]
