"""Rules made of the default model, against its own forward pass in transformers."""

from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest
import pytest_asyncio
import torch
import transformers

from semioscope.core.distribution import Question
from semioscope.core.errors import InvalidRequest
from semioscope.core.sampling import IDENTITY
from semioscope.core.types import FloatArray
from semioscope.rules.catalogue import Catalogue, LoadedRule
from semioscope.rules.causal_lm.files import find_files
from semioscope.rules.causal_lm.sources import DEFAULT_SOURCE
from semioscope.rules.progress import silent
from semioscope.settings import Settings

pytestmark = [pytest.mark.model, pytest.mark.asyncio(loop_scope="module")]

HEADS, TAILS = 8648, 23160
PROMPT = "I flip a coin, again and again. It shows heads tails"
CONTEXT = "A story about the sea.\n"


@pytest.fixture(scope="module")
def own_model() -> Any:
    """The default model as transformers itself loads it."""
    folder = find_files(DEFAULT_SOURCE, Settings(), silent).folder
    return transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def catalogue() -> AsyncIterator[Catalogue]:
    catalogue = Catalogue(Settings(device="cpu"))
    yield catalogue
    catalogue.close()


def forward(model: Any, state: tuple[int, ...]) -> FloatArray:
    """p of every next token by the model's own forward pass over this state alone, f64[N]."""
    with torch.inference_mode():
        logits = model(input_ids=torch.tensor([state]), use_cache=False).logits[0, -1].double()
    probs: FloatArray = torch.softmax(logits, -1).numpy()
    return probs


async def rows(loaded: LoadedRule, states: list[tuple[int, ...]]) -> FloatArray:
    told = await loaded.worker.ask([Question(s, whole=True) for s in states], IDENTITY, group="g")
    found = np.stack([each.row for each in told if each.row is not None]).astype(np.float64)
    probs: FloatArray = np.exp(found)
    return probs


async def test_heads_and_tails_of_the_model_are_its_own_probabilities_renormalised(
    catalogue: Catalogue, own_model: Any
) -> None:
    spec = {"kind": "restricted", "base": "smollm2", "texts": [" heads", " tails"]}
    coin = await catalogue.make(spec)
    async with catalogue.use(coin.id) as loaded:
        stem = loaded.tokens().encode(PROMPT)
        states = [stem, (*stem, HEADS), (*stem, TAILS), (*stem, HEADS, TAILS, TAILS)]
        found = await rows(loaded, states)
    for state, row in zip(states, found, strict=True):
        own = forward(own_model, state)[[HEADS, TAILS]]
        assert np.allclose(np.log(row[[HEADS, TAILS]]), np.log(own / own.sum()), atol=1e-4)
        assert np.count_nonzero(row) == 2
        assert row.sum() == pytest.approx(1, abs=1e-6)


async def test_a_restriction_of_the_model_is_exact_to_the_numbers_that_the_model_gives(
    catalogue: Catalogue,
) -> None:
    coin = await catalogue.make({"kind": "restricted", "base": "smollm2", "keys": [HEADS, TAILS]})
    async with catalogue.use("smollm2") as base, catalogue.use(coin.id) as loaded:
        stem = loaded.tokens().encode(PROMPT)
        whole = (await rows(base, [stem]))[0, [HEADS, TAILS]]
        assert np.allclose(
            (await rows(loaded, [stem]))[0, [HEADS, TAILS]], whole / whole.sum(), atol=1e-6
        )


@pytest.mark.parametrize("text", [" 1", " 0", " tails heads", "heads and tails"])
async def test_what_is_not_one_token_is_refused_with_its_tokens(
    catalogue: Catalogue, text: str
) -> None:
    spec = {"kind": "restricted", "base": "smollm2", "texts": [" heads", text]}
    with pytest.raises(InvalidRequest) as refused:
        await catalogue.make(spec)
    assert refused.value.code == "not-one-token"
    async with catalogue.use("smollm2") as base:
        rule = base.tokens()
        for key in rule.encode(text):
            shown = rule.alphabet.bytes_of(key).decode().replace(" ", "␣")
            assert f"“{shown}”" in refused.value.message


async def test_the_model_mixed_with_itself_under_another_prompt_is_the_weighted_mean(
    catalogue: Catalogue, own_model: Any
) -> None:
    spec = {
        "kind": "interpolated",
        "first": {"rule": "smollm2"},
        "second": {"rule": "smollm2", "context": CONTEXT},
        "weight": 0.25,
    }
    mixed = await catalogue.make(spec)
    async with catalogue.use("smollm2") as base, catalogue.use(mixed.id) as loaded:
        stem, context = base.tokens().encode(PROMPT), base.tokens().encode(CONTEXT)
        states = [stem[:4], stem]
        found = await rows(loaded, states)
        plain = await rows(base, states)
        after = await rows(base, [(*context, *state) for state in states])
    assert np.max(np.abs(found - (0.75 * plain + 0.25 * after))) <= 1e-6
    own = 0.75 * forward(own_model, stem) + 0.25 * forward(own_model, (*context, *stem))
    assert np.max(np.abs(np.log(found[1]) - np.log(own))) <= 1e-4
    assert np.allclose(found.sum(1), 1, atol=1e-5)


async def test_a_part_may_replace_how_the_prompt_begins(
    catalogue: Catalogue, own_model: Any
) -> None:
    swapped = {"rule": "smollm2", "context": "You flip", "replaces": "I flip"}
    spec = {"kind": "interpolated", "first": {"rule": "smollm2"}, "second": swapped, "weight": 1}
    mixed = await catalogue.make(spec)
    async with catalogue.use(mixed.id) as loaded:
        encode = loaded.tokens().encode
        loaded.must_begin(encode(PROMPT))
        found = await rows(loaded, [encode(PROMPT)])
        own = forward(own_model, encode(PROMPT.replace("I flip", "You flip")))
        assert np.max(np.abs(np.log(found[0]) - np.log(own))) <= 1e-4
        with pytest.raises(InvalidRequest, match="“I␣flip”"):
            loaded.must_begin(encode("We flip"))


async def test_a_chain_of_the_models_tokens_is_fitted_and_read_by_the_model(
    catalogue: Catalogue,
) -> None:
    spec = {
        "kind": "markov",
        "text": "heads tails heads heads tails heads tails",
        "unit": "tokens",
        "order": 1,
        "base": "smollm2",
    }
    made = await catalogue.make(spec)
    async with catalogue.use(made.id) as loaded:
        stem = loaded.tokens().encode("heads tails heads")
        found = (await rows(loaded, [stem]))[0]
        assert stem[-1] == HEADS
        assert found[TAILS] == pytest.approx(2 / 3, abs=1e-6)
        assert found[HEADS] == pytest.approx(1 / 3, abs=1e-6)
