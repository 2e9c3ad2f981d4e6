"""The rules of this server, as a tree and a prompt see them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final, Literal

from semioscope.core.errors import Conflict, NotFound, Unavailable
from semioscope.core.rule import RuleDescription
from semioscope.rules.catalogue import Catalogue, LoadedRule, Offer

PATIENCE_S: Final = 1.0
"""How long a new prompt waits for its rule before it is told to come again."""

RuleState = Literal["unloaded", "loading", "ready", "failed"]


@dataclass(frozen=True)
class RuleStanding:
    """Whether a stored tree can be grown here, and if not yet or not at all, why."""

    is_available: bool
    state: RuleState
    message: str | None


class RuleDoor:
    """Finds the rule of a prompt or of a tree, loading it on need."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def offers(self) -> list[Offer]:
        return self._catalogue.offers()

    def begin(self, rule: str) -> Offer:
        """Begins to load a rule, if it is not loaded. Raises NotFound "unknown-rule"."""
        return self._catalogue.begin(rule)

    @asynccontextmanager
    async def for_prompt(self, rule: str) -> AsyncIterator[LoadedRule]:
        """A rule by its id, if it is there soon; it stays loaded in this context. Raises NotFound
        "unknown-rule", Unavailable "rule-loading" (retryable) or what loading raised."""
        offer = self._offer(rule)
        if offer is None:
            known = ", ".join(each.id for each in self.offers())
            raise NotFound(
                "unknown-rule", f"This server offers no rule “{rule}”.", f"It has: {known}."
            )
        async with AsyncExitStack() as used:
            try:
                async with asyncio.timeout(PATIENCE_S):
                    loaded = await used.enter_async_context(self._catalogue.use(rule))
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
        async with self._catalogue.use(remembered.id) as loaded:
            if loaded.rule.description.fingerprint != remembered.fingerprint:
                raise _changed(remembered)
            yield loaded

    def must_be_available(self, remembered: RuleDescription) -> None:
        """Raises Conflict "rule-changed", or Unavailable "rule-failed" with the reason."""
        standing = self.standing(remembered)
        if not standing.is_available:
            raise _changed(remembered)
        if standing.state == "failed":
            offer = self._offer(remembered.id)
            raise Unavailable(
                "rule-failed",
                standing.message or f"{remembered.name} cannot be loaded.",
                offer.hint if offer else None,
            )

    def standing(self, remembered: RuleDescription) -> RuleStanding:
        offer = self._offer(remembered.id)
        if offer is None:
            return RuleStanding(False, "unloaded", f"This server does not offer {remembered.name}.")
        known = offer.description
        if known is not None and known.fingerprint != remembered.fingerprint:
            return RuleStanding(
                False, offer.state, f"{remembered.name} is not the same here as it was then."
            )
        return RuleStanding(True, offer.state, offer.message)

    def _offer(self, rule: str) -> Offer | None:
        return next((offer for offer in self.offers() if offer.id == rule), None)

    def _still_loading(self, rule: str) -> Unavailable:
        offer = self._offer(rule)
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


def _changed(remembered: RuleDescription) -> Conflict:
    return Conflict(
        "rule-changed",
        f"The rule of this multiverse, {remembered.name}, is not on offer here any more, "
        "or has changed; it can be read, but not grown.",
        "Begin again from the same prompt under a rule of today.",
    )
