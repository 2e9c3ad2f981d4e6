"""Forking tokens along a base trajectory (arXiv 2412.07961; SCIENCE.md section 5).

With x* the base, o_{t,w} the distribution over outcomes after w in the place of x*_t, and d the
total variation:

    o_t = Σ_w p(w|x*_{<t}) o_{t,w}                         outcome distribution
    y_t = d(o_0, o_t)                                       drift
    h_t(ε) = Σ_{w≠x*_t} p(w)·1[d(o_{t,x*}, o_{t,w}) ≥ ε]    hazard
    S_t = Π_{i≤t} (1 − h_i)                                 survival
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from semioscope.core.errors import InvalidRequest
from semioscope.core.sampling import IDENTITY_FINGERPRINT
from semioscope.core.tree import Tree
from semioscope.core.types import FloatArray, NodeId
from semioscope.physics.basins import ELSEWHERE, UNDECIDED, Basins
from semioscope.physics.table import Column, Label, Table

UNRESOLVED: Final = "unresolved"
_ROUNDING: Final = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """One position of the base: the tokens w that were looked at, keys i64[W]; p(w), weights
    f64[W]; their outcome distributions, outcomes f64[W, K]; and which of them is the base's own."""

    keys: NDArray[np.int64]
    weights: FloatArray
    outcomes: FloatArray
    base: int


@dataclass(frozen=True, slots=True, eq=False)
class Forks:
    """At each of n positions of the base: o_t, outcomes f64[n, K]; drift, hazard and survival
    f64[n]; looked_at f64[n], the mass of the tokens that were looked at. threshold: ε."""

    names: tuple[str, ...]
    outcomes: FloatArray
    drift: FloatArray
    hazard: FloatArray
    survival: FloatArray
    looked_at: FloatArray
    threshold: float
    label: Label

    def table(self) -> Table:
        """One row a position: its outcome distribution, drift, hazard and survival."""
        count, is_whole = len(self.drift), bool((self.looked_at >= 1 - _ROUNDING).all())
        label: Label = self.label if is_whole else "estimate"
        hazard: Label = "bound" if self.label == "theorem" and not is_whole else label
        shares = tuple(
            Column(f"outcome:{name}", "probability", label, self.outcomes[:, place], "o_t.")
            for place, name in enumerate(self.names)
        )
        return Table(
            (
                Column("position", "tokens", "theorem", np.arange(count), "Tokens before it."),
                *shares,
                Column("drift", "", label, self.drift, "Total variation from o_0, 0 … 1."),
                Column(
                    "hazard",
                    "probability",
                    hazard,
                    self.hazard,
                    f"That another token is chosen that moves the outcomes by {self.threshold:g} "
                    "or more; at least, where some tokens were not looked at.",
                ),
                Column(
                    "survival",
                    "probability",
                    hazard,
                    self.survival,
                    "That no such token was chosen so far; at most, where some were not looked at.",
                ),
                Column(
                    "looked_at",
                    "probability",
                    "theorem",
                    self.looked_at,
                    "Of the tokens looked at; o_t is taken over them.",
                ),
            ),
            assumptions=(
                "Distances are total variation.",
                "What is unresolved or undecided counts as an outcome of its own.",
            ),
        )

    def top(self, most: int = 5) -> NDArray[np.int64]:
        """The positions of the greatest hazards above 0, greatest first, i64[≤ most]."""
        order = np.lexsort((np.arange(len(self.hazard)), -self.hazard))[:most]
        return order[self.hazard[order] > 0]


def forks(
    places: Sequence[Place], names: Sequence[str], threshold: float = 0.3, label: Label = "estimate"
) -> Forks:
    """Along a base trajectory, place by place. label: of the outcome distributions given.

    Raises InvalidRequest "no-steps" for no places, "bad-threshold" unless 0 < threshold ≤ 1.
    """
    if not places:
        raise InvalidRequest(
            "no-steps",
            "The base trajectory has no steps, so there is nowhere to fork.",
            "Select a state further on.",
        )
    if not 0 < threshold <= 1:
        raise InvalidRequest("bad-threshold", "The threshold is a distance above 0, and at most 1.")
    outcomes = np.array([_mean(place) for place in places])
    hazard = np.array([_hazard(place, threshold) for place in places])
    return Forks(
        names=tuple(names),
        outcomes=outcomes,
        drift=np.abs(outcomes - outcomes[0]).sum(axis=1) / 2,
        hazard=hazard,
        survival=np.cumprod(1 - hazard),
        looked_at=np.array([min(1.0, float(place.weights.sum())) for place in places]),
        threshold=threshold,
        label=label,
    )


def forks_of_tree(
    tree: Tree,
    node: NodeId,
    found: Basins,
    fingerprint: str = IDENTITY_FINGERPRINT,
    threshold: float = 0.3,
) -> Forks:
    """Along the trajectory to a node, from what the tree knows of its branches: `found` are its
    basins under the same procedure. What has not grown is an outcome of its own, "unresolved".

    Exact where nothing is unresolved. Raises as `forks`; ValueError for basins under a condition.
    """
    if found.conditioned:
        raise ValueError("forks are those of the unpruned tree")
    log_q = tree.log_probs_under(fingerprint)
    shares = np.column_stack([found.known, found.elsewhere, found.undecided, found.unresolved])
    path = tree.path(node)
    places = []
    for before, chosen in pairwise(path):
        children = [each for each in tree.children(before) if log_q[each] > -np.inf]
        if chosen not in children:
            break
        places.append(
            Place(
                tree.keys[children].astype(np.int64),
                np.exp(log_q[children]),
                shares[children],
                children.index(chosen),
            )
        )
    names = (*found.outcomes.names, ELSEWHERE, UNDECIDED, UNRESOLVED)
    exact = all(float(place.outcomes[:, -1].max()) <= _ROUNDING for place in places)
    return forks(places, names, threshold, "theorem" if exact else "estimate")


def _mean(place: Place) -> FloatArray:
    mean: FloatArray = place.weights @ place.outcomes / place.weights.sum()
    return mean


def _hazard(place: Place, threshold: float) -> float:
    distance = np.abs(place.outcomes - place.outcomes[place.base]).sum(axis=1) / 2
    forking = distance >= threshold * (1 - 1e-9)  # the base itself is at distance 0
    return float(min(1.0, place.weights[forking].sum()))
