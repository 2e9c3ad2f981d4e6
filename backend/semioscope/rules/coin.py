"""Coins: the smallest rules, whose every probability is known in closed form (SCIENCE.md 4)."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from semioscope.core.alphabet import Alphabet
from semioscope.core.errors import InvalidRequest
from semioscope.core.ranking import RankedRow
from semioscope.core.rule import RuleDescription
from semioscope.core.types import Float32Array, FloatArray
from semioscope.rules.protocol import Load, Row

HEADS: Final = 0
TAILS: Final = 1
WINDOW: Final = 4096
"""The most flips of one trajectory."""


@dataclass(frozen=True)
class CoinLaw:
    """The probability of heads, and that a flip repeats the last one (None: no memory)."""

    heads: float = 0.5
    repeats: float | None = None

    def __post_init__(self) -> None:
        for name, value in (("heads", self.heads), ("repeats", self.repeats)):
            if value is not None and not 0 <= value <= 1:
                raise InvalidRequest("bad-coin", f"“{name}” is a probability: 0 to 1, not {value}.")

    def heads_after(self, state: Sequence[int]) -> float:
        """p(heads | state). A sticky coin's first flip has no other to repeat."""
        if self.repeats is None or not state:
            return self.heads
        return self.repeats if state[-1] == HEADS else 1 - self.repeats


class Coin:
    """An AppendingRule over the alphabet H, T."""

    def __init__(self, rule_id: str, name: str, summary: str, law: CoinLaw) -> None:
        self.law = law
        self._alphabet = Alphabet([b"H", b"T"], ())
        self._rows = {p: _log_probs(p) for p in _possible_heads(law)}
        self._description = RuleDescription(
            id=rule_id,
            name=name,
            kind="appending",
            family="coin",
            fingerprint=_fingerprint(law),
            summary=summary,
            alphabet_size=2,
            window=WINDOW,
            end_keys=(),
            whole_distribution=True,
            needs_prompt=False,
            memory=0 if law.repeats is None else 1,
        )

    @property
    def description(self) -> RuleDescription:
        return self._description

    @property
    def alphabet(self) -> Alphabet:
        return self._alphabet

    def encode(self, text: str) -> tuple[int, ...]:
        """H and T, in capitals or not, as keys. Raises InvalidRequest "not-a-flip"."""
        flips = {"H": HEADS, "T": TAILS}
        for place, character in enumerate(text, 1):
            if character.upper() not in flips:
                raise InvalidRequest(
                    "not-a-flip",
                    f"A coin knows H and T only; character {place} is {_named(character)}.",
                    "Write the flips so far, such as HTTH, or leave the prompt empty.",
                )
        return tuple(flips[character.upper()] for character in text)

    def chat(self, text: str) -> str | None:  # noqa: ARG002 -- a coin has no template for any text
        return None

    def encode_chat(self, text: str) -> tuple[tuple[int, ...], str]:  # noqa: ARG002 -- as above
        raise InvalidRequest("no-chat-template", f"{self._description.name} does not chat.")

    def within(self, states: Sequence[tuple[int, ...]], tokens: int) -> Load:  # noqa: ARG002 -- a coin reads no token
        return Load(len(states), len(states))

    def read_ahead(self, state: tuple[int, ...], tokens: int) -> None:
        """Nothing to do."""

    def log_probs(self, states: Sequence[tuple[int, ...]]) -> Iterator[Row]:
        for index, state in enumerate(states):
            if len(state) > WINDOW:
                raise InvalidRequest("state-too-long", f"A coin is flipped {WINDOW} times at most.")
            if any(key not in (HEADS, TAILS) for key in state):
                raise InvalidRequest(
                    "unknown-token", "A coin's tokens are 0 (heads) and 1 (tails)."
                )
            yield Row(index, RankedRow(self._rows[self.law.heads_after(state)]), 0.0)


def _named(character: str) -> str:
    names = {" ": "a space", "\n": "a line break", "\t": "a tab"}
    shown = f"“{character}”" if character.isprintable() else f"U+{ord(character):04X}"
    return names.get(character, shown)


def _possible_heads(law: CoinLaw) -> set[float]:
    return {law.heads_after(state) for state in ((), (HEADS,), (TAILS,))}


def _log_probs(heads: float) -> Float32Array:
    with np.errstate(divide="ignore"):  # an impossible side has log-probability −inf
        exact: FloatArray = np.log(np.array([heads, 1 - heads], np.float64))
    return exact.astype(np.float32)


def _fingerprint(law: CoinLaw) -> str:
    canonical = json.dumps({"coin": 1, "heads": law.heads, "repeats": law.repeats}, sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def offered_coins() -> tuple[Coin, ...]:
    """The coins of every server: fair, biased, sticky."""
    return (
        Coin(
            "coin", "Fair coin", "Heads or tails, each with probability ½ at every flip.", CoinLaw()
        ),
        Coin(
            "coin-biased",
            "Biased coin",
            "Heads with probability 0.7 at every flip, whatever came before.",
            CoinLaw(heads=0.7),
        ),
        Coin(
            "coin-sticky",
            "Sticky coin",
            "The first flip is fair; every other repeats the one before with probability 0.9.",
            CoinLaw(repeats=0.9),
        ),
    )
