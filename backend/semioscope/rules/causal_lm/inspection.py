"""Whether the files of a model can be loaded, told without loading them: a configuration that
transformers knows, a tokenizer, and weights that are all there."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from semioscope.core.errors import SemioscopeError, Unavailable
from semioscope.rules.causal_lm.complete import incomplete, must_be_complete
from semioscope.rules.causal_lm.files import ModelFiles
from semioscope.rules.causal_lm.selection import INDEX

_log = logging.getLogger(__name__)


def prove_loadable(name: str, files: ModelFiles) -> None:
    """Reads the configuration, the tokenizer and where every weight is.

    Raises Unavailable "remote-code", "not-causal", "unsupported-tokenizer", "incomplete-model",
    "model-not-loaded".
    """
    from semioscope.rules.causal_lm.backend import quiet_transformers

    with explained(name), quiet_transformers():
        must_be_readable(name, files)
        read_tokenizer(name, files)
        _must_have_weights(name, files)
        read_model(name, files, device_map="meta")


def must_be_readable(name: str, files: ModelFiles) -> None:
    """Raises Unavailable "remote-code" or "not-causal" for what transformers cannot read alone."""
    from transformers import CONFIG_MAPPING
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

    said = json.loads((files.folder / "config.json").read_text(encoding="utf-8"))
    if not isinstance(said, dict):
        raise incomplete(f"The config.json of {name} says nothing of a model.")
    kind = said.get("model_type")
    if "auto_map" in said and kind not in CONFIG_MAPPING:
        raise Unavailable(
            "remote-code",
            f"{name} can be read only by code that comes with it, and such code is never run here.",
            "Choose a model of an architecture that transformers knows by itself.",
        )
    if kind not in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES:
        raise Unavailable(
            "not-causal",
            f"{name} is no causal language model that transformers knows"
            f"{f' (its type is {kind})' if kind else ' (its config.json says no model_type)'}.",
            "Choose a model that continues text.",
        )


def read_tokenizer(name: str, files: ModelFiles) -> Any:
    """The tokenizer, as transformers has it. Raises Unavailable "unsupported-tokenizer"."""
    from transformers import AutoTokenizer

    tokenizer: Any = None
    try:
        tokenizer = AutoTokenizer.from_pretrained(
            files.folder, trust_remote_code=False, local_files_only=True
        )
    except Exception as error:
        _log.info("the tokenizer of %s cannot be read", name, exc_info=error)
    fast = getattr(tokenizer, "backend_tokenizer", None)
    # Of some families transformers makes an empty one where the folder has none.
    if fast is None or fast.get_vocab_size(with_added_tokens=False) == 0:
        raise Unavailable(
            "unsupported-tokenizer",
            f"{name} has no fast tokenizer (tokenizer.json) that can be read.",
            "Save the model with one, or choose another.",
        )
    return tokenizer


def read_model(name: str, files: ModelFiles, **how: Any) -> Any:
    """The causal language model, as transformers has it; how: further arguments of its
    `from_pretrained`. Raises Unavailable "incomplete-model" where a weight is not there or has
    another shape: transformers would put random numbers in its place."""
    from transformers import AutoModelForCausalLM

    read: Any = AutoModelForCausalLM.from_pretrained(
        files.folder,
        use_safetensors=True,
        trust_remote_code=False,
        local_files_only=True,
        output_loading_info=True,
        ignore_mismatched_sizes=True,  # refused below, in words
        **how,
    )
    model, told = read
    must_be_complete(name, told)
    return model


@contextmanager
def explained(name: str) -> Iterator[None]:
    """Whatever goes wrong while a model is read, as Unavailable "model-not-loaded"."""
    try:
        yield
    except SemioscopeError:
        raise
    except Exception as error:
        _log.error("%s cannot be loaded", name, exc_info=error)
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise Unavailable(
            "model-not-loaded",
            f"{name} cannot be loaded: {reason}",
            "It has to be a causal language model that transformers reads, "
            "as safetensors or GGUF, complete and undamaged.",
        ) from error


def _must_have_weights(name: str, files: ModelFiles) -> None:
    from safetensors import safe_open

    held: set[str] = set()
    for path in files.weights:
        with safe_open(path, framework="pt") as file:  # refuses a file of another length
            held |= set(file.keys())
    index = files.folder / INDEX
    if len(files.weights) < 2 or not index.is_file():
        return
    absent = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"]) - held
    if absent:
        raise incomplete(f"{name} lacks {len(absent):,} of its weights, such as {min(absent)}.")
