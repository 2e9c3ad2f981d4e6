"""Loads a causal language model, its text and the engine that suits it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import torch

from semioscope.core.errors import SemioscopeError, Unavailable
from semioscope.core.rule import RuleDescription
from semioscope.rules.causal_lm.backend import quiet_transformers
from semioscope.rules.causal_lm.engine import TreeEngine
from semioscope.rules.causal_lm.files import ModelFiles, find_files
from semioscope.rules.causal_lm.fingerprint import model_fingerprint
from semioscope.rules.causal_lm.proof import disproof
from semioscope.rules.causal_lm.reach import objection, reach_of, window_of
from semioscope.rules.causal_lm.rule import CausalLM, Engine
from semioscope.rules.causal_lm.sequential import SequentialEngine
from semioscope.rules.causal_lm.sources import Source
from semioscope.rules.causal_lm.text import ModelText
from semioscope.rules.progress import Progress, silent
from semioscope.settings import Settings

CACHE_BYTES: Final = 1 << 30
"""What the engine may keep of keys, values and hidden states."""

_log = logging.getLogger(__name__)


def load_causal_lm(source: Source, settings: Settings, progress: Progress = silent) -> CausalLM:
    """The rule of that source, ready to be asked.

    Raises Unavailable, which says why it cannot be loaded and what to do.
    """
    if settings.torch_threads is not None:
        torch.set_num_threads(settings.torch_threads)
    files = find_files(source, settings, progress)
    progress(0.5, f"Loading {source.name}.")
    with _explained(source), quiet_transformers():
        model, tokenizer = _read(files)
    progress(0.8, f"Proving that {source.name} is evaluated rightly.")
    rule = causal_lm(source, model, tokenizer, _fingerprint(files, model, tokenizer, settings))
    progress(1.0, f"{source.name} is ready.")
    return rule


def causal_lm(
    source: Source,
    model: Any,
    tokenizer: Any,
    fingerprint: str,
    cache_bytes: int = CACHE_BYTES,
) -> CausalLM:
    """The rule of a model and tokenizer of transformers; its engine is the fast one if that
    proves to be right for this model (RuleDescription.notes says if it does not)."""
    model.eval()
    size = int(model.get_output_embeddings().weight.shape[0])
    end_keys = tuple(sorted(_end_keys(model, tokenizer, size)))
    text = ModelText(tokenizer, size, end_keys)
    engine, notes = suitable_engine(model, size, cache_bytes)
    description = RuleDescription(
        id=source.id,
        name=source.name,
        kind="appending",
        family="causal-lm",
        fingerprint=fingerprint,
        summary=source.summary,
        alphabet_size=size,
        window=window_of(model.config),
        end_keys=end_keys,
        whole_distribution=True,
        needs_prompt=True,
        notes=notes,
    )
    return CausalLM(description, text, engine)


def suitable_engine(
    model: Any, alphabet_size: int, cache_bytes: int = CACHE_BYTES
) -> tuple[Engine, tuple[str, ...]]:
    """The fast engine where it is proved right for this model, else the plain one; and notes."""
    reach = reach_of(model.config)
    why = objection(model.config) or disproof(model, alphabet_size, reach)
    if why is None:
        capacity = max(1, cache_bytes // _bytes_of_a_token(model))
        return TreeEngine(model, capacity, reach), ()
    note = f"Evaluated one state at a time: for this architecture the fast path fails ({why})."
    _log.warning("%s: %s", model.config.model_type, note)
    return SequentialEngine(model), (note,)


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
    return model, tokenizer


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


def _fingerprint(files: ModelFiles, model: Any, tokenizer: Any, settings: Settings) -> str:
    return model_fingerprint(
        model.config.to_json_string(use_diff=False),
        files.tokenizer.read_bytes()
        if files.tokenizer
        else tokenizer.backend_tokenizer.to_str().encode(),
        files.weights,
        "float32",
        settings.cache_folder,
    )


def _end_keys(model: Any, tokenizer: Any, size: int) -> set[int]:
    """The end tokens that the model declares, in any of the places where models do."""
    declared = [tokenizer.eos_token_id, model.config.get_text_config().eos_token_id]
    if model.generation_config is not None:
        declared.append(model.generation_config.eos_token_id)
    keys = {key for each in declared for key in (each if isinstance(each, list) else [each])}
    return {int(key) for key in keys if key is not None and 0 <= key < size}


def _bytes_of_a_token(model: Any) -> int:
    """What the pool keeps of one token: keys and values of every layer, the hidden state."""
    config = model.config.get_text_config(decoder=True)
    heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
    width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    numbers = 2 * config.num_hidden_layers * heads * width + config.hidden_size
    return int(numbers * model.dtype.itemsize)
