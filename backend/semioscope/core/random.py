"""Random numbers that depend on nothing but (seed, trajectory, depth).

Neither the order of growth nor batching changes them, and the page computes the same ones
(`frontend/src/model/random.ts`; golden vectors in tests/contract/golden/walk.json).
"""

from typing import Final

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
