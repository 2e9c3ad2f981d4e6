"""Where many lines go from one state: what core/walk.py does for one, for all of them at once."""

import numpy as np

from semioscope.core.fan import Fans
from semioscope.core.ledger import CUT, GONE
from semioscope.core.random import uniforms
from semioscope.core.tree import Tree
from semioscope.core.types import NO_PARENT, FloatArray, IdArray, NodeId
from semioscope.core.walk import BITS, FEWEST_BITS, LARGEST, locate, starts


def nodes_on_lines(
    tree: Tree, anchor: int, lines: int, offset: float, seed: int, steps: int, fingerprint: str
) -> IdArray | None:
    """The nodes below `anchor` that its lines pass through within so many steps, ascending u4[n].

    lines, offset: see `starts`. A line ends where it comes to a cut, or to what is not stored.
    None under a procedure that has rankings of its own.
    """
    ids = np.arange(lines, dtype=np.uint64)
    at = np.full(lines, anchor, np.uint32)
    u = np.array([line.u for line in starts(lines, offset=offset)])
    left = np.full(lines, BITS)
    found = []
    for step in range(steps):
        goes_on = (tree.marks[at] & CUT) == 0
        ids, at, u, left = ids[goes_on], at[goes_on], u[goes_on], left[goes_on]
        if not len(ids):
            break
        fans = tree.fans(at, fingerprint)
        if fans is None:
            return None
        children, before, lengths = _located(tree, at, u, fans)
        for row in np.flatnonzero((fans.counts > 0) & (children == NO_PARENT)).tolist():
            # Beyond the stored candidates there may be a child outside them.
            place = locate(tree, NodeId(int(at[row])), float(u[row]), fingerprint)
            if place is not None and place.child is not None:
                children[row], before[row], lengths[row] = place.child, place.before, place.width
        goes_on = (children != NO_PARENT) & (lengths > 0)
        goes_on[goes_on] = (tree.marks[children[goes_on]] & GONE) == 0
        ids, at, length = ids[goes_on], children[goes_on], lengths[goes_on]
        found.append(at)
        u = np.clip((u[goes_on] - before[goes_on]) / length, 0.0, LARGEST)
        left = left[goes_on] + np.log2(length)
        u, left = _refilled(u, left, uniforms(seed, ids, step))
    return np.unique(np.concatenate([np.zeros(0, np.uint32), *found]))


def _located(
    tree: Tree, at: IdArray, u: FloatArray, fans: Fans
) -> tuple[IdArray, FloatArray, FloatArray]:
    """As `locate` among what is stored of each state: the child that holds each position,
    NO_PARENT where there is none, with its F(t⁻) and q(t)."""
    ends = np.cumsum(fans.widths, axis=1)
    rows = np.arange(len(u))
    last = ends[:, -1]
    # Rounding may leave the last end a little under one.
    beyond = u >= last
    places = np.count_nonzero(ends <= u[:, np.newaxis], axis=1)
    places[beyond] = np.count_nonzero(ends[beyond] < last[beyond, np.newaxis], axis=1)
    before = np.where(places > 0, ends[rows, np.maximum(places, 1) - 1], 0.0)
    is_stored = (fans.counts > 0) & (~beyond | fans.complete)
    children = np.full(len(u), NO_PARENT, np.uint32)
    stored = rows[is_stored]
    children[stored] = tree.find_children(at[stored], fans.keys[stored, places[stored]])
    return children, before, fans.widths[rows, places]


def _refilled(u: FloatArray, left: FloatArray, fresh: FloatArray) -> tuple[FloatArray, FloatArray]:
    """As `advance`: positions with too few bits left keep what is sure of them."""
    few = left < FEWEST_BITS
    scale = np.exp2(np.maximum(0.0, np.floor(left)))
    filled = np.clip((np.floor(u * scale) + fresh) / scale, 0.0, LARGEST)
    return np.where(few, filled, u), np.where(few, BITS, left)
