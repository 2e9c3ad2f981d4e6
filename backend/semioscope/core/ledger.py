"""Conservation of probability: terminal + frontier + residual + pruned = 1 (DESIGN.md section 3).

A node's marks are bits of one byte. Two of them, GONE and UNDER, follow from the others along the
path from the root. Hidden nodes give their mass back to their parent's residual, and a state
whose expansion is hidden is frontier again, so what hangs below either is out of the count.
"""

from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from semioscope.core.types import FloatArray

if TYPE_CHECKING:
    from semioscope.core.tree import Tree

Marks = NDArray[np.uint8]

HIDDEN: Final = 1
CUT: Final = 2
TERMINAL: Final = 4  # by its key, or by length L
EXPANDED: Final = 8  # has an expansion that is not hidden
NOTHING: Final = 16  # its expansion says that no next state is possible
TAIL: Final = 32  # not among the stored candidates of its parent
GONE: Final = 64  # hidden, or below something hidden
UNDER: Final = 128  # strictly below a cut


@dataclass(frozen=True)
class Ledger:
    """The four shares of the root's probability, each in [0, 1], summing to 1 (to 1e-6)."""

    terminal: float
    frontier: float
    residual: float
    pruned: float

    def to_json(self) -> dict[str, float]:
        return asdict(self)

    @property
    def total(self) -> float:
        return self.terminal + self.frontier + self.residual + self.pruned


def is_terminal(marks: Any) -> Any:
    """Whether these marks (a byte, or u1[n]) are those of a terminal state."""
    return ((marks & TERMINAL) != 0) | ((marks & (EXPANDED | NOTHING)) == EXPANDED | NOTHING)


def recut(marks: Marks, *, is_cut: bool) -> Marks:
    """These marks u1[n] with a cut at each, or with none."""
    kept: Marks = marks & np.uint8(255 - CUT)
    return kept | np.uint8(CUT) if is_cut else kept


def standing(parents: NDArray[np.uint32], depths: NDArray[np.uint32], marks: Marks) -> Marks:
    """The marks u1[n] of a whole tree with GONE and UNDER worked out anew, level by level."""
    derived = marks & np.uint8(255 - GONE - UNDER)
    derived[0] |= GONE * ((derived[0] & HIDDEN) != 0)
    if not np.any(derived & (HIDDEN | CUT)) and np.all(derived[parents[1:]] & EXPANDED):
        return derived
    by_depth = np.argsort(depths, kind="stable")
    levels = np.searchsorted(depths[by_depth], np.arange(depths.max() + 2))
    for start, end in pairwise(levels[1:]):
        nodes = by_depth[start:end]
        derived[nodes] |= inherited(derived[nodes], derived[parents[nodes]])
    return derived


def inherited(marks: Marks, parent_marks: Marks) -> Marks:
    """GONE and UNDER of children, u1[n], from their own marks and their parents'."""
    gone = ((marks & HIDDEN) != 0) | ((parent_marks & GONE) != 0) | ((parent_marks & EXPANDED) == 0)
    under = (parent_marks & (CUT | UNDER)) != 0
    derived: Marks = gone * np.uint8(GONE) | under * np.uint8(UNDER)
    return derived


def child_sums(
    parents: NDArray[np.uint32], log_probs: NDArray[np.float32], marks: Marks
) -> FloatArray:
    """Σ of the probabilities (given the parent) of each node's own, not hidden children, f8[n]."""
    counted = np.flatnonzero((marks[1:] & HIDDEN) == 0) + 1
    probs = np.exp(log_probs[counted].astype(np.float64))
    sums = np.zeros(len(marks))
    np.add.at(sums, parents[counted], probs)
    return sums


def shares(marks: Marks, cum_log_probs: FloatArray, sums: FloatArray) -> FloatArray:
    """What these nodes contribute: f8[4] of terminal, frontier, residual, pruned."""
    counted = (marks & (GONE | UNDER)) == 0
    marks, sums = marks[counted], sums[counted]
    probs = np.exp(cum_log_probs[counted])
    cut = (marks & CUT) != 0
    terminal = ~cut & is_terminal(marks)
    expanded = ~cut & ~terminal & ((marks & EXPANDED) != 0)
    frontier = ~cut & ~terminal & ~expanded
    residual = probs[expanded] * np.maximum(0.0, 1.0 - sums[expanded])
    return np.array(
        [probs[terminal].sum(), probs[frontier].sum(), residual.sum(), probs[cut].sum()]
    )


def ledger_of(four: FloatArray) -> Ledger:
    """The ledger of f8[4]; rounding below zero is shown as zero."""
    return Ledger(*(max(0.0, float(share)) for share in four))


def recompute(tree: "Tree") -> Ledger:
    """The ledger from the tree's own marks alone: the oracle of the one kept incrementally."""
    marks = standing(tree.parents, tree.depths, tree.marks)
    sums = child_sums(tree.parents, tree.log_probs, marks)
    return ledger_of(shares(marks, tree.cum_log_probs, sums))
