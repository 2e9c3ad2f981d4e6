"""Loads a causal language model, its text and the engine that suits it."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from semioscope.core.errors import SemioscopeError, Unavailable
from semioscope.core.rule import RuleDescription
from semioscope.rules.causal_lm.backend import quiet_transformers
from semioscope.rules.causal_lm.engine import TreeEngine
from semioscope.rules.causal_lm.files import ModelFiles, find_files
from semioscope.rules.causal_lm.fingerprint import model_fingerprint
from semioscope.rules.causal_lm.known import KnownModel, recall, remember
from semioscope.rules.causal_lm.llama_reader import LlamaReader, LlamaShape
from semioscope.rules.causal_lm.proof import disproof
from semioscope.rules.causal_lm.reach import window_of
from semioscope.rules.causal_lm.reader import Engine
from semioscope.rules.causal_lm.rule import CausalLM
from semioscope.rules.causal_lm.sequential import SequentialEngine
from semioscope.rules.causal_lm.sources import Source
from semioscope.rules.causal_lm.suitable import CACHE_BYTES, capacity_of, suitable_engine
from semioscope.rules.causal_lm.text import ModelText
from semioscope.rules.progress import Progress, silent
from semioscope.settings import Settings

_log = logging.getLogger(__name__)


def load_causal_lm(source: Source, settings: Settings, progress: Progress = silent) -> CausalLM:
    """The rule of that source, ready to be asked.

    Raises Unavailable, which says why it cannot be loaded and what to do.
    """
    if settings.torch_threads is not None:
        torch.set_num_threads(settings.torch_threads)
    files = find_files(source, settings, progress)
    progress(0.5, f"Loading {source.name}.")
    with _explained(source):
        fingerprint = model_fingerprint(files, "float32", settings.cache_folder)
        known = recall(settings.cache_folder, fingerprint)
        shape = LlamaShape.of(known.config) if known else None
        if known and shape:
            engine = _plain_engine(LlamaReader.from_files(shape, files.weights), known)
            return _rule(source, fingerprint, known, engine)
        with quiet_transformers():
            model, tokenizer = _read(files)
        progress(0.8, f"Proving that {source.name} is evaluated rightly.")
        known = what_it_says(model, tokenizer)
        shape = LlamaShape.of(known.config)
        if shape and files.gguf is None:
            reader = LlamaReader.from_files(shape, files.weights)
            plain = SequentialEngine(model)
            if disproof(reader, plain, known.alphabet_size, known.window) is None:
                remember(settings.cache_folder, fingerprint, known)
                return _rule(source, fingerprint, known, _plain_engine(reader, known))
        return causal_lm(source, fingerprint, model, tokenizer)


def causal_lm(source: Source, fingerprint: str, model: Any, tokenizer: Any) -> CausalLM:
    """The rule of a model and a tokenizer of transformers."""
    known = what_it_says(model, tokenizer)
    engine, notes = suitable_engine(model, known.alphabet_size)
    return _rule(source, fingerprint, known, engine, notes)


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


def _plain_engine(reader: LlamaReader, known: KnownModel) -> TreeEngine:
    return TreeEngine(reader, capacity_of(reader, CACHE_BYTES), known.window)


def _rule(
    source: Source,
    fingerprint: str,
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
        id=source.id,
        name=source.name,
        kind="appending",
        family="causal-lm",
        fingerprint=fingerprint,
        summary=source.summary,
        alphabet_size=known.alphabet_size,
        window=known.window,
        end_keys=known.end_keys,
        whole_distribution=True,
        needs_prompt=True,
        notes=notes,
    )
    return CausalLM(description, text, engine)


def _read(files: ModelFiles) -> tuple[Any, Any]:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    where: dict[str, Any] = {"trust_remote_code": False, "local_files_only": True}
    if files.gguf is not None:
        where["gguf_file"] = files.gguf.name
    tokenizer: Any = AutoTokenizer.from_pretrained(files.folder, **where)
    # Always float32: in half precision a batch and a single state differ by far more than 1e-4.
    model: Any = AutoModelForCausalLM.from_pretrained(
        files.folder, dtype=torch.float32, use_safetensors=True, **where
    )
    if getattr(tokenizer, "backend_tokenizer", None) is None:
        raise Unavailable(
            "unsupported-tokenizer",
            "The model has no fast tokenizer (tokenizer.json).",
            "Save the model with one, or choose another.",
        )
    return model.eval(), tokenizer


@contextmanager
def _explained(source: Source) -> Iterator[None]:
    try:
        yield
    except SemioscopeError:
        raise
    except Exception as error:
        _log.error("%s cannot be loaded", source.name, exc_info=error)
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise Unavailable(
            "model-not-loaded",
            f"{source.name} cannot be loaded: {reason}",
            "It has to be a causal language model that transformers reads, "
            "as safetensors or GGUF, complete and undamaged.",
        ) from error


def _end_keys(model: Any, tokenizer: Any, size: int) -> set[int]:
    """The end tokens that the model declares, in any of the places where models do."""
    declared = [tokenizer.eos_token_id, model.config.get_text_config().eos_token_id]
    if model.generation_config is not None:
        declared.append(model.generation_config.eos_token_id)
    keys = {key for each in declared for key in (each if isinstance(each, list) else [each])}
    return {int(key) for key in keys if key is not None and 0 <= key < size}
