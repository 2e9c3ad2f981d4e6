"""How far two next-state distributions are apart (SCIENCE.md section 9), exactly or at least.

Total variation and Jensen–Shannon are always finite (Lin 1991, doi 10.1109/18.61115); a
Kullback–Leibler divergence is infinite where one distribution excludes what the other allows.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from semioscope.core.types import FloatArray

Guarantee = Literal["exact", "bound"]
"""bound: the true value is at least this."""
OutcomeArray = NDArray[np.int64]

ROUNDING: Final = 1e-6
"""What float32 may leave of the mass of a rest that is none."""
_KEY_BITS: Final = 32
_LN2: Final = math.log(2)


@dataclass(frozen=True, slots=True)
class Divergence:
    """Of distributions a and b. jensen_shannon, forward = KL(a‖b) and backward = KL(b‖a): bits."""

    total_variation: float
    jensen_shannon: float
    forward: float
    backward: float
    guarantee: Guarantee


@dataclass(frozen=True, slots=True, eq=False)
class PartlyKnown:
    """A distribution of which some outcomes are known: the others have what is left, together.

    outcomes i64[K], distinct, 0 ≤ outcome < 2³²; log_probs f64[K], nats. complete: no other
    outcome is possible.
    """

    outcomes: OutcomeArray
    log_probs: FloatArray
    complete: bool

    @property
    def rest(self) -> float:
        """The mass of what is not known; 0 of a complete one."""
        return 0.0 if self.complete else max(0.0, 1.0 - float(np.exp(self.log_probs).sum()))


def partly_known(outcomes: OutcomeArray, log_probs: FloatArray, *, complete: bool) -> PartlyKnown:
    """A distribution of outcomes i64[K] and their log-probabilities f64[K], nats.

    What is given of one outcome several times is added up; of a complete one, what float32 left of
    the sum is taken out.
    """
    if len(set(outcomes.tolist())) < len(outcomes):
        distinct, places = np.unique(outcomes, return_inverse=True)
        summed = np.full(len(distinct), -np.inf)
        np.logaddexp.at(summed, places, log_probs)
        outcomes, log_probs = distinct, summed
    if complete and len(log_probs):
        log_probs = log_probs - np.logaddexp.reduce(log_probs)
    return PartlyKnown(outcomes, log_probs, complete)


def divergence(log_p: FloatArray, log_q: FloatArray) -> Divergence:
    """Of two whole distributions over the same N outcomes, f64[N] each, nats (impossible: −inf)."""
    cells = _Cells(np.zeros(len(log_p), np.int64), log_p, log_q, 1)
    return cells.divergences(np.array([True]))[0]


def divergences(a: Sequence[PartlyKnown], b: Sequence[PartlyKnown]) -> list[Divergence]:
    """Of a[i] and b[i], for every i.

    Outcomes that are not known in both are put together. By the data-processing inequality no
    divergence grows by that, so each value is a lower bound; it is exact where nothing is put
    together, or nothing with any mass in one of the two.
    """
    if len(a) != len(b):
        raise ValueError(f"{len(a)} distributions cannot be compared with {len(b)}")
    first, second = _Stack.of(a), _Stack.of(b)
    codes = _union(first.codes, second.codes)
    owner = codes >> _KEY_BITS
    log_p, log_q = first.at(codes), second.at(codes)
    known = (first.complete[owner] | (log_p > -np.inf)) & (
        second.complete[owner] | (log_q > -np.inf)
    )
    lumped = ~known
    rest_p = first.rest + np.bincount(owner[lumped], np.exp(log_p[lumped]), len(a))
    rest_q = second.rest + np.bincount(owner[lumped], np.exp(log_q[lumped]), len(a))
    none_p = first.complete & (np.bincount(owner[lumped & (log_p > -np.inf)], None, len(a)) == 0)
    none_q = second.complete & (np.bincount(owner[lumped & (log_q > -np.inf)], None, len(a)) == 0)
    exact = none_p | none_q
    # A rest that only seems to be nothing must not make a divergence infinite.
    log_rest_p = np.where(none_p, -np.inf, np.log(np.maximum(rest_p, ROUNDING)))
    log_rest_q = np.where(none_q, -np.inf, np.log(np.maximum(rest_q, ROUNDING)))
    is_some = ~(none_p & none_q)
    cells = _Cells(
        np.concatenate([owner[known], np.flatnonzero(is_some)]),
        np.concatenate([log_p[known], log_rest_p[is_some]]),
        np.concatenate([log_q[known], log_rest_q[is_some]]),
        len(a),
    )
    return cells.divergences(exact)


def _union(first: OutcomeArray, second: OutcomeArray) -> OutcomeArray:
    """Of two ascending lists, ascending: merging them beats numpy's own union."""
    both = np.concatenate([first, second])
    both.sort(kind="stable")
    return both[np.concatenate([[True], both[1:] != both[:-1]])] if len(both) else both


class _Stack:
    """Many distributions as one list of (which of them, outcome), ascending."""

    def __init__(
        self,
        codes: OutcomeArray,
        log_probs: FloatArray,
        rest: FloatArray,
        complete: NDArray[np.bool_],
    ) -> None:
        self.codes = codes
        self._log_probs = log_probs
        self.rest = rest
        self.complete = complete

    @classmethod
    def of(cls, each: Sequence[PartlyKnown]) -> "_Stack":
        none = np.zeros(0, np.int64)
        codes = np.concatenate(
            [none, *((place << _KEY_BITS) + known.outcomes for place, known in enumerate(each))]
        )
        log_probs = np.concatenate([np.zeros(0), *(known.log_probs for known in each)])
        order = np.argsort(codes)
        possible = order[log_probs[order] > -np.inf]
        return cls(
            codes[possible],
            log_probs[possible],
            np.array([known.rest for known in each]),
            np.array([known.complete for known in each], np.bool_),
        )

    def at(self, codes: OutcomeArray) -> FloatArray:
        """Log-probabilities f64[…]; −inf of what is not known."""
        if not len(self.codes):
            return np.full(len(codes), -np.inf)
        places = np.minimum(np.searchsorted(self.codes, codes), len(self.codes) - 1)
        return np.where(self.codes[places] == codes, self._log_probs[places], -np.inf)


@dataclass(frozen=True, slots=True, eq=False)
class _Cells:
    """Cells of a common partition, each of one of `count` pairs of distributions."""

    owner: OutcomeArray
    log_p: FloatArray
    log_q: FloatArray
    count: int

    def divergences(self, exact: NDArray[np.bool_]) -> list[Divergence]:
        p, q = np.exp(self.log_p), np.exp(self.log_q)
        variation = self._sum(np.abs(p - q)) / 2
        middle = np.logaddexp(self.log_p, self.log_q) - _LN2
        shannon = (
            self._relative(p, self.log_p, middle) + self._relative(q, self.log_q, middle)
        ) / 2
        forward = self._relative(p, self.log_p, self.log_q)
        backward = self._relative(q, self.log_q, self.log_p)
        return [
            Divergence(
                min(1.0, float(variation[place])),
                min(1.0, max(0.0, float(shannon[place]))),
                max(0.0, float(forward[place])),
                max(0.0, float(backward[place])),
                "exact" if exact[place] else "bound",
            )
            for place in range(self.count)
        ]

    def _relative(self, p: FloatArray, log_p: FloatArray, log_q: FloatArray) -> FloatArray:
        """Σ p·log₂(p/q), f64[count]; ∞ where q excludes what p allows."""
        some = log_p > -np.inf
        bits = (log_p[some] - log_q[some]) / _LN2
        # What is possible but rounds to no mass still cannot come from a q that excludes it.
        terms = np.where(np.isposinf(bits), np.inf, p[some] * np.where(np.isinf(bits), 0, bits))
        return np.bincount(self.owner[some], terms, self.count).astype(np.float64, copy=False)

    def _sum(self, values: FloatArray) -> FloatArray:
        return np.bincount(self.owner, values, self.count).astype(np.float64, copy=False)
