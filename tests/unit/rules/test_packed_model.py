"""A model whose matrices are laid out for few rows says the same, and keeps none of them twice."""

from typing import Any

import pytest
import torch
import transformers
from torch import Tensor
from transformers.pytorch_utils import Conv1D

from semioscope.rules.causal_lm import packed_model
from semioscope.rules.causal_lm.engine import TreeEngine
from semioscope.rules.causal_lm.packed_model import can_be_packed, pack
from semioscope.rules.causal_lm.proof import Probe
from semioscope.rules.causal_lm.suitable import suitable_engine
from tests.unit.rules.families import FAMILIES, SIZE, tiny

TOKENS = torch.arange(2, 42).view(2, 20)


def logits(model: Any) -> Tensor:
    with torch.inference_mode():
        found: Tensor = model(input_ids=TOKENS, use_cache=False).logits
    return found


def layers(model: Any) -> list[Any]:
    return [layer for layer in model.modules() if type(layer) in (torch.nn.Linear, Conv1D)]


@pytest.mark.parametrize("name", ["Llama", "GPT-2", "Qwen2", "OPT", "Gemma 2"])
def test_it_says_the_same_and_is_as_it_was_when_undone(name: str) -> None:
    model, config = tiny(FAMILIES[name].config), FAMILIES[name].config
    before, weights = logits(model), {k: v.clone() for k, v in model.state_dict().items()}
    unpack = pack(model)
    assert torch.allclose(logits(model), before, atol=1e-5)
    head = model.get_output_embeddings()
    for layer in layers(model):
        assert "forward" in vars(layer)
        assert layer.weight.numel() == 0 or (layer is head and config.tie_word_embeddings)
    unpack()
    assert torch.equal(logits(model), before)
    assert all(torch.equal(weights[key], found) for key, found in model.state_dict().items())


def test_a_head_that_shares_the_embedding_leaves_it_in_its_place() -> None:
    config = transformers.LlamaConfig(
        **FAMILIES["Llama"].config.to_diff_dict() | {"tie_word_embeddings": True}
    )
    model = tiny(config)
    before = logits(model)
    pack(model)
    assert model.get_input_embeddings().weight.shape == (SIZE, 32)
    assert torch.allclose(logits(model), before, atol=1e-5)


def test_what_is_proved_right_is_packed() -> None:
    model = tiny(FAMILIES["Llama"].config)
    engine, _ = suitable_engine(model, SIZE)
    assert isinstance(engine, TreeEngine)
    assert all("forward" in vars(layer) for layer in layers(model))


def test_a_layer_whose_product_is_off_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed_model, "product_with", lambda matrix: lambda x: 1.01 * x @ matrix.T)
    model = tiny(FAMILIES["Llama"].config)
    before = logits(model)
    pack(model)
    assert torch.equal(logits(model), before)


def test_a_model_that_is_not_right_with_them_is_given_its_matrices_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As one would be that reads a layer's matrix itself."""
    model = tiny(FAMILIES["Llama"].config)
    before = logits(model)
    verdicts = iter([None, "it is off by 1 in log-probability"])
    monkeypatch.setattr(Probe, "disproof", lambda self, engine: next(verdicts))
    engine, notes = suitable_engine(model, SIZE)
    assert isinstance(engine, TreeEngine)
    assert notes == ()
    assert torch.equal(logits(model), before)


def test_half_precision_is_left_to_torch() -> None:
    assert not can_be_packed(tiny(FAMILIES["Llama"].config).to(torch.bfloat16))
    assert can_be_packed(tiny(FAMILIES["Llama"].config))
