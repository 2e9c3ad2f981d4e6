"""Keys, values and last hidden states of every prefix in the trie, by slot."""

from typing import Final

import torch
from torch import Tensor

FIRST_SLOTS: Final = 1024
"""Slots at first; the pool doubles until it is at its bound."""


class LayerPool:
    """Keys and values of one layer: f[kv_heads, slots, head_dim] each."""

    def __init__(self) -> None:
        self._keys: Tensor | None = None
        self._values: Tensor | None = None

    def store(self, slots: Tensor, size: int, keys: Tensor, values: Tensor) -> None:
        """Puts keys, values f[kv_heads, M, head_dim] at `slots` i64[M], in a pool of `size`."""
        self._keys = _grown(self._keys, size, keys)
        self._values = _grown(self._values, size, values)
        self._keys.index_copy_(1, slots, keys)
        self._values.index_copy_(1, slots, values)

    @property
    def bytes_a_slot(self) -> int:
        """What one token takes; 0 of a layer that keeps none."""
        pools = [pool for pool in (self._keys, self._values) if pool is not None]
        return sum(pool.shape[0] * pool.shape[2] * pool.itemsize for pool in pools)

    def at(self, slots: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values f[kv_heads, len(slots), head_dim]."""
        if self._keys is None or self._values is None:
            raise AssertionError("nothing is stored yet")
        return self._keys.index_select(1, slots), self._values.index_select(1, slots)


class HiddenPool:
    """The last hidden state of each prefix, f[slots, hidden_size]: what its logits are made of."""

    def __init__(self) -> None:
        self._states: Tensor | None = None

    def store(self, slots: Tensor, size: int, states: Tensor) -> None:
        """Puts states f[M, hidden_size] at `slots` i64[M], in a pool of `size`."""
        if self._states is None or self._states.shape[0] < size:
            grown = states.new_empty((size, states.shape[1]))
            if self._states is not None:
                grown[: self._states.shape[0]] = self._states
            self._states = grown
        self._states.index_copy_(0, slots, states)

    def at(self, slots: Tensor) -> Tensor:
        """f[len(slots), hidden_size]."""
        if self._states is None:
            raise AssertionError("nothing is stored yet")
        return self._states.index_select(0, slots)


def _grown(pool: Tensor | None, size: int, like: Tensor) -> Tensor:
    if pool is not None and pool.shape[1] >= size:
        return pool
    heads, _, width = like.shape
    grown = torch.empty((heads, size, width), dtype=like.dtype, device=like.device)
    if pool is not None:
        grown[:, : pool.shape[1]] = pool
    return grown


def slots_for(highest: int, capacity: int) -> int:
    """The size of a pool that has the slot `highest`: a doubling of the first, within capacity."""
    size = FIRST_SLOTS
    while size <= highest:
        size *= 2
    return min(size, capacity)
