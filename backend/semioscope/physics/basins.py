"""Basins of attraction: committors of outcomes, as bounds from a tree (SCIENCE.md section 2).

The committor h_A(s) = Σ_t q(t|s) h_A(st), with h_A = 1 on A and 0 where the trajectory is absorbed
elsewhere. From a tree that has grown in part,

    mass known to reach A ≤ h_A(s) ≤ that + unresolved mass,

where unresolved is what has not grown. Mass that length L stops before anything is decided is a
share of its own, undecided. The bounds hold for one procedure that is evaluated exactly, and only
narrow as the tree grows, cuts being ignored. Given that nothing cut happens they are renormalised,
and both ends may move.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from semioscope.core.below import by_depth
from semioscope.core.errors import InvalidRequest
from semioscope.core.ledger import CUT, GONE, UNDER, is_terminal
from semioscope.core.sampling import IDENTITY_FINGERPRINT
from semioscope.core.tree import Tree
from semioscope.core.types import ROOT, FloatArray, NodeId
from semioscope.physics.assignment import ends
from semioscope.physics.intervals import CONFIDENCE, wilson
from semioscope.physics.outcomes import NONE, Outcomes, none_matched
from semioscope.physics.table import Column, Table

ELSEWHERE: Final = "elsewhere"
UNDECIDED: Final = "undecided"
_ROUNDING: Final = 1e-6
"""What float32 may leave of a state's mass where all of it has grown."""


@dataclass(frozen=True, slots=True, eq=False)
class Basins:
    """Of every node, under one procedure, given the node: the mass known to reach each outcome,
    known f64[size, K]; absorbed elsewhere, undecided, unresolved and cut f64[size]. They sum to
    one. cut: what the condition takes out; 0 without a condition. Hidden nodes have nan.
    """

    outcomes: Outcomes
    known: FloatArray
    elsewhere: FloatArray
    undecided: FloatArray
    unresolved: FloatArray
    cut: FloatArray
    conditioned: bool

    def bounds(self, outcome: int) -> tuple[FloatArray, FloatArray]:
        """(lower, upper) of h_A at every node, f64[size]; nan under a condition that leaves
        nothing."""
        return self._bounds(self.known[:, outcome])

    def _bounds(self, known: FloatArray) -> tuple[FloatArray, FloatArray]:
        left = 1.0 - self.cut
        with np.errstate(invalid="ignore", divide="ignore"):
            low = np.where(left > 0, known / left, np.nan)
            high = np.where(left > 0, (known + self.unresolved) / left, np.nan)
        return np.minimum(low, 1.0), np.minimum(high, 1.0)

    def table(self, node: int = ROOT) -> Table:
        """One row for each outcome, for what is absorbed elsewhere and for what is undecided: the
        two bounds of its probability from a node on."""
        names = [*self.outcomes.names, ELSEWHERE, UNDECIDED]
        shares = [*self.known.T, self.elsewhere, self.undecided]
        pairs = [self._bounds(share) for share in shares]
        low = np.array([each[0][node] for each in pairs])
        high = np.array([each[1][node] for each in pairs])
        notes = tuple(
            none_matched(name, float(high[place]))
            for place, name in enumerate(self.outcomes.names)
            if self.known[node, place] == 0
        )
        condition = (
            ("Given that nothing pruned happens: both ends may move as the tree grows.",)
            if self.conditioned
            else ("Of the unpruned tree: the bounds only narrow as it grows.",)
        )
        return Table(
            (
                Column("outcome", "", "theorem", np.array(names, object), "What is reached."),
                Column("low", "probability", "bound", low, "At least so probable."),
                Column("high", "probability", "bound", high, "At most so probable."),
            ),
            assumptions=("One procedure, evaluated exactly, up to length L.", *condition),
            notes=notes,
        )


def basins(
    tree: Tree,
    outcomes: Outcomes,
    reached_by: NDArray[np.int64],
    fingerprint: str = IDENTITY_FINGERPRINT,
    *,
    conditioned: bool = False,
) -> Basins:
    """The committors of every node of a tree under a procedure.

    reached_by: as `assigned` tells, i64[size]. Where the procedure has not been evaluated, what
    follows is unresolved. conditioned: given that nothing that is cut happens.
    """
    q = np.exp(tree.log_probs_under(fingerprint))
    marks, parents, count = tree.marks, tree.parents, len(outcomes)
    shares = np.zeros((tree.size, count + 4))  # outcomes, elsewhere, undecided, unresolved, cut
    elsewhere, undecided, unresolved, cut = range(count, count + 4)
    is_in = reached_by != NONE
    over = is_terminal(marks) & ~is_in
    is_elsewhere = over & ends(tree)
    is_open = ~over & ~is_in
    children = np.flatnonzero(((marks & GONE) == 0) & ~np.isnan(q))
    children = children[children != ROOT]
    # What a procedure has not been evaluated at has no children here, and is unresolved.
    sums = np.bincount(parents[children], q[children], tree.size)
    # Float32 may leave a little where nothing is left; it is given to no one.
    shares[:, unresolved] = np.where(is_open, np.maximum(0.0, 1.0 - sums), 0.0)
    places = np.flatnonzero(is_in)
    shares[places, reached_by[places]] = 1
    shares[is_elsewhere, elsewhere] = 1
    shares[over & ~is_elsewhere, undecided] = 1
    is_cut = ((marks & CUT) != 0) & conditioned
    shares[is_cut] = 0
    shares[is_cut, cut] = 1
    takes = is_open & ~is_cut
    order = children.astype(np.uint32)
    for level in reversed(by_depth(order, tree.depths[order]) if len(order) else []):
        level = level[takes[parents[level]]]
        np.add.at(shares, parents[level], q[level][:, np.newaxis] * shares[level])
    # A sum over one by float32's rounding is scaled back, so that shares stay shares.
    totals = shares.sum(axis=1, keepdims=True)
    shares /= np.maximum(totals, 1.0)
    shares[(marks & GONE) != 0] = np.nan
    return Basins(
        outcomes,
        shares[:, :count],
        shares[:, elsewhere],
        shares[:, undecided],
        shares[:, unresolved],
        shares[:, cut],
        conditioned,
    )


Open = Literal["frontier", "residual"]


@dataclass(frozen=True, slots=True, eq=False)
class Widest:
    """The states whose growth would narrow the bounds most, first the one that would most.

    nodes i64[n]; mass f64[n], how much of the bounds' width is theirs, seen from the anchor; kinds:
    whether the state itself has not grown, or next states of it have not.
    """

    nodes: NDArray[np.int64]
    mass: FloatArray
    kinds: tuple[Open, ...]

    def table(self) -> Table:
        """One row a state."""
        return Table(
            (
                Column("node", "", "theorem", self.nodes, "The state."),
                Column(
                    "unresolved",
                    "probability",
                    "theorem",
                    self.mass,
                    "By so much at most its growth can narrow every pair of bounds.",
                ),
                Column("kind", "", "theorem", np.array(self.kinds, object), "What to grow there."),
            ),
        )


def widest(
    tree: Tree,
    found: Basins,
    fingerprint: str = IDENTITY_FINGERPRINT,
    anchor: NodeId = ROOT,
    most: int = 100,
) -> Widest:
    """Where growing narrows the bounds of h at the anchor most: the unresolved mass of each state
    of its own, that is, without what its children hold.

    Raises InvalidRequest "terminal-state" for an anchor that nothing follows.
    """
    _refuse_terminal(tree, anchor)
    log_q = tree.log_probs_under(fingerprint)
    parents, marks = tree.parents, tree.marks
    mass = np.zeros(tree.size)
    mass[anchor] = 1.0
    settled = np.maximum(found.known.max(axis=1), found.cut) >= 1
    below = np.arange(anchor + 1, tree.size, dtype=np.uint32)
    below = below[((marks[below] & GONE) == 0) & ~np.isnan(log_q[below])]
    for level in by_depth(below, tree.depths[below]) if len(below) else []:
        inside = level[~settled[parents[level]]]
        mass[inside] = mass[parents[inside]] * np.exp(log_q[inside])
    held = np.zeros(tree.size)
    children = below[~settled[parents[below]]]
    np.add.at(held, parents[children], np.exp(log_q[children]) * found.unresolved[children])
    own = mass * np.maximum(0.0, np.nan_to_num(found.unresolved) - held)
    own[((marks & GONE) != 0) | (own <= _ROUNDING * mass)] = 0
    if found.conditioned:
        own[(marks & (CUT | UNDER)) != 0] = 0
        own /= max(1.0 - float(found.cut[anchor]), np.finfo(float).tiny)
    order = np.lexsort((np.arange(tree.size), -own))[:most]
    order = order[own[order] > 0]
    return Widest(
        order,
        own[order],
        tuple("residual" if tree.is_expanded(node) else "frontier" for node in order.tolist()),
    )


def _refuse_terminal(tree: Tree, node: NodeId) -> None:
    if tree.is_terminal(node):
        raise InvalidRequest(
            "terminal-state",
            "Nothing follows this state: what it has reached is all there is.",
            "Select a state before it.",
        )


def estimated(
    outcomes: Outcomes,
    reached_by: Sequence[int] | NDArray[np.int64],
    ended: Sequence[bool] | NDArray[np.bool_],
    planned: int,
    confidence: float = CONFIDENCE,
) -> Table:
    """Shares of independent rollouts of one run, with Wilson's intervals.

    reached_by: the outcome of each finished rollout, NONE where it reached none; ended: whether it
    ended by itself, and not by length, bool[n]. planned: how many were to be, fixed beforehand.
    One row for each outcome, for what is absorbed elsewhere and for what is undecided.
    Raises InvalidRequest "no-rollouts" where none were planned.
    """
    if planned < 1:
        raise InvalidRequest(
            "no-rollouts",
            "An estimate takes rollouts, and none were asked for.",
            "Ask for 1 at least; 200 give intervals of about ±7 %.",
        )
    codes, over = np.asarray(reached_by, np.int64), np.asarray(ended, np.bool_)
    drawn = len(codes)
    if len(over) != drawn or drawn > planned:
        raise ValueError(f"{drawn} rollouts, {len(over)} endings, {planned} planned")
    none = codes == NONE
    counts = [
        *(int((codes == number).sum()) for number in range(len(outcomes))),
        int((none & over).sum()),
        int((none & ~over).sum()),
    ]
    names = [*outcomes.names, ELSEWHERE, UNDECIDED]
    found = [wilson(count, drawn, confidence) for count in counts]
    notes = [
        none_matched(name, interval.high, drawn)
        for name, interval, count in zip(outcomes.names, found, counts, strict=False)
        if count == 0 and drawn
    ]
    if drawn < planned:
        notes.append(
            f"Stopped: {drawn:,} of {planned:,} rollouts were finished. The interval is right only "
            "if what was found had no part in stopping."
        )
    return Table(
        (
            Column("outcome", "", "theorem", np.array(names, object), "What is reached."),
            Column("count", "rollouts", "theorem", np.array(counts), "Rollouts that reached it."),
            _share("share", [each.estimate for each in found], "Of the finished rollouts."),
            _share("low", [each.low for each in found], f"Wilson, {confidence:.0%}."),
            _share("high", [each.high for each in found], f"Wilson, {confidence:.0%}."),
        ),
        assumptions=(
            "Independent rollouts of one run under one procedure, their number fixed beforehand.",
            "Each interval is right by itself, not all of them at once.",
        ),
        notes=tuple(notes),
    )


def _share(name: str, values: Sequence[float], about: str) -> Column:
    return Column(name, "probability", "estimate", np.array(values), about)
