"""How far two evaluations of one state may lie apart, by the precision of a model's numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch

from semioscope.rules.causal_lm.sequential import SequentialEngine

TOLERANCE: Final = 1e-4
"""The greatest difference of a log-probability (nats) between a path and the plain one, in single
precision or better."""
ROUNDINGS: Final = 64
"""In half precision never more than this many of the dtype's epsilons: 0.5 nats in bfloat16, 0.06
in float16."""


@dataclass(frozen=True)
class Precision:
    """tolerance, spread: nats. spread: how far two evaluations by the model itself lay apart."""

    dtype: torch.dtype
    tolerance: float = TOLERANCE
    spread: float = 0.0

    @property
    def note(self) -> str | None:
        """What a reader of the rule should know of it; None in single precision."""
        if _is_single(self.dtype):
            return None
        name = str(self.dtype).removeprefix("torch.")
        return (
            f"In {name} a log-probability depends on what is evaluated beside it: by up to "
            f"{self.spread:.2g} nats in the model's own forward pass, when it was loaded. "
            f"What is shown is held to {self.tolerance:.2g} nats of it."
        )


def precision_of(plain: SequentialEngine, states: Sequence[tuple[int, ...]]) -> Precision:
    """In half precision measured, on states of equal length, each alone and all together.

    A right path is one more order of rounding the same numbers: it may be off by twice of what two
    of the model's own are, or of what rounding the greatest logit is, if by chance they are equal.
    """
    dtype = plain.dtype
    if _is_single(dtype):
        return Precision(dtype)
    spread = greatest = 0.0
    otherwise = [row.log_probs.copy() for row in plain.log_probs_otherwise(states)]
    for own in plain.log_probs(states):
        spread = max(spread, float(np.max(np.abs(own.log_probs - otherwise[own.place]))))
        greatest = max(greatest, float(np.max(np.abs(own.log_probs + own.log_sum_exp))))
    epsilon = torch.finfo(dtype).eps
    return Precision(dtype, min(2 * max(spread, epsilon * greatest), ROUNDINGS * epsilon), spread)


def _is_single(dtype: torch.dtype) -> bool:
    return torch.finfo(dtype).bits >= torch.finfo(torch.float32).bits
