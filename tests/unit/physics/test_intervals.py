"""Intervals cover what they promise to cover."""

import math

import numpy as np
import pytest

from semioscope.physics.intervals import bootstrap_interval, mean_interval, wilson

TRIALS = 200


@pytest.mark.parametrize("probability", [0.1, 0.3, 0.5])
def test_wilsons_interval_covers_the_probability_in_920_of_1000_seeds(probability: float) -> None:
    covered = 0
    for seed in range(1000):
        hits = int(np.random.default_rng(seed).binomial(TRIALS, probability))
        found = wilson(hits, TRIALS)
        covered += found.low <= probability <= found.high
    assert 920 <= covered < 990


def test_wilsons_interval_is_the_published_one() -> None:
    # Newcombe 1998, doi 10.1002/(SICI)1097-0258(19980430)17:8<857::AID-SIM777>3.0.CO;2-E, table I
    for hits, trials, low, high in [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605)]:
        found = wilson(hits, trials)
        assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)
    assert (wilson(0, 20).low, wilson(0, 20).high) == pytest.approx((0, 0.1611), abs=5e-5)


def test_of_no_trials_nothing_is_known() -> None:
    found = wilson(0, 0)
    assert math.isnan(found.estimate)
    assert (found.low, found.high) == (0, 1)
    with pytest.raises(ValueError, match="no count"):
        wilson(3, 2)


def test_students_interval_covers_the_mean_of_few_values() -> None:
    covered = 0
    for seed in range(1000):
        found = mean_interval(np.random.default_rng(seed).normal(3, 2, 5))
        covered += found.low <= 3 <= found.high
    assert 930 <= covered <= 970


def test_one_value_has_no_spread_and_none_no_mean() -> None:
    one, none = mean_interval(np.array([2.0, np.nan])), mean_interval(np.zeros(0))
    assert one.estimate == 2
    assert math.isnan(one.low)
    assert math.isnan(none.estimate)


def test_the_bootstrap_takes_the_middle_of_what_was_resampled() -> None:
    found = bootstrap_interval(0.4, np.append(np.linspace(0, 1, 1001), np.nan))
    assert (found.estimate, found.low, found.high) == pytest.approx((0.4, 0.025, 0.975))
    assert math.isnan(bootstrap_interval(0.4, np.array([0.3])).low)
