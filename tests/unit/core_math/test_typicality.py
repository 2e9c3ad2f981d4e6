"""The typical next states, found in parts, are those of a full sort."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semioscope.core.typicality import typical_places


def normalised(scores: "np.ndarray") -> "np.ndarray":
    return scores - np.logaddexp.reduce(scores)


def by_full_sort(log_q: "np.ndarray", keys: "np.ndarray", reach: float) -> list[int]:
    """The definition, read aloud: SCIENCE's oracle for this step."""
    q = np.exp(log_q)
    entropy = -float(np.dot(q, log_q))
    order = sorted(range(len(q)), key=lambda place: (abs(entropy + log_q[place]), keys[place]))
    mass, kept = 0.0, []
    for place in order:
        if mass >= reach:
            break
        mass += q[place]
        kept.append(place)
    return kept


@given(
    st.lists(st.integers(-40, 10), min_size=1, max_size=40),
    st.floats(0.01, 0.99),
    st.randoms(use_true_random=False),
)
def test_small_distributions_with_ties(scores: list[int], p: float, shuffler: object) -> None:
    log_q = normalised(np.array(scores, np.float64) / 4)
    keys = np.arange(len(scores))
    shuffler.shuffle(keys)  # type: ignore[attr-defined]  # hypothesis's own random.Random
    assert typical_places(log_q, keys, p).tolist() == by_full_sort(log_q, keys, p)


@pytest.mark.parametrize("size", [1024, 1025, 20_000])
@pytest.mark.parametrize("spread", [0.01, 1.0, 4.0])
@pytest.mark.parametrize("p", [0.05, 0.5, 0.9, 0.9999])
def test_large_ones_near_and_beyond_what_is_looked_at_first(
    size: int, spread: float, p: float
) -> None:
    log_q = normalised(np.random.default_rng(size).normal(0, spread, size))
    keys = np.arange(size)
    assert typical_places(log_q, keys, p).tolist() == by_full_sort(log_q, keys, p)


def test_of_equals_the_lowest_keys_stay() -> None:
    log_q = np.full(5000, -np.log(5000))
    keys = np.arange(5000)[::-1]
    found = typical_places(log_q, keys, 0.5 - 1e-9)
    assert keys[found].tolist() == list(range(2500))


def test_all_of_them_where_rounding_leaves_less_than_the_mass() -> None:
    log_q = normalised(np.zeros(3)) - 1e-9
    assert sorted(typical_places(log_q, np.arange(3), 1.0)) == [0, 1, 2]
