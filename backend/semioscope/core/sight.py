"""The states that a page needs for its first picture of a large tree."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from semioscope.core.below import by_depth
from semioscope.core.conditioning import Conditioning
from semioscope.core.errors import InvalidRequest
from semioscope.core.ledger import CUT, GONE
from semioscope.core.lines import nodes_on_lines
from semioscope.core.random import WORD, uniform
from semioscope.core.sampling import IDENTITY_FINGERPRINT
from semioscope.core.tree import Tree
from semioscope.core.types import ROOT, IdArray, NodeId
from semioscope.core.walk import advance, draw_offset, locate, starts

MOST_LINES: Final = 256
MOST_STEPS: Final = 128
"""Steps of a line that fit a wide screen."""
MOST_PROBABLE: Final = 12_000
LEAST_SHARE: Final = 1 / 4096
"""Of the probability in view: less than a pixel of any screen."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What a page shows first: the state whose interval is its height, the selected one, its
    lines, and what the heights are by. Raises InvalidRequest "bad-lines", "bad-seed"."""

    anchor: int = ROOT
    selected: int = ROOT
    lines: int = 40
    seed: int = 0
    by_rule: bool = False
    conditioned: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.lines <= MOST_LINES:
            raise InvalidRequest("bad-lines", f"The lines must be from 1 to {MOST_LINES}.")
        if not 0 <= self.seed <= WORD:
            raise InvalidRequest("bad-seed", f"The seed must be from 0 to {WORD}.")


def in_sight(tree: Tree, sight: Sight) -> IdArray:
    """The nodes of a first picture, ascending, u4[n]: with every node all that lead to it.

    What the lines pass through, what is probable enough to be drawn, the selected state, and the
    states that are cut or have a note, a name or a bookmark. States that the tree has not are
    passed over.
    """
    anchor = sight.anchor if tree.has(sight.anchor) else ROOT
    selected = sight.selected if tree.has(sight.selected) else ROOT
    said = tree.annotations
    named = [anchor, selected, *said.bookmarks, *said.notes, *said.labels]
    return _with_ancestors(
        tree,
        np.concatenate(
            [
                np.array(named, np.uint32),
                np.flatnonzero(tree.marks & CUT).astype(np.uint32),
                _probable(tree, anchor),
                _on_lines(tree, NodeId(anchor), sight),
            ]
        ),
    )


def _probable(tree: Tree, anchor: int) -> IdArray:
    """The most probable visible states below the anchor, under the rule."""
    cum = tree.cum_log_probs
    likely = cum[anchor:] >= cum[anchor] + math.log(LEAST_SHARE)
    likely &= (tree.marks[anchor:] & GONE) == 0
    nodes = (np.flatnonzero(likely) + anchor).astype(np.uint32)
    if anchor != ROOT:
        is_below = np.zeros(tree.size, np.bool_)
        is_below[anchor] = True
        for generation in by_depth(nodes, tree.depths[nodes]):
            later = generation[generation != anchor]
            is_below[later] = is_below[tree.parents[later]]
        nodes = nodes[is_below[nodes]]
    if len(nodes) <= MOST_PROBABLE:
        return nodes
    return nodes[np.argpartition(-cum[nodes], MOST_PROBABLE)[:MOST_PROBABLE]]


def _on_lines(tree: Tree, anchor: NodeId, sight: Sight) -> IdArray:
    """Where the lines go, as far as the tree knows."""
    fingerprint = IDENTITY_FINGERPRINT if sight.by_rule else tree.fingerprint
    offset = draw_offset(sight.seed)
    if not sight.conditioned:
        at_once = nodes_on_lines(
            tree, anchor, sight.lines, offset, sight.seed, MOST_STEPS, fingerprint
        )
        if at_once is not None:
            return at_once
    given = Conditioning(tree, fingerprint) if sight.conditioned else None
    found: set[int] = set()
    for index, line in enumerate(starts(sight.lines, offset=offset)):
        node, at = anchor, line
        for step in range(MOST_STEPS):
            if tree.is_cut(node) or (given is not None and not given.left(node) > 0):
                break
            place = locate(tree, node, at.u, fingerprint, given)
            if place is None or place.child is None or not place.width > 0:
                break
            node = place.child
            found.add(node)
            at = advance(at, place.before, place.width, uniform(sight.seed, index, step))
    return np.array(sorted(found), np.uint32)


def _with_ancestors(tree: Tree, nodes: IdArray) -> IdArray:
    parents = tree.parents
    marked = np.zeros(tree.size, np.bool_)
    marked[ROOT] = True
    while nodes.size:
        nodes = np.unique(nodes[~marked[nodes]])
        marked[nodes] = True
        nodes = parents[nodes]
    return np.flatnonzero(marked).astype(np.uint32)
