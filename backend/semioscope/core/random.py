"""Random numbers that depend on nothing but (seed, trajectory, depth).

Neither the order of growth nor batching changes them, and the page computes the same ones
(`frontend/src/model/random.ts`; golden vectors in tests/contract/golden/walk.json).
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from semioscope.core.types import FloatArray

WORD: Final = 0xFFFFFFFF
_GOLDEN: Final = 0x9E3779B9
_DEPTH: Final = 0x7F4A7C15
_LOW: Final = 0x3C6EF372


def mix(h: int) -> int:
    """The finalizer of MurmurHash3 (fmix32, Appleby): a bijection of 32-bit words."""
    h &= WORD
    h ^= h >> 16
    h = (h * 0x85EBCA6B) & WORD
    h ^= h >> 13
    h = (h * 0xC2B2AE35) & WORD
    return h ^ (h >> 16)


def uniform(seed: int, trajectory: int, depth: int) -> float:
    """A multiple of 2⁻⁵³ in [0, 1); the three arguments are 32-bit words."""
    inner = mix((trajectory + _GOLDEN) ^ mix(depth + _DEPTH))
    a = mix(seed ^ inner)
    high, low = mix(a + _GOLDEN), mix(a + _LOW)
    return ((high >> 5) * 67108864 + (low >> 6)) / 9007199254740992


def mix_all(h: NDArray[Any]) -> NDArray[np.uint64]:
    """`mix` of each of many words, u64[n]."""
    word = np.uint64(WORD)
    mixed = h.astype(np.uint64) & word
    mixed ^= mixed >> np.uint64(16)
    mixed = (mixed * np.uint64(0x85EBCA6B)) & word
    mixed ^= mixed >> np.uint64(13)
    mixed = (mixed * np.uint64(0xC2B2AE35)) & word
    return mixed ^ (mixed >> np.uint64(16))


def uniforms(seed: int, trajectories: NDArray[Any], depth: int) -> FloatArray:
    """`uniform` for each of many trajectories (words), f64[n]."""
    places = trajectories.astype(np.uint64) + np.uint64(_GOLDEN)
    inner = mix_all(places ^ np.uint64(mix(depth + _DEPTH)))
    a = mix_all(np.uint64(seed) ^ inner)
    high, low = mix_all(a + np.uint64(_GOLDEN)), mix_all(a + np.uint64(_LOW))
    whole = (high >> np.uint64(5)) * np.uint64(67108864) + (low >> np.uint64(6))
    return whole.astype(np.float64) / 9007199254740992
