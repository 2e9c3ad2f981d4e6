"""Llama models as a reader in plain torch: the same arithmetic as transformers' own, with less
around it. It starts without transformers, whose import takes several seconds; matrices that meet
the same input are joined, and laid out once for products with few rows. Proved against
transformers' forward pass before it is used.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor
from torch.nn.functional import embedding, scaled_dot_product_attention, silu

from semioscope.rules.causal_lm.matrix import Product, product_with
from semioscope.rules.causal_lm.pool import LayerPool
from semioscope.rules.causal_lm.reader import TreePass


@dataclass(frozen=True)
class LlamaShape:
    """What of a configuration the arithmetic depends on."""

    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    epsilon: float
    rope_theta: float

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Self | None:
        """From a configuration as transformers writes it; None if it is not plain Llama."""
        rope = config.get("rope_parameters") or {}
        plain = (
            config.get("model_type") == "llama"
            and config.get("hidden_act") == "silu"
            and not config.get("attention_bias")
            and not config.get("mlp_bias")
            and rope.get("rope_type") == "default"
            and set(rope) == {"rope_type", "rope_theta"}
        )
        if not plain:
            return None
        heads = int(config["num_attention_heads"])
        return cls(
            layers=int(config["num_hidden_layers"]),
            heads=heads,
            kv_heads=int(config.get("num_key_value_heads") or heads),
            head_dim=int(config.get("head_dim") or config["hidden_size"] // heads),
            epsilon=float(config["rms_norm_eps"]),
            rope_theta=float(rope["rope_theta"]),
        )


@dataclass(frozen=True)
class _Layer:
    """Weights of one layer. qkv: hidden → (heads + 2·kv_heads)·head_dim. gate_up: hidden →
    2·inner."""

    before_attention: Tensor
    qkv: Product
    out: Product
    before_mlp: Tensor
    gate_up: Product
    down: Product


class LlamaReader:
    """`weights`: by the names that transformers gives them, all of one dtype on one device."""

    def __init__(self, shape: LlamaShape, weights: Mapping[str, Tensor]) -> None:
        self._shape = shape
        self._embedding = weights["model.embed_tokens.weight"]
        head = weights.get("lm_head.weight", self._embedding)
        self._alphabet_size = len(head)
        self._head = product_with(head)
        self._norm = weights["model.norm.weight"]
        self._layers = [_layer(weights, f"model.layers.{place}.") for place in range(shape.layers)]
        even = torch.arange(0, shape.head_dim, 2, dtype=torch.float, device=self.device)
        self._frequencies = 1.0 / (shape.rope_theta ** (even / shape.head_dim))

    @property
    def layer_count(self) -> int:
        return self._shape.layers

    @property
    def alphabet_size(self) -> int:
        return self._alphabet_size

    @property
    def dtype(self) -> torch.dtype:
        return self._embedding.dtype

    @property
    def device(self) -> torch.device:
        return self._embedding.device

    @property
    def is_thread_safe(self) -> bool:
        return self.device.type == "cpu"  # elsewhere there is nothing to gain by it

    @property
    def token_bytes(self) -> int:
        numbers = 2 * self._shape.layers * self._shape.kv_heads * self._shape.head_dim
        return (numbers + self._embedding.shape[1]) * self.dtype.itemsize

    def read(self, tree_pass: TreePass, pools: list[LayerPool]) -> Tensor:
        angles = tree_pass.positions[:, None].float() * self._frequencies
        cos = angles.cos().repeat(1, 2).to(self.dtype)
        sin = angles.sin().repeat(1, 2).to(self.dtype)
        # The query heads of one key head go one after the other along the tokens, so that keys
        # and values need not be repeated for each of them.
        mask = tree_pass.mask.repeat(self._shape.heads // self._shape.kv_heads, 1)
        hidden = embedding(tree_pass.tokens, self._embedding)
        for layer, pool in zip(self._layers, pools, strict=True):
            seen = self._norm_of(hidden, layer.before_attention)
            hidden = hidden + self._attend(layer, seen, cos, sin, mask, tree_pass, pool)
            gate, up = layer.gate_up(self._norm_of(hidden, layer.before_mlp)).chunk(2, dim=-1)
            hidden = hidden + layer.down(silu(gate) * up)
        return self._norm_of(hidden, self._norm)

    def logits(self, hidden: Tensor) -> Tensor:
        return self._head(hidden)

    def _attend(
        self,
        layer: _Layer,
        seen: Tensor,
        cos: Tensor,
        sin: Tensor,
        mask: Tensor,
        tree_pass: TreePass,
        pool: LayerPool,
    ) -> Tensor:
        shape, count = self._shape, len(seen)
        all_heads = layer.qkv(seen).view(count, -1, shape.head_dim).transpose(0, 1)
        turning = shape.heads + shape.kv_heads
        turned = _turned(all_heads[:turning], cos, sin)
        keys, values = tree_pass.with_past(pool, turned[shape.heads :], all_heads[turning:])
        queries = turned[: shape.heads].reshape(1, shape.kv_heads, -1, shape.head_dim)
        found = scaled_dot_product_attention(queries, keys[None], values[None], attn_mask=mask)
        by_token = found.view(shape.heads, count, shape.head_dim).transpose(0, 1)
        return layer.out(by_token.reshape(count, -1))

    def _norm_of(self, hidden: Tensor, weight: Tensor) -> Tensor:
        # In single precision, also where the model is in half.
        wide = hidden.float()
        variance = wide.square().mean(-1, keepdim=True)
        return weight * (wide * torch.rsqrt(variance + self._shape.epsilon)).to(hidden.dtype)


def _turned(heads: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary positions: heads f[H, M, head_dim], cos and sin f[M, head_dim] (arXiv 2104.09864)."""
    one, other = heads.chunk(2, dim=-1)
    return heads * cos + torch.cat((-other, one), dim=-1) * sin


def _layer(weights: Mapping[str, Tensor], prefix: str) -> _Layer:
    def joined(*names: str) -> Product:
        return product_with(torch.cat([weights[f"{prefix}{name}.weight"] for name in names]))

    return _Layer(
        before_attention=weights[f"{prefix}input_layernorm.weight"],
        qkv=joined("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
        out=joined("self_attn.o_proj"),
        before_mlp=weights[f"{prefix}post_attention_layernorm.weight"],
        gate_up=joined("mlp.gate_proj", "mlp.up_proj"),
        down=joined("mlp.down_proj"),
    )
