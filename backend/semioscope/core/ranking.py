"""The next states of one state in rank order, sorted only as far as somebody looks.

Rank order is by log-probability, descending, ties by the lowest key. It is the order of the
Worlds view, of every cut of a sampling procedure, and of the stored candidates.
"""

import math
from collections.abc import Iterator
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from semioscope.core.types import Float32Array, IdArray

LEADING: Final = 64
"""Candidates that an expansion stores."""
PREFIXES: Final = (LEADING, 1024, 8192)
"""How far a row is sorted at first, then, and then, before it is sorted whole."""
COLUMNS: Final = 2
"""Columns that a row is folded into to find its leading ranks, for each of them."""


class RankedLogProbs(Protocol):
    """Log-probabilities by rank, as far as they are known (nats, float32)."""

    @property
    def size(self) -> int | None:
        """How many next states have a positive probability; None when not known."""

    def leading(self, count: int) -> Float32Array | None:
        """Log-probabilities of the ranks below min(count, size); None when not all are known."""

    def prefixes(self, limit: int | None = None) -> Iterator[Float32Array]:
        """Longer and longer leading parts; none longer than `limit` or than what is known."""

    def normaliser(self, beta: float) -> tuple[float, float] | None:
        """`log_z_and_entropy` of all of them; None when not all are known."""


class StoredRow:
    """What an expansion keeps: `log_probs` f32[K] descending, whether that is everything, and
    perhaps their keys u32[K]."""

    def __init__(
        self, log_probs: Float32Array, complete: bool, keys: IdArray | None = None
    ) -> None:
        self._log_probs = log_probs
        self._complete = complete
        self._keys = np.zeros(0, np.uint32) if keys is None else keys

    @property
    def size(self) -> int | None:
        return len(self._log_probs) if self._complete else None

    def leading(self, count: int) -> Float32Array | None:
        known = self._complete or count <= len(self._log_probs)
        return self._log_probs[:count] if known else None

    def prefixes(self, limit: int | None = None) -> Iterator[Float32Array]:
        yield self._log_probs[:limit]

    def normaliser(self, beta: float) -> tuple[float, float] | None:
        return log_z_and_entropy(beta, self._log_probs) if self._complete else None

    def keys(self, count: int) -> IdArray:
        """Keys of the ranks below `count`, u32."""
        return self._keys[:count]

    def known(self) -> tuple[IdArray, Float32Array, bool]:
        """As `RankedRow.known`."""
        return self._keys, self._log_probs, self._complete

    def log_probs_of(self, keys: IdArray) -> Float32Array:
        """Log-probabilities of known keys, f32, nats."""
        order = np.argsort(self._keys)
        return self._log_probs[order[np.searchsorted(self._keys, keys, sorter=order)]]


class RankedRow:
    """A whole row of log-probabilities, f32[N] by key; impossible next states are −inf."""

    def __init__(self, log_probs: Float32Array) -> None:
        self._log_probs = log_probs
        self._size = int(np.count_nonzero(log_probs > -np.inf))
        self._keys = np.empty(0, np.uint32)
        self._ranked = np.empty(0, np.float32)

    @property
    def log_probs(self) -> Float32Array:
        """f32[N] by key, nats."""
        return self._log_probs

    @property
    def size(self) -> int:
        return self._size

    def keys(self, count: int) -> IdArray:
        """Keys of the ranks below min(count, size), u32."""
        self._sort(count)
        return self._keys[:count]

    def leading(self, count: int) -> Float32Array:
        self._sort(count)
        return self._ranked[:count]

    def rank_of(self, key: int) -> int:
        """The rank of a key; those that are impossible come last, by key."""
        found = np.flatnonzero(self._keys == key)
        if len(found):
            return int(found[0])
        log_probs = self.log_probs
        before = np.count_nonzero(log_probs > log_probs[key])
        return int(before + np.count_nonzero(log_probs[:key] == log_probs[key]))

    def prefixes(self, limit: int | None = None) -> Iterator[Float32Array]:
        end = self._size if limit is None else min(limit, self._size)
        for count in (*(prefix for prefix in PREFIXES if prefix < end), end):
            yield self.leading(count)

    def normaliser(self, beta: float) -> tuple[float, float]:
        log_probs = self.log_probs
        # Ranked when that is cheap, so that a complete stored row gives the very same sums.
        if self._size <= LEADING and not np.isnan(log_probs).any():
            log_probs = self.leading(self._size)
        return log_z_and_entropy(beta, log_probs)

    def known(self) -> tuple[IdArray, Float32Array, bool]:
        """(keys u32[M], log_probs f32[M]) of all next states that are known, each possible, and
        whether there are no others."""
        row = self.log_probs
        if self._size == len(row):
            return np.arange(len(row), dtype=np.uint32), row, True
        keys = np.flatnonzero(row > -np.inf).astype(np.uint32)
        return keys, row[keys], True

    def log_probs_of(self, keys: IdArray) -> Float32Array:
        """Log-probabilities of possible keys, f32, nats."""
        return self.log_probs[keys]

    def _sort(self, count: int) -> None:
        """Sort as far as the next prefix that holds `count` ranks."""
        count = min(count, self._size)
        if count <= len(self._keys):
            return
        reach = next((prefix for prefix in PREFIXES if prefix >= count), self._size)
        reach = min(reach, self._size)
        row = self.log_probs
        # Everything tied at the border comes along, and only the lowest keys of it stay.
        inside = np.flatnonzero(row >= _border(row, reach))
        codes = rank_codes(inside, row[inside])
        codes.sort()
        self._keys = codes.astype(np.uint32)[:reach]
        self._ranked = row[self._keys]


def _border(row: Float32Array, reach: int) -> np.float32:
    """A number that at least `reach` of the row are not below, and of a long row not many more.

    Of a row folded into columns only their greatest are looked at: as many columns as are not
    below the border hold at least as many numbers that are not. (Where few are possible, there may
    be fewer columns with any.)
    """
    fold = len(row) // (COLUMNS * reach)
    if fold > 1:
        columns = row[: len(row) // fold * fold].reshape(fold, -1).max(axis=0)
        border = np.partition(columns, len(columns) - reach)[len(columns) - reach]
        if border > -np.inf:
            return np.float32(border)
    return np.float32(np.partition(row, len(row) - reach)[len(row) - reach])


def log_z_and_entropy(beta: float, log_probs: Float32Array) -> tuple[float, float]:
    """log Σ exp(β·log_p) in nats, and the entropy of exp(β·log_p) renormalised in bits;
    impossible next states (−inf) add nothing to either. Of what is no number, nan comes out."""
    greatest = beta * float(log_probs.max())
    if not math.isfinite(greatest):
        return math.nan, math.nan
    unscaled = log_probs.astype(np.float64)
    unscaled *= beta
    unscaled -= greatest
    np.exp(unscaled, out=unscaled)
    total = float(unscaled.sum())
    log_z = greatest + math.log(total)
    finite = np.maximum(log_probs, np.finfo(np.float32).min)
    nats = log_z - beta * float(np.dot(unscaled, finite)) / total
    return log_z, max(0.0, nats / math.log(2))


def rank_codes(keys: NDArray[np.integer[Any]], log_probs: Float32Array) -> NDArray[np.uint64]:
    """Numbers that ascend in rank order, u64[…] for keys and log_probs […]; the lower half of
    each is its key.

    As one integer each, numpy sorts them several times faster than it does a stable argsort of
    floats.
    """
    # Adding zero makes −0.0 and 0.0 the same bits; flipping makes the bits ascend as the numbers.
    bits = (np.float32(0) - log_probs).view(np.uint32)
    ascending = np.where(bits >> 31, ~bits, bits | np.uint32(1 << 31))
    codes: NDArray[np.uint64] = (ascending.astype(np.uint64) << np.uint64(32)) | keys.astype(
        np.uint64
    )
    return codes
