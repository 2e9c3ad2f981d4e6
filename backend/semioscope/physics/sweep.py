"""A temperature sweep: repetition, diversity, entropy and share absorbed, with error bars.

Published transitions lie near T ≈ 0.7 … 1 (arXiv 2406.05335, 2503.06330). The knee is the point of
a curve that lies farthest from the chord between its ends, both axes scaled to 1 (Satopää et al.
2011, “Kneedle”, doi 10.1109/ICDCSW.2011.20).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from semioscope.core.errors import InvalidRequest
from semioscope.core.types import FloatArray
from semioscope.physics.intervals import (
    CONFIDENCE,
    Interval,
    bootstrap_interval,
    mean_interval,
    wilson,
)
from semioscope.physics.loops import final_loop
from semioscope.physics.repetition import diversity, rep_n
from semioscope.physics.table import Column, Table

Measure = Literal["repetition", "diversity", "entropy", "absorbed"]
MEASURES: Final[tuple[Measure, ...]] = ("repetition", "diversity", "entropy", "absorbed")
ORDER: Final = 4
"""n of the rep-n that stands for repetition."""
_RESAMPLED: Final = 200
_LEAST_POINTS: Final = 3


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """One rollout at one temperature: what it said, and the entropy of the rule at each state that
    it chose at, bits, f64[n]."""

    tokens: tuple[int, ...]
    entropies: FloatArray

    def measured(self) -> FloatArray:
        """In the order of MEASURES, f64[4]; nan where the run is too short to tell. absorbed: 1
        where it ends in an observed loop, else 0."""
        mean = float(np.nanmean(self.entropies)) if self._has_entropy else float("nan")
        is_absorbed = final_loop(self.tokens) is not None
        return np.array(
            [rep_n(self.tokens, ORDER), diversity(self.tokens), mean, float(is_absorbed)]
        )

    @property
    def _has_entropy(self) -> bool:
        return bool((~np.isnan(self.entropies)).any())


@dataclass(frozen=True, slots=True, eq=False)
class Sweep:
    """temperatures f64[n], ascending; measured: of each temperature, f64[runs, 4]."""

    temperatures: FloatArray
    measured: tuple[FloatArray, ...]

    def table(self, confidence: float = CONFIDENCE) -> Table:
        """One row a temperature: each measure's mean over the runs, and the ends of its interval
        (Student; of the share absorbed Wilson)."""
        runs = np.array([len(each) for each in self.measured])
        columns = [
            Column("temperature", "", "theorem", self.temperatures, "Of the procedure."),
            Column("runs", "", "theorem", runs, "Rollouts at it."),
        ]
        for place, name in enumerate(MEASURES):
            unit, about = _ABOUT[name]
            found = [_interval(name, each[:, place], confidence) for each in self.measured]
            for suffix, values in (
                ("", [each.estimate for each in found]),
                ("_low", [each.low for each in found]),
                ("_high", [each.high for each in found]),
            ):
                columns.append(Column(f"{name}{suffix}", unit, "estimate", np.array(values), about))
        return Table(
            tuple(columns),
            assumptions=(
                "Independent rollouts of one length; longer ones repeat more by themselves.",
                "Entropy is that of the rule at the states that the rollouts went through.",
            ),
        )

    def knee(self, measure: Measure, confidence: float = CONFIDENCE, seed: int = 0) -> Interval:
        """The temperature of a measure's knee; its interval resamples the runs of each temperature.

        nan where there are fewer than three temperatures, or where the measure differs by no more
        than its error bars from one end of the sweep to the other.
        """
        place = MEASURES.index(measure)
        values = [each[:, place][~np.isnan(each[:, place])] for each in self.measured]
        none = Interval(float("nan"), float("nan"), float("nan"), confidence)
        if len(values) < _LEAST_POINTS or not all(map(len, values)):
            return none
        means = np.array([each.mean() for each in values])
        errors = [each.std(ddof=1) / np.sqrt(len(each)) if len(each) > 1 else 0 for each in values]
        if not np.ptp(means) > 4 * float(max(errors)):
            return none
        rng = np.random.default_rng(seed)
        resampled = [
            knee(
                self.temperatures,
                np.array([each[rng.integers(0, len(each), len(each))].mean() for each in values]),
            )
            for _ in range(_RESAMPLED)
        ]
        return bootstrap_interval(knee(self.temperatures, means), np.array(resampled), confidence)


def sweep(runs: Mapping[float, Sequence[Run]]) -> Sweep:
    """The statistics of runs by temperature.

    Raises InvalidRequest "no-rollouts" where a temperature, or the sweep, has none.
    """
    if not runs or not all(runs.values()):
        raise InvalidRequest(
            "no-rollouts",
            "A sweep takes rollouts at every temperature, and at one there are none.",
            "Ask for 2 at least of each, so that there are error bars.",
        )
    temperatures = sorted(runs)
    return Sweep(
        np.array(temperatures, np.float64),
        tuple(np.array([run.measured() for run in runs[each]]) for each in temperatures),
    )


def knee(x: FloatArray, y: FloatArray) -> float:
    """The x of the point farthest from the chord, x and y f64[n], x ascending; nan where all points
    lie on it."""
    across, up = np.ptp(x), np.ptp(y)
    if not across > 0 or not up > 0:
        return float("nan")
    chord = y[0] + (y[-1] - y[0]) * (x - x[0]) / across
    distance = np.abs(y - chord) / up
    best = int(distance.argmax())
    return float(x[best]) if distance[best] > 1e-9 else float("nan")


_ABOUT: Final[dict[Measure, tuple[str, str]]] = {
    "repetition": ("", f"rep-{ORDER}: share of {ORDER}-grams that were there before."),
    "diversity": ("", "Π (1 − rep-n), n = 2 … 4."),
    "entropy": ("bits", "Mean entropy of the next step along the rollout."),
    "absorbed": ("probability", "Share of rollouts that end in an observed loop."),
}


def _interval(name: Measure, values: FloatArray, confidence: float) -> Interval:
    if name == "absorbed":
        return wilson(int(values.sum()), len(values), confidence)
    return mean_interval(values, confidence)
