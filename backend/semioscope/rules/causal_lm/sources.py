"""Where the causal language models of this server come from."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from semioscope.settings import Settings

EMBEDDED: Final = "smollm2"
"""The rule id of the default model, which needs no hub and no account."""


@dataclass(frozen=True)
class Source:
    """A causal LM on offer.

    where: a hub name, a local folder or a GGUF file; None for the embedded default.
    """

    id: str
    name: str
    summary: str
    where: str | None


DEFAULT_SOURCE: Final = Source(
    EMBEDDED,
    "SmolLM2 135M Instruct",
    "A small language model: what it could say next, token by token, is the tree.",
    None,
)


def offered_sources(settings: Settings) -> list[Source]:
    """The embedded default, then the models that the settings name.

    A model's id is made from the last part of its name, so that adding another changes none.
    """
    return [DEFAULT_SOURCE, *_named(settings.models)]


def _named(models: tuple[str, ...]) -> Iterator[Source]:
    taken = {EMBEDDED, "coin", "coin-biased", "coin-sticky"}
    for where in dict.fromkeys(models):
        name = re.split(r"[\\/]", where.rstrip("\\/"))[-1]
        slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "model"
        number, rule_id = 1, slug
        while rule_id in taken:
            number += 1
            rule_id = f"{slug}-{number}"
        taken.add(rule_id)
        yield Source(rule_id, name, f"The causal language model {name}.", where)
