"""What may grow by itself for one person."""

import pytest

from semioscope.core.errors import LimitExceeded
from semioscope.service.allowance import Allowances


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_it_is_used_up_and_comes_back_evenly_within_the_hour() -> None:
    clock = Clock()
    allowances = Allowances(3600, clock)
    assert allowances.of("ada").states == 3600

    allowances.use("ada", 3500)
    assert allowances.of("ada").states == 100
    allowances.must_have("ada")
    allowances.use("ada", 150)
    assert allowances.of("ada").states == 0
    with pytest.raises(LimitExceeded) as refused:
        allowances.must_have("ada")
    assert refused.value.code == "view-allowance-used"
    assert "3,600" in refused.value.message
    assert refused.value.retryable

    clock.now += 49  # at one state a second, 50 are owed
    assert allowances.of("ada").states == 0
    clock.now += 11
    assert allowances.of("ada").states == 10
    clock.now += 7200
    assert allowances.of("ada").states == 3600


def test_one_persons_use_is_not_another_s() -> None:
    allowances = Allowances(10)
    allowances.use("ada", 10)
    assert allowances.of("bob").states == 10
