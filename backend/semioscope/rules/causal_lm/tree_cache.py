"""What transformers takes for its cache of keys and values during one pass over a tree."""

from typing import Any

import torch
from torch import Tensor
from transformers.cache_utils import Cache, CacheLayerMixin

from semioscope.rules.causal_lm.pool import LayerPool


class TreePass:
    """Where one pass reads and writes: `past` i64[P] and `fresh` i64[M] are slots."""

    def __init__(self, past: Tensor, fresh: Tensor, size: int) -> None:
        self.past = past
        self.fresh = fresh
        self.size = size


class TreeLayer(CacheLayerMixin):  # type: ignore[no-untyped-call]  # its hook has no types
    """One layer: stores the new keys and values, and returns past and new ones together."""

    def __init__(self, pool: LayerPool, tree_pass: TreePass) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # it has no types
        self._pool = pool
        self._pass = tree_pass

    def lazy_initialization(self, key_states: Tensor, value_states: Tensor) -> None:
        """Nothing to do: the pool outlives the pass."""

    def update(
        self,
        key_states: Tensor,
        value_states: Tensor,
        *args: Any,  # noqa: ARG002 -- some models tell their rotary tables here
        **kwargs: Any,  # noqa: ARG002 -- as above
    ) -> tuple[Tensor, Tensor]:
        """From new keys, values f[1, kv_heads, M, head_dim] to f[1, kv_heads, P + M, head_dim]."""
        pool, now = self._pool, self._pass
        pool.store(now.fresh, now.size, key_states[0], value_states[0])
        if not len(now.past):
            return key_states, value_states
        return _with_past(pool.keys, now.past, key_states), _with_past(
            pool.values, now.past, value_states
        )

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        return self.get_seq_length() + query_length, 0

    def get_seq_length(self) -> int:
        return len(self._pass.past)

    def get_max_length(self) -> int:
        return -1


def _with_past(pool: Tensor | None, past: Tensor, fresh: Tensor) -> Tensor:
    if pool is None:
        raise AssertionError("what was just stored is there")
    _, heads, count, width = fresh.shape
    both = torch.empty((1, heads, len(past) + count, width), dtype=fresh.dtype, device=fresh.device)
    both[0, :, : len(past)] = pool.index_select(1, past)
    both[0, :, len(past) :] = fresh[0]
    return both


def tree_cache(pools: list[LayerPool], tree_pass: TreePass) -> Cache:
    """The cache of one pass, over pools that outlive it."""
    return Cache(layers=[TreeLayer(pool, tree_pass) for pool in pools])
