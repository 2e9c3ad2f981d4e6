"""Information along a trajectory, and over a whole tree (SCIENCE.md section 3).

With s₀ … s_n the states and x_i the token from s_{i−1} to s_i, under the rule or a procedure q:
surprisal −log₂ q(x_i|s_{i−1}), entropy H(s) = −Σ q log₂ q, varentropy V(s) = Σ q (log₂ q + H)².

The equipartition gap G_n = −(1/n) log₂ q(x₁…x_n) − (1/n) Σ_{i<n} H(s_i) tends to 0 for text that
is sampled from the same q (arXiv 2405.13798). n·G_n is a martingale whose predictable variance is
Σ V(s_i), so ±z √(Σ V)/n is the band that its limit theorem gives (Hall and Heyde 1980, section 3).
For greedy text under the rule G_n ≤ 0, since −log₂ max p ≤ H.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from semioscope.core.below import by_depth
from semioscope.core.errors import InvalidRequest
from semioscope.core.ledger import EXPANDED
from semioscope.core.sampling import IDENTITY_FINGERPRINT
from semioscope.core.tree import Tree
from semioscope.core.types import UNKNOWN_RANK, FloatArray, IdArray, NodeId
from semioscope.physics.intervals import CONFIDENCE, quantile
from semioscope.physics.table import Column, Label, Table

_LN2: Final = math.log(2)
_CHUNK: Final = 4096
"""States whose candidates are looked at together: they fit the cache."""
_ROUNDING: Final = 1e-6
"""Less than this is no mass: what float32 may leave of a sum."""


def overlays(tree: Tree, fingerprint: str = IDENTITY_FINGERPRINT) -> Table:
    """What a tree can be coloured by: one row for each node, hidden ones too, n = tree.size.

    node; surprisal (bits), rank and log_prob (nats, from the root) of what led to it; entropy and
    varentropy (bits, bits²) of what can follow it. nan where nothing is known: of states that are
    not expanded, and where the procedure has not been evaluated. fingerprint: of the procedure.
    """
    log_probs = tree.log_probs_under(fingerprint)
    varentropy, is_exact = varentropies(tree, np.arange(tree.size, dtype=np.uint32), fingerprint)
    return Table(
        (
            Column("node", "", "theorem", np.arange(tree.size), "The state's number."),
            _surprisal(-log_probs / _LN2),
            _rank(tree.ranks),
            _cumulative(_summed(tree, log_probs, fingerprint)),
            _entropy(_entropies(tree, fingerprint)),
            _varentropy(varentropy, is_exact),
        ),
        assumptions=(_whose(fingerprint),),
    )


def profile(
    tree: Tree,
    node: NodeId,
    fingerprint: str = IDENTITY_FINGERPRINT,
    confidence: float = CONFIDENCE,
) -> Table:
    """One row for each step i = 1 … n of the trajectory from the initial state to a node.

    node; surprisal (bits) and rank of the token x_i; entropy and varentropy of the state s_{i−1}
    that it was chosen at; log_prob (nats) of x₁ … x_i; gap (bits a step) and band, half the width
    of its band at that confidence. nan where something that goes into a number is not known.
    Raises InvalidRequest "no-steps" at the initial state.
    """
    path = np.array(tree.path(node), np.uint32)
    steps, before = path[1:], path[:-1]
    if not len(steps):
        raise InvalidRequest(
            "no-steps",
            "The initial state has no trajectory behind it: there is nothing to profile.",
            "Select a state further on.",
        )
    log_probs = tree.log_probs_under(fingerprint)[steps]
    entropy = _entropies(tree, fingerprint)[before]
    varentropy, is_exact = varentropies(tree, before, fingerprint)
    surprisal = -log_probs / _LN2
    gap, band = equipartition(surprisal, entropy, varentropy, confidence)
    return Table(
        (
            Column("step", "steps", "theorem", np.arange(1, 1 + len(steps)), "Steps so far."),
            Column("node", "", "theorem", steps, "The state that the step leads to."),
            _surprisal(surprisal),
            _rank(tree.ranks[steps]),
            _entropy(entropy),
            _varentropy(varentropy, is_exact),
            _cumulative(np.cumsum(log_probs)),
            Column(
                "gap",
                "bits a step",
                "theorem",
                gap,
                "Mean surprisal less mean entropy so far: near 0 where the text is typical of "
                "what is sampled, below where it is more probable than that.",
            ),
            Column(
                "band",
                "bits a step",
                "estimate",
                band,
                f"Text sampled from the same distribution has a gap within ± this in "
                f"{confidence:.0%} of all cases, once the steps are many.",
            ),
        ),
        assumptions=(
            _whose(fingerprint),
            "The band is for text sampled from this very distribution; other text may lie outside.",
        ),
    )


def equipartition(
    surprisal: FloatArray,
    entropy: FloatArray,
    varentropy: FloatArray,
    confidence: float = CONFIDENCE,
) -> tuple[FloatArray, FloatArray]:
    """The gap and half the width of its band after each step, f64[n] each, bits a step.

    surprisal (bits), entropy (bits) and varentropy (bits²) of each step, f64[n]: of the token, and
    of the state that it was chosen at.
    """
    steps = np.arange(1, 1 + len(surprisal))
    gap = np.cumsum(surprisal - entropy) / steps
    band = quantile(confidence) * np.sqrt(np.cumsum(varentropy)) / steps
    return gap, band


def varentropies(
    tree: Tree, nodes: IdArray, fingerprint: str
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """(V f64[n], bits²; whether it is exact, bool[n]) of what can follow each node.

    Where not all next states are stored, those that are not have together the mass r and, because
    the entropy of the whole is stored, the mean surprisal m; by Jensen's inequality they add r·m²
    at least, so V is a lower bound. nan where nothing is known.
    """
    found, exact = np.full(len(nodes), np.nan), np.zeros(len(nodes), np.bool_)
    known = np.flatnonzero(~np.isnan(entropies := _entropies(tree, fingerprint)[nodes]))
    for start in range(0, len(known), _CHUNK):
        places = known[start : start + _CHUNK]
        probs, is_all = _kept(tree, nodes[places], fingerprint)
        with np.errstate(divide="ignore"):
            bits = np.log2(probs)
        bits[probs == 0] = 0.0
        np.negative(bits, out=bits)
        weighed = probs * bits
        rest, mean = 1.0 - probs.sum(axis=1), weighed.sum(axis=1)
        square = np.einsum("ij,ij->i", weighed, bits)
        whole = entropies[places]
        is_all |= rest <= _ROUNDING
        rest_square = (whole - mean) ** 2 / np.where(is_all, np.inf, rest)
        entropy = np.where(is_all, mean, whole)
        found[places] = np.maximum(0.0, square + rest_square - entropy**2)
        exact[places] = is_all
    return found, exact


def _kept(tree: Tree, nodes: IdArray, fingerprint: str) -> tuple[FloatArray, NDArray[np.bool_]]:
    """The stored probabilities that a procedure leaves at each node, f64[n, w] (0 beyond the end),
    and whether they are all, bool[n]."""
    fans = tree.fans(nodes, fingerprint)
    if fans is not None:
        return fans.widths, fans.complete
    return tree.weighings[fingerprint].own_table(nodes)


def _entropies(tree: Tree, fingerprint: str) -> FloatArray:
    """Of what can follow each node, bits, f64[size]; nan of hidden expansions, too."""
    is_expanded = (tree.marks & EXPANDED) != 0
    return np.where(is_expanded, tree.entropies_under(fingerprint).astype(np.float64), np.nan)


def _summed(tree: Tree, log_probs: FloatArray, fingerprint: str) -> FloatArray:
    """Of each node from the root on, nats, f64[size]."""
    if fingerprint == IDENTITY_FINGERPRINT:
        return tree.cum_log_probs.copy()
    total = log_probs.copy()
    nodes = np.arange(tree.size, dtype=np.uint32)
    for level in by_depth(nodes, tree.depths)[1:]:
        total[level] += total[tree.parents[level]]
    return total


def _surprisal(values: FloatArray) -> Column:
    about = "−log₂ of the probability of the step that leads to the state."
    return Column("surprisal", "bits", "theorem", values + 0.0, about)


def _rank(ranks: IdArray) -> Column:
    values = np.where(ranks == UNKNOWN_RANK, np.nan, ranks)
    about = "How many next states were more probable under the rule."
    return Column("rank", "", "theorem", values, about)


def _cumulative(values: FloatArray) -> Column:
    about = "Log-probability of the whole trajectory from the initial state on."
    return Column("log_prob", "nats", "theorem", values, about)


def _entropy(values: FloatArray) -> Column:
    return Column("entropy", "bits", "theorem", values, "How undecided the next step is.")


def _varentropy(values: FloatArray, is_exact: NDArray[np.bool_]) -> Column:
    all_exact = bool(np.all(is_exact | np.isnan(values)))
    label: Label = "theorem" if all_exact else "bound"
    about = "Variance of the surprisal of the next step" + (
        "." if all_exact else ", at least: not every next state is stored."
    )
    return Column("varentropy", "bits²", label, values, about)


def _whose(fingerprint: str) -> str:
    whose = "the rule" if fingerprint == IDENTITY_FINGERPRINT else "the sampling procedure"
    return f"Every probability is one under {whose}."
