"""Tiny random models of every family, and the path that each is expected to take."""

from dataclasses import dataclass
from typing import Any, Final, Literal

import torch
import transformers

Path = Literal["tree", "rows", "alone"]

SIZE: Final = 97
WINDOW: Final = 16
"""Of sliding attention: longer than it is during the proof, shorter than the states asked about."""

_ENDS: Final[dict[str, Any]] = {"vocab_size": SIZE, "bos_token_id": 0, "eos_token_id": 0}
SMALL: Final[dict[str, Any]] = {
    **_ENDS,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "max_position_embeddings": 128,
    "pad_token_id": 0,
}
_GROUPED: Final = {**SMALL, "num_key_value_heads": 2}
_HEADS_OF_8: Final = {**_GROUPED, "head_dim": 8}
_SSM: Final[dict[str, Any]] = {"mamba_n_heads": 8, "mamba_d_head": 8, "mamba_d_state": 8}


@dataclass(frozen=True)
class Family:
    """why: what the rule's note says of a path that is not the fast one. scale: of the weights,
    so that logits spread and depend on all tokens, and rounding is not blown up."""

    config: Any
    path: Path = "tree"
    why: str = ""
    scale: float = 4.0


_NOT_ATTENTION: Final = "its layers do not all attend to tokens"
_NO_SUCH_MASK: Final = "it raised ValueError"

FAMILIES: Final[dict[str, Family]] = {
    "GPT-2": Family(
        transformers.GPT2Config(**_ENDS, n_embd=32, n_layer=2, n_head=4, n_positions=128)
    ),
    "Llama": Family(transformers.LlamaConfig(**_GROUPED)),
    "GPT-NeoX": Family(transformers.GPTNeoXConfig(**SMALL)),
    "Qwen2": Family(transformers.Qwen2Config(**_GROUPED)),
    "Qwen3": Family(transformers.Qwen3Config(**_HEADS_OF_8)),
    "Mistral": Family(transformers.MistralConfig(**_GROUPED, sliding_window=None)),
    "Mistral (sliding window)": Family(
        transformers.MistralConfig(**_GROUPED, sliding_window=WINDOW)
    ),
    "Gemma 4": Family(
        transformers.Gemma4TextConfig(
            **{**_HEADS_OF_8, "num_hidden_layers": 4},
            sliding_window=WINDOW,
            vocab_size_per_layer_input=SIZE,
            hidden_size_per_layer_input=8,
            layer_types=["sliding_attention", "full_attention"] * 2,
        )
    ),
    "Gemma 2": Family(
        transformers.Gemma2Config(
            **_HEADS_OF_8,
            sliding_window=WINDOW,
            final_logit_softcapping=2.0,
            attn_logit_softcapping=2.0,
        )
    ),
    "Gemma 3": Family(
        transformers.Gemma3TextConfig(
            **{**_HEADS_OF_8, "num_hidden_layers": 3},
            sliding_window=WINDOW,
            layer_types=["sliding_attention", "full_attention", "sliding_attention"],
        )
    ),
    "GPT-OSS": Family(
        transformers.GptOssConfig(
            **_HEADS_OF_8,
            sliding_window=WINDOW,
            num_local_experts=4,
            num_experts_per_tok=2,
            rope_parameters={"rope_type": "default", "rope_theta": 1e4},
        )
    ),
    "Cohere 2": Family(
        transformers.Cohere2Config(
            **_GROUPED,
            sliding_window=WINDOW,
            layer_types=["sliding_attention", "full_attention"],
            logit_scale=0.5,
        )
    ),
    "OPT": Family(
        transformers.OPTConfig(
            **{**_ENDS, "pad_token_id": 1},
            hidden_size=32,
            num_hidden_layers=2,
            ffn_dim=64,
            num_attention_heads=4,
            max_position_embeddings=128,
            word_embed_proj_dim=32,
        )
    ),
    "Phi": Family(transformers.PhiConfig(**SMALL)),
    "Falcon": Family(
        transformers.FalconConfig(
            **_ENDS,
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_kv_heads=2,
            new_decoder_architecture=True,
            alibi=False,
            max_position_embeddings=128,
        )
    ),
    "Falcon (ALiBi)": Family(
        transformers.FalconConfig(
            **_ENDS, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, alibi=True
        ),
        "rows",
        _NO_SUCH_MASK,
    ),
    "BLOOM": Family(
        transformers.BloomConfig(**_ENDS, hidden_size=32, n_layer=2, n_head=4),
        "rows",
        _NO_SUCH_MASK,
    ),
    "GPT-Neo": Family(
        transformers.GPTNeoConfig(
            **_ENDS,
            hidden_size=32,
            num_layers=2,
            num_heads=4,
            attention_types=[[["global", "local"], 1]],
            window_size=WINDOW,
            max_position_embeddings=128,
        ),
        "rows",
        "its attention has a window of its own kind",
    ),
    "Mamba": Family(
        transformers.MambaConfig(**_ENDS, hidden_size=32, num_hidden_layers=2, state_size=8),
        "rows",
        _NOT_ATTENTION,
        scale=2.0,
    ),
    "Jamba": Family(
        transformers.JambaConfig(
            **{**_GROUPED, "num_hidden_layers": 4},
            attn_layer_period=2,
            attn_layer_offset=1,
            expert_layer_period=2,
            num_experts=2,
            mamba_d_state=8,
            use_mamba_kernels=False,
        ),
        "rows",
        _NOT_ATTENTION,
    ),
    "Falcon-H1": Family(
        transformers.FalconH1Config(**_GROUPED, **_SSM, mamba_d_ssm=64, mamba_n_groups=1),
        "rows",
        _NOT_ATTENTION,
    ),
    "Qwen3-Next": Family(
        transformers.Qwen3NextConfig(
            **{**_HEADS_OF_8, "num_hidden_layers": 4},
            linear_num_key_heads=2,
            linear_num_value_heads=4,
            linear_key_head_dim=8,
            linear_value_head_dim=8,
            num_experts=4,
            num_experts_per_tok=2,
            moe_intermediate_size=32,
            shared_expert_intermediate_size=32,
        ),
        "rows",
        _NOT_ATTENTION,
    ),
    "RecurrentGemma": Family(
        transformers.RecurrentGemmaConfig(
            **{**_HEADS_OF_8, "num_key_value_heads": 1, "num_hidden_layers": 3},
            attention_window_size=WINDOW,
            lru_width=32,
        ),
        "alone",
        "nor do rows (it is off by",
    ),
    "RWKV": Family(
        transformers.RwkvConfig(
            **_ENDS, hidden_size=32, num_hidden_layers=2, attention_hidden_size=32,
            context_length=128,
        ),
        "alone",
        "nor do rows (it raised IndexError)",
    ),
}  # fmt: skip


def tiny(config: Any, scale: float = 4.0) -> Any:
    """A random model of that shape, its logits spread as a trained one's are."""
    torch.manual_seed(7)
    model = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("A_log"):
                parameter.sub_(2.0)  # slower decay, or nothing of early tokens would be left
            elif parameter.dim() > 1:
                parameter.mul_(scale)
        if not model.config.tie_word_embeddings:
            model.get_output_embeddings().weight.mul_(4.0)
    return model
