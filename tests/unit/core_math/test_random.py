"""Keyed random numbers."""

import numpy as np

from semioscope.core.random import mix, uniform, uniforms


def test_mix_is_the_published_finalizer() -> None:
    """fmix32 of MurmurHash3; vectors computed from its published source."""

    def fmix32(word: int) -> int:
        h = np.uint32(word)
        with np.errstate(over="ignore"):
            h ^= h >> np.uint32(16)
            h *= np.uint32(0x85EBCA6B)
            h ^= h >> np.uint32(13)
            h *= np.uint32(0xC2B2AE35)
            h ^= h >> np.uint32(16)
        return int(h)

    words = [0, 1, 2, 0x80000000, 0xDEADBEEF, 0xFFFFFFFF]
    assert [mix(word) for word in words] == [fmix32(word) for word in words]
    assert len({mix(word) for word in range(100_000)}) == 100_000


def test_they_are_multiples_of_the_last_bit_below_one() -> None:
    numbers = [uniform(3, trajectory, 4) for trajectory in range(1000)]
    assert all(0 <= number < 1 and (number * 2**53).is_integer() for number in numbers)


def test_each_argument_matters_and_nothing_else_does() -> None:
    grid = [(s, t, d) for s in range(20) for t in range(20) for d in range(20)]
    assert len({uniform(*each) for each in grid}) == len(grid)
    assert uniform(1, 2, 3) == uniform(1, 2, 3)


def test_they_are_evenly_spread_and_neighbours_do_not_hang_together() -> None:
    numbers = np.array(
        [[uniform(seed, t, d) for t in range(40) for d in range(25)] for seed in range(20)]
    )
    counts = np.histogram(numbers, 100, (0, 1))[0]
    expected = numbers.size / 100
    chi_square = float(((counts - expected) ** 2 / expected).sum())
    assert chi_square < 99 + 4 * np.sqrt(2 * 99)
    for axis in (0, 1):
        a = np.take(numbers, range(numbers.shape[axis] - 1), axis).ravel()
        b = np.take(numbers, range(1, numbers.shape[axis]), axis).ravel()
        assert abs(np.corrcoef(a, b)[0, 1]) < 4 / np.sqrt(len(a))


def test_many_random_numbers_at_once_are_those_of_one_at_a_time() -> None:
    trajectories = np.array([0, 1, 77, 2**31, 0xFFFFFFFF], np.uint32)
    for seed, depth in ((0, 0), (5, 3), (0xFFFFFFFF, 0xFFFFFFFF)):
        expected = [uniform(seed, int(each), depth) for each in trajectories]
        assert uniforms(seed, trajectories, depth).tolist() == expected
