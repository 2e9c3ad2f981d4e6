"""Tiny random models, as transformers saves them: a few thousand weights, a tokenizer of bytes."""

from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

SIZE = 258
"""Tokens: the bytes, <s> and </s>."""


def tokenizer_of_bytes() -> PreTrainedTokenizerFast:
    """Every byte is a token."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {character: place for place, character in enumerate(alphabet)}
    inner = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=inner, bos_token="<s>", eos_token="</s>")


def save_tiny_llama(folder: Path, seed: int = 0, shards: bool = False, **changed: Any) -> Path:
    """A Llama of two layers with random weights, in `folder`, which is returned."""
    config = LlamaConfig(
        **{
            "vocab_size": SIZE,
            "hidden_size": 32,
            "intermediate_size": 48,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "max_position_embeddings": 64,
            "bos_token_id": 256,
            "eos_token_id": 257,
            **changed,
        }
    )
    torch.manual_seed(seed)
    model = LlamaForCausalLM(config)
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(4)  # so that the models differ in what they say, and not by a hair
    model.save_pretrained(folder, **({"max_shard_size": "40KB"} if shards else {}))
    tokenizer_of_bytes().save_pretrained(folder)
    return folder
