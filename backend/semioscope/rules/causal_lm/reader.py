"""What evaluates states, and a model as the fast engine uses it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from semioscope.rules.causal_lm.pool import LayerPool
from semioscope.rules.interest import Interest, NobodyWaits
from semioscope.rules.protocol import Load, Row


class Engine(Protocol):
    """Evaluates states of token ids that are known to make sense."""

    def forget(self) -> None:
        """Gives up everything that was read, and its memory."""

    def within(self, states: Sequence[tuple[int, ...]], tokens: int) -> Load:
        """How many of the states, in order, can be answered by reading at most that many tokens,
        and how many they take."""

    def read_ahead(self, state: tuple[int, ...], tokens: int) -> None:
        """Reads a part of a state that takes more."""

    def log_probs(self, states: Sequence[tuple[int, ...]]) -> Iterator[Row]:
        """One row for each state, in any order; a row is valid until the next is asked for."""


@dataclass(frozen=True)
class TreePass:
    """M tokens to be read in one pass, and what of the past they see.

    tokens, positions: i64[M]. mask: f[M, P + M], 0 where a token is seen, the least number where
    not. seen: i64[P + M], slots of the pools for past and new tokens; fresh: i64[M], those of the
    new. The pools have `size` slots. interest: whether anybody still waits for it.
    """

    tokens: Tensor
    positions: Tensor
    mask: Tensor
    seen: Tensor
    fresh: Tensor
    size: int
    interest: Interest

    @property
    def past_count(self) -> int:
        """P."""
        return len(self.seen) - len(self.fresh)

    def with_past(self, pool: LayerPool, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Stores new keys and values f[kv_heads, M, head_dim] of one layer, and returns those of
        past and new tokens together, f[kv_heads, P + M, head_dim] each.

        Raises NobodyWaits between two layers of a pass that nobody waits for.
        """
        if not self.interest():
            raise NobodyWaits
        pool.store(self.fresh, self.size, keys, values)
        return pool.at(self.seen) if self.past_count else (keys, values)


class Reader(Protocol):
    """`layer_count` pools hold what it has read. All numbers are of `dtype`."""

    @property
    def layer_count(self) -> int: ...

    @property
    def alphabet_size(self) -> int: ...

    @property
    def dtype(self) -> torch.dtype: ...

    @property
    def device(self) -> torch.device: ...

    @property
    def is_thread_safe(self) -> bool:
        """Whether several threads may read and make logits at the same time."""

    @property
    def token_bytes(self) -> int:
        """What the pools keep of one token: keys and values of every layer, the hidden state."""

    def read(self, tree_pass: TreePass, pools: list[LayerPool]) -> Tensor:
        """The last hidden states f[M, hidden_size] of the new tokens."""

    def logits(self, hidden: Tensor) -> Tensor:
        """f[A, N] from last hidden states f[A, hidden_size]."""
