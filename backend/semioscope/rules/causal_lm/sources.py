"""Where the causal language models of this server come from."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from semioscope.settings import Settings

EMBEDDED: Final = "smollm2"
"""The rule id of the default model, which needs no hub and no account."""

_HUB_NAME: Final = re.compile(
    r"(?P<repo>[A-Za-z0-9][\w.-]*(?:/[A-Za-z0-9][\w.-]*)?)"
    r"(?:@(?P<revision>[^:@\s]+))?"
    r"(?::(?P<file>[^:\s]+\.gguf))?"
)
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class HubName:
    """A model on the hub: `owner/name`, `owner/name@revision`, `owner/name:file.gguf`.

    revision: a branch, tag or commit; None for the main branch. file: the GGUF file to read of it;
    None for the safetensors.
    """

    repo: str
    revision: str | None
    file: str | None

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """None for what is not such a name."""
        found = _HUB_NAME.fullmatch(text)
        return cls(found["repo"], found["revision"], found["file"]) if found else None

    @property
    def title(self) -> str:
        """For people: the name's last part and the revision that was asked for."""
        last = (self.file or self.repo).split("/")[-1]
        if self.revision is None:
            return last
        short = self.revision[:7] if _COMMIT.fullmatch(self.revision) else self.revision
        return f"{last} @ {short}"


@dataclass(frozen=True)
class Source:
    """A causal LM on offer.

    where: a hub name, a local folder or a GGUF file; None for the embedded default.
    """

    id: str
    name: str
    summary: str
    where: str | None

    @property
    def path(self) -> Path | None:
        """The folder or file, for what is meant to be on this machine."""
        return None if self.where is None else local_path(self.where)

    @property
    def hub(self) -> HubName | None:
        """The name on the hub, for what is not meant to be on this machine."""
        return None if self.where is None or self.path is not None else HubName.parse(self.where)


DEFAULT_SOURCE: Final = Source(
    EMBEDDED,
    "SmolLM2 135M Instruct",
    "A small language model: what it could say next, token by token, is the tree.",
    None,
)


def local_path(where: str) -> Path | None:
    """The path that is meant; None where a hub's name is meant."""
    path = Path(where).expanduser()
    says_path = path.is_absolute() or where.startswith(("./", "../", "~"))
    names_file = where.endswith(".gguf") and ":" not in where
    return path if says_path or names_file or path.exists() else None


def offered_sources(settings: Settings) -> list[Source]:
    """The embedded default, then the models that the settings name.

    A model's id is made from the last part of its name, so that adding another changes none.
    """
    return sources_of(settings.models)


def sources_of(models: Iterable[str]) -> list[Source]:
    """The embedded default, then these models."""
    return [DEFAULT_SOURCE, *_named(models)]


def _named(models: Iterable[str]) -> Iterator[Source]:
    taken = {EMBEDDED, "coin", "coin-biased", "coin-sticky"}
    for where in dict.fromkeys(models):
        hub = None if local_path(where) else HubName.parse(where)
        name = hub.title if hub else re.split(r"[\\/]", where.rstrip("\\/"))[-1]
        slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "model"
        number, rule_id = 1, slug
        while rule_id in taken:
            number += 1
            rule_id = f"{slug}-{number}"
        taken.add(rule_id)
        yield Source(rule_id, name, f"The causal language model {name}.", where)
