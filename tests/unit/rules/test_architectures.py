"""Every family of architectures is right to 1e-4 of its own forward pass, and it is known which are
fast; what would be wrong is refused when a model is loaded."""

import logging
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
import transformers

from semioscope.core.errors import Unavailable
from semioscope.rules.causal_lm import engine as engine_module
from semioscope.rules.causal_lm import rows as rows_module
from semioscope.rules.causal_lm import transformers_reader as reader_module
from semioscope.rules.causal_lm.engine import TreeEngine
from semioscope.rules.causal_lm.layer_memory import LayerMemory
from semioscope.rules.causal_lm.pool import FIRST_SLOTS
from semioscope.rules.causal_lm.precision import TOLERANCE
from semioscope.rules.causal_lm.proof import Probe
from semioscope.rules.causal_lm.reach import UNKNOWN_WINDOW, reach_of, window_of
from semioscope.rules.causal_lm.rows import RowsEngine
from semioscope.rules.causal_lm.sequential import SequentialEngine
from semioscope.rules.causal_lm.suitable import suitable_engine
from semioscope.rules.causal_lm.transformers_reader import TransformersReader
from semioscope.rules.interest import NobodyWaits, waited_for
from tests.unit.rules.families import FAMILIES, SIZE, WINDOW, tiny

State = tuple[int, ...]
Numbers = np.ndarray[Any, Any]

ENGINES = {"tree": TreeEngine, "rows": RowsEngine, "alone": SequentialEngine}
LITTLE = 20_000
"""Bytes: less than the states of one question need, for any of the families."""


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Models this small only wait for a second one."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def model_of(name: str) -> Any:
    """A new one each time: what it is given to may change how it multiplies."""
    return tiny(FAMILIES[name].config, FAMILIES[name].scale)


oracle = cache(model_of)


@cache
def own(name: str, state: State) -> Numbers:
    """log p of every next token by the model's own forward pass over this state alone."""
    return own_of(oracle(name), state)


def own_of(model: Any, state: State) -> Numbers:
    with torch.inference_mode():
        logits = model(input_ids=torch.tensor([state]), use_cache=False).logits[0, -1].double()
    return torch.log_softmax(logits, -1).numpy()


def grown() -> list[list[State]]:
    """Questions of a growing tree: a long prompt, branches at several depths, a chain token by
    token, states beside their own prefixes and asked again, one far longer, one that is alone."""
    tokens = np.random.default_rng(3).integers(2, SIZE, 200).tolist()
    stem = tuple(tokens[: 2 * WINDOW + 3])
    deep = [(*stem, tokens[60], *tokens[70 : 70 + steps]) for steps in range(1, 7)]
    return [
        [stem],
        [(*stem, token) for token in tokens[60:64]],
        *([state] for state in deep),
        [(*deep[-1], token) for token in tokens[80:83]] + [(*deep[2], tokens[84]), stem[:9]],
        [(*stem, *tokens[90:110]), (*stem[:5], *tokens[110:114]), tuple(tokens[120:122]), stem],
        [(*stem, *tokens[90:110], tokens[115]), deep[-1], deep[0], deep[-1]],
    ]


def asked(engine: Any, states: Sequence[State]) -> Iterator[tuple[State, Numbers]]:
    found = {row.place: row.log_probs.copy() for row in engine.log_probs(states)}
    assert sorted(found) == list(range(len(states)))
    for place, state in enumerate(states):
        yield state, found[place]


def must_agree(name: str, engine: Any, questions: Sequence[Sequence[State]]) -> None:
    for question in questions:
        for state, found in asked(engine, question):
            assert np.max(np.abs(found - own(name, state))) <= TOLERANCE, (len(state), state[-3:])


@pytest.fixture(params=FAMILIES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_an_answer_depends_on_the_order_of_tokens_and_on_early_ones(name: str) -> None:
    """Or a path that confuses them could not be told from one that does not."""
    (stem,) = grown()[0]
    swapped = (*stem[:-4], stem[-3], stem[-4], *stem[-2:])
    seen = len(stem) - WINDOW // 2 if "sliding" in name else 0
    other = (*stem[:seen], (stem[seen] + 5) % 90 + 2, *stem[seen + 1 :])
    for changed in (swapped, other):
        assert np.max(np.abs(own(name, changed) - own(name, stem))) >= 5 * TOLERANCE


def test_every_state_is_right_and_the_path_is_the_one_that_is_known(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="semioscope"):
        engine, notes = suitable_engine(model_of(name), SIZE)
    family = FAMILIES[name]
    assert type(engine) is ENGINES[family.path]
    if family.path == "tree":
        assert notes == ()
        assert caplog.messages == []
    else:
        assert family.why in notes[0]
        assert notes[0] in caplog.text
    must_agree(name, engine, grown())
    must_agree(name, engine, [question[::-1] for question in grown()[::-1]])


def test_every_state_is_right_when_hardly_anything_can_be_kept(name: str) -> None:
    engine, _ = suitable_engine(model_of(name), SIZE, cache_bytes=LITTLE)
    everything = [state for question in grown() for state in question]
    shuffled = np.random.default_rng(5).permutation(len(everything))
    must_agree(name, engine, [[everything[place] for place in shuffled], *grown()[4:]])
    kept = getattr(engine, "_kept", None)
    assert kept is None or kept.size <= LITTLE


@pytest.mark.parametrize("rope", ["dynamic", "longrope"])
def test_what_depends_on_the_length_of_a_state_is_right_below_and_above(rope: str) -> None:
    kind: dict[str, Any] = {"rope_type": rope, "rope_theta": 1e4, "factor": 4.0}
    if rope == "longrope":
        kind |= {"short_factor": [1.0, 1.1, 1.2, 1.3], "long_factor": [2.0, 3.0, 4.0, 5.0]}
    config = transformers.LlamaConfig(
        **FAMILIES["Llama"].config.to_diff_dict()
        | {"rope_parameters": {**kind, "original_max_position_embeddings": 36}}
    )
    model = tiny(config)
    engine, _ = suitable_engine(tiny(config), SIZE)
    assert isinstance(engine, TreeEngine)
    for question in grown():
        for state, found in asked(engine, question):
            assert np.max(np.abs(found - own_of(model, state))) <= TOLERANCE


def note_of(name: str) -> str:
    engine, notes = suitable_engine(model_of(name), SIZE)
    assert type(engine) is not TreeEngine
    must_agree(name, engine, grown()[:3])
    return notes[0]


def test_a_mask_that_hides_nothing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    right = engine_module.additive
    monkeypatch.setattr(
        engine_module, "additive", lambda seen, dtype: right(np.ones_like(seen), dtype)
    )
    for name in ("Llama", "GPT-2", "OPT"):
        assert "off by" in note_of(name)


@pytest.mark.parametrize("name", ["Llama", "GPT-2", "OPT", "Falcon"])
def test_positions_by_place_in_the_pass_are_refused(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = TransformersReader.read

    def misplaced(self: Any, tree_pass: Any, pools: Any) -> torch.Tensor:
        places = torch.arange(len(tree_pass.tokens)) + tree_pass.past_count
        return read(self, replace(tree_pass, positions=places), pools)

    monkeypatch.setattr(TransformersReader, "read", misplaced)
    assert "off by" in note_of(name)


SLIDING = [
    name
    for name, family in FAMILIES.items()
    if family.path == "tree" and getattr(family.config, "sliding_window", None)
]


@pytest.mark.parametrize("name", SLIDING)
@pytest.mark.parametrize("wrong", [lambda window: window + 1, lambda window: window - 1])
def test_a_window_that_is_off_by_one_is_refused(
    name: str, wrong: Callable[[int], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    right = reader_module.sliding_window
    monkeypatch.setattr(reader_module, "sliding_window", lambda config: wrong(right(config) or 0))
    assert "off by" in note_of(name)


@pytest.mark.parametrize("name", SLIDING)
def test_a_window_that_is_ignored_is_refused_however_long_it_is(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = type(FAMILIES[name].config)(
        **FAMILIES[name].config.to_diff_dict() | {"sliding_window": 100}
    )
    monkeypatch.setattr(reader_module, "sliding_window", lambda config: None)
    engine, notes = suitable_engine(tiny(config), SIZE)
    assert isinstance(engine, RowsEngine)
    assert "off by" in notes[0]
    assert config.sliding_window == 100


def test_a_window_is_as_it_was_after_a_proof_that_fails() -> None:
    model = tiny(FAMILIES["Mistral (sliding window)"].config)
    model.forward = None
    with pytest.raises(TypeError):
        suitable_engine(model, SIZE)
    assert model.config.sliding_window == WINDOW


@pytest.mark.parametrize("name", ["Gemma 2", "Cohere 2"])
def test_logits_that_are_not_capped_or_scaled_are_refused(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bare(self: Any, hidden: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self._model.get_output_embeddings()(hidden)
        return logits

    monkeypatch.setattr(TransformersReader, "logits", bare)
    assert "off by" in note_of(name)


def rows_note(name: str) -> str:
    """Of a model whose rows are broken."""
    engine, notes = suitable_engine(model_of(name), SIZE)
    assert isinstance(engine, SequentialEngine)
    assert "nor do rows" in notes[0]
    must_agree(name, engine, grown()[:2])
    return notes[0]


RECURRENT = ["Mamba", "Jamba", "Falcon-H1", "Qwen3-Next"]


@pytest.mark.parametrize("name", RECURRENT)
def test_rows_that_go_on_from_an_older_state_are_refused(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stale(asked: Any) -> list[list[LayerMemory]]:
        chain = [kept.memory for kept in reversed(list(asked.start.chain()))] if asked.start else []
        for older, newer in list(pairwise(chain))[-1:]:
            chain[-1] = [
                LayerMemory(new.attention, old.states)
                for old, new in zip(older, newer, strict=True)
            ]
        return chain

    monkeypatch.setattr(rows_module._Asked, "memories", stale)
    assert "off by" in rows_note(name)


@pytest.mark.parametrize("name", [*RECURRENT, "BLOOM"])
def test_rows_that_keep_what_another_row_read_are_refused(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = rows_module.memories

    def mixed(cache: Any, past: int) -> list[list[LayerMemory]]:
        return list(right(cache, past))[::-1]

    monkeypatch.setattr(rows_module, "memories", mixed)
    assert "off by" in rows_note(name)


@pytest.mark.parametrize("name", RECURRENT)
def test_rows_whose_state_is_shared_and_not_copied_are_refused(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, right, caches = model_of(name), rows_module.filled_cache, {}

    def shared(config: Any, rows: Any) -> Any:
        key = tuple(id(chain[-1]) for chain in rows if chain)
        if key not in caches or not key:
            caches[key] = right(config, rows)
        return caches[key]

    monkeypatch.setattr(rows_module, "filled_cache", shared)
    plain = SequentialEngine(model)
    rows = RowsEngine(model, plain, 128, 1 << 30, at_once=False)
    (stem,) = grown()[0]
    for question in ([stem], [(*stem, 5)], [(*stem, 7)]):
        found = list(asked(rows, question))
    assert np.max(np.abs(found[0][1] - own(name, (*stem, 7)))) > TOLERANCE
    monkeypatch.undo()
    assert Probe(plain, SIZE, 128).disproof(RowsEngine(model, plain, 128, 1 << 30, False)) is None


def test_a_model_that_forgets_its_state_when_it_goes_on_by_many_tokens_goes_on_by_one() -> None:
    """Transformers' plain code of the first Mamba begins from nothing there."""
    model = model_of("Mamba")
    plain = SequentialEngine(model)
    probe = Probe(plain, SIZE, 128)
    assert "off by" in (probe.disproof(RowsEngine(model, plain, 128, 1 << 30, True)) or "")
    assert probe.disproof(RowsEngine(model, plain, 128, 1 << 30, False)) is None


@pytest.mark.parametrize("told", [-1, 0])
def test_a_model_that_declares_no_window_has_one(told: int) -> None:
    config = transformers.LlamaConfig()
    config.max_position_embeddings = told
    assert window_of(config) == reach_of(config) == UNKNOWN_WINDOW


@pytest.mark.parametrize("name", ["GPT-2", "Mistral (sliding window)", "Gemma 4"])
def test_what_a_token_takes_is_what_is_kept_of_it(name: str) -> None:
    reader = TransformersReader(model_of(name))
    engine = TreeEngine(reader, FIRST_SLOTS, 128)
    list(engine.log_probs([(1, 2, 3)]))
    kept = sum(pool.bytes_a_slot for pool in engine._pools)
    states = engine._hidden.at(torch.tensor([0]))
    assert reader.token_bytes == kept + states.numel() * states.itemsize


def test_a_state_that_is_not_a_number_is_refused() -> None:
    plain = SequentialEngine(model_of("Llama"))

    class Broken(SequentialEngine):
        def log_probs(self, states: Sequence[State]) -> Iterator[Any]:
            for row in super().log_probs(states):
                row.log_probs[3] = np.nan
                yield row

    found = Probe(plain, SIZE, 128).disproof(Broken(model_of("Llama")))
    assert found == "it is off by inf in log-probability"


def test_a_model_that_gives_no_numbers_is_refused() -> None:
    model = model_of("GPT-2")
    with torch.no_grad():
        model.get_output_embeddings().weight[5] = math.nan
    with pytest.raises(Unavailable, match="no number") as refusal:
        suitable_engine(model, SIZE)
    assert refusal.value.code == "no-numbers"


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_in_half_precision_the_bound_is_the_models_own_spread_and_said(
    dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tiny(FAMILIES["Llama"].config).to(dtype)
    engine, notes = suitable_engine(model, SIZE)
    assert isinstance(engine, TreeEngine)
    assert str(dtype).removeprefix("torch.") in notes[0]
    precision = Probe(SequentialEngine(model), SIZE, 128).precision
    assert 0 < precision.spread <= precision.tolerance <= 64 * torch.finfo(dtype).eps
    for state, found in asked(engine, grown()[-1]):
        assert np.max(np.abs(found - own_of(model, state))) <= 4 * precision.tolerance
    right = engine_module.additive
    monkeypatch.setattr(
        engine_module, "additive", lambda seen, dtype: right(np.ones_like(seen), dtype)
    )
    engine, notes = suitable_engine(model, SIZE)
    assert "off by" in notes[0]


@pytest.mark.parametrize("name", ["GPT-2", "Gemma 2", "Mamba", "RecurrentGemma"])
def test_a_pass_that_nobody_waits_for_is_broken_off_and_leaves_no_trace(name: str) -> None:
    """On every path: one pass for a tree, rows, each state alone."""
    engine, _ = suitable_engine(model_of(name), SIZE)
    first, second = (3, 5, 7), (3, 5, 8, 9)
    (before,) = [row.log_probs.copy() for row in engine.log_probs([first])]
    kept = engine.tokens_kept if isinstance(engine, TreeEngine) else 0
    with waited_for(lambda: False), pytest.raises(NobodyWaits):
        list(engine.log_probs([second]))
    if isinstance(engine, TreeEngine):
        assert engine.tokens_kept == kept
        looks = iter([True, False])  # for one layer of two
        with waited_for(lambda: next(looks)), pytest.raises(NobodyWaits):
            list(engine.log_probs([second]))
        assert engine.tokens_kept == kept
    found = {row.place: row.log_probs.copy() for row in engine.log_probs([first, second])}
    plain = SequentialEngine(model_of(name))
    exact = {row.place: row.log_probs.copy() for row in plain.log_probs([first, second])}
    assert np.abs(found[0] - before).max() <= TOLERANCE
    assert np.abs(found[1] - exact[1]).max() <= TOLERANCE
