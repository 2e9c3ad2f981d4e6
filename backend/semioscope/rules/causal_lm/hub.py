"""Models of the hub: fetched once at one commit, which is kept, and used without the hub after.

The files lie in the cache of huggingface_hub (HF_HOME), where other programs find them too; which
commit a name stands for, and which files were taken, is noted in Semioscope's own cache.
"""

import glob
import hashlib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from semioscope.core.errors import SemioscopeError, Unavailable
from semioscope.rules.causal_lm.selection import INDEX, describing, weights_of
from semioscope.rules.causal_lm.sources import HubName
from semioscope.rules.causal_lm.whole import locked, read_note, write_note
from semioscope.rules.progress import Progress, how_much
from semioscope.settings import Settings

_NAMES_SHOWN: Final = 5


@dataclass(frozen=True)
class Pin:
    """What a name of a model stands for. where: the name. files: those that were taken."""

    where: str
    repo: str
    commit: str
    files: tuple[str, ...]


@dataclass(frozen=True)
class Fetched:
    """A model of the hub on this machine."""

    folder: Path
    commit: str


def pin_of(where: str, settings: Settings) -> Pin | None:
    """What the name stands for, if it was ever fetched here."""
    return _read(_place(where, settings))


def pins(settings: Settings) -> list[Pin]:
    """All models of the hub that were fetched here."""
    notes = sorted((settings.cache_folder / "hub").glob("*.json"))
    return [pin for place in notes if (pin := _read(place))]


def unpin(where: str, settings: Settings) -> None:
    """Forgets what the name stands for: it is looked up anew when it is wanted again."""
    _place(where, settings).unlink(missing_ok=True)


def snapshot_of(pin: Pin) -> Path | None:
    """The folder of a fetched model, if all of it is still there."""
    import huggingface_hub

    config = huggingface_hub.try_to_load_from_cache(pin.repo, pin.files[0], revision=pin.commit)
    if not isinstance(config, str):
        return None
    # A name may have folders in it: as many as that, up from the file, is the snapshot.
    folder = Path(config).parents[len(Path(pin.files[0]).parts) - 1]
    return folder if all((folder / name).is_file() for name in pin.files) else None


def fetched(hub: HubName, where: str, settings: Settings, progress: Progress) -> Fetched:
    """The files of a model of the hub: those that are here, else fetched now at the commit that
    the name stands for, which is noted.

    Raises Unavailable "model-not-found", "unsafe-weights", "no-weights", "incomplete-model",
    "model-gated", "hub-unreachable" (retryable).
    """
    with locked(_place(where, settings).with_suffix(".lock")):
        pin = pin_of(where, settings)
        if pin is not None and (folder := snapshot_of(pin)) is not None:
            return Fetched(folder, pin.commit)
        with _explained(hub, where):
            found = _fetched_or_cached(hub, where, pin.commit if pin else hub.revision, progress)
        write_note(
            _place(where, settings),
            {"where": where, "repo": hub.repo, "commit": found.commit, "files": found.files},
        )
        return Fetched(found.folder, found.commit)


@dataclass(frozen=True)
class _Found:
    folder: Path
    commit: str
    files: tuple[str, ...]


def _fetched_or_cached(
    hub: HubName, where: str, revision: str | None, progress: Progress
) -> _Found:
    try:
        return _fetch(hub, where, revision, progress)
    except _unreachable():
        found = _cached(hub, where, revision)
        if found is None:
            raise
        return found


def _fetch(hub: HubName, where: str, revision: str | None, progress: Progress) -> _Found:
    from huggingface_hub import HfApi, hf_hub_download, snapshot_download

    progress(0.0, f"Asking the hub for {where}.")
    known = HfApi().model_info(hub.repo, revision=revision, files_metadata=True)
    commit = str(known.sha)
    sizes = {each.rfilename: each.size or 0 for each in known.siblings or ()}

    def index() -> str:
        return Path(hf_hub_download(hub.repo, INDEX, revision=commit)).read_text(encoding="utf-8")

    files = _wanted(hub, where, tuple(sizes), index)
    told = _told_of_bytes(where, sum(sizes[name] for name in files), progress)
    folder = snapshot_download(
        hub.repo,
        revision=commit,
        allow_patterns=[glob.escape(name) for name in files],
        tqdm_class=told,
    )
    progress(1.0, f"{where} is here.")
    return _Found(Path(folder), commit, files)


def _cached(hub: HubName, where: str, revision: str | None) -> _Found | None:
    """What another program has fetched of it, if that is all that is needed."""
    from huggingface_hub import snapshot_download

    try:
        folder = Path(snapshot_download(hub.repo, revision=revision, local_files_only=True))
        names = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
        files = _wanted(hub, where, names, lambda: (folder / INDEX).read_text(encoding="utf-8"))
    except (OSError, SemioscopeError):
        return None
    return _Found(folder, folder.name, files)


def _wanted(
    hub: HubName, where: str, names: Collection[str], read_index: Callable[[], str]
) -> tuple[str, ...]:
    if hub.file is None:
        if "config.json" not in names:
            raise Unavailable(
                "incomplete-model",
                f"{where} has no config.json on the hub.",
                f"{_gguf_hint(names)}It has to be a model that transformers reads.",
            )
        index = (INDEX,) if INDEX in names else ()
        return (*describing(names), *index, *weights_of(where, names, read_index))
    if hub.file in names:
        return (hub.file,)
    raise Unavailable(
        "model-not-found",
        f"{hub.repo} has no file {hub.file} on the hub.",
        _gguf_hint(names) or "It has no GGUF files at all.",
    )


def _gguf_hint(names: Collection[str]) -> str:
    gguf = sorted(name for name in names if name.endswith(".gguf"))
    if not gguf:
        return ""
    more = ", …" if len(gguf) > _NAMES_SHOWN else ""
    return f"Its GGUF files are: {', '.join(gguf[:_NAMES_SHOWN])}{more}. "


def _unreachable() -> tuple[type[Exception], ...]:
    from httpx2 import TransportError  # the HTTP library of huggingface_hub
    from huggingface_hub.errors import HfHubHTTPError

    return (HfHubHTTPError, ConnectionError, TransportError)


@contextmanager
def _explained(hub: HubName, where: str) -> Iterator[None]:
    from huggingface_hub.errors import (
        GatedRepoError,
        HFValidationError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    try:
        yield
    except SemioscopeError:
        raise
    except GatedRepoError as error:
        raise Unavailable(
            "model-gated",
            f"{hub.repo} is given only to those who have accepted its terms on the hub.",
            "Accept them on the model's page there, and set HF_TOKEN to a token of yours.",
        ) from error
    except RevisionNotFoundError as error:
        raise Unavailable(
            "model-not-found",
            f"{hub.repo} has no revision {hub.revision} on the hub.",
            "After @ comes a branch, a tag or a whole commit.",
        ) from error
    except (RepositoryNotFoundError, HFValidationError) as error:
        raise Unavailable(
            "model-not-found",
            f"The hub has no model {hub.repo}, or does not show it to this machine.",
            "Check its name; a private one needs HF_TOKEN. A local folder is named by its path.",
        ) from error
    except OSError as error:
        if error.errno is not None:
            raise Unavailable(
                "model-not-fetched",
                f"{where} cannot be kept: {error.strerror or error}.",
                "HF_HOME names the folder in which models of the hub are kept.",
            ) from error
        raise _not_reached(where) from error
    except _unreachable() as error:
        raise _not_reached(where) from error


def _not_reached(where: str) -> Unavailable:
    return Unavailable(
        "hub-unreachable",
        f"{where} is not on this machine yet, and the hub cannot be reached.",
        "Try again with a network and without HF_HUB_OFFLINE, or name a local folder or a "
        "GGUF file.",
        retryable=True,
    )


def _told_of_bytes(where: str, total: int, progress: Progress) -> Any:
    """A class of progress bars that shows nothing, and tells how many bytes have come."""
    from tqdm.auto import tqdm  # type: ignore[import-untyped]  # it has no types

    class Told(tqdm):  # type: ignore[misc]  # as above
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            self._counts_bytes = kwargs.get("unit") == "B"
            self._bytes = 0.0
            kwargs.pop("name", None)
            super().__init__(*args, **{**kwargs, "disable": True})

        def update(self, n: float | None = 1) -> None:
            if self._counts_bytes and total:
                self._bytes += n or 0
                done = min(self._bytes, total)
                progress(done / total, f"Fetching {where}: {how_much(done, total)}.")

    return Told


def _place(where: str, settings: Settings) -> Path:
    digest = hashlib.sha256(where.encode()).hexdigest()[:32]
    return settings.cache_folder / "hub" / f"{digest}.json"


def _read(place: Path) -> Pin | None:
    note = read_note(place)
    if note is None or not set(Pin.__dataclass_fields__) <= set(note):
        return None
    return Pin(note["where"], note["repo"], note["commit"], tuple(note["files"]))
