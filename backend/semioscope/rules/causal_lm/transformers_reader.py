"""Any causal LM of transformers as a reader, by its own forward pass."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from transformers.cache_utils import Cache, CacheLayerMixin

from semioscope.rules.causal_lm.pool import LayerPool
from semioscope.rules.causal_lm.reach import slides_by_layer, sliding_window
from semioscope.rules.causal_lm.reader import TreePass
from semioscope.rules.interest import interest


class TransformersReader:
    """`model` is a causal LM of transformers in evaluation mode, on one device.

    A mask with four dimensions reaches the attention of most architectures as it is; whether
    that is so for this one has to be proved (see `proof`).
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self._body = model.base_model
        # The model's own forward pass calls the one or, as OPT's does, the other.
        self._bodies = [body for body in (self._body, model.get_decoder()) if body is not model]
        # Asked now: the head's matrix may be laid out later, and is let go then.
        self._alphabet_size = int(model.get_output_embeddings().weight.shape[0])
        self._slides = sliding_window(model.config) is not None

    @property
    def layer_count(self) -> int:
        """One pool a layer, and one for the positions of tokens if a window asks for them."""
        return self._layers + (1 if self._slides else 0)

    @property
    def alphabet_size(self) -> int:
        return self._alphabet_size

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
        # Counted, not told: layers may differ, share what they keep, or keep it in another shape.
        first = torch.zeros(1, dtype=torch.int64, device=self.device)
        one = TreePass(
            tokens=first,
            positions=first,
            mask=torch.zeros((1, 1), dtype=self.dtype, device=self.device),
            seen=first,
            fresh=first,
            size=1,
            interest=interest(),
        )
        pools = [LayerPool() for _ in range(self.layer_count)]
        with torch.inference_mode():
            hidden = self.read(one, pools)
        return sum(pool.bytes_a_slot for pool in pools) + hidden.shape[1] * hidden.itemsize

    @property
    def _layers(self) -> int:
        return int(self._model.config.get_text_config(decoder=True).num_hidden_layers)

    def read(self, tree_pass: TreePass, pools: list[LayerPool]) -> Tensor:
        layers: list[Any] = [_TreeLayer(pool, tree_pass) for pool in pools[: self._layers]]
        output = self._body(
            input_ids=tree_pass.tokens[None],
            position_ids=tree_pass.positions[None],
            attention_mask=self._mask(tree_pass, pools),
            past_key_values=Cache(layers=layers),
            use_cache=True,
        )
        hidden: Tensor = output.last_hidden_state[0]
        return hidden

    def logits(self, hidden: Tensor) -> Tensor:
        """By the model's own forward pass, its body put aside: what it does to logits, such as a
        cap or a scale, is done as it does it."""
        tokens = torch.zeros((1, len(hidden)), dtype=torch.int64, device=hidden.device)
        with _put_aside(self._bodies, hidden[None]):
            logits: Tensor = self._model(input_ids=tokens, use_cache=False).logits[0]
        return logits

    def _mask(self, tree_pass: TreePass, pools: list[LayerPool]) -> Tensor | dict[str, Tensor]:
        """f[1, 1, M, P + M], or one for each kind of layer."""
        mask = tree_pass.mask
        window = sliding_window(self._model.config)
        if window is None:
            return mask[None, None]
        positions = tree_pass.positions[None, :, None]
        before, _ = tree_pass.with_past(pools[-1], positions, positions[..., :0])
        near = tree_pass.positions[:, None] - before[0, :, 0] < window
        windowed = mask.masked_fill(~near, torch.finfo(mask.dtype).min)[None, None]
        if not slides_by_layer(self._model.config):
            return windowed
        return {"full_attention": mask[None, None], "sliding_attention": windowed}


class _Said:
    """What a body has put out, as far as a head asks for it: f[1, A, hidden_size], nothing else."""

    def __init__(self, hidden: Tensor) -> None:
        self.last_hidden_state = hidden

    def __getitem__(self, place: int) -> Tensor:
        return (self.last_hidden_state,)[place]

    def __getattr__(self, name: str) -> None:
        return None


@contextmanager
def _put_aside(bodies: Sequence[Any], hidden: Tensor) -> Iterator[None]:
    """Meanwhile the modules answer with these hidden states, whatever they are asked."""
    before = [vars(body).get("forward") for body in bodies]
    for body in bodies:
        body.forward = lambda *_, **__: _Said(hidden)
    try:
        yield
    finally:
        for body, forward in zip(bodies, before, strict=True):
            vars(body).pop("forward", None)
            if forward is not None:
                body.forward = forward


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
