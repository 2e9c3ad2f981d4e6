"""The rules that this server offers, and the loading of those that need it."""

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from semioscope.core.errors import NotFound, SemioscopeError, Unavailable
from semioscope.core.rule import RuleDescription
from semioscope.rules.causal_lm.sources import Source, offered_sources
from semioscope.rules.coin import Coin, offered_coins
from semioscope.rules.progress import Progress
from semioscope.rules.protocol import AppendingRule, TokenRule
from semioscope.rules.worker import RuleWorker, Worker
from semioscope.settings import EngineSettings, Settings

OfferState = Literal["unloaded", "loading", "ready", "failed"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Offer:
    """A rule on offer, as it stands now. `description` is known once it is loaded."""

    id: str
    name: str
    family: str
    summary: str
    state: OfferState
    progress: float | None = None
    message: str | None = None
    hint: str | None = None
    description: RuleDescription | None = None


@dataclass(frozen=True)
class LoadedRule:
    """A rule, and the worker that alone may evaluate it."""

    rule: TokenRule
    worker: Worker


Load: TypeAlias = Callable[[Progress], LoadedRule]


class _Entry:
    """One rule on offer. `offer` is replaced whole, so any thread may read it."""

    def __init__(self, offer: Offer, load: Load) -> None:
        self.offer = offer
        self._load = load
        self._loading: Future[LoadedRule] | None = None
        self.loaded: LoadedRule | None = None

    def start(self) -> "Future[LoadedRule]":
        """Begins to load on a thread of its own, unless that has begun and not failed."""
        if self._loading is None or self.offer.state == "failed":
            self._loading = _uncancellable()
            self._tell(0.0, "Beginning to load.")
            threading.Thread(
                target=self.load, args=(self._loading,), name=f"load {self.offer.id}", daemon=True
            ).start()
        return self._loading

    def load_now(self) -> None:
        """Loads in the calling thread: for rules that take no time."""
        self._loading = _uncancellable()
        self.load(self._loading)

    def load(self, loading: "Future[LoadedRule]") -> None:
        try:
            loaded = self._load(self._tell)
        except Exception as error:
            self._failed(loading, self._said(error))
        else:
            self._ready(loading, loaded)

    def _ready(self, loading: "Future[LoadedRule]", loaded: LoadedRule) -> None:
        description = loaded.rule.description
        self.loaded = loaded
        self.offer = Offer(
            id=description.id,
            name=description.name,
            family=description.family,
            summary=description.summary,
            state="ready",
            description=description,
        )
        loading.set_result(loaded)

    def _failed(self, loading: "Future[LoadedRule]", why: SemioscopeError) -> None:
        self.offer = replace(
            self.offer, state="failed", progress=None, message=why.message, hint=why.hint
        )
        loading.set_exception(why)

    def _tell(self, share: float, message: str) -> None:
        self.offer = replace(
            self.offer, state="loading", progress=share, message=message, hint=None
        )

    def _said(self, error: Exception) -> SemioscopeError:
        if isinstance(error, SemioscopeError):
            return error
        _log.error("%s cannot be loaded", self.offer.id, exc_info=error)
        return Unavailable(
            "rule-failed",
            f"{self.offer.name} cannot be loaded: {type(error).__name__}.",
            "The server's log says more; asking for it again tries again.",
        )


def _uncancellable() -> "Future[LoadedRule]":
    """Whoever stops waiting for a load does not stop it for the others."""
    loading: Future[LoadedRule] = Future()
    loading.set_running_or_notify_cancel()
    return loading


class Catalogue:
    """What a server offers. To be used from one event loop; loading never blocks it."""

    def __init__(self, settings: Settings) -> None:
        models = [_model_entry(source, settings) for source in offered_sources(settings)]
        coins = [_coin_entry(coin) for coin in offered_coins()]
        engines = [_engine_entry(engine, settings) for engine in settings.engines]
        self._entries = {entry.offer.id: entry for entry in [*models, *engines, *coins]}

    def offers(self) -> list[Offer]:
        """All rules, loaded or not, the default one first."""
        return [entry.offer for entry in self._entries.values()]

    async def rule(self, rule_id: str) -> LoadedRule:
        """The rule, loaded once however many ask; a load that failed is tried again.

        Raises NotFound "unknown-rule", or what loading raised.
        """
        entry = self._entries.get(rule_id)
        if entry is None:
            known = ", ".join(self._entries)
            raise NotFound(
                "unknown-rule", f"This server offers no rule “{rule_id}”.", f"It has: {known}."
            )
        return await asyncio.wrap_future(entry.start())

    def by_fingerprint(self, fingerprint: str) -> LoadedRule | None:
        """The loaded rule with that fingerprint."""
        for entry in self._entries.values():
            known = entry.offer.description
            if known is not None and known.fingerprint == fingerprint:
                return entry.loaded
        return None

    def close(self) -> None:
        """Ends the workers; what they have queued fails."""
        for entry in self._entries.values():
            if entry.loaded is not None:
                entry.loaded.worker.close()


def _coin_entry(coin: Coin) -> _Entry:
    known = coin.description
    offer = Offer(known.id, known.name, known.family, known.summary, "unloaded")
    entry = _Entry(offer, lambda progress: _alone(coin))  # noqa: ARG005 -- a coin needs no loading
    entry.load_now()
    return entry


def _model_entry(source: Source, settings: Settings) -> _Entry:
    def load(progress: Progress) -> LoadedRule:
        # Here and not above: the server answers before torch is imported.
        from semioscope.rules.causal_lm.load import load_causal_lm

        return _alone(load_causal_lm(source, settings, progress))

    return _Entry(Offer(source.id, source.name, "causal-lm", source.summary, "unloaded"), load)


def _engine_entry(engine: EngineSettings, settings: Settings) -> _Entry:
    rule_id = f"engine-{engine.slug}"

    def load(progress: Progress) -> LoadedRule:
        # Here and not above: most servers have no engine.
        from semioscope.rules.remote import load_engine

        return LoadedRule(*load_engine(rule_id, engine, settings, progress))

    return _Entry(Offer(rule_id, engine.name, "causal-lm", engine.summary, "unloaded"), load)


def _alone(rule: AppendingRule) -> LoadedRule:
    """A rule of this process, with one thread that owns it."""
    return LoadedRule(rule, RuleWorker(rule))
