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
in float16. Logits have an order of magnitude of ten, at which one rounding is already eight."""


@dataclass(frozen=True)
class Precision:
    """tolerance, spread: nats. spread: how far the model's own evaluations lay apart; 0 where it
    was not measured because the tolerance does not depend on it."""

    dtype: torch.dtype
    tolerance: float
    spread: float = 0.0

    @property
    def note(self) -> str | None:
        """What a reader of the rule should know of it."""
        if self.spread == 0.0:
            return None
        name = str(self.dtype).removeprefix("torch.")
        return (
            f"In {name} a log-probability depends on what is evaluated beside it: by up to "
            f"{self.spread:.2g} nats in the model's own forward pass, when it was loaded. "
            f"What is shown was held to {self.tolerance:.2g}."
        )


def precision_of(plain: SequentialEngine, states: Sequence[tuple[int, ...]]) -> Precision:
    """Measured, in half precision, on states of equal length: alone, and all in one batch.

    Two batchings differ by what rounding does to the sum of the same numbers, and a right path is
    one batching more: it may be off by twice of what the model's own two are.
    """
    dtype = plain.dtype
    if torch.finfo(dtype).bits >= torch.finfo(torch.float32).bits:
        return Precision(dtype, TOLERANCE)
    alone = [row.log_probs.copy() for row in plain.log_probs(states)]
    together = [row.log_probs.copy() for row in plain.log_probs_together(states)]
    spread = float(np.max(np.abs(np.stack(alone) - np.stack(together))))
    bound = ROUNDINGS * torch.finfo(dtype).eps
    return Precision(dtype, min(max(2 * spread, TOLERANCE), bound), spread)
