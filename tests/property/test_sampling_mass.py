"""The mass threshold's guarantee (SCIENCE.md section 1)."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from semioscope.core.strategies import MassThreshold
from tests.unit.core_math.toys import Garden, toy


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 10**6),
    st.integers(2, 70),
    st.floats(1 / 300, 1),
    st.sampled_from([1, 5, 128]),
    st.sampled_from([0.5, 3.0, 9.0]),
)
def test_no_depth_has_more_than_one_over_epsilon_expansions(
    seed: int, size: int, epsilon: float, batch: int, spread: float
) -> None:
    garden = Garden(toy(seed, size, (1,), spread=spread), max_length=12)
    garden.grow(MassThreshold(epsilon), batch=batch)
    expanded = garden.expanded()
    for depth in range(12):
        assert sum(len(path) == depth for path in expanded) <= math.floor(1 / epsilon)
    least = epsilon * (1 - 1e-5)
    assert all(garden.probability(path) >= least for path in garden.paths())
