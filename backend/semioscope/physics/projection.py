"""Hidden states in the plane: a frozen projection, and axes of one's own (SCIENCE.md section 6).

Principal components (Pearson 1901; scikit-learn's PCA by the full singular value decomposition) are
fitted once and kept, so that points that come later fall where they should. An axis from a yes/no
question is the difference of the means of states where the answer is yes and where it is no (Marks
and Tegmark 2023, arXiv 2310.06824, call it the mass-mean direction).
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from semioscope.core.errors import InvalidRequest
from semioscope.core.types import Float32Array, FloatArray
from semioscope.physics.table import Column, Table

PLANE: Final = 2
_LEAST_STATES: Final = 3


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """mean f64[d]; components f64[k, d], orthonormal, the first explains most; explained f64[k],
    the share of the variance of the states it was fitted to that each shows."""

    mean: FloatArray
    components: FloatArray
    explained: FloatArray

    def of(self, hidden: Float32Array | FloatArray) -> FloatArray:
        """Coordinates f64[n, k] of hidden states [n, d]; the fit does not move.

        Raises InvalidRequest "other-space" for states of another width.
        """
        _must_fit(hidden, len(self.mean))
        return (np.asarray(hidden, np.float64) - self.mean) @ self.components.T

    def table(self, hidden: Float32Array | FloatArray, nodes: NDArray[Any]) -> Table:
        """One row for each hidden state, of the nodes [n]: its coordinates in the plane."""
        points = self.of(hidden)
        columns = tuple(
            Column(
                f"axis_{place + 1}",
                "",
                "analogy",
                points[:, place],
                f"Principal component {place + 1}; it shows {share:.0%} of the variance.",
            )
            for place, share in enumerate(self.explained)
        )
        return Table(
            (Column("node", "", "theorem", nodes, "The state."), *columns),
            assumptions=(
                f"The plane shows {float(self.explained.sum()):.0%} of the variance of the states "
                "it was fitted to: what lies close here may lie far apart.",
                "Where a state lies is a fact about the model's numbers; that it is a place, near "
                "or far from others, is a picture.",
            ),
        )


def fitted(hidden: Float32Array | FloatArray, axes: int = PLANE) -> Projection:
    """The projection of hidden states [n, d] onto their first principal components. The sign of
    each is such that its greatest entry is positive, so that a fit is the same every time.

    Raises InvalidRequest "too-few-states" where there are fewer than three that differ, or fewer
    than the axes take.
    """
    states = np.asarray(hidden, np.float64)
    if states.ndim != 2 or not np.isfinite(states).all():
        raise ValueError("hidden states are a finite array [n, d]")
    if len(states) < max(_LEAST_STATES, axes + 1) or np.ptp(states, axis=0).max(initial=0) == 0:
        raise InvalidRequest(
            "too-few-states",
            "A plane takes three states at least that differ, and there are not so many.",
            "Grow more of the tree first.",
        )
    # Here and not above: a server starts without it.
    from sklearn.decomposition import PCA  # type: ignore[import-untyped]  # sklearn has no types

    count = min(axes, *states.shape)
    model = PCA(count, svd_solver="full").fit(states)
    components = np.asarray(model.components_, np.float64)
    greatest = np.abs(components).argmax(axis=1)
    components *= np.sign(components[np.arange(count), greatest])[:, np.newaxis]
    return Projection(
        np.asarray(model.mean_, np.float64),
        components,
        np.asarray(model.explained_variance_ratio_, np.float64),
    )


@dataclass(frozen=True, slots=True, eq=False)
class QuestionAxis:
    """A direction from no to yes: unit f64[d]; middle, the coordinate halfway between the two
    means, and half, from there to either. separation: share of the labelled states that lie on
    their side when each is left out of the means in its turn, 0 … 1 (½ is chance)."""

    question: str
    unit: FloatArray
    middle: float
    half: float
    separation: float

    def of(self, hidden: Float32Array | FloatArray) -> FloatArray:
        """Coordinates f64[n] of hidden states [n, d]: +1 at the mean of yes, −1 at that of no.

        Raises InvalidRequest "other-space".
        """
        _must_fit(hidden, len(self.unit))
        found: FloatArray = (np.asarray(hidden, np.float64) @ self.unit - self.middle) / self.half
        return found

    def column(self, hidden: Float32Array | FloatArray) -> Column:
        """As `of`, with what there is to say of it."""
        about = (
            f"Along “{self.question}”: +1 at the mean of yes, −1 at that of no; left out in turn, "
            f"{self.separation:.0%} of the labelled states lie on their side."
        )
        return Column(self.question, "", "analogy", self.of(hidden), about)


def question_axis(
    question: str, yes: Float32Array | FloatArray, no: Float32Array | FloatArray
) -> QuestionAxis:
    """The axis of a question from hidden states where the answer is yes [m, d], and no [n, d].

    Raises InvalidRequest "no-axis" where either has none, or the two means are the same.
    """
    a, b = np.asarray(yes, np.float64), np.asarray(no, np.float64)
    if not len(a) or not len(b):
        raise _no_axis(question, "every state has the same answer")
    _must_fit(b, a.shape[1])
    ours, theirs = a.mean(axis=0), b.mean(axis=0)
    length = float(np.linalg.norm(ours - theirs))
    if not length > 1e-9 * max(1.0, float(np.abs(ours).max())):
        raise _no_axis(question, "the states of both answers have one mean")
    unit = (ours - theirs) / length
    middle = float(unit @ (ours + theirs)) / 2
    return QuestionAxis(question, unit, middle, length / 2, _separation(a, b))


def _separation(a: FloatArray, b: FloatArray) -> float:
    """Leave-one-out share of states nearer to the mean of their own; nan of one state alone."""
    if len(a) < 2 or len(b) < 2:
        return float("nan")
    right = 0
    for mine, others in ((a, b), (b, a)):
        left_out = (mine.sum(axis=0) - mine) / (len(mine) - 1)
        near = np.linalg.norm(mine - left_out, axis=1)
        far = np.linalg.norm(mine - others.mean(axis=0), axis=1)
        right += int((near < far).sum())
    return right / (len(a) + len(b))


def _must_fit(hidden: Float32Array | FloatArray, width: int) -> None:
    if hidden.ndim != 2 or hidden.shape[1] != width:
        raise InvalidRequest(
            "other-space",
            f"These hidden states are of shape {hidden.shape}, and the axes are for {width:,} "
            "numbers a state: they are another model's.",
        )


def _no_axis(question: str, why: str) -> InvalidRequest:
    return InvalidRequest(
        "no-axis",
        f"“{question}” makes no axis: {why}.",
        "Ask a question that some states answer with yes and others with no.",
    )
