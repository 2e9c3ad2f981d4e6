"""Every probability is that of transformers' own forward pass, one state at a time (1e-4)."""

from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
import torch
import transformers

from semioscope.core.distribution import Question
from semioscope.core.sampling import IDENTITY
from semioscope.rules.answers import answer
from semioscope.rules.causal_lm.engine import TreeEngine
from semioscope.rules.causal_lm.files import find_files
from semioscope.rules.causal_lm.llama_reader import LlamaReader, LlamaShape
from semioscope.rules.causal_lm.load import load_causal_lm
from semioscope.rules.causal_lm.reach import reach_of
from semioscope.rules.causal_lm.rule import CausalLM
from semioscope.rules.causal_lm.sources import DEFAULT_SOURCE
from semioscope.rules.causal_lm.transformers_reader import TransformersReader
from semioscope.rules.progress import silent
from semioscope.settings import Settings
from tests.unit.rules.families import FAMILIES, SIZE, SMALL, tiny

TOLERANCE = 1e-4
LLAMA = FAMILIES["Llama"].config


def own(model: Any, state: tuple[int, ...]) -> "np.ndarray[Any, Any]":
    """log p of every next token by the model's own forward pass over this state alone."""
    with torch.inference_mode():
        logits = model(input_ids=torch.tensor([state]), use_cache=False).logits[0, -1].double()
    return torch.log_softmax(logits, -1).numpy()


def family(size: int, seed: int = 3) -> list[tuple[int, ...]]:
    """States that share prefixes, branch, lie on each other's way, and one that shares nothing."""
    tokens = np.random.default_rng(seed).integers(0, size, 60).tolist()
    stem = tuple(tokens[:17])
    return [
        stem,
        (*stem, *tokens[20:21]),
        (*stem, *tokens[20:24]),
        (*stem, *tokens[20:22], *tokens[30:33]),
        (*stem[:5], *tokens[40:44]),
        tuple(tokens[50:52]),
        (*stem, *tokens[20:24], *tokens[34:38]),
    ]


def rows(engine: Any, states: list[tuple[int, ...]]) -> dict[int, "np.ndarray[Any, Any]"]:
    return {row.place: row.log_probs.copy() for row in engine.log_probs(states)}


def must_agree(model: Any, engine: Any, states: list[tuple[int, ...]]) -> None:
    found = rows(engine, states)
    assert sorted(found) == list(range(len(states)))
    for place, state in enumerate(states):
        assert np.max(np.abs(found[place] - own(model, state))) <= TOLERANCE


@pytest.mark.parametrize("capacity", [26, 31, 48])
def test_forgetting_never_changes_an_answer(capacity: int) -> None:
    model = tiny(LLAMA)
    engine = TreeEngine(TransformersReader(model), capacity, reach_of(model.config), pass_tokens=8)
    for seed in (3, 4, 3, 5, 3):
        must_agree(model, engine, family(SIZE, seed))


@pytest.fixture(scope="module")
def default_rule() -> CausalLM:
    return load_causal_lm(DEFAULT_SOURCE, Settings())


PROMPT = "be me\nattorney at law\nget a call in the middle of the night"


@pytest.fixture(scope="module")
def own_default_model() -> Any:
    """The default model as transformers itself loads it."""
    folder = find_files(DEFAULT_SOURCE, Settings(), silent).folder
    return transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()


def default_states(rule: CausalLM) -> list[tuple[int, ...]]:
    stem = rule.encode(PROMPT)
    return [stem, *((*stem, key) for key in (28, 253, 198)), (*stem, 28, 284, 253), stem[:6]]


@pytest.mark.model
def test_the_default_model_equals_its_own_forward_pass(
    default_rule: CausalLM, own_default_model: Any
) -> None:
    engine: Any = default_rule.engine
    assert isinstance(engine._reader, LlamaReader)
    must_agree(own_default_model, engine, default_states(default_rule))


@pytest.mark.model
def test_the_default_model_would_be_as_right_by_way_of_transformers(
    default_rule: CausalLM, own_default_model: Any
) -> None:
    reader = TransformersReader(own_default_model)
    engine = TreeEngine(reader, 256, default_rule.description.window)
    must_agree(own_default_model, engine, default_states(default_rule))


@pytest.mark.model
def test_a_long_state_of_the_default_model_is_read_in_chunks(
    default_rule: CausalLM, own_default_model: Any
) -> None:
    tokens = np.random.default_rng(5).integers(3, 49152, 600).tolist()
    engine: Any = default_rule.engine
    must_agree(own_default_model, engine, [tuple(tokens), tuple(tokens[:300])])


@pytest.mark.parametrize("shape", [{"num_key_value_heads": 2}, {"num_key_value_heads": 4}])
@pytest.mark.parametrize("more", [{}, {"tie_word_embeddings": True}, {"head_dim": 12}])
def test_the_plain_reader_of_llama_models_equals_transformers(
    shape: dict[str, Any], more: dict[str, Any]
) -> None:
    model = tiny(transformers.LlamaConfig(**SMALL, **shape, **more))
    its_shape = LlamaShape.of(model.config.to_dict())
    assert its_shape is not None
    engine = TreeEngine(LlamaReader(its_shape, model.state_dict()), 200, 128, pass_tokens=8)
    must_agree(model, engine, family(SIZE))
    must_agree(model, engine, family(SIZE, seed=4))


@pytest.mark.parametrize(
    "more",
    [
        {"attention_bias": True},
        {"mlp_bias": True},
        {"hidden_act": "gelu"},
        {"rope_parameters": {"rope_type": "linear", "rope_theta": 1e4, "factor": 2.0}},
    ],
)
def test_a_llama_that_is_not_plain_is_left_to_transformers(more: dict[str, Any]) -> None:
    assert LlamaShape.of(transformers.LlamaConfig(**SMALL, **more).to_dict()) is None
    assert LlamaShape.of(transformers.Qwen2Config(**SMALL).to_dict()) is None


def test_a_state_longer_than_the_trie_is_evaluated_all_the_same() -> None:
    model = tiny(LLAMA)
    engine = TreeEngine(TransformersReader(model), 10, reach_of(model.config), pass_tokens=8)
    must_agree(model, engine, family(SIZE))


def test_a_pass_that_fails_leaves_nothing_behind() -> None:
    model = tiny(LLAMA)
    reader = TransformersReader(model)
    engine = TreeEngine(reader, 100, reach_of(model.config))
    right, reader.read = reader.read, Mock(side_effect=MemoryError)
    with pytest.raises(MemoryError):
        rows(engine, family(SIZE))
    reader.read = right
    must_agree(model, engine, family(SIZE))


@pytest.mark.model
def test_an_answer_of_the_default_model_sums_to_one(default_rule: CausalLM) -> None:
    state = default_rule.encode(PROMPT)
    (given,) = answer(default_rule, [Question(state, draws=(0.0, 0.5, 0.999999))], IDENTITY)
    (row,) = default_rule.log_probs([state])
    probs = np.exp(row.log_probs.astype(np.float64))
    assert abs(probs.sum() - 1) <= 1e-6
    assert given.expansion.entropy == pytest.approx(
        -float(np.sum(probs * np.log2(probs))), abs=1e-3
    )
    order = np.lexsort((np.arange(len(probs)), -row.log_probs))
    for drawn, u in zip(given.drawn, (0.0, 0.5, 0.999999), strict=True):
        before = float(probs[order[: drawn.rank]].sum())
        assert int(order[drawn.rank]) == drawn.key
        assert before - 1e-6 <= u <= before + float(probs[drawn.key]) + 1e-6


@pytest.mark.model
@pytest.mark.parametrize(
    "text",
    [
        PROMPT,
        " leading and trailing ",
        "<|im_start|>user\nhello<|im_end|><|endoftext|>",
        "<b>bold</b> & <script>alert(1)</script>",
        "שלום עולם, مرحبا",
        "🙂👩‍👩‍👧 naïve Ω",
        "tabs\tand\r\nlines\n\n",
    ],
)
def test_the_tokens_of_a_text_are_its_bytes(default_rule: CausalLM, text: str) -> None:
    keys = default_rule.encode(text)
    assert b"".join(default_rule.alphabet.bytes_of(key) for key in keys) == text.encode()
    assert not set(keys) & {0, 1, 2}  # what only looks like a special token is plain text
