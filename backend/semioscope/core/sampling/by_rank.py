"""Procedures that keep the rule's order: one power β of the whole, and a cut after some rank."""

import math
from collections.abc import Iterable
from typing import Final

import numpy as np

from semioscope.core.ranking import RankedLogProbs, log_z_and_entropy
from semioscope.core.sampling.cuts import Epsilon, Eta, MinP, Temperature, TopK, TopP
from semioscope.core.sampling.procedure import Procedure, Step
from semioscope.core.sampling.weights import Weights, probabilities
from semioscope.core.types import ALL_KEPT

MASS_ROUNDING: Final = 1e-7
"""By how much float32 log-probabilities may fall short of a mass: heads of a fair coin, of 0.5."""
NATS_ROUNDING: Final = 1e-6
"""By how much they may fall short of a threshold, nats."""
_SLACK: Final = 1e-5
"""By how much a threshold may be off that comes from a stored entropy, nats."""


def weigh_by_rank(
    procedure: Procedure, row: RankedLogProbs, rule_entropy: float | None
) -> Weights | None:
    """A procedure that does not reorder, at one state; None where what is known of the row does
    not suffice. rule_entropy: of the whole row, bits, where it is known."""
    if row.size == 0:
        return Weights(0.0, 0, 0.0)
    if procedure.is_greedy:
        return Weights(0.0, 1, 0.0)
    cut = cut_by_rank(procedure.effective, row, rule_entropy)
    if cut is None:
        return None
    beta, kept = procedure.inverse_temperature, cut[1]
    if beta == 1 and kept == ALL_KEPT:
        return Weights(0.0, kept, _entropy_of_rule(row, rule_entropy))
    found = _normaliser(row, beta, kept)
    return None if found is None else Weights(found[0], kept, found[1])


def cut_by_rank(
    steps: Iterable[Step], row: RankedLogProbs, rule_entropy: float | None
) -> tuple[float, int] | None:
    """(β, kept) of steps that do not reorder; None where their cut lies beyond what is known."""
    beta, kept = 1.0, ALL_KEPT
    for step in steps:
        cut: int | None
        match step:
            case Temperature(0):
                cut = 1
            case Temperature(value):
                beta /= value
                continue
            case TopK(k):
                cut = k if row.size is None else min(k, row.size)
            case TopP(p):
                cut = _nucleus(row, beta, kept, p)
            case MinP(p):
                cut = _within_ratio(row, beta, kept, p)
            case Epsilon(epsilon):
                cut = _above_epsilon(row, beta, kept, epsilon)
            case Eta(epsilon):
                cut = _above_eta(row, beta, kept, epsilon, rule_entropy)
            case _:
                raise AssertionError(f"{step.kind} does not keep the order")
        if cut is None:
            return None
        kept = min(kept, cut)
    return beta, kept


def _entropy_of_rule(row: RankedLogProbs, stored: float | None) -> float:
    if stored is not None:
        return stored
    found = row.normaliser(1.0)
    return math.nan if found is None else found[1]


def _normaliser(row: RankedLogProbs, beta: float, kept: int) -> tuple[float, float] | None:
    """(log Σ exp(β·log_p), entropy in bits) over what is kept; None when that is not known."""
    if kept == ALL_KEPT:
        return row.normaliser(beta)
    log_probs = row.leading(kept)
    return None if log_probs is None else log_z_and_entropy(beta, log_probs)


def _log_norm(row: RankedLogProbs, beta: float, kept: int) -> float | None:
    """log Σ exp(β·log_p) over what is kept so far; None when that is not known."""
    if beta == 1 and kept == ALL_KEPT:
        return 0.0
    found = _normaliser(row, beta, kept)
    return None if found is None else found[0]


def _nucleus(row: RankedLogProbs, beta: float, kept: int, p: float) -> int | None:
    """How many ranks r have F(r⁻) < p; None when the cut lies beyond what is known."""
    log_norm = _log_norm(row, beta, kept)
    if log_norm is None:
        return None
    reach = p - MASS_ROUNDING
    limit = None if kept == ALL_KEPT else kept
    for log_probs in row.prefixes(limit):
        cumulative = np.cumsum(probabilities(beta, log_norm, log_probs))
        if cumulative[-1] >= reach:
            return 1 + int(np.searchsorted(cumulative, reach, side="left"))
    return _all_ranks(row, kept)


def _within_ratio(row: RankedLogProbs, beta: float, kept: int, ratio: float) -> int | None:
    """How many ranks r have q(r) ≥ ratio·q(0); None when the cut lies beyond what is known."""
    limit = None if kept == ALL_KEPT else kept
    for log_probs in row.prefixes(limit):
        ranked = log_probs.astype(np.float64)
        within = int(np.count_nonzero(beta * (ranked - ranked[0]) >= math.log(ratio)))
        if within < len(ranked):
            return within
    return _all_ranks(row, kept)


def _above_epsilon(row: RankedLogProbs, beta: float, kept: int, epsilon: float) -> int | None:
    """How many ranks r have q(r) ≥ min(ε, q(0)); None when the cut lies beyond what is known."""
    log_norm = _log_norm(row, beta, kept)
    if log_norm is None:
        return None
    return _at_least(row, beta, kept, log_norm, math.log(epsilon) - NATS_ROUNDING)


def _above_eta(
    row: RankedLogProbs, beta: float, kept: int, epsilon: float, rule_entropy: float | None
) -> int | None:
    """How many ranks r have q(r) ≥ min(ε, √ε·e^−H, q(0)); None when the cut is not known."""
    is_stored = beta == 1 and kept == ALL_KEPT and row.size is None
    if is_stored:
        entropy, log_norm = rule_entropy, 0.0
    else:
        found = _normaliser(row, beta, kept)
        log_norm, entropy = (0.0, None) if found is None else found
    if entropy is None or math.isnan(entropy):
        return None
    least = eta_threshold(epsilon, entropy) - NATS_ROUNDING
    if not is_stored:
        return _at_least(row, beta, kept, log_norm, least)
    # A stored entropy is rounded to float32: where that could decide, it does not suffice.
    cuts = {_at_least(row, beta, kept, log_norm, least + off) for off in (-_SLACK, 0.0, _SLACK)}
    return cuts.pop() if len(cuts) == 1 else None


def eta_threshold(epsilon: float, entropy_bits: float) -> float:
    """log min(ε, √ε·e^−H), nats."""
    log_epsilon = math.log(epsilon)
    return min(log_epsilon, 0.5 * log_epsilon - entropy_bits * math.log(2))


def _at_least(
    row: RankedLogProbs, beta: float, kept: int, log_norm: float, log_least: float
) -> int | None:
    """How many ranks have log q ≥ log_least, or lead; None when the cut lies beyond what is
    known."""
    limit = None if kept == ALL_KEPT else kept
    for log_probs in row.prefixes(limit):
        log_q = beta * log_probs.astype(np.float64) - log_norm
        within = int(np.count_nonzero(log_q >= min(log_least, log_q[0])))
        if within < len(log_q):
            return within
    return _all_ranks(row, kept)


def _all_ranks(row: RankedLogProbs, kept: int) -> int | None:
    """`kept` if every kept rank has been seen in the longest prefix; else None."""
    if kept == ALL_KEPT:
        return None if row.size is None else row.size
    return None if row.leading(kept) is None else kept
