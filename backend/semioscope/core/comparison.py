"""Two trees compared: what is stored of their next states, and how far apart they are by depth.

What is pruned is compared like all else: rules and procedures are compared, not views of them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from semioscope.core.alignment import NOT_ALIGNED, Outcomes, align
from semioscope.core.divergence import Guarantee, PartlyKnown, divergences, partly_known
from semioscope.core.fan import Fan
from semioscope.core.ledger import GONE
from semioscope.core.sampling import IDENTITY_FINGERPRINT
from semioscope.core.tree import Tree
from semioscope.core.types import ROOT, FloatArray, NodeId

Heights = Literal["procedure", "rule"]
"""Whose probabilities: of each tree's own procedure, or of its rule."""

MOST_COMPARED: Final = 20_000
"""Pairs of states compared at once."""


@dataclass(frozen=True, slots=True)
class Level:
    """The states of one depth, both initial states being at depth 0.

    compared: states expanded in both, whose next states are compared; mass_a, mass_b: their
    probability in each tree. total_variation, jensen_shannon (bits): means over them, weighted by
    ½(p_a + p_b); None where there are none, or none with any mass. left_out: states expanded in
    both that are not compared, because the procedure has not been evaluated there or they are too
    many. only_a, only_b: nodes that the other tree does not have.
    """

    depth: int
    compared: int
    mass_a: float
    mass_b: float
    total_variation: float | None
    jensen_shannon: float | None
    guarantee: Guarantee
    left_out: int
    only_a: int
    only_b: int


def stored_next(tree: Tree, node: int, heights: Heights, outcomes: Outcomes) -> PartlyKnown | None:
    """The next states of a node as far as the tree stores them; None where it is not expanded, or
    the tree's procedure has not been evaluated there."""
    if heights == "procedure" and tree.fingerprint != IDENTITY_FINGERPRINT:
        fan = tree.fan(node, tree.fingerprint)
        if fan is None:
            return None
        log_probs = fan.beta * fan.scaled.astype(np.float64) - fan.log_z
        numbers = outcomes.of_keys(tree, fan.keys)
        return partly_known(numbers, log_probs, complete=fan.complete)
    expansion = tree.expansion(node)
    if expansion is None:
        return None
    numbers = outcomes.of_keys(tree, expansion.keys)
    log_probs = expansion.log_probs.astype(np.float64)
    return partly_known(numbers, log_probs, complete=expansion.complete)


def by_depth(a: Tree, b: Tree, heights: Heights, outcomes: Outcomes) -> list[Level]:
    """Every depth that either tree has nodes at, from the initial states on."""
    found = align(a, b, outcomes)
    ours = np.flatnonzero((a.marks & GONE) == 0)
    theirs = np.flatnonzero((b.marks & GONE) == 0)
    matched = np.zeros(b.size, np.bool_)
    matched[found[found != NOT_ALIGNED]] = True
    both = [
        (NodeId(node), NodeId(int(found[node])))
        for node in ours.tolist()
        if found[node] != NOT_ALIGNED and _branches(a, node) and _branches(b, int(found[node]))
    ]
    log_p = log_masses(a, [node for node, _ in both], heights)
    log_q = log_masses(b, [other for _, other in both], heights)
    pairs = _Pairs(a, b, heights, outcomes)
    for place, (node, other) in enumerate(both):
        pairs.add(node, other, float(log_p[place]), float(log_q[place]))
    deepest = int(max(a.depths[ours].max(), b.depths[theirs].max()))
    only_a = np.bincount(a.depths[ours[found[ours] == NOT_ALIGNED]], minlength=deepest + 1)
    only_b = np.bincount(b.depths[theirs[~matched[theirs]]], minlength=deepest + 1)
    return pairs.levels(only_a.tolist(), only_b.tolist())


def _branches(tree: Tree, node: int) -> bool:
    return tree.is_expanded(node) and not tree.is_terminal(node)


class _Pairs:
    """Aligned states that are expanded in both trees."""

    def __init__(self, a: Tree, b: Tree, heights: Heights, outcomes: Outcomes) -> None:
        self._trees = a, b
        self._heights = heights
        self._outcomes = outcomes
        self._depths: list[int] = []
        self._masses: list[tuple[float, float]] = []
        self._known: tuple[list[PartlyKnown], list[PartlyKnown]] = ([], [])
        self._left_out: list[int] = []

    def add(self, node: NodeId, other: NodeId, log_p: float, log_q: float) -> None:
        a, b = self._trees
        depth = a.depth(node)
        ours = theirs = None
        if len(self._depths) < MOST_COMPARED and not math.isnan(log_p + log_q):
            ours = stored_next(a, node, self._heights, self._outcomes)
            theirs = stored_next(b, other, self._heights, self._outcomes)
        if ours is None or theirs is None:
            self._left_out.append(depth)
            return
        self._depths.append(depth)
        self._masses.append((math.exp(log_p), math.exp(log_q)))
        self._known[0].append(ours)
        self._known[1].append(theirs)

    def levels(self, only_a: Sequence[int], only_b: Sequence[int]) -> list[Level]:
        found = divergences(*self._known)
        depths = np.array(self._depths, np.int64)
        masses = np.array(self._masses).reshape(-1, 2)
        levels = []
        for depth in range(len(only_a)):
            places = np.flatnonzero(depths == depth)
            here = [found[place] for place in places.tolist()]
            weights = masses[places].mean(axis=1)
            exact = all(each.guarantee == "exact" for each in here)
            levels.append(
                Level(
                    depth=depth,
                    compared=len(here),
                    mass_a=float(masses[places, 0].sum()),
                    mass_b=float(masses[places, 1].sum()),
                    total_variation=_mean(weights, [each.total_variation for each in here]),
                    jensen_shannon=_mean(weights, [each.jensen_shannon for each in here]),
                    guarantee="exact" if exact else "bound",
                    left_out=self._left_out.count(depth),
                    only_a=only_a[depth],
                    only_b=only_b[depth],
                )
            )
        return levels


def _mean(weights: FloatArray, values: Sequence[float]) -> float | None:
    total = float(weights.sum())
    return float(weights @ np.array(values)) / total if total > 0 else None


def log_masses(tree: Tree, nodes: Sequence[NodeId], heights: Heights) -> FloatArray:
    """Log-probabilities of nodes from the root on, f64[n], nats: under the rule, or under the
    tree's procedure (−inf where it takes them out, nan where that is not known).

    nodes: ascending, each after all states before it.
    """
    if heights == "rule" or tree.fingerprint == IDENTITY_FINGERPRINT:
        return tree.cum_log_probs[np.array(nodes, np.int64)].copy()
    masses = {int(ROOT): 0.0}
    fans: dict[int, tuple[Fan, dict[int, float]] | None] = {}
    for node in nodes:
        parent = tree.parent(node)
        if parent is None:
            continue
        if parent not in fans:
            fans[parent] = _fan(tree, parent)
        share = _log_share(tree, node, fans[parent])
        masses[node] = masses.get(parent, math.nan) + share
    return np.array([masses[node] for node in nodes])


def _fan(tree: Tree, node: NodeId) -> tuple[Fan, dict[int, float]] | None:
    """The fan of a state under its tree's procedure, and its log-probabilities by key, nats."""
    fan = tree.fan(node, tree.fingerprint)
    if fan is None:
        return None
    log_probs = fan.beta * fan.scaled.astype(np.float64) - fan.log_z
    return fan, dict(zip(fan.keys.tolist(), log_probs.tolist(), strict=True))


def _log_share(tree: Tree, node: NodeId, known: tuple[Fan, dict[int, float]] | None) -> float:
    """log q of a node, given its parent, whose fan is known."""
    if known is None:
        return math.nan
    fan, log_probs = known
    found = log_probs.get(tree.key(node))
    if found is not None:
        return found
    if fan.complete:
        return -math.inf
    if math.isnan(tree.tail_cum(node, tree.fingerprint)):
        return math.nan
    return fan.beta * tree.tail_scaled(node, tree.fingerprint) - fan.log_z
