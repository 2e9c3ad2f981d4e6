"""Any causal LM of transformers as a reader, by its own forward pass."""

from typing import Any

import torch
from torch import Tensor
from transformers.cache_utils import Cache, CacheLayerMixin

from semioscope.rules.causal_lm.pool import LayerPool
from semioscope.rules.causal_lm.reader import TreePass


class TransformersReader:
    """`model` is a causal LM of transformers in evaluation mode, on the CPU.

    A mask with four dimensions reaches the attention of most architectures as it is; whether
    that is so for this one has to be proved (see `proof`).
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self._body = model.base_model
        self._head = model.get_output_embeddings()

    @property
    def layer_count(self) -> int:
        return int(self._model.config.get_text_config(decoder=True).num_hidden_layers)

    @property
    def alphabet_size(self) -> int:
        return int(self._head.weight.shape[0])

    @property
    def device(self) -> torch.device:
        device: torch.device = self._model.device
        return device

    @property
    def dtype(self) -> torch.dtype:
        dtype: torch.dtype = self._model.dtype
        return dtype

    @property
    def is_thread_safe(self) -> bool:
        return False  # nobody promises it of all models

    @property
    def token_bytes(self) -> int:
        config = self._model.config.get_text_config(decoder=True)
        heads = config.num_attention_heads
        kv_heads = getattr(config, "num_key_value_heads", None) or heads
        head_dim = getattr(config, "head_dim", None) or config.hidden_size // heads
        numbers = 2 * self.layer_count * kv_heads * head_dim + config.hidden_size
        return int(numbers * self.dtype.itemsize)

    def read(self, tree_pass: TreePass, pools: list[LayerPool]) -> Tensor:
        output = self._body(
            input_ids=tree_pass.tokens[None],
            position_ids=tree_pass.positions[None],
            attention_mask=tree_pass.mask[None, None],
            past_key_values=Cache(layers=[_TreeLayer(pool, tree_pass) for pool in pools]),
            use_cache=True,
        )
        hidden: Tensor = output.last_hidden_state[0]
        return hidden

    def logits(self, hidden: Tensor) -> Tensor:
        logits: Tensor = self._head(hidden)
        return logits


class _TreeLayer(CacheLayerMixin):  # type: ignore[no-untyped-call]  # its hook has no types
    """What transformers takes for one layer's cache during one pass."""

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
        keys, values = self._pass.with_past(self._pool, key_states[0], value_states[0])
        return keys[None], values[None]

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        return self.get_seq_length() + query_length, 0

    def get_seq_length(self) -> int:
        return self._pass.past_count

    def get_max_length(self) -> int:
        return -1
