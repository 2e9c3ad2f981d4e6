"""However little the engine may keep, in whatever order it is asked: every answer is the same."""

import contextlib
from functools import cache
from typing import Any

import numpy as np
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st

from semioscope.rules.causal_lm.engine import TreeEngine
from semioscope.rules.causal_lm.llama_reader import LlamaReader, LlamaShape
from semioscope.rules.causal_lm.sequential import SequentialEngine
from semioscope.rules.interest import NobodyWaits, waited_for

SIZE = 31
TOLERANCE = 1e-4
LONGEST = 14

# Few tokens, so that states share prefixes, lie on each other's way, and come again.
states = st.lists(st.sampled_from([1, 2, 3]), min_size=1, max_size=LONGEST).map(tuple)
batches = st.lists(st.lists(states, min_size=1, max_size=30), min_size=1, max_size=6)


@cache
def model() -> Any:
    torch.manual_seed(3)
    made = transformers.LlamaForCausalLM(
        transformers.LlamaConfig(
            vocab_size=SIZE, hidden_size=16, num_hidden_layers=2, num_attention_heads=4,
            num_key_value_heads=2, intermediate_size=24, max_position_embeddings=32,
        )
    ).eval()  # fmt: skip
    with torch.no_grad():
        for parameter in made.parameters():
            if parameter.dim() > 1:
                parameter.mul_(6.0)
    return made


@cache
def reader() -> LlamaReader:
    shape = LlamaShape.of(model().config.to_dict())
    assert shape is not None
    return LlamaReader(shape, model().state_dict())


@cache
def alone(state: tuple[int, ...]) -> "np.ndarray[Any, Any]":
    (row,) = SequentialEngine(model()).log_probs([state])
    return row.log_probs.copy()


@given(batches=batches, capacity=st.integers(1, 60), pass_tokens=st.integers(1, 80))
@settings(deadline=None, max_examples=60)
def test_a_tiny_budget_never_changes_an_answer(
    batches: list[list[tuple[int, ...]]], capacity: int, pass_tokens: int
) -> None:
    engine = TreeEngine(reader(), capacity, 32, pass_tokens=pass_tokens)
    for batch in batches:
        found = {row.place: row.log_probs.copy() for row in engine.log_probs(batch)}
        assert sorted(found) == list(range(len(batch)))
        for place, state in enumerate(batch):
            assert np.max(np.abs(found[place] - alone(state))) <= TOLERANCE
        assert engine.tokens_kept <= capacity


@given(
    batches=batches,
    capacity=st.integers(LONGEST, 60),
    pass_tokens=st.integers(1, 80),
    patience=st.lists(st.integers(0, 12), max_size=6),
)
@settings(deadline=None, max_examples=60)
def test_a_pass_that_is_broken_off_never_changes_an_answer(
    batches: list[list[tuple[int, ...]]], capacity: int, pass_tokens: int, patience: list[int]
) -> None:
    """patience: for how many layers somebody waits, for each of the first batches."""
    engine = TreeEngine(reader(), capacity, 32, pass_tokens=pass_tokens)
    for batch, layers in zip(batches, patience, strict=False):
        left = iter(range(layers))
        with (
            contextlib.suppress(NobodyWaits),
            waited_for(lambda left=left: next(left, None) is not None),  # type: ignore[misc]  # mypy knows no default of a lambda
        ):
            list(engine.log_probs(batch))
    for batch in batches:
        found = {row.place: row.log_probs.copy() for row in engine.log_probs(batch)}
        for place, state in enumerate(batch):
            assert np.max(np.abs(found[place] - alone(state))) <= TOLERANCE


@given(batches=batches, capacity=st.integers(LONGEST, 60), tokens=st.integers(1, 40))
@settings(deadline=None, max_examples=60)
def test_what_is_said_to_be_within_is_what_is_read(
    batches: list[list[tuple[int, ...]]], capacity: int, tokens: int
) -> None:
    engine = TreeEngine(reader(), 10_000, 32)
    for batch in batches:
        load = engine.within(batch, tokens)
        if load.states == 0:
            before = engine.tokens_kept
            engine.read_ahead(batch[0], tokens)
            assert engine.tokens_kept - before == tokens
            continue
        before = engine.tokens_kept
        assert len(list(engine.log_probs(batch[: load.states]))) == load.states
        read = engine.tokens_kept - before
        assert read == load.tokens <= tokens


@given(batches=batches, capacity=st.integers(1, 40), tokens=st.integers(1, 12))
@settings(deadline=None, max_examples=40)
def test_reading_ahead_never_changes_an_answer(
    batches: list[list[tuple[int, ...]]], capacity: int, tokens: int
) -> None:
    engine = TreeEngine(reader(), capacity, 32)
    for batch in batches:
        for state in batch[:3]:
            engine.read_ahead(state, tokens)
            assert engine.tokens_kept <= capacity
        for row in engine.log_probs(batch):
            assert np.max(np.abs(row.log_probs - alone(batch[row.place]))) <= TOLERANCE
