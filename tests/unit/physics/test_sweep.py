"""A sweep's statistics, its error bars and its knee."""

import numpy as np
import pytest

from semioscope.core.errors import InvalidRequest
from semioscope.physics.sweep import Run, Sweep, knee, sweep

TEMPERATURES = np.round(np.arange(0.2, 1.7, 0.2), 1)


def run_at(rng: np.random.Generator, temperature: float, length: int = 60) -> Run:
    """Goes round in a loop of three, and leaves it at a rate that grows with the temperature."""
    tokens, entropies = [0], []
    while len(tokens) < length:
        leaves = min(1.0, 0.9 * max(0.0, temperature - 0.7))
        entropies.append(leaves * 5)
        is_free = rng.random() < leaves
        tokens.append(int(rng.integers(0, 50)) if is_free else (tokens[-1] + 1) % 3)
    return Run(tuple(tokens), np.array(entropies))


def runs(seed: int, count: int = 12) -> dict[float, list[Run]]:
    rng = np.random.default_rng(seed)
    return {float(t): [run_at(rng, float(t)) for _ in range(count)] for t in TEMPERATURES}


def test_colder_text_repeats_more_by_every_measure() -> None:
    table = sweep(runs(1)).table()
    assert table.values("temperature") == pytest.approx(TEMPERATURES)
    for name, falls in (
        ("repetition", True),
        ("absorbed", True),
        ("diversity", False),
        ("entropy", False),
    ):
        cold, hot = table.values(name)[0], table.values(name)[-1]
        assert (cold > hot) == falls, name
        for low, middle, high in zip(
            *(table.values(f"{name}{end}") for end in ("_low", "", "_high")), strict=True
        ):
            assert low <= middle <= high
    assert table.values("absorbed")[0] == 1


def test_the_error_bars_cover_the_mean_of_many_runs() -> None:
    rng = np.random.default_rng(7)
    truth = np.mean([run_at(rng, 0.9).measured()[0] for _ in range(1500)])
    covered = 0
    for seed in range(60):
        own = np.random.default_rng(1000 + seed)
        table = sweep({0.9: [run_at(own, 0.9) for _ in range(12)]}).table()
        covered += table.values("repetition_low")[0] <= truth <= table.values("repetition_high")[0]
    assert covered >= 52


def test_the_knee_of_a_planted_curve_is_where_it_was_planted() -> None:
    found = sweep(runs(3)).knee("entropy")
    assert found.low <= found.estimate <= found.high
    assert found.estimate == pytest.approx(0.6, abs=0.21)
    x = np.linspace(0, 2, 21)
    assert knee(x, np.maximum(0.0, x - 1.2)) == pytest.approx(1.2)
    assert knee(x, 5 - 3 * np.maximum(0.0, x - 0.4)) == pytest.approx(0.4)


def test_what_does_not_bend_has_no_knee() -> None:
    x = np.linspace(0, 1, 5)
    assert np.isnan(knee(x, 2 * x))
    assert np.isnan(knee(x, np.ones(5)))
    rng = np.random.default_rng(1)
    noise = Sweep(x, tuple(rng.normal(0, 1, (6, 4)) for _ in x))
    assert np.isnan(noise.knee("entropy").estimate)
    assert np.isnan(Sweep(x[:2], (np.ones((3, 4)), np.zeros((3, 4)))).knee("entropy").estimate)


def test_a_temperature_without_rollouts_is_refused_in_one_sentence() -> None:
    for none in ({}, {0.5: [Run((1, 2, 3), np.zeros(3))], 1.0: []}):
        with pytest.raises(InvalidRequest, match="there are none") as refused:
            sweep(none)
        assert refused.value.code == "no-rollouts"


def test_a_run_that_is_too_short_tells_what_it_can() -> None:
    short = Run((1,), np.array([np.nan]))
    assert np.isnan(short.measured()[:3]).all()
    table = sweep({1.0: [short, short]}).table()
    assert np.isnan(table.values("repetition")[0])
    assert table.values("absorbed")[0] == 0
