"""What a procedure makes of one state, as a tree keeps it, and the widths that follow from it."""

from dataclasses import dataclass, field

import numpy as np

from semioscope.core.types import Float32Array, FloatArray, IdArray


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """The next states that lead under a procedure, and their log-probabilities.

    keys u32[K], K ≤ 64; log_probs f32[K] under the rule, log_q f32[K] under the procedure, nats;
    in order of log_q, descending, ties by the lowest key.
    """

    keys: IdArray
    log_probs: Float32Array
    log_q: Float32Array

    def __len__(self) -> int:
        return len(self.keys)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ranking) and all(
            np.array_equal(mine, theirs)
            for mine, theirs in (
                (self.keys, other.keys),
                (self.log_probs, other.log_probs),
                (self.log_q, other.log_q),
            )
        )

    __hash__ = None  # type: ignore[assignment]  # arrays have no hash

    @classmethod
    def empty(cls) -> "Ranking":
        return cls(np.zeros(0, np.uint32), np.zeros(0, np.float32), np.zeros(0, np.float32))


@dataclass(frozen=True, slots=True)
class Weights:
    """The procedure at one state.

    Where it keeps leading ranks of the rule's order: q(r) = exp(β·log_p(r) − log_z) for rank
    r < kept, else 0; `kept` is ALL_KEPT when nothing is cut. Where it reorders, `own` has the
    leading next states of its own order, log_z is 0, and kept counts the next states of positive q
    (ALL_KEPT when nothing is taken out and there are more than `own` holds). `entropy` is that of
    q, in bits.
    """

    log_z: float
    kept: int
    entropy: float
    own: Ranking | None = field(default=None)


def probabilities(beta: float, log_z: float | FloatArray, log_probs: Float32Array) -> FloatArray:
    """q = exp(β·log_p − log_z), f64, from float32 log-probabilities (nats); of many states, where
    log_z is a column."""
    exponents = log_probs.astype(np.float64)
    exponents *= beta
    exponents -= log_z
    return np.exp(exponents, out=exponents)


def widths(beta: float, log_z: float | FloatArray, log_probs: Float32Array) -> FloatArray:
    """q of next states as the lengths of their intervals: rounded to float32, f64.

    Exponentials differ in the last bit from one library to the next, and a line magnifies such a
    bit by 2²² before it takes fresh ones. Rounded, they are the same here and in the page, and so
    is every sum, quotient and path that follows from them.
    """
    return probabilities(beta, log_z, log_probs).astype(np.float32).astype(np.float64)


def width(beta: float, log_z: float, log_prob: float) -> float:
    """As `widths`, of one next state."""
    return float(widths(beta, log_z, np.array([log_prob], np.float32))[0])
