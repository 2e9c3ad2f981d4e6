"""The rules that this server offers, and the loading of those that need it."""

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from semioscope.core.errors import InvalidRequest, NotFound, SemioscopeError, Unavailable
from semioscope.core.rule import RuleDescription
from semioscope.rules.causal_lm.backend import free_memory
from semioscope.rules.causal_lm.sources import Source, offered_sources
from semioscope.rules.coin import Coin, offered_coins
from semioscope.rules.loaded import LoadedRule as LoadedRule
from semioscope.rules.loaded import alone
from semioscope.rules.made import MADE_PREFIX
from semioscope.rules.progress import Progress
from semioscope.rules.recipes import Recipe
from semioscope.rules.workshop import MadeRule, Workshop
from semioscope.settings import EngineSettings, Settings

OfferState = Literal["unloaded", "loading", "ready", "failed"]

LOOK_AGAIN_S: Final = 0.1
"""How often a model that waits for its place in memory looks whether one is free."""
EXPECTED_S: Final = 10.0
"""How long a model waits for those who asked for it and were told to come again."""
WORST_FIRST: Final[tuple[OfferState, ...]] = ("failed", "loading", "unloaded", "ready")
"""What holds up a rule that is made of others, the worst first."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Offer:
    """A rule on offer, as it stands now. `description` is known once it was loaded.

    progress: 0 to 1 while it loads; None while that waits for a place in memory.
    """

    id: str
    name: str
    family: str
    summary: str
    state: OfferState
    progress: float | None = None
    message: str | None = None
    hint: str | None = None
    description: RuleDescription | None = None


Load: TypeAlias = Callable[[Progress], LoadedRule]
Look: TypeAlias = Callable[[], object]


class _Entry:
    """One rule on offer. `offer` is replaced whole, so any thread may read it; all else belongs to
    the event loop.

    takes_memory: it counts among the models that stay loaded, and may be unloaded. look: raises
    what can be seen to be wrong before that.
    """

    def __init__(
        self, offer: Offer, load: Load, *, takes_memory: bool = False, look: Look | None = None
    ) -> None:
        self.offer = offer
        self.takes_memory = takes_memory
        self._load = load
        self._look = look
        self._loading: Future[LoadedRule] | None = None
        self.loaded: LoadedRule | None = None
        self.coming: asyncio.Task[LoadedRule] | None = None
        self.users = 0
        self.used_at = time.monotonic()
        self.expected_until = 0.0

    @property
    def is_in_memory(self) -> bool:
        """Loaded, or on its way."""
        return self.loaded is not None or (self._loading is not None and not self._loading.done())

    @property
    def may_leave(self) -> bool:
        """Loaded, and nobody uses it or is about to."""
        has_come = self.loaded is not None and (self.coming is None or self.coming.done())
        return has_come and self.users == 0 and time.monotonic() >= self.expected_until

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Meanwhile it may not leave."""
        self.users += 1
        try:
            yield
        finally:
            self.users -= 1
            self.used_at = time.monotonic()

    def start(self) -> "Future[LoadedRule]":
        """Begins to load on a thread of its own, unless that has begun and not failed."""
        if self._loading is None or (self._loading.done() and self.loaded is None):
            self._loading = _uncancellable()
            self._tell(0.0, "Beginning to load.")
            threading.Thread(
                target=self.load, args=(self._loading,), name=f"load {self.offer.id}", daemon=True
            ).start()
        return self._loading

    def wait(self, message: str) -> None:
        """Tells what its loading waits for."""
        self.offer = replace(self.offer, state="loading", progress=None, message=message, hint=None)

    async def look(self) -> None:
        """Raises what can be seen to be wrong without loading it."""
        if self._look is None:
            return
        try:
            await asyncio.to_thread(self._look)
        except Exception as error:
            why = self._said(error)
            self._fail(why)
            raise why from error

    async def leave(self) -> None:
        """Unloads it: ends its worker, and frees its memory."""
        loaded, self.loaded, self._loading, self.coming = self.loaded, None, None, None
        self.offer = replace(self.offer, state="unloaded", message=None)
        if loaded is not None:
            await asyncio.to_thread(loaded.worker.close)
        del loaded  # the last that refers to it
        await asyncio.to_thread(free_memory)

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
        self._fail(why)
        loading.set_exception(why)

    def _fail(self, why: SemioscopeError) -> None:
        self.offer = replace(
            self.offer, state="failed", progress=None, message=why.message, hint=why.hint
        )

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


def _seen(coming: "asyncio.Task[LoadedRule]") -> None:
    if not coming.cancelled():
        coming.exception()  # the offer tells it, also to those who have stopped waiting


def _what_it_waits_for(others: list[_Entry]) -> str:
    doing = [f"{each.offer.name} is {'in use' if each.loaded else 'loading'}" for each in others]
    many = f"{len(others)} models" if len(others) > 1 else "one model"
    return f"Waits for a place: {' and '.join(doing)}, and {many} may be loaded at a time."


class Catalogue:
    """What a server offers. To be used from one event loop; loading never blocks it.

    At most `max_loaded` models are in memory. Who needs another has the one leave that nobody has
    used for longest; what is in use never leaves, and who needs another then waits.
    """

    def __init__(self, settings: Settings) -> None:
        models = [_model_entry(source, settings) for source in offered_sources(settings)]
        coins = [_coin_entry(coin) for coin in offered_coins()]
        engines = [_engine_entry(engine, settings) for engine in settings.engines]
        self._entries = {entry.offer.id: entry for entry in [*models, *engines, *coins]}
        self._most = settings.max_loaded
        self._turn = asyncio.Lock()
        self._is_closed = False
        self._several = asyncio.Lock()
        self._made = Workshop(self.hold, settings.max_made_rules, settings.made_rules_of_one)

    def offers(self) -> list[Offer]:
        """The server's own rules, loaded or not, the default one first."""
        return [entry.offer for entry in self._entries.values()]

    def made_by(self, maker: str) -> list[Offer]:
        """What an identity has made and is still kept, the latest first."""
        return [self._made_offer(made) for made in self._made.by(maker)]

    def offer(self, rule_id: str, maker: str | None = None) -> Offer | None:
        """A rule by its id: the server's own, or a made one, whoever made it."""
        made = self._made.find(rule_id, maker)
        if made is not None:
            return self._made_offer(made)
        return next((offer for offer in self.offers() if offer.id == rule_id), None)

    async def make(self, spec: object, name: str | None = None, maker: str | None = None) -> Offer:
        """Makes a rule of its spec, and offers it to its maker. What it is made of is loaded.

        Raises InvalidRequest with what is wrong about the spec, NotFound "unknown-rule" for what it
        names, LimitExceeded "too-many-rules", and what loading raises.
        """
        return self._made_offer(await self._made.make(spec, name, maker))

    async def recipe(self, spec: object, name: str | None, maker: str | None = None) -> Recipe:
        """As `make`, but nothing is kept."""
        return await self._made.recipe(spec, name, maker)

    @asynccontextmanager
    async def use_remembered(self, remembered: RuleDescription) -> AsyncIterator[LoadedRule]:
        """The made rule that a tree remembers, made again if it is not kept. Raises Conflict
        "rule-changed" where what it is made of is not what it was."""
        async with self._made.use(await self._made.again(remembered)) as loaded:
            yield loaded

    @asynccontextmanager
    async def hold(self, rule_ids: Sequence[str]) -> AsyncIterator[dict[str, LoadedRule]]:
        """Several of the server's own rules, all loaded, and staying so. Raises what `use` raises,
        InvalidRequest "too-many-models"."""
        heavy = sum(each in self._entries and self._entry(each).takes_memory for each in rule_ids)
        if heavy > self._most:
            raise InvalidRequest(
                "too-many-models",
                f"This rule is made of {heavy} models, and {self._most} may be loaded at a time.",
                "Make it of fewer; who runs the server may raise SEMIOSCOPE_MAX_LOADED.",
            )
        async with AsyncExitStack() as held:
            async with AsyncExitStack() as turn:
                if heavy > 1:
                    # Two that each hold one model and wait for another would wait for ever.
                    await turn.enter_async_context(self._several)
                loaded = {each: await held.enter_async_context(self.use(each)) for each in rule_ids}
            yield loaded

    def _made_offer(self, made: MadeRule) -> Offer:
        """A made rule is as far as what it is made of."""
        known = made.recipe.description
        beneath = [each for each in self.offers() if each.id in made.recipe.bases]
        worst = min(beneath, key=lambda each: WORST_FIRST.index(each.state), default=None)
        return Offer(
            id=known.id,
            name=known.name,
            family=known.family,
            summary=known.summary,
            state="ready" if worst is None else worst.state,
            progress=worst.progress if worst else None,
            message=worst.message if worst else None,
            hint=worst.hint if worst else None,
            description=known,
        )

    def at_start(self, asked: tuple[str, ...] | None) -> list[str]:
        """The ids of the rules to be loaded when a server starts; None asks for the default one.

        Raises NotFound "unknown-rule", InvalidRequest "too-many-at-start".
        """
        if asked is None:
            return [self.offers()[0].id]
        entries = [self._entry(rule_id) for rule_id in dict.fromkeys(asked)]
        heavy = sum(entry.takes_memory for entry in entries)
        if heavy > self._most:
            raise InvalidRequest(
                "too-many-at-start",
                f"{heavy} models are to be loaded at the start, and {self._most} may stay loaded.",
                "Raise SEMIOSCOPE_MAX_LOADED, or name fewer in SEMIOSCOPE_LOAD_AT_START.",
            )
        return [entry.offer.id for entry in entries]

    @asynccontextmanager
    async def use(self, rule_id: str, maker: str | None = None) -> AsyncIterator[LoadedRule]:
        """The rule, which stays loaded while it is used, with all that it is made of. Raises what
        `rule` raises."""
        made = self._made.find(rule_id, maker)
        if made is not None:
            async with self._made.use(made) as loaded:
                yield loaded
            return
        entry = self._entry(rule_id)
        with entry.in_use():
            try:
                loaded = await self.rule(rule_id)
            except asyncio.CancelledError:
                entry.expected_until = time.monotonic() + EXPECTED_S
                raise
            entry.expected_until = 0.0
            yield loaded

    async def rule(self, rule_id: str) -> LoadedRule:
        """The rule, loaded once however many ask; a load that failed is tried again. It may leave
        when another is needed: see `use`.

        Raises NotFound "unknown-rule", or what loading raised.
        """
        entry = self._entry(rule_id)
        if not entry.takes_memory:
            return await asyncio.wrap_future(entry.start())
        return await asyncio.shield(self._coming(entry))

    def begin(self, rule_id: str) -> Offer:
        """Begins to load a rule for somebody who will come back for it; its offer tells how far
        that is. Of a made rule, what it is made of. Raises NotFound "unknown-rule"."""
        made = self._made.find(rule_id)
        if made is not None:
            for each in made.recipe.bases:
                self.begin(each)
            return self._made_offer(made)
        entry = self._entry(rule_id)
        if entry.takes_memory:
            entry.expected_until = time.monotonic() + EXPECTED_S
            self._coming(entry)
        else:
            entry.start()
        return entry.offer

    def _coming(self, entry: _Entry) -> "asyncio.Task[LoadedRule]":
        if entry.coming is None or (entry.coming.done() and entry.loaded is None):
            entry.wait("Beginning to load.")
            entry.coming = asyncio.create_task(self._bring(entry), name=f"bring {entry.offer.id}")
            entry.coming.add_done_callback(_seen)
        return entry.coming

    def _entry(self, rule_id: str) -> _Entry:
        entry = self._entries.get(rule_id)
        if entry is None:
            raise unknown_rule(rule_id, self.offers())
        return entry

    async def _bring(self, entry: _Entry) -> LoadedRule:
        if self._turn.locked():
            entry.wait("Waits until another model has found its place.")
        async with self._turn:  # first come, first served
            await entry.look()  # nothing leaves for what cannot come
            await self._make_room(entry)
            loading = entry.start()
        loaded = await asyncio.wrap_future(loading)
        # Who was told to come again comes back to what is there now.
        if entry.expected_until:
            entry.expected_until = time.monotonic() + EXPECTED_S
        return loaded

    async def _make_room(self, entry: _Entry) -> None:
        while True:
            others = [
                each
                for each in self._entries.values()
                if each is not entry and each.takes_memory and each.is_in_memory
            ]
            if len(others) < self._most:
                return
            idle = [each for each in others if each.may_leave]
            if idle:
                await min(idle, key=lambda each: each.used_at).leave()
                continue
            if self._is_closed:
                raise Unavailable("rule-closed", f"{entry.offer.name} is not loaded any more.")
            entry.wait(_what_it_waits_for(others))
            await asyncio.sleep(LOOK_AGAIN_S)

    def by_fingerprint(self, fingerprint: str) -> LoadedRule | None:
        """The loaded rule with that fingerprint."""
        for entry in self._entries.values():
            known = entry.offer.description
            if known is not None and known.fingerprint == fingerprint:
                return entry.loaded
        return None

    def close(self) -> None:
        """Ends the workers; what they have queued fails."""
        self._is_closed = True
        self._made.close()
        for entry in self._entries.values():
            if entry.loaded is not None:
                entry.loaded.worker.close()


def unknown_rule(rule_id: str, offers: Sequence[Offer]) -> NotFound:
    """The refusal of a rule that is not to be had."""
    if rule_id.startswith(MADE_PREFIX):
        return NotFound(
            "unknown-rule",
            f"This server does not keep the made rule “{rule_id}” any more.",
            "Make it again; a multiverse that was grown by it can still be.",
        )
    known = ", ".join(each.id for each in offers)
    return NotFound("unknown-rule", f"This server offers no rule “{rule_id}”.", f"It has: {known}.")


def _coin_entry(coin: Coin) -> _Entry:
    known = coin.description
    offer = Offer(known.id, known.name, known.family, known.summary, "unloaded")
    entry = _Entry(offer, lambda progress: alone(coin))  # noqa: ARG005 -- a coin needs no loading
    entry.load_now()
    return entry


def _model_entry(source: Source, settings: Settings) -> _Entry:
    def load(progress: Progress) -> LoadedRule:
        # Here and not above: the server answers before torch is imported.
        from semioscope.rules.causal_lm.load import load_causal_lm

        return alone(load_causal_lm(source, settings, progress))

    def look() -> None:
        # Here and not above: as for load.
        from semioscope.rules.causal_lm.files import files_in

        path = source.path
        if path is not None and path.is_dir():
            files_in(path, source.name)

    offer = Offer(source.id, source.name, "causal-lm", source.summary, "unloaded")
    return _Entry(offer, load, takes_memory=True, look=look)


def _engine_entry(engine: EngineSettings, settings: Settings) -> _Entry:
    rule_id = f"engine-{engine.slug}"

    def load(progress: Progress) -> LoadedRule:
        # Here and not above: most servers have no engine.
        from semioscope.rules.remote import load_engine

        return LoadedRule(*load_engine(rule_id, engine, settings, progress))

    return _Entry(Offer(rule_id, engine.name, "causal-lm", engine.summary, "unloaded"), load)
