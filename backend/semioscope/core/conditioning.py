"""Pruning is conditioning: what is left of a distribution when nothing that is cut may happen.

SCIENCE.md section 8. h(s), what is left of a state's mass, is 0 at a cut, else 1 − Σ of what its
next states lose; P(next | never pruned) = q·h(next)/h(s). Only states above a cut differ from what
they were. `frontend/src/model/conditioning.ts` arrives at the same numbers
(tests/contract/golden/walk.json).
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from semioscope.core.fan import Fan
from semioscope.core.ledger import CUT, GONE, UNDER
from semioscope.core.tree import Tree
from semioscope.core.types import ALL_KEPT, ROOT, NodeId

_NOTHING: Final = 1e-6
"""Less than this cannot be told from nothing by sums of float32 numbers."""


@dataclass(frozen=True, slots=True)
class _Dent:
    """A next state that loses mass: where its share begins, its q, and what is left of it."""

    key: int
    start: float
    q: float
    left: float

    @property
    def lost(self) -> float:
        return self.q * (1.0 - self.left)


@dataclass(frozen=True, slots=True)
class _Dented:
    """A state above a cut, under the condition."""

    left: float
    fan: Fan
    dents: tuple[_Dent, ...]


class Conditioning:
    """A tree's intervals under a procedure, given that nothing that is cut happens.

    As the tree is now: made again when it has changed. What is left of a state keeps the order
    that it had.
    """

    def __init__(self, tree: Tree, fingerprint: str) -> None:
        self._tree = tree
        self._fingerprint = fingerprint
        self._dented: dict[int, _Dented | None] = {}
        above: set[int] = set()
        for cut in _top_cuts(tree):
            above.update(tree.path(cut)[:-1])
        # Children have greater ids than their parents.
        for node in sorted(above, reverse=True):
            self._dented[node] = self._dent(node)

    def left(self, node: int) -> float:
        """h: the share of a state's mass that no cut takes; nan where it cannot be known yet,
        because the procedure has not been evaluated on the way to a cut."""
        if node < self._tree.size and self._tree.under_cut(node):
            return 0.0
        if node not in self._dented:
            return 1.0
        dented = self._dented[node]
        return math.nan if dented is None else dented.left

    def fan(self, node: int) -> Fan | None:
        """As `Tree.fan`."""
        if node not in self._dented:
            return self._tree.fan(node, self._fingerprint)
        dented = self._dented[node]
        return None if dented is None else dented.fan

    def tail_cum(self, node: int) -> float:
        """As `Tree.tail_cum`."""
        return self.moved(self._parent(node), self._tree.tail_cum(node, self._fingerprint))

    def tail_scaled(self, node: int) -> float:
        """As `Tree.tail_scaled`; of next states of a state above a cut always their log q, nats."""
        parent = self._parent(node)
        if parent not in self._dented:
            return self._tree.tail_scaled(node, self._fingerprint)
        fan = self._tree.fan(parent, self._fingerprint)
        return math.nan if fan is None else self.narrowed(parent, node, self._log_q(node, fan))

    def narrowed(self, parent: int, node: int | None, log_q: float) -> float:
        """log P of a next state given that nothing pruned happens, from its log q, nats, rounded to
        float32; node: its own, where it is one."""
        share = 1.0 if node is None else self.left(node)
        if share == 0.0 or log_q == -math.inf:
            return -math.inf
        return float(np.float32(log_q + math.log(share) - math.log(self.left(parent))))

    def moved(self, node: int, cum: float) -> float:
        """Where a place F of a state's interval has come to lie."""
        if node not in self._dented:
            return cum
        dented = self._dented[node]
        if dented is None:
            return math.nan
        before = cum
        for dent in dented.dents:
            if dent.start < cum:
                before -= dent.lost
        return min(1.0, max(0.0, before / dented.left))

    def origin(self, node: int, u: float) -> float:
        """Which place of a state's interval has come to lie at u: the inverse of `moved`."""
        dented = self._dented.get(node)
        if dented is None:
            return u
        mass, lost = u * dented.left, 0.0
        for dent in sorted(dented.dents, key=lambda each: each.start):
            begins = dent.start - lost
            if mass < begins:
                break
            if mass < begins + dent.q * dent.left:
                return dent.start + (mass - begins) / dent.left
            lost += dent.lost
        return min(mass + lost, 1.0 - 2.0**-53)

    def _parent(self, node: int) -> NodeId:
        parent = self._tree.parent(node)
        return ROOT if parent is None else parent

    def _dent(self, node: int) -> _Dented | None:
        tree = self._tree
        fan = tree.fan(node, self._fingerprint)
        if fan is None:
            return None
        starts = _starts(fan)
        dents = []
        for child in tree.children(node):
            left = self.left(child)
            if left == 1.0:
                continue
            log_q = self._log_q(child, fan)
            if log_q == -math.inf:
                continue  # What the procedure takes out anyway is no loss.
            key = tree.key(child)
            start = starts.get(key, tree.tail_cum(child, self._fingerprint))
            if math.isnan(log_q) or math.isnan(left) or math.isnan(start):
                return None
            dents.append(_Dent(key, start, math.exp(log_q), left))
        return _dented(fan, tuple(dents))

    def _log_q(self, child: int, fan: Fan) -> float:
        """Under the procedure alone, nats; −inf where it takes the state out, nan where unknown."""
        tree = self._tree
        places = np.flatnonzero(fan.keys == tree.key(child))
        if places.size:
            return fan.beta * float(fan.scaled[places[0]]) - fan.log_z
        if fan.complete:
            return -math.inf
        weights = tree.weights_at(self._parent(child), self._fingerprint)
        is_ranked = weights is not None and weights.own is None
        if is_ranked and fan.kept != ALL_KEPT and int(tree.ranks[child]) >= fan.kept:
            return -math.inf
        return fan.beta * tree.tail_scaled(child, self._fingerprint) - fan.log_z


def _top_cuts(tree: Tree) -> list[int]:
    marks = tree.marks
    return [int(node) for node in np.flatnonzero((marks & (CUT | UNDER | GONE)) == CUT)]


def _starts(fan: Fan) -> dict[int, float]:
    """F(t⁻) of each of the next states of a fan, by key."""
    starts, start = {}, 0.0
    for key, width in zip(fan.keys.tolist(), fan.widths.tolist(), strict=True):
        starts[key] = start
        start += width
    return starts


def _dented(fan: Fan, dents: tuple[_Dent, ...]) -> _Dented:
    lefts = {dent.key: dent.left for dent in dents}
    whole = kept = lost = 0.0
    places, shares = [], []
    for place, (key, width) in enumerate(zip(fan.keys.tolist(), fan.widths.tolist(), strict=True)):
        left = lefts.get(key, 1.0)
        whole += width
        kept += width * left
        if left > 0:
            places.append(place)
            shares.append(width * left)
    for dent in dents:
        lost += dent.lost
    rest = kept if fan.complete else 1.0 - lost
    told = kept / whole if fan.complete else rest
    left = told if fan.complete or rest > _NOTHING else 0.0
    if left == 0.0:
        places, shares = [], []
    scaled = [math.log(share / rest) if share > 0 else -math.inf for share in shares]
    is_all = fan.complete or left == 0.0
    conditioned = Fan(
        keys=fan.keys[places],
        log_probs=fan.log_probs[places],
        scaled=np.array(scaled, np.float32),
        beta=1.0,
        log_z=0.0,
        kept=len(places) if is_all else ALL_KEPT,
        complete=is_all,
    )
    return _Dented(left, conditioned, dents)
