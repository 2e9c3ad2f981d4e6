"""The rules of this server, and those that visitors make, as a tree and a prompt see them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final, Literal

from semioscope.core.errors import Conflict, Unavailable
from semioscope.core.rule import RuleDescription
from semioscope.rules.catalogue import (
    WORST_FIRST,
    Catalogue,
    LoadedRule,
    Offer,
    unknown_rule,
)
from semioscope.rules.recipes import Recipe, derived_fingerprint
from semioscope.rules.spec import own_bases

PATIENCE_S: Final = 1.0
"""How long a new prompt waits for its rule before it is told to come again."""

MAKING_S: Final = 10.0
"""How long somebody who makes a rule waits for what it is made of."""

RuleState = Literal["unloaded", "loading", "ready", "failed"]


@dataclass(frozen=True)
class RuleStanding:
    """Whether a stored tree can be grown here, and if not yet or not at all, why."""

    is_available: bool
    state: RuleState
    message: str | None
    hint: str | None = None


class RuleDoor:
    """Finds the rule of a prompt or of a tree, loading it on need."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def offers(self) -> list[Offer]:
        """The server's own rules, the default one first."""
        return self._catalogue.offers()

    def made_by(self, maker: str) -> list[Offer]:
        """The rules that an identity has made, the latest first."""
        return self._catalogue.made_by(maker)

    def offer(self, rule: str, maker: str | None = None) -> Offer | None:
        """A rule by its id, the server's own or a made one."""
        return self._catalogue.offer(rule, maker)

    def begin(self, rule: str) -> Offer:
        """Begins to load a rule, if it is not loaded. Raises NotFound "unknown-rule"."""
        return self._catalogue.begin(rule)

    async def make(self, spec: object, name: str | None, maker: str) -> Offer:
        """Makes a rule for an identity. Raises what `Catalogue.make` does, Unavailable
        "rule-loading" while what it is made of loads."""
        try:
            async with asyncio.timeout(MAKING_S):
                return await self._catalogue.make(spec, name, maker)
        except TimeoutError:
            raise _still_making() from None

    async def draft(self, spec: object, name: str | None, maker: str) -> Recipe:
        """As `make`, but nothing is kept."""
        try:
            async with asyncio.timeout(MAKING_S):
                return await self._catalogue.recipe(spec, name, maker)
        except TimeoutError:
            raise _still_making() from None

    @asynccontextmanager
    async def for_prompt(self, rule: str, maker: str | None = None) -> AsyncIterator[LoadedRule]:
        """A rule by its id, the server's own or a made one, if it is there soon; it stays loaded in
        this context. Raises NotFound "unknown-rule", Unavailable "rule-loading" (retryable) or what
        loading raised."""
        if self._catalogue.offer(rule, maker) is None:
            raise unknown_rule(rule, self.offers())
        async with AsyncExitStack() as used:
            try:
                async with asyncio.timeout(PATIENCE_S):
                    loaded = await used.enter_async_context(self._catalogue.use(rule, maker))
            except TimeoutError:
                raise self._still_loading(rule) from None
            yield loaded

    @asynccontextmanager
    async def for_tree(self, remembered: RuleDescription) -> AsyncIterator[LoadedRule]:
        """The rule that a tree was grown by, however long it takes to load; it stays loaded in
        this context.

        Raises Conflict "rule-changed" when this server does not offer it, or not the same."""
        if not self.standing(remembered).is_available:
            raise _changed(remembered)
        async with self._use(remembered) as loaded:
            if loaded.rule.description.fingerprint != remembered.fingerprint:
                raise _changed(remembered)
            yield loaded

    def must_be_available(self, remembered: RuleDescription) -> None:
        """Raises Conflict "rule-changed", or Unavailable "rule-failed" with the reason."""
        standing = self.standing(remembered)
        if not standing.is_available:
            raise _changed(remembered)
        if standing.state == "failed":
            raise Unavailable(
                "rule-failed",
                standing.message or f"{remembered.name} cannot be loaded.",
                standing.hint,
            )

    def standing(self, remembered: RuleDescription) -> RuleStanding:
        """Of a made rule: what it is made of has to be there, and the same."""
        if remembered.spec is not None:
            return self._standing_of_made(remembered)
        offer = self._offer(remembered.id)
        if offer is None:
            return RuleStanding(False, "unloaded", f"This server does not offer {remembered.name}.")
        known = offer.description
        if known is not None and known.fingerprint != remembered.fingerprint:
            return RuleStanding(
                False, offer.state, f"{remembered.name} is not the same here as it was then."
            )
        return RuleStanding(True, offer.state, offer.message, offer.hint)

    def _standing_of_made(self, remembered: RuleDescription) -> RuleStanding:
        spec = remembered.spec or {}
        fingerprints: dict[str, str] = {}
        worst = RuleStanding(True, "ready", None)
        for rule in own_bases(spec):
            offer = self._offer(rule)
            if offer is None:
                return RuleStanding(
                    False,
                    "unloaded",
                    f"{remembered.name} is made of {rule}, which this server does not offer.",
                )
            if WORST_FIRST.index(offer.state) < WORST_FIRST.index(worst.state):
                worst = RuleStanding(True, offer.state, offer.message, offer.hint)
            if offer.description is not None:
                fingerprints[rule] = offer.description.fingerprint
        knows_all = fingerprints and len(fingerprints) == len(own_bases(spec))
        if knows_all and derived_fingerprint(spec, fingerprints) != remembered.fingerprint:
            return RuleStanding(
                False,
                worst.state,
                f"What {remembered.name} is made of is not the same here as it was then.",
            )
        return worst

    def _use(self, remembered: RuleDescription) -> AbstractAsyncContextManager[LoadedRule]:
        if remembered.spec is None:
            return self._catalogue.use(remembered.id)
        return self._catalogue.use_remembered(remembered)

    def _offer(self, rule: str) -> Offer | None:
        return next((offer for offer in self.offers() if offer.id == rule), None)

    def _still_loading(self, rule: str) -> Unavailable:
        offer = self._catalogue.offer(rule)
        share = offer.progress if offer else None
        name = offer.name if offer else rule
        far = "" if share is None else f" ({share:.0%})"
        doing = f"{offer.message} " if offer and offer.message else ""
        return Unavailable(
            "rule-loading",
            f"{name} is still loading{far}.",
            f"{doing}Try again shortly.",
            retryable=True,
        )


def _still_making() -> Unavailable:
    return Unavailable(
        "rule-loading",
        "What this rule is made of is still loading.",
        "Try again shortly.",
        retryable=True,
    )


def _changed(remembered: RuleDescription) -> Conflict:
    return Conflict(
        "rule-changed",
        f"The rule of this multiverse, {remembered.name}, is not on offer here any more, "
        "or has changed; it can be read, but not grown.",
        "Begin again from the same prompt under a rule of today.",
    )
