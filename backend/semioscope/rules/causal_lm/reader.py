"""What evaluates states, and a model as the fast engine uses it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from semioscope.rules.causal_lm.pool import LayerPool
from semioscope.rules.protocol import Row


class Engine(Protocol):
    """Evaluates states of token ids that are known to make sense."""

    def log_probs(self, states: Sequence[tuple[int, ...]]) -> Iterator[Row]:
        """One row for each state, in any order; a row is valid until the next is asked for."""


@dataclass(frozen=True)
class TreePass:
    """M tokens to be read in one pass, and what of the past they see.

    tokens, positions: i64[M]. mask: f[M, P + M], 0 where a token is seen, the least number where
    not. past: i64[P] and fresh: i64[M] are slots of the pools, which have `size` slots.
    """

    tokens: Tensor
    positions: Tensor
    mask: Tensor
    past: Tensor
    fresh: Tensor
    size: int

    def with_past(self, pool: LayerPool, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Stores new keys and values f[kv_heads, M, head_dim] of one layer, and returns those of
        past and new tokens together, f[kv_heads, P + M, head_dim] each."""
        pool.store(self.fresh, self.size, keys, values)
        if not len(self.past):
            return keys, values
        past_keys, past_values = pool.at(self.past)
        return torch.cat((past_keys, keys), dim=1), torch.cat((past_values, values), dim=1)


class Reader(Protocol):
    """`layer_count` pools hold what it has read. All numbers are of `dtype`."""

    @property
    def layer_count(self) -> int: ...

    @property
    def dtype(self) -> torch.dtype: ...

    @property
    def token_bytes(self) -> int:
        """What the pools keep of one token: keys and values of every layer, the hidden state."""

    def read(self, tree_pass: TreePass, pools: list[LayerPool]) -> Tensor:
        """The last hidden states f[M, hidden_size] of the new tokens."""

    def logits(self, hidden: Tensor) -> Tensor:
        """f[A, N] from last hidden states f[A, hidden_size]."""
