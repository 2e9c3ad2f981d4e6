"""Sets an engine up: its tokenizer, its connections, and what the probe finds it to do."""

import hashlib
import json
import os
from collections.abc import Mapping
from typing import Any, Final

from semioscope.core.errors import Unavailable
from semioscope.core.rule import RuleDescription
from semioscope.rules.loop_thread import LoopThread
from semioscope.rules.progress import Progress, silent
from semioscope.rules.remote.client import EngineClient
from semioscope.rules.remote.kind import EngineKind
from semioscope.rules.remote.probe import Probe
from semioscope.rules.remote.rule import RemoteRule
from semioscope.rules.remote.text import EngineText, engine_text
from semioscope.rules.remote.worker import RemoteWorker
from semioscope.settings import EngineSettings, Settings

UNKNOWN_WINDOW: Final = 2048
"""For engines of which neither they nor their configuration say how long a state may be."""
_LASTING: Final = ("id", "root", "parent", "owned_by", "max_model_len", "meta")
"""What /v1/models says that does not change from one start of a server to the next."""


def load_engine(
    rule_id: str,
    engine: EngineSettings,
    settings: Settings,
    progress: Progress = silent,
) -> tuple[RemoteRule, RemoteWorker]:
    """The rule of an engine and the worker that asks it.

    Raises Unavailable: what the engine's client says, "engine-unfit", "no-engine-key",
    "bad-engine-key" or "tokenizer-not-found".
    """
    progress(0.1, f"Reading the tokenizer of {engine.name}.")
    text = engine_text(engine.tokenizer, settings)
    progress(0.5, f"Asking {engine.name} what it does.")
    key = _key(engine)
    loop = LoopThread(f"engine {rule_id}")

    async def connect() -> EngineClient:
        return EngineClient(engine.name, engine.url, key, engine.timeout_s, engine.concurrency)

    client = loop.begin(connect()).result()
    try:
        rule = loop.begin(_rule(rule_id, engine, client, text)).result()
    except BaseException:
        loop.close(client.close())
        raise
    return rule, RemoteWorker(rule, client, loop, engine.concurrency)


def _key(engine: EngineSettings) -> str | None:
    if engine.key_env is None:
        return None
    key = os.environ.get(engine.key_env, "").strip()  # a file's last line break is no part of it
    if not (key.isascii() and key.isprintable()):
        raise Unavailable(
            "bad-engine-key",
            f"The key of the engine “{engine.name}” has characters that no key has.",
            f"Line breaks and letters beyond ASCII cannot be sent; look at {engine.key_env}.",
        )
    if not key:
        raise Unavailable(
            "no-engine-key",
            f"The key of the engine “{engine.name}” is not set on this server.",
            f"It is read from the environment variable {engine.key_env}.",
        )
    return key


async def _rule(
    rule_id: str, engine: EngineSettings, client: EngineClient, text: EngineText
) -> RemoteRule:
    model = _model(engine, client, await client.get("/models"))
    kind = await Probe(engine.name, client, str(model["id"]), text.text, engine.leading).run()
    size = text.text.alphabet.size
    description = RuleDescription(
        id=rule_id,
        name=engine.name,
        kind="appending",
        family="causal-lm",
        fingerprint=_fingerprint(engine, model, text, kind),
        summary=engine.summary,
        alphabet_size=size,
        window=_window(engine, model, text),
        end_keys=text.text.alphabet.end_keys,
        whole_distribution=False,
        needs_prompt=True,
        notes=kind.notes(),
    )
    return RemoteRule(description, text.text, kind)


def _model(engine: EngineSettings, client: EngineClient, listed: Any) -> Mapping[str, Any]:
    """What the server says of the configured model, or of its first."""
    models = listed.get("data") if isinstance(listed, dict) else None
    if not isinstance(models, list):
        raise client.nonsense()
    for each in models:
        if isinstance(each, dict) and "id" in each and engine.model in (None, each["id"]):
            return each
    raise Unavailable(
        "engine-unfit",
        f"The engine “{engine.name}” does not offer the model that is configured for it.",
        "Its list of models says what it offers.",
    )


def _window(engine: EngineSettings, model: Mapping[str, Any], text: EngineText) -> int:
    """The longest state: as configured, or the least that anything says."""
    if engine.window is not None:
        return engine.window
    meta = model.get("meta")
    said = [model.get("max_model_len"), text.window]
    said.append(meta.get("n_ctx") if isinstance(meta, dict) else None)
    known = [each for each in said if isinstance(each, int) and each > 1]
    return min(known, default=UNKNOWN_WINDOW)


def _fingerprint(
    engine: EngineSettings, model: Mapping[str, Any], text: EngineText, kind: EngineKind
) -> str:
    """64 hex digits: where it is, which model, its tokenizer, and what the probe found. Never of
    the key."""
    decides = {
        "url": engine.url,
        "model": {name: model[name] for name in _LASTING if name in model},
        "tokenizer": text.digest,
        "ids": kind.takes_ids,
        "leading": kind.leading,
        "names_ids": kind.names_ids,
        "before_temperature": kind.is_before_temperature,
        "prefix": kind.prefix,
    }
    return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()
