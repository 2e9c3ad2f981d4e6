"""Every probability is that of transformers' own forward pass, one state at a time (1e-4)."""

from typing import Any

import numpy as np
import pytest
import torch
import transformers

from semioscope.core.distribution import Question
from semioscope.core.sampling import IDENTITY
from semioscope.rules.answers import answer
from semioscope.rules.causal_lm.engine import TreeEngine
from semioscope.rules.causal_lm.load import load_causal_lm, suitable_engine
from semioscope.rules.causal_lm.reach import reach_of
from semioscope.rules.causal_lm.rule import CausalLM
from semioscope.rules.causal_lm.sequential import SequentialEngine
from semioscope.rules.causal_lm.sources import DEFAULT_SOURCE
from semioscope.settings import Settings

TOLERANCE = 1e-4
SIZE = 97
SMALL: dict[str, Any] = {
    "vocab_size": SIZE,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "max_position_embeddings": 128,
    "bos_token_id": 0,
    "eos_token_id": 0,
    "pad_token_id": 0,
}
FAST: dict[str, Any] = {
    "gpt2": transformers.GPT2Config(
        vocab_size=SIZE, n_embd=32, n_layer=2, n_head=4, n_positions=128, bos_token_id=0,
        eos_token_id=0,
    ),
    "llama": transformers.LlamaConfig(**SMALL, num_key_value_heads=2),
    "gpt-neox": transformers.GPTNeoXConfig(**SMALL),
    "qwen2": transformers.Qwen2Config(**SMALL, num_key_value_heads=2),
}  # fmt: skip
OTHERS: dict[str, Any] = {
    "mistral, sliding window": transformers.MistralConfig(
        **SMALL, num_key_value_heads=2, sliding_window=6
    ),
    "bloom": transformers.BloomConfig(
        vocab_size=SIZE, hidden_size=32, n_layer=2, n_head=4, bos_token_id=0, eos_token_id=0
    ),
    "gemma2": transformers.Gemma2Config(**SMALL, num_key_value_heads=2, head_dim=8),
}


def tiny(config: Any) -> Any:
    """A random model of that shape, its logits spread as a trained one's are."""
    torch.manual_seed(7)
    model = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.mul_(4.0)
    return model


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


@pytest.mark.parametrize("name", FAST)
def test_a_batch_in_one_pass_equals_each_state_alone(name: str) -> None:
    model = tiny(FAST[name])
    engine, notes = suitable_engine(model, SIZE)
    assert isinstance(engine, TreeEngine)
    assert notes == ()
    must_agree(model, engine, family(SIZE))
    must_agree(model, engine, family(SIZE)[::-1])  # now from what is cached, in another order


@pytest.mark.parametrize("name", OTHERS)
def test_an_architecture_without_the_fast_path_is_right_all_the_same(name: str) -> None:
    model = tiny(OTHERS[name])
    engine, notes = suitable_engine(model, SIZE)
    must_agree(model, engine, family(SIZE))
    assert notes or isinstance(engine, TreeEngine)


def test_the_proof_on_loading_finds_a_path_that_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    model = tiny(FAST["llama"])
    right = TreeEngine._additive

    def blind(self: TreeEngine, mask: "np.ndarray[Any, Any]") -> torch.Tensor:
        return right(self, np.ones_like(mask))

    monkeypatch.setattr(TreeEngine, "_additive", blind)
    engine, notes = suitable_engine(model, SIZE)
    assert isinstance(engine, SequentialEngine)
    assert "off by" in notes[0]


@pytest.mark.parametrize("capacity", [26, 31, 48])
def test_forgetting_never_changes_an_answer(capacity: int) -> None:
    model = tiny(FAST["llama"])
    engine = TreeEngine(model, capacity, reach_of(model.config), pass_tokens=8)
    for seed in (3, 4, 3, 5, 3):
        must_agree(model, engine, family(SIZE, seed))


@pytest.fixture(scope="module")
def default_rule() -> CausalLM:
    return load_causal_lm(DEFAULT_SOURCE, Settings())


PROMPT = "be me\nattorney at law\nget a call in the middle of the night"


@pytest.mark.model
def test_the_default_model_equals_its_own_forward_pass(default_rule: CausalLM) -> None:
    engine: Any = default_rule._engine
    assert isinstance(engine, TreeEngine)
    stem = default_rule.encode(PROMPT)
    states = [stem, *((*stem, key) for key in (28, 253, 198)), (*stem, 28, 284, 253), stem[:6]]
    must_agree(engine._model, engine, states)


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
