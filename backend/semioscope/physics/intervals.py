"""Intervals of estimates: how far the truth may lie from what was counted or averaged."""

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np

from semioscope.core.types import FloatArray

CONFIDENCE: Final = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and the two ends of its interval, in the unit of what is estimated; all nan
    where nothing was drawn, the ends alone where one draw says nothing of the spread."""

    estimate: float
    low: float
    high: float
    confidence: float = CONFIDENCE


def wilson(hits: int, trials: int, confidence: float = CONFIDENCE) -> Interval:
    """The score interval of a probability, from `hits` of a number of independent trials that was
    fixed beforehand (Wilson 1927, doi 10.1080/01621459.1927.10502953).

    Of no trials the estimate is nan and the interval [0, 1]. Raises ValueError unless
    0 ≤ hits ≤ trials.
    """
    if not 0 <= hits <= trials:
        raise ValueError(f"{hits} of {trials} is no count")
    if trials == 0:
        return Interval(math.nan, 0.0, 1.0, confidence)
    z = quantile(confidence)
    share = hits / trials
    middle = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials)
    half *= math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    low = 0.0 if hits == 0 else max(0.0, middle - half)
    high = 1.0 if hits == trials else min(1.0, middle + half)
    return Interval(share, low, high, confidence)


def mean_interval(values: FloatArray, confidence: float = CONFIDENCE) -> Interval:
    """Student's interval of the mean of independent values f64[n]; nan among them is left out."""
    values = values[~np.isnan(values)]
    if not len(values):
        return Interval(math.nan, math.nan, math.nan, confidence)
    mean = float(values.mean())
    if len(values) == 1:
        return Interval(mean, math.nan, math.nan, confidence)
    # Here and not above: a server starts without it.
    from scipy.special import stdtrit  # type: ignore[import-untyped]  # scipy has no types

    t = float(stdtrit(len(values) - 1, (1 + confidence) / 2))
    half = t * float(values.std(ddof=1)) / math.sqrt(len(values))
    return Interval(mean, mean - half, mean + half, confidence)


def bootstrap_interval(
    estimate: float, resampled: FloatArray, confidence: float = CONFIDENCE
) -> Interval:
    """The percentile interval (Efron 1979, doi 10.1214/aos/1176344552) from the same statistic of
    resampled draws, f64[n]; nan among them is left out."""
    known = resampled[~np.isnan(resampled)]
    if len(known) < 2:
        return Interval(estimate, math.nan, math.nan, confidence)
    low, high = np.quantile(known, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(estimate, float(low), float(high), confidence)


def quantile(confidence: float) -> float:
    """z with P(|N(0, 1)| ≤ z) = confidence."""
    return NormalDist().inv_cdf((1 + confidence) / 2)
