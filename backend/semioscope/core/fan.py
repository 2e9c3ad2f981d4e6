"""What divides a state's interval among its next states, whatever the procedure."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from semioscope.core.distribution import Expansion
from semioscope.core.sampling import Weights, probabilities, widths
from semioscope.core.types import Float32Array, FloatArray, IdArray


@dataclass(frozen=True, slots=True, eq=False)
class Fan:
    """The stored next states of one state that a procedure keeps, in the order of its interval.

    keys u32[K]; log_probs f32[K], nats, under the rule. q = exp(β·scaled − log_z), where scaled
    f32[K] are the rule's log-probabilities or the procedure's own. kept: how many next states the
    procedure keeps, ALL_KEPT where it takes none out. complete: whether these are all of them.
    """

    keys: IdArray
    log_probs: Float32Array
    scaled: Float32Array
    beta: float
    log_z: float
    kept: int
    complete: bool

    @property
    def widths(self) -> FloatArray:
        """The lengths of their intervals, f64[K]: q rounded to float32."""
        return widths(self.beta, self.log_z, self.scaled)

    @property
    def probabilities(self) -> FloatArray:
        """q, f64[K]."""
        return probabilities(self.beta, self.log_z, self.scaled)


@dataclass(frozen=True, slots=True, eq=False)
class Fans:
    """The fans of n states, each a row: keys u4[n, w] and widths f8[n, w] (0 beyond the end); how
    many next states of each are stored, i8[n], 0 where nothing is known; and whether these are all
    of them, bool[n]."""

    keys: IdArray
    widths: FloatArray
    counts: NDArray[np.int64]
    complete: NDArray[np.bool_]


def fan_of(expansion: Expansion, weights: Weights, beta: float) -> Fan:
    """The fan of a state; β of a procedure that keeps the rule's order."""
    own, kept = weights.own, weights.kept
    if own is not None:
        is_all = len(own) == kept
        return Fan(own.keys, own.log_probs, own.log_q, 1.0, 0.0, kept, is_all)
    log_probs = expansion.log_probs[:kept]
    is_all = expansion.complete or len(log_probs) == kept
    return Fan(expansion.keys[:kept], log_probs, log_probs, beta, weights.log_z, kept, is_all)
