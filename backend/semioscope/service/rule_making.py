"""Rules that visitors make, try out and look into."""

import asyncio
from dataclasses import dataclass
from typing import Any, Final

from semioscope.core.errors import InvalidRequest
from semioscope.core.rule import RuleDescription
from semioscope.core.types import FloatArray
from semioscope.rules.catalogue import Offer, unknown_rule
from semioscope.rules.finite_chain import FiniteChain, HasFiniteChain
from semioscope.rules.protocol import TokenRule
from semioscope.rules.recipes import Recipe
from semioscope.service import checks
from semioscope.service.access import Caller
from semioscope.service.rule_door import RuleDoor
from semioscope.settings import Settings

MOST_CHAIN_STATES: Final = 256
"""States of a chain whose matrix is sent."""
_LONGEST_TOKEN: Final = 256
"""Characters: as for prompts."""
_WITH_CHAIN: Final = frozenset({"coin", "markov", "chain"})
"""Families behind which stands a finite chain: others need not be loaded to be refused."""


@dataclass(frozen=True)
class TokenOf:
    """One token of a text."""

    key: int
    raw: bytes


@dataclass(frozen=True)
class ChainTold:
    """A finite chain, its stationary distribution f64[S] (None where there is more than one), and
    its closed classes of states by number."""

    chain: FiniteChain
    stationary: FloatArray | None
    closed: list[list[int]]


@dataclass(frozen=True)
class RuleOfTree:
    """The rule that a tree was grown by. spec: of one that a visitor made."""

    description: RuleDescription
    spec: dict[str, Any] | None
    available: bool


class RuleMaking:
    """What one can do with rules, beside growing trees by them."""

    def __init__(self, door: RuleDoor, settings: Settings) -> None:
        self._door = door
        self._settings = settings

    async def make(self, caller: Caller, spec: object, name: str | None) -> Offer:
        """A rule of the caller's. Raises InvalidRequest with what is wrong about it; then nothing
        is made."""
        return await self._door.make(spec, _name(name), caller.id)

    async def draft(self, caller: Caller, spec: object, name: str | None) -> Recipe:
        """The rule as it would be made."""
        return await self._door.draft(spec, _name(name), caller.id)

    async def encode(self, caller: Caller, rule: str, text: str) -> list[TokenOf]:
        """The tokens of a text under a rule. Raises InvalidRequest "text-too-long", "no-tokens",
        and what the rule says of the text."""
        most = self._settings.max_prompt_tokens * _LONGEST_TOKEN
        if len(text) > most:
            raise InvalidRequest(
                "text-too-long",
                f"The text has {len(text):,} characters; it may have {most:,}.",
                "Shorten it.",
            )
        async with self._door.for_prompt(rule, caller.id) as loaded:
            return await asyncio.to_thread(_encoded, loaded.tokens(), text)

    async def chain(self, caller: Caller, rule: str) -> ChainTold:
        """The finite chain behind a rule. Raises InvalidRequest "no-chain", "chain-too-large"."""
        offer = self._door.offer(rule, caller.id)
        if offer is None:
            raise unknown_rule(rule, self._door.offers())
        if offer.family not in _WITH_CHAIN:
            raise _no_chain(offer.name)
        async with self._door.for_prompt(rule, caller.id) as loaded:
            known = loaded.rule
            if not isinstance(known, HasFiniteChain):
                raise _no_chain(offer.name)
            return await asyncio.to_thread(_chain, known)


def _name(given: str | None) -> str | None:
    return None if given is None else checks.name(given)


def _encoded(rule: TokenRule, text: str) -> list[TokenOf]:
    return [TokenOf(key, rule.alphabet.bytes_of(key)) for key in rule.encode(text)]


def _chain(rule: HasFiniteChain) -> ChainTold:
    chain = rule.finite_chain(MOST_CHAIN_STATES)
    return ChainTold(chain, chain.stationary(), chain.closed_classes())


def _no_chain(name: str) -> InvalidRequest:
    return InvalidRequest(
        "no-chain",
        f"The finite chain behind {name}, if there is one, is not written out.",
        "That of a coin, a given matrix or a fitted text is.",
    )
