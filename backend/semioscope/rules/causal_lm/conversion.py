"""Converts a GGUF file, once, to a folder of safetensors in the cache.

Reading GGUF takes half a minute and more, reading the folder half a second. The folder appears
whole or not at all, and two processes never convert the same file at once.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from semioscope.core.errors import SemioscopeError, Unavailable
from semioscope.rules.causal_lm.complete import must_be_complete
from semioscope.rules.causal_lm.hashes import remembered_hash
from semioscope.rules.causal_lm.whole import locked, read_note, whole_folder, write_note
from semioscope.rules.progress import Progress, part_of
from semioscope.settings import Settings

NOTE: Final = "semioscope.json"
"""In a converted folder: which file it was made of, by the name a person gave it."""

_SPLIT: Final = re.compile(r"-\d{5}-of-\d{5}\.gguf$")


def converted(gguf: Path, name: str, origin: str, settings: Settings, progress: Progress) -> Path:
    """The folder of a GGUF file's model, converted now if it was not yet.

    origin: how a person would name that file again; it is noted in the folder.
    Raises Unavailable "split-gguf", "model-not-provided".
    """
    if _SPLIT.search(gguf.name):
        raise Unavailable(
            "split-gguf",
            f"{name} is one part of a GGUF file that was split.",
            "Join the parts into one file (llama-gguf-split --merge), and name that.",
        )
    dtype = "float32" if settings.dtype == "auto" else settings.dtype
    # By what is in the file: the same file under another name needs no converting.
    sha256 = remembered_hash(gguf, settings.cache_folder, part_of(progress, 0.0, 0.1))
    folder = settings.cache_folder / "models" / f"gguf-{sha256[:24]}-{dtype}"
    convert_once(gguf, folder, name, part_of(progress, 0.1, 1.0), dtype, origin=origin)
    return folder


def conversions(settings: Settings) -> list[tuple[Path, str]]:
    """The folders that were converted of a person's GGUF files, and of which: its `origin`."""
    found = []
    for folder in sorted((settings.cache_folder / "models").glob("gguf-*")):
        note = read_note(folder / NOTE)
        if note and "origin" in note:
            found.append((folder, str(note["origin"])))
    return found


def convert_once(
    gguf: Path,
    folder: Path,
    name: str,
    progress: Progress,
    dtype: str = "float32",
    *,
    origin: str | None = None,
    end_keys: Sequence[int] | None = None,
) -> None:
    """Makes the folder if it is not there. end_keys: instead of those that the file declares.

    Raises Unavailable "model-not-provided".
    """
    if folder.is_dir():
        return
    try:
        progress(0.0, f"Waiting for another process that converts {name}.")
        with locked(folder.with_name(f"{folder.name}.lock")):
            if folder.is_dir():
                return
            with whole_folder(folder) as part:
                _write(gguf, part, name, progress, dtype, end_keys)
                if origin is not None:
                    write_note(part / NOTE, {"origin": origin})
                progress(0.98, f"Putting {name} in its place.")
    except SemioscopeError:
        raise
    except OSError as error:
        raise Unavailable(
            "model-not-provided",
            f"{name} cannot be converted into {folder.parent}: {error.strerror or error}.",
            "It needs room there for all its weights (four bytes each in float32; the default "
            "model: 520 MB); SEMIOSCOPE_CACHE names another folder.",
        ) from error
    except Exception as error:
        raise Unavailable(
            "model-not-provided",
            f"{name} cannot be read: {_first_line(error)}",
            "It has to be a GGUF file, whole and undamaged, of an architecture that transformers "
            "reads; or name the model's safetensors instead.",
        ) from error


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _write(
    gguf: Path,
    part: Path,
    name: str,
    progress: Progress,
    dtype: str,
    end_keys: Sequence[int] | None,
) -> None:
    from semioscope.rules.causal_lm.backend import quiet_transformers, told_of_gguf

    progress(0.02, "Starting torch and transformers.")
    with quiet_transformers():
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        progress(0.15, f"Reading the tokenizer of {name}.")
        tokenizer: Any = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
        progress(0.25, f"Reading the weights of {name}.")
        with told_of_gguf(part_of(progress, 0.25, 0.8)):
            read: Any = AutoModelForCausalLM.from_pretrained(
                gguf.parent,
                gguf_file=gguf.name,
                dtype=getattr(torch, dtype),
                output_loading_info=True,
            )
        model, told = read
        must_be_complete(name, told)
        progress(0.8, f"Writing {name}.")
        # The weights are plain numbers by now, but model and config still say how the file was
        # quantized, and such models are not written.
        if hasattr(model.config, "quantization_config"):
            del model.config.quantization_config
        for mark in ("hf_quantizer", "is_quantized", "quantization_method"):
            if hasattr(model, mark):
                delattr(model, mark)
        if end_keys is not None:
            model.generation_config.eos_token_id = list(end_keys)
        model.save_pretrained(part, max_shard_size="4GB")
        tokenizer.save_pretrained(part)
