"""Which of the files of a model are read: never code, never pickled weights."""

import json
import re
from collections.abc import Callable, Collection
from typing import Final

from semioscope.core.errors import Unavailable
from semioscope.rules.causal_lm.complete import incomplete

DESCRIBING: Final = (
    *("config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"),
    *("special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt"),
    *("tokenizer.model", "chat_template.jinja", "chat_template.json"),
)
"""What says, beside the weights, what a model does with a text."""
WEIGHTS: Final = "model.safetensors"
INDEX: Final = "model.safetensors.index.json"
"""Says in which files the weights are, where they are more than one."""

_PICKLED: Final = re.compile(r".*\.(?:bin|pt|pth|pkl|ckpt|h5|msgpack)")


def describing(names: Collection[str]) -> tuple[str, ...]:
    """Those of a model's files that describe it, in a fixed order."""
    return tuple(name for name in DESCRIBING if name in names)


def weights_of(
    model: str, names: Collection[str], read_index: Callable[[], str]
) -> tuple[str, ...]:
    """The files of safetensors that are the model's weights, of all that lie beside each other.

    read_index: the text of INDEX, if that is there. Raises Unavailable "unsafe-weights",
    "no-weights", "incomplete-model".
    """
    if WEIGHTS in names:
        return (WEIGHTS,)
    if INDEX in names:
        return _shards(model, names, read_index())
    if any(_PICKLED.fullmatch(name) for name in names):
        raise Unavailable(
            "unsafe-weights",
            f"{model} has its weights in a format that can run code when it is read.",
            "Only safetensors and GGUF are read; choose a model, or a revision, that has them.",
        )
    gguf = sorted(name for name in names if name.endswith(".gguf"))
    raise Unavailable(
        "no-weights",
        f"{model} has no weights named {WEIGHTS}.",
        f"It has GGUF files; name one of them, such as {gguf[0]}."
        if gguf
        else "A folder as transformers saves it has them; an adapter alone is no model.",
    )


def _shards(model: str, names: Collection[str], index: str) -> tuple[str, ...]:
    try:
        shards = sorted({str(name) for name in json.loads(index)["weight_map"].values()})
    except (ValueError, KeyError, TypeError, AttributeError):
        raise incomplete(f"{model} has an {INDEX} that cannot be read.") from None
    absent = [name for name in shards if name not in names or not name.endswith(".safetensors")]
    if absent or not shards:
        raise incomplete(
            f"{model} lacks {len(absent):,} of the {len(shards):,} files its {INDEX} names"
            f"{', such as ' + absent[0] if absent else ''}."
        )
    return tuple(shards)
