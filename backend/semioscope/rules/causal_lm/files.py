"""Finds the files of a model: embedded, a local folder, a GGUF file, or by its hub name."""

from dataclasses import dataclass
from pathlib import Path

from semioscope.core.errors import Unavailable
from semioscope.rules.causal_lm.conversion import converted
from semioscope.rules.causal_lm.hub import fetched
from semioscope.rules.causal_lm.provision import embedded_revision, provision
from semioscope.rules.causal_lm.selection import INDEX, describing, weights_of
from semioscope.rules.causal_lm.sources import Source
from semioscope.rules.progress import Progress, part_of
from semioscope.settings import Settings


@dataclass(frozen=True)
class ModelFiles:
    """folder: as transformers saves a model. weights: its files of safetensors. described_by:
    configuration, tokenizer and template, as far as they are files. revision: of a hub or of a
    package."""

    folder: Path
    weights: tuple[Path, ...]
    described_by: tuple[Path, ...]
    revision: str | None = None


def find_files(source: Source, settings: Settings, progress: Progress) -> ModelFiles:
    """Fetches, or converts, what is not here yet. Raises Unavailable, which says why that fails
    and what to do."""
    if source.where is None:
        return files_in(provision(settings, progress), source.name, embedded_revision())
    hub, path = source.hub, source.path
    if hub is not None:
        found = fetched(hub, source.where, settings, part_of(progress, 0.0, 0.5 if hub.file else 1))
        folder = found.folder
        if hub.file is not None:
            gguf = folder / hub.file
            told = part_of(progress, 0.5, 1.0)
            folder = converted(gguf, source.name, source.where, settings, told)
        return files_in(folder, source.name, found.commit)
    if path is not None and path.is_file() and path.suffix == ".gguf":
        origin = str(path.resolve())
        return files_in(converted(path, source.name, origin, settings, progress), source.name)
    if path is not None and path.is_dir():
        return files_in(path, source.name)
    raise Unavailable(
        "model-not-found",
        f"There is no model folder and no GGUF file at {source.where}.",
        "A model is named as owner/name on the hub, as a local folder, or as a GGUF file.",
    )


def files_in(folder: Path, name: str, revision: str | None = None) -> ModelFiles:
    """The files of a model in its folder. Raises Unavailable "unsafe-weights", "no-weights",
    "incomplete-model"."""
    names = {path.name for path in folder.iterdir() if path.is_file()}
    weights = weights_of(name, names, lambda: (folder / INDEX).read_text(encoding="utf-8"))
    if "config.json" not in names:
        raise Unavailable(
            "incomplete-model",
            f"{name} has no config.json beside its weights.",
            "It has to be a folder as transformers saves it.",
        )
    return ModelFiles(
        folder,
        tuple(folder / each for each in weights),
        tuple(folder / each for each in describing(names)),
        revision,
    )
