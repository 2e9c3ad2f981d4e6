"""Estimates from a sample without replacement, each trajectory with its weight."""

import math
from collections.abc import Sequence

import numpy as np

from semioscope.core.growth import Growth
from semioscope.core.strategies.report import Figure, Findings, Found, traits
from semioscope.core.types import FloatArray, NodeId

SAID = (
    "Each trajectory weighs e^φ/(1 − exp(−e^(φ − κ))). Shares and the sum of weights are "
    "Horvitz–Thompson sums: unbiased, and above one by chance; the mean surprisal is divided by "
    "the sum of weights, which biases it by about 1/k."
)
ALL_SAID = "These are all the trajectories there are, each with its own probability."


def log_inclusion(log_q: FloatArray, threshold: float) -> FloatArray:
    """log(1 − exp(−e^(φ − κ))): of the probability that a Gumbel(φ) exceeds the threshold κ."""
    excess = log_q - threshold
    with np.errstate(divide="ignore", over="ignore"):
        exact = np.log(-np.expm1(-np.exp(excess)))
    return np.where(excess < -30.0, excess, exact)


def tell_weighted(
    growth: Growth,
    anchor: NodeId,
    sample: Sequence[tuple[NodeId, float]],
    threshold: float,
    steps: int,
    findings: Findings,
) -> None:
    """Tells the weights and what they estimate.

    sample: (last state, φ) of each trajectory, φ its log-probability under the procedure from the
    anchor on, nats. threshold: κ, −inf where nothing was left out. Standard errors: given κ the
    draws are uncorrelated, so Σ (w·f)²·(1 − π) estimates a sum's variance without bias (Cohen and
    Kaplan 2007, rank conditioning); that needs two of them.
    """
    nodes = [node for node, _ in sample]
    log_q = np.array([log_q for _, log_q in sample])
    log_share = log_inclusion(log_q, threshold)
    log_weights = log_q - log_share
    findings.name(
        [
            Found(node, growth.cum_log_prob(node), weight)
            for node, weight in zip(nodes, log_weights.tolist(), strict=True)
        ]
    )
    is_all = threshold == -math.inf
    findings.note = ALL_SAID if is_all else SAID
    weights, left_out = np.exp(log_weights), -np.expm1(log_share)
    has_error = not is_all and len(nodes) > 1
    of = traits(growth, anchor, nodes, steps)

    def figure(name: str, value: float, unit: str, errors: FloatArray) -> Figure:
        error = math.sqrt(float((errors**2 * left_out).sum())) if has_error else None
        return Figure(name, value, unit, "exact" if is_all else "estimate", error)

    total = float(weights.sum())
    figures = [figure("sum of weights", total, "share", weights)]
    for name, values, unit in of.named(growth):
        mean = float((weights * values).sum())
        if unit == "share":
            figures.append(figure(name, mean, unit, weights * values))
        else:
            mean /= total
            figures.append(figure(name, mean, unit, weights * (values - mean) / total))
    findings.figures = tuple(figures)
