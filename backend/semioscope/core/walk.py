"""Arithmetic sampling: a point of the unit interval as a whole trajectory.

SCIENCE.md section 1, *worlds* (Vilnis 2023, arXiv 2210.15458). A line keeps its position relative
to the state it has reached, and gets fresh seeded bits before its own are used up, so there is no
depth at which it goes blind. `frontend/src/model/walk.ts` walks the same lines to the same states
(tests/contract/golden/walk.json).
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from semioscope.core.conditioning import Conditioning
from semioscope.core.fan import Fan
from semioscope.core.random import WORD, uniform
from semioscope.core.sampling import width
from semioscope.core.tree import Tree
from semioscope.core.types import ALL_KEPT, NodeId

BITS: Final = 52.0
"""Bits that a fresh position has to give."""
FEWEST_BITS: Final = 30.0
"""With fewer left, the position keeps what is sure of it and is filled up with fresh ones."""
LARGEST: Final = 1.0 - 2.0**-53
"""The greatest double below one."""
CENTRED: Final = 0.5


@dataclass(frozen=True, slots=True)
class Line:
    """Where a line is within its state: u ∈ [0, 1), of whose bits `left` are not used up."""

    u: float
    left: float = BITS


@dataclass(frozen=True, slots=True)
class Located:
    """The next state that holds a position. `child`: its node, if it is a visible one.

    before and width: F(t⁻) and q(t) under the procedure.
    """

    key: int
    child: NodeId | None
    log_prob: float
    before: float
    width: float


def draw_offset(seed: int) -> float:
    """The common offset of all lines, in spacings: centred for seed 0, else drawn from the seed."""
    return CENTRED if seed == 0 else uniform(seed, WORD, 0)


def starts(lines: int, lo: float = 0.0, hi: float = 1.0, offset: float = CENTRED) -> list[Line]:
    """n lines at even spacing within [lo, hi) of a state's interval, the topmost first."""
    return [Line(_clamp(lo + (hi - lo) * (index + offset) / lines)) for index in range(lines)]


def advance(line: Line, before: float, width: float, fresh: float) -> Line:
    """The line within the next state that holds it: u ← (u − F)/q.

    before, width: F(t⁻) and q(t) of that next state. fresh: uniform(seed, line, depth), depth
    counted from the state where the line started; used when fewer than 30 bits are left.
    """
    u = _clamp((line.u - before) / width)
    left = line.left + math.log2(width)
    if left >= FEWEST_BITS:
        return Line(u, left)
    scale = 2.0 ** max(0, math.floor(left))
    return Line(_clamp((math.floor(u * scale) + fresh) / scale), BITS)


def locate(
    tree: Tree,
    node: NodeId,
    u: float,
    fingerprint: str,
    given: Conditioning | None = None,
) -> Located | None:
    """The next state of an expanded state that holds u, from what the tree stores.

    given: then before and width are those under that condition.
    None: it cannot be known without the rule (the state is not expanded or not weighed under that
    procedure, or u lies beyond the stored candidates and the children outside them).
    """
    fan = tree.fan(node, fingerprint) if given is None else given.fan(node)
    if fan is None or (fan.complete and not len(fan.keys)):
        return None
    lengths = fan.widths
    ends = np.cumsum(lengths)
    place = int(np.searchsorted(ends, u, side="right"))
    if place == len(ends):
        if not fan.complete:
            return _tail_child(tree, node, u, fingerprint, fan, given)
        # Rounding may leave the last end a little under one.
        place = int(np.searchsorted(ends, ends[-1], side="left"))
    key = int(fan.keys[place])
    child = tree.find_child(node, key)
    return Located(
        key=key,
        child=child if child is not None and tree.has(child) else None,
        log_prob=float(fan.log_probs[place]),
        before=float(ends[place - 1]) if place else 0.0,
        width=float(lengths[place]),
    )


def is_untold(tree: Tree, node: NodeId, u: float, fingerprint: str) -> bool:
    """Whether u lies, at an expanded state, where the rule itself does not tell what follows.

    A procedure that cuts is weighed only where all that it keeps is told, so there it is the
    whole state or nothing.
    """
    expansion = tree.expansion(node)
    if expansion is None or expansion.told >= 1:
        return False
    weights = tree.weights_at(node, fingerprint)
    if weights is None:
        return tree.is_untold(node, fingerprint)
    return weights.kept == ALL_KEPT and u >= expansion.told


def _tail_child(
    tree: Tree, node: NodeId, u: float, fingerprint: str, fan: Fan, given: Conditioning | None
) -> Located | None:
    for child in tree.children(node):
        if given is None:
            before, scaled = tree.tail_cum(child, fingerprint), tree.tail_scaled(child, fingerprint)
        else:
            before, scaled = given.tail_cum(child), given.tail_scaled(child)
        length = width(fan.beta, fan.log_z, scaled)
        if before <= u < before + length:
            return Located(tree.key(child), child, tree.log_prob(child), before, length)
    return None


def _clamp(u: float) -> float:
    return min(max(u, 0.0), LARGEST)
