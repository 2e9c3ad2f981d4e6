"""A next state, as it is drawn, scored or listed."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NextState:
    """One next state with its place in the rule's order and in the procedure's interval.

    rank and cum: its place in rank order, and F(t⁻), the mass before it, under the rule.
    cum_procedure and width: F(t⁻) and q(t) (as `sampling.widths` rounds it) under the procedure;
    both nan where the procedure cuts it. log_q: its log-probability under a procedure that has
    rankings of its own, nats; else nan. (Of a rule that tells a part, rank counts what is told, and
    is at most the true one.) symbol: (label, state bytes), rewriting only.
    """

    key: int
    log_prob: float
    rank: int
    cum: float
    cum_procedure: float
    width: float
    symbol: tuple[bytes, bytes] | None = None
    log_q: float = math.nan
