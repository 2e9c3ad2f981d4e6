"""Finds the files of a model: embedded, a local folder, a GGUF file, or by its hub name."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from semioscope.core.errors import Unavailable
from semioscope.rules.causal_lm.provision import provision
from semioscope.rules.causal_lm.sources import Source
from semioscope.rules.progress import Progress
from semioscope.settings import Settings

WANTED: Final = ("*.json", "*.safetensors", "*.jinja", "*.model")
"""What is fetched of a hub's repository: never code, never pickled weights."""

DESCRIBING: Final = (
    *("config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"),
    *("special_tokens_map.json", "tokenizer.model", "chat_template.jinja"),
)
"""What says, beside the weights, what a model does with a text."""


@dataclass(frozen=True)
class ModelFiles:
    """folder: for transformers. gguf: the file in it to read, if it is one. weights: all files of
    weights. described_by: configuration, tokenizer and template, as far as they are files."""

    folder: Path
    gguf: Path | None
    weights: tuple[Path, ...]
    described_by: tuple[Path, ...]


def find_files(source: Source, settings: Settings, progress: Progress) -> ModelFiles:
    """Provides or fetches what is not here yet. Raises Unavailable "model-not-found",
    "unsafe-weights", or what providing the default model raises."""
    if source.where is None:
        folder = provision(settings, lambda share, message: progress(0.5 * share, message))
        return _in_folder(source, folder)
    path = Path(source.where).expanduser()
    if path.is_file() and path.suffix == ".gguf":
        return ModelFiles(path.parent, path, (path,), ())
    if path.is_dir():
        return _in_folder(source, path)
    if path.exists() or path.is_absolute() or source.where.startswith(("./", "../", "~")):
        raise Unavailable(
            "model-not-found",
            f"There is no model folder and no GGUF file at {source.where}.",
            "SEMIOSCOPE_MODELS names hub models, local folders and GGUF files.",
        )
    progress(0.0, f"Fetching {source.where}.")
    return _in_folder(source, _fetched(source.where))


def _in_folder(source: Source, folder: Path) -> ModelFiles:
    weights = tuple(sorted(folder.glob("*.safetensors")))
    if not weights:
        raise Unavailable(
            "unsafe-weights",
            f"{source.name} has no weights in safetensors format in {folder}.",
            "Only safetensors and GGUF files are read; convert the model's weights.",
        )
    described_by = tuple(path for name in DESCRIBING if (path := folder / name).is_file())
    return ModelFiles(folder, None, weights, described_by)


def _fetched(name: str) -> Path:
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, allow_patterns=list(WANTED)))
    except Exception as error:
        raise Unavailable(
            "model-not-found",
            f"The model {name} is neither in the local cache nor to be had from the hub.",
            "Check its name and the network; or give a local folder or a GGUF file.",
            retryable=True,
        ) from error
