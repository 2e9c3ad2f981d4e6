"""The models of this machine: which there are, what is kept of them, and how to be rid of it."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from semioscope.core.errors import Conflict, NotFound, Unavailable
from semioscope.rules.causal_lm.conversion import conversions
from semioscope.rules.causal_lm.hub import Pin, pin_of, pins, snapshot_of, unpin
from semioscope.rules.causal_lm.provision import embedded_folder, embedded_revision
from semioscope.rules.causal_lm.sources import Source, sources_of
from semioscope.settings import Settings

Standing = Literal["default", "offered", "kept"]


@dataclass(frozen=True)
class ListedModel:
    """A causal LM of this machine.

    where: as it is named. revision: the commit, or the package's version. size: bytes on the disk
    of what is read and of what was made of it. kept: folders of the cache that are Semioscope's to
    remove, with the commit of a hub's. standing: "kept" is not offered, but still in the cache.
    """

    id: str
    name: str
    where: str
    revision: str | None
    size: int
    is_provided: bool
    standing: Standing
    made: tuple[Path, ...] = ()
    pin: Pin | None = None


@dataclass(frozen=True)
class Removal:
    """What removing a model takes away. size: bytes that it frees, at most."""

    model: ListedModel
    size: int


def list_models(settings: Settings) -> list[ListedModel]:
    """What the settings offer, the default first; then what the cache keeps beside."""
    named = {source.where for source in sources_of(settings.models)}
    return [
        _listed(source, settings, is_offered=source.where in named)
        for source in _known_sources(settings)
    ]


def find_model(asked: str, settings: Settings) -> ListedModel:
    """By its id, where it is from, or its name, if only one has that. Raises NotFound
    "unknown-model", Conflict "nothing-to-remove" for files of which nothing is kept."""
    models = list_models(settings)
    for model in models:
        if asked in (model.id, model.where):
            return model
    named = [model for model in models if model.name == asked]
    if len(named) == 1:
        return named[0]
    if (path := Path(asked).expanduser()).exists():
        raise Conflict(
            "nothing-to-remove",
            f"{path} is your own, and nothing that was made of it is kept here.",
            "Delete it yourself if you want to be rid of it.",
        )
    known = ", ".join(model.id for model in models)
    raise NotFound("unknown-model", f"There is no model “{asked}” here.", f"There are: {known}.")


def source_of(asked: str | None, settings: Settings) -> Source:
    """What is meant by the id of a model that is known here, or by a name of any other; the
    default for None. Raises Unavailable "model-not-found" for what is neither."""
    known = _known_sources(settings)
    if asked is None:
        return known[0]
    for source in known:
        if asked in (source.id, source.where):
            return source
    source = sources_of([asked])[1]
    if source.hub is None and source.path is None:
        raise Unavailable(
            "model-not-found",
            f"“{asked}” is no name of a model.",
            "A model is named as owner/name on the hub, as a local folder, or as a GGUF file. "
            f"Known here are: {', '.join(each.id for each in known)}.",
        )
    return source


def removal_of(model: ListedModel) -> Removal:
    """What can be removed of it. Raises Conflict "nothing-to-remove"."""
    if not model.made and (model.pin is None or snapshot_of(model.pin) is None):
        path = Path(model.where).expanduser()
        raise Conflict(
            "nothing-to-remove",
            f"{path} is your own, not Semioscope's to remove."
            if path.exists()
            else f"Nothing of {model.name} is kept on this machine.",
            "Delete it yourself if you want to be rid of it."
            if path.exists()
            else "semioscope model list says what is here.",
        )
    size = sum(_size(folder) for folder in model.made)
    if model.pin is not None:
        size += _deletion(model.pin).expected_freed_size
    return Removal(model, size)


def remove(removal: Removal, settings: Settings) -> None:
    """Removes what is kept of a model: what was converted, and what was fetched of the hub.

    Raises Conflict "not-removed" when the system does not allow it.
    """
    model = removal.model
    try:
        for folder in model.made:
            shutil.rmtree(folder)
            folder.with_name(f"{folder.name}.lock").unlink(missing_ok=True)
        if model.pin is not None:
            _deletion(model.pin).execute()
            unpin(model.pin.where, settings)
    except OSError as error:
        raise Conflict(
            "not-removed",
            f"{model.name} cannot be removed: {error.strerror or error}.",
            "Check whose the cache's folders are.",
        ) from error


def _known_sources(settings: Settings) -> list[Source]:
    offered = sources_of(settings.models)
    origins = {_origin(source) for source in offered}
    kept = [pin.where for pin in pins(settings)] + [of for _, of in conversions(settings)]
    return sources_of([*settings.models, *(where for where in kept if where not in origins)])


def _origin(source: Source) -> str | None:
    """As a conversion of it notes where it is from."""
    return str(source.path.resolve()) if source.path else source.where


def _listed(source: Source, settings: Settings, *, is_offered: bool) -> ListedModel:
    standing: Standing = "offered" if is_offered else "kept"
    if source.where is None:
        return _default(source, settings)
    pin = pin_of(source.where, settings)
    snapshot = snapshot_of(pin) if pin else None
    read: list[Path] = []
    if pin and snapshot:
        read = [snapshot / name for name in pin.files]
    elif source.path and source.path.exists():
        read = [source.path]
    made = tuple(folder for folder, of in conversions(settings) if of == _origin(source))
    return ListedModel(
        id=source.id,
        name=source.name,
        where=source.where,
        revision=pin.commit if pin else None,
        size=sum(map(_size, (*read, *made))),
        is_provided=any(_has_weights(path) for path in read),
        standing=standing,
        made=made,
        pin=pin,
    )


def _default(source: Source, settings: Settings) -> ListedModel:
    try:
        folder, revision = embedded_folder(settings), embedded_revision()
    except Unavailable as lacking:  # its package is not installed: it is listed, and not here
        return ListedModel(
            source.id, source.name, lacking.message, None, 0, is_provided=False, standing="default"
        )
    made = (folder,) if folder.is_dir() else ()
    return ListedModel(
        id=source.id,
        name=source.name,
        where=str(folder),
        revision=revision,
        size=sum(map(_size, made)),
        is_provided=bool(made),
        standing="default",
        made=made,
    )


def _deletion(pin: Pin) -> Any:
    from huggingface_hub import scan_cache_dir

    return scan_cache_dir().delete_revisions(pin.commit)


def _has_weights(path: Path) -> bool:
    """Whether it is a file of weights, or a folder with some that can be read."""
    return path.is_file() or any(path.glob("*.safetensors")) or any(path.glob("*.gguf"))


def _size(path: Path) -> int:
    """Bytes, what links lead to included."""
    if path.is_file():
        return path.stat().st_size
    return sum(each.stat().st_size for each in path.rglob("*") if each.is_file())
