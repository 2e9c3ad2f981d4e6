"""The next states of one state as exponential clocks (see stochastic_beam.py).

Times are relative: 0 is when the state itself has rung, and a next state of probability q, given
the state, rings after Exp(1)/q; but one, drawn by q, rings at 0.
"""

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from semioscope.core.distribution import NextState
from semioscope.core.random import mix, mix_all, uniform, uniforms
from semioscope.core.types import FloatArray, IdArray
from semioscope.core.walk import LARGEST

NEGLIGIBLE: Final = 1e-6
"""Mass, given the state, that rounding to float32 may leave over: nothing is drawn from it."""
_SMALLEST: Final = 2.0**-54
_MARK: Final = 0
_CLOCK: Final = 1
_FIRST_ARRIVAL: Final = 2
_GOLDEN: Final = 0x9E3779B9
_MOST_NATS: Final = 700.0


class Noise:
    """The random numbers of one state, by the seed and the path to it and nothing else."""

    __slots__ = ("_a", "_b")

    def __init__(self, a: int, b: int) -> None:
        """Two 32-bit words, which together name the path."""
        self._a = a
        self._b = b

    @classmethod
    def of_seed(cls, seed: int) -> "Noise":
        return cls(mix(seed + _GOLDEN), mix(seed))

    def below(self, label: int) -> "Noise":
        """Of a next state; label: what tells it from its siblings, the same in every tree."""
        return Noise(mix(self._a ^ mix(label + _GOLDEN)), mix(mix(self._b + label) + _GOLDEN))

    @property
    def mark(self) -> float:
        """The position, u ∈ [0, 1), of the next state that rings first."""
        return uniform(self._a, self._b, _MARK)

    @property
    def clock(self) -> float:
        """Exp(1), of the state where everything begins."""
        return _exponential(uniform(self._a, self._b, _CLOCK))

    def clocks(self, labels: NDArray[Any]) -> FloatArray:
        """Exp(1) of each next state, f64[n]."""
        places = mix_all(labels.astype(np.uint64) + np.uint64(self._b))
        drawn = uniforms(self._a, places, _CLOCK)
        return np.maximum(-np.log1p(-drawn), _SMALLEST)

    def arrival(self, count: int) -> tuple[float, float]:
        """(Exp(1), u ∈ [0, 1)): the pause before the arrival after `count` others, its mark."""
        index = _FIRST_ARRIVAL + 2 * count
        pause = _exponential(uniform(self._a, self._b, index))
        return pause, uniform(self._a, self._b, index + 1)


def _exponential(drawn: float) -> float:
    return max(-math.log1p(-drawn), _SMALLEST)


@dataclass(frozen=True, slots=True)
class Ring:
    """A next state that is not among the stored ones, with its place in the state's interval.

    time: when it rings. following: as the rule gave it, or the key of a child that there is.
    """

    key: int
    label: int
    time: float
    before: float
    width: float
    following: NextState | int


class Clocks:
    """The next states of one state: the stored ones, u32[K] by rank with the widths f64[K] of their
    intervals, and of the rest those that have been drawn."""

    def __init__(
        self, noise: Noise, keys: IdArray, labels: IdArray, widths: FloatArray, *, is_whole: bool
    ) -> None:
        """labels: see `Noise.below`. is_whole: there is no rest."""
        self.keys = keys
        self.labels = labels
        self.widths = widths
        with np.errstate(divide="ignore"):
            self.times = noise.clocks(labels) / widths
        self.beyond: list[Ring] = []
        self._noise = noise
        self._is_over = is_whole
        self._count = 0
        self._horizon = 0.0
        self._arrived: list[float] = []

    def ring_first(self, first: Ring) -> None:
        """That next state rings at 0."""
        (stored,) = np.flatnonzero(self.keys == first.key)[:1].tolist() or (None,)
        if stored is None:
            self.beyond.append(first)
        else:
            self.times[stored] = 0.0

    def arrivals(self, until: float, most: int) -> tuple[float, ...]:
        """Positions, in the state's interval, of up to `most` arrivals of the rest that ring by
        `until` and have not been given; () when there are no more. `until` never grows."""
        rest = 1.0 - float(self.widths.sum()) - math.fsum(ring.width for ring in self.beyond)
        self._arrived = []
        if self._is_over or rest <= NEGLIGIBLE:
            return ()
        positions: list[float] = []
        while len(positions) < most and not self._is_over:
            pause, mark = self._noise.arrival(self._count)
            self._count += 1
            self._horizon += pause / rest
            if self._horizon > until:
                self._is_over = True
            else:
                self._arrived.append(self._horizon)
                positions.append(self._position(mark * rest))
        return tuple(positions)

    def look_up(self, rings: list[Ring]) -> None:
        """Takes what was found at the positions last given, in their order. (A next state that
        arrives again has rung.)"""
        known = {ring.key for ring in self.beyond} | set(self.keys.tolist())
        before = len(self.beyond)
        for ring, time in zip(rings, self._arrived, strict=True):
            if ring.key not in known:
                known.add(ring.key)
                self.beyond.append(
                    Ring(ring.key, ring.label, time, ring.before, ring.width, ring.following)
                )
        if len(self.beyond) == before:  # the rest is nothing but rounding
            self._is_over = True

    def _position(self, within: float) -> float:
        """From a place in the rest to one in the whole interval: past what is known of it."""
        position = float(self.widths.sum()) + within
        for ring in sorted(self.beyond, key=lambda ring: ring.before):
            if ring.before <= position:
                position += ring.width
        return min(position, LARGEST)


def value_at(value: float, log_q: float, times: FloatArray) -> FloatArray:
    """G of next states that ring at these times, f64[n]: −log(e^−G + time/e^φ), of a state with
    value G and log-probability φ."""
    with np.errstate(divide="ignore"):
        return -np.logaddexp(-value, np.log(times) - log_q)


def latest(value: float, log_q: float, least: float) -> float:
    """The time until which next states ring with a value above `least`."""
    if least == -math.inf:
        return math.inf
    if value <= least:
        return 0.0
    nats = log_q - least + math.log1p(-math.exp(least - value))
    return math.exp(min(nats, _MOST_NATS))
