"""Keys, values and last hidden states of every prefix in the trie, by slot."""

from typing import Final

import torch
from torch import Tensor

FIRST_SLOTS: Final = 1024
"""Slots at first; the pool doubles until it is at its bound."""


class LayerPool:
    """Keys and values of one layer: f[kv_heads, slots, head_dim] each."""

    def __init__(self) -> None:
        self.keys: Tensor | None = None
        self.values: Tensor | None = None

    def store(self, slots: Tensor, size: int, keys: Tensor, values: Tensor) -> None:
        """Puts keys, values f[kv_heads, M, head_dim] at `slots` i64[M], in a pool of `size`."""
        self.keys = _grown(self.keys, size, keys)
        self.values = _grown(self.values, size, values)
        self.keys.index_copy_(1, slots, keys)
        self.values.index_copy_(1, slots, values)


class HiddenPool:
    """The last hidden state of each prefix, f[slots, hidden_size]: what its logits are made of."""

    def __init__(self) -> None:
        self.states: Tensor | None = None

    def store(self, slots: Tensor, size: int, states: Tensor) -> None:
        """Puts states f[M, hidden_size] at `slots` i64[M], in a pool of `size`."""
        if self.states is None or self.states.shape[0] < size:
            grown = states.new_empty((size, states.shape[1]))
            if self.states is not None:
                grown[: self.states.shape[0]] = self.states
            self.states = grown
        self.states.index_copy_(0, slots, states)

    def at(self, slots: Tensor) -> Tensor:
        """f[len(slots), hidden_size]."""
        if self.states is None:
            raise AssertionError("nothing is stored yet")
        return self.states.index_select(0, slots)


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
