"""The tokenizer of an engine's model, found on this machine: nothing is fetched for it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from semioscope.core.errors import Unavailable
from semioscope.rules.causal_lm.sources import EMBEDDED
from semioscope.rules.causal_lm.text import ModelText
from semioscope.settings import Settings

_ROLES: Final = ("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token")


@dataclass(frozen=True)
class EngineText:
    """text: of the model. window: that its configuration declares, None without one. digest: 64
    hex digits of what decides about its tokens."""

    text: ModelText
    window: int | None
    digest: str


def engine_text(where: str, settings: Settings) -> EngineText:
    """The text of a model whose tokenizer is in a local folder, in a GGUF file, in the hub's cache
    under that name, or the embedded default's ("smollm2").

    Raises Unavailable "tokenizer-not-found", or what providing the default model raises.
    """
    path = Path(where).expanduser()
    if where == EMBEDDED:
        # Here and not above: only this needs to know where the default model is.
        from semioscope.rules.causal_lm.provision import provision

        return _in_folder(provision(settings), where)
    if path.is_file() and path.suffix == ".gguf":
        return _in_gguf(path)
    if path.is_dir():
        return _in_folder(path, where)
    return _in_folder(_cached(where), where)


def _in_folder(folder: Path, where: str) -> EngineText:
    tokenizer = folder / "tokenizer.json"
    if not tokenizer.is_file():
        raise _not_found(where)
    said = _json(folder / "tokenizer_config.json")
    config = _json(folder / "config.json")
    template = folder / "chat_template.jinja"
    chat = template.read_text(encoding="utf-8") if template.is_file() else said.get("chat_template")
    return _text(
        tokenizer.read_text(encoding="utf-8"),
        config.get("text_config") or config,
        _json(folder / "generation_config.json"),
        chat if isinstance(chat, str) else None,
        {role: _content(said[role]) for role in _ROLES if said.get(role)},
    )


def _in_gguf(path: Path) -> EngineText:
    from semioscope.rules.causal_lm.backend import quiet_transformers

    with quiet_transformers():
        from transformers import AutoConfig, AutoTokenizer

        options: dict[str, Any] = {"gguf_file": path.name, "local_files_only": True}
        tokenizer: Any = AutoTokenizer.from_pretrained(path.parent, **options)
        config: Any = AutoConfig.from_pretrained(path.parent, **options)
    return _text(
        tokenizer.backend_tokenizer.to_str(),
        json.loads(config.to_json_string(use_diff=False)),
        {},
        tokenizer.chat_template if isinstance(tokenizer.chat_template, str) else None,
        {role: str(token) for role, token in tokenizer.special_tokens_map.items()},
    )


def _text(
    tokenizer: str,
    config: Mapping[str, Any],
    generation: Mapping[str, Any],
    chat_template: str | None,
    special_tokens: Mapping[str, str],
) -> EngineText:
    spec = json.loads(tokenizer)
    ids = _ids(spec)
    size = int(config.get("vocab_size") or 1 + max(ids.values()))
    ends = {ids[special_tokens["eos_token"]]} if special_tokens.get("eos_token") in ids else set()
    for declared in (config.get("eos_token_id"), generation.get("eos_token_id")):
        ends |= set(declared if isinstance(declared, list) else [declared]) - {None}
    end_keys = tuple(sorted(key for key in ends if 0 <= key < size))
    decides = json.dumps([spec, size, end_keys], sort_keys=True)
    window = config.get("max_position_embeddings")
    return EngineText(
        ModelText(tokenizer, size, end_keys, chat_template, special_tokens),
        int(window) if window else None,
        hashlib.sha256(decides.encode()).hexdigest(),
    )


def _ids(spec: Mapping[str, Any]) -> dict[str, int]:
    vocabulary = spec["model"]["vocab"]
    named = isinstance(vocabulary, Mapping)
    ids = dict(vocabulary) if named else {token: key for key, (token, _) in enumerate(vocabulary)}
    return ids | {added["content"]: added["id"] for added in spec.get("added_tokens", ())}


def _content(token: Any) -> str:
    return str(token["content"]) if isinstance(token, Mapping) else str(token)


def _json(path: Path) -> dict[str, Any]:
    found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return found if isinstance(found, dict) else {}


def _cached(name: str) -> Path:
    from huggingface_hub import try_to_load_from_cache

    try:
        found = try_to_load_from_cache(name, "tokenizer.json")
    except ValueError:
        found = None  # no name of the hub
    if not isinstance(found, str):
        raise _not_found(name)
    return Path(found).parent


def _not_found(where: str) -> Unavailable:
    return Unavailable(
        "tokenizer-not-found",
        f"There is no tokenizer “{Path(where).name}” on this machine.",
        "An engine's tokenizer is a folder with tokenizer.json, a GGUF file, the hub name of a "
        f"model in the local cache, or “{EMBEDDED}”.",
    )
