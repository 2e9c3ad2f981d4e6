"""The rules that visitors make: made of their specs, and kept as long as there is room."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from typing import Final, TypeAlias

from semioscope.core.errors import Conflict, LimitExceeded
from semioscope.core.rule import RuleDescription
from semioscope.rules.loaded import LoadedRule
from semioscope.rules.recipes import Recipe, prepare
from semioscope.rules.spec import Spec, canonical_spec, own_bases, text_length, with_bases

MOST_TEXT: Final = 16_000_000
"""Characters of all specs that are kept."""
PREPARED_AT_ONCE: Final = 2
"""Rules that are being made at a time: counting a long text takes a processor a while."""
_Key: TypeAlias = tuple[str, str]

Hold: TypeAlias = Callable[[Sequence[str]], AbstractAsyncContextManager[dict[str, LoadedRule]]]
"""Holds the server's own rules of those ids, loaded, in a context."""


class MadeRule:
    """One rule that is kept. makers: the identities that it is offered to."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.length = text_length(recipe.description.spec or {})
        self.makers: set[str] = set()
        self.users = 0  # and those who wait for what is beneath it
        self.holders = 0  # those for whom all that is beneath it is loaded
        self.loaded: LoadedRule | None = None


class Workshop:
    """To be used from one event loop. A rule has a worker only while somebody uses it."""

    def __init__(self, hold: Hold, most: int, most_of_one: int) -> None:
        """most: rules in all; most_of_one: rules that one identity made."""
        self._hold = hold
        self._most = most
        self._most_of_one = most_of_one
        self._rules: OrderedDict[_Key, MadeRule] = OrderedDict()
        self._preparing = asyncio.Semaphore(PREPARED_AT_ONCE)
        self._leaving: set[asyncio.Task[None]] = set()

    async def make(self, spec: object, name: str | None, maker: str | None) -> MadeRule:
        """Makes a rule and keeps it; see `Catalogue.make`."""
        return self._put(await self.recipe(spec, name, maker), maker)

    async def recipe(self, spec: object, name: str | None, maker: str | None) -> Recipe:
        """As `make`, but nothing is kept."""

        def spec_of(named: str) -> Spec | None:
            made = self.find(named, maker)
            return None if made is None else made.recipe.description.spec

        whole = with_bases(canonical_spec(spec), spec_of)
        async with self._hold(own_bases(whole)) as bases, self._preparing:
            return await asyncio.to_thread(prepare, whole, name, bases)

    async def again(self, remembered: RuleDescription) -> MadeRule:
        """The rule that a tree remembers, made again if it is not kept.

        Raises Conflict "rule-changed" where that is another one now.
        """
        rule = self.find(remembered.id)
        if rule is not None and rule.recipe.description.fingerprint == remembered.fingerprint:
            return rule
        recipe = await self.recipe(remembered.spec, remembered.name, None)
        if recipe.description.fingerprint != remembered.fingerprint:
            raise Conflict(
                "rule-changed",
                f"What {remembered.name} is made of is not the same here as it was then.",
                "Begin again from the same prompt under a rule of today.",
            )
        return self._put(recipe, None)

    def by(self, maker: str) -> list[MadeRule]:
        """What an identity has made, the latest first."""
        return [rule for rule in reversed(self._rules.values()) if maker in rule.makers]

    def find(self, rule_id: str, maker: str | None = None) -> MadeRule | None:
        """The rule of that id; of several that differ by name, the maker's own."""
        found = [rule for (each, _), rule in self._rules.items() if each == rule_id]
        own = [rule for rule in found if maker in rule.makers]
        known = own or found
        return known[-1] if known else None

    @asynccontextmanager
    async def use(self, rule: MadeRule) -> AsyncIterator[LoadedRule]:
        """The rule with its worker; it and all beneath it stay loaded in this context.

        Raises Conflict "rule-changed" when a rule beneath it is not what it was made of, and what
        loading that raises.
        """
        rule.users += 1
        try:
            async with self._hold(sorted(rule.recipe.bases)) as bases:
                self._must_match(rule.recipe, bases)
                with self._bound(rule, bases) as loaded:
                    yield loaded
        finally:
            rule.users -= 1
            self._touch(rule)

    def close(self) -> None:
        """Ends the workers; what they have queued fails."""
        for rule in self._rules.values():
            if rule.loaded is not None:
                rule.loaded.worker.close()

    # -- inside

    @contextmanager
    def _bound(self, rule: MadeRule, bases: dict[str, LoadedRule]) -> Iterator[LoadedRule]:
        """Bound to what is beneath it for as long as that is held by anybody: it may be unloaded,
        and be another object, right afterwards."""
        if rule.loaded is None:
            rule.loaded = rule.recipe.bind(bases)
        rule.holders += 1
        try:
            yield rule.loaded
        finally:
            rule.holders -= 1
            if rule.holders == 0:
                self._leave(rule)

    def _put(self, recipe: Recipe, maker: str | None) -> MadeRule:
        """Keeps a rule, and offers it to its maker; the one that is there already, if it is.

        Those that nobody has used for longest leave. Raises LimitExceeded "too-many-rules" where
        all are in use.
        """
        key = (recipe.description.id, recipe.description.name)
        rule = self._rules.get(key) or MadeRule(recipe)
        if maker is not None and maker not in rule.makers:
            self._make_room_of(maker)
        if key not in self._rules:
            self._make_room(rule.length)
            self._rules[key] = rule
        if maker is not None:
            rule.makers.add(maker)
        self._rules.move_to_end(key)
        return rule

    def _must_match(self, recipe: Recipe, bases: dict[str, LoadedRule]) -> None:
        for rule_id, fingerprint in recipe.bases.items():
            known = bases[rule_id].rule.description
            if known.fingerprint != fingerprint:
                raise Conflict(
                    "rule-changed",
                    f"{recipe.description.name} was made of {known.name}, which is not the same "
                    "any more.",
                    "Make the rule again.",
                )

    def _touch(self, rule: MadeRule) -> None:
        key = (rule.recipe.description.id, rule.recipe.description.name)
        if key in self._rules:
            self._rules.move_to_end(key)

    def _leave(self, rule: MadeRule) -> None:
        """Ends its worker, in the background: a batch in hand may take its time."""
        loaded, rule.loaded = rule.loaded, None
        if loaded is not None:
            closing = asyncio.create_task(asyncio.to_thread(loaded.worker.close))
            self._leaving.add(closing)
            closing.add_done_callback(self._leaving.discard)

    def _make_room_of(self, maker: str) -> None:
        own = [rule for rule in self._rules.values() if maker in rule.makers]
        if len(own) < self._most_of_one:
            return
        idle = [rule for rule in own if not rule.users]
        if not idle:
            raise _too_many(f"You have {len(own):,} rules of your own in use")
        idle[0].makers.discard(maker)
        if not idle[0].makers:
            self._remove(idle[0])

    def _make_room(self, length: int) -> None:
        while self._rules and (
            len(self._rules) >= self._most
            or sum(rule.length for rule in self._rules.values()) + length > MOST_TEXT
        ):
            idle = next((rule for rule in self._rules.values() if not rule.users), None)
            if idle is None:
                raise _too_many(f"{len(self._rules):,} rules that people made are in use here")
            self._remove(idle)

    def _remove(self, rule: MadeRule) -> None:
        del self._rules[rule.recipe.description.id, rule.recipe.description.name]


def _too_many(what: str) -> LimitExceeded:
    return LimitExceeded(
        "too-many-rules",
        f"{what}; no more can be made now.",
        "Try again when a growth has ended.",
        retryable=True,
    )
