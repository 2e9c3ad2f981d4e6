"""Loads a causal language model, its text and the engine that suits it."""

import json
import logging
from dataclasses import dataclass
from typing import Any

import torch

from semioscope.core.rule import RuleDescription
from semioscope.rules.causal_lm.backend import quiet_transformers
from semioscope.rules.causal_lm.engine import TreeEngine
from semioscope.rules.causal_lm.files import ModelFiles, find_files
from semioscope.rules.causal_lm.fingerprint import model_fingerprint
from semioscope.rules.causal_lm.inspection import (
    explained,
    must_be_readable,
    read_model,
    read_tokenizer,
)
from semioscope.rules.causal_lm.known import KnownModel, recall, remember
from semioscope.rules.causal_lm.llama_reader import LlamaReader, LlamaShape
from semioscope.rules.causal_lm.placement import Placement
from semioscope.rules.causal_lm.proof import Probe, probed_engine
from semioscope.rules.causal_lm.reach import window_of
from semioscope.rules.causal_lm.reader import Engine
from semioscope.rules.causal_lm.rule import CausalLM
from semioscope.rules.causal_lm.sequential import SequentialEngine
from semioscope.rules.causal_lm.sources import Source
from semioscope.rules.causal_lm.suitable import capacity_of, suitable_engine
from semioscope.rules.causal_lm.text import ModelText
from semioscope.rules.causal_lm.weights import read_weights
from semioscope.rules.progress import Progress, part_of, silent
from semioscope.settings import Settings

_log = logging.getLogger(__name__)


def load_causal_lm(source: Source, settings: Settings, progress: Progress = silent) -> CausalLM:
    """The rule of that source, ready to be asked.

    Raises Unavailable, which says why it cannot be loaded and what to do.
    """
    if settings.torch_threads is not None:
        torch.set_num_threads(settings.torch_threads)
    placement = Placement.of(settings)
    files, told = _found(source, settings, progress)
    told(0.0, f"Loading {source.name}.")
    with explained(source.name):
        fingerprint = model_fingerprint(
            files, placement.dtype_name, settings.cache_folder, part_of(told, 0.0, 0.2)
        )
        of = _Identity(source, fingerprint, files.revision)
        known = recall(settings.cache_folder, fingerprint, placement.device)
        shape = LlamaShape.of(known.config) if known else None
        if known and shape:
            reader = _plain_reader(shape, files, placement, part_of(told, 0.2, 0.9))
            return _rule(of, known, _plain_engine(reader, known, settings.cache_bytes))
        told(0.2, "Starting transformers.")
        with quiet_transformers(part_of(told, 0.3, 0.7)):
            model, tokenizer = _read(source, files, placement)
        told(0.7, f"Proving that {source.name} is evaluated rightly.")
        known = what_it_says(model, tokenizer)
        shape = LlamaShape.of(known.config)
        if shape:
            reader = _plain_reader(shape, files, placement, part_of(told, 0.7, 0.8))
            probe = Probe(SequentialEngine(model), known.alphabet_size, known.window)
            if probe.disproof(probed_engine(reader, known.window)) is None:
                notes = tuple(note for note in (probe.precision.note,) if note)
                if not notes:  # in half precision it says anew, each time, how exact it is
                    remember(settings.cache_folder, fingerprint, placement.device, known)
                return _rule(of, known, _plain_engine(reader, known, settings.cache_bytes), notes)
        told(0.8, f"Proving that {source.name} is evaluated rightly.")
        engine, notes = suitable_engine(model, known.alphabet_size, settings.cache_bytes)
        return _rule(of, known, engine, notes)


def _found(source: Source, settings: Settings, progress: Progress) -> tuple[ModelFiles, Progress]:
    """The files, and whom to tell of what is left: all of it, where nothing had to be fetched or
    converted."""
    reached = 0.0

    def told(share: float, message: str) -> None:
        nonlocal reached
        reached = 0.6 * share
        progress(reached, message)

    files = find_files(source, settings, told)
    return files, part_of(progress, reached, 1.0)


def _plain_reader(
    shape: LlamaShape, files: ModelFiles, placement: Placement, progress: Progress
) -> LlamaReader:
    return LlamaReader(shape, read_weights(files.weights, placement, progress))


def what_it_says(model: Any, tokenizer: Any) -> KnownModel:
    """What a model and a tokenizer of transformers say of themselves."""
    size = int(model.get_output_embeddings().weight.shape[0])
    return KnownModel(
        config=json.loads(model.config.to_json_string(use_diff=False)),
        tokenizer=tokenizer.backend_tokenizer.to_str(),
        chat_template=tokenizer.chat_template if isinstance(tokenizer.chat_template, str) else None,
        special_tokens={role: str(token) for role, token in tokenizer.special_tokens_map.items()},
        end_keys=tuple(sorted(_end_keys(model, tokenizer, size))),
        window=window_of(model.config),
        alphabet_size=size,
    )


def _plain_engine(reader: LlamaReader, known: KnownModel, cache_bytes: int) -> TreeEngine:
    return TreeEngine(reader, capacity_of(reader, cache_bytes), known.window)


@dataclass(frozen=True)
class _Identity:
    """Which model it is."""

    source: Source
    fingerprint: str
    revision: str | None


def _rule(
    of: _Identity,
    known: KnownModel,
    engine: Engine,
    notes: tuple[str, ...] = (),
) -> CausalLM:
    text = ModelText(
        known.tokenizer,
        known.alphabet_size,
        known.end_keys,
        known.chat_template,
        known.special_tokens,
    )
    description = RuleDescription(
        id=of.source.id,
        name=of.source.name,
        kind="appending",
        family="causal-lm",
        fingerprint=of.fingerprint,
        summary=of.source.summary,
        alphabet_size=known.alphabet_size,
        window=known.window,
        end_keys=known.end_keys,
        whole_distribution=True,
        needs_prompt=True,
        notes=notes,
        revision=of.revision,
    )
    return CausalLM(description, text, engine)


def _read(source: Source, files: ModelFiles, placement: Placement) -> tuple[Any, Any]:
    must_be_readable(source.name, files)
    tokenizer = read_tokenizer(source.name, files)
    model = read_model(source.name, files, dtype=placement.dtype)
    return model.eval().to(placement.device), tokenizer


def _end_keys(model: Any, tokenizer: Any, size: int) -> set[int]:
    """The end tokens that the model declares, in any of the places where models do."""
    declared = [tokenizer.eos_token_id, model.config.get_text_config().eos_token_id]
    if model.generation_config is not None:
        declared.append(model.generation_config.eos_token_id)
    keys = {key for each in declared for key in (each if isinstance(each, list) else [each])}
    return {int(key) for key in keys if key is not None and 0 <= key < size}
