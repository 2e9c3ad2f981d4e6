"""Coins: the smallest rules, whose every probability is known in closed form (SCIENCE.md 4)."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

from semioscope.core.alphabet import Alphabet
from semioscope.core.errors import InvalidRequest
from semioscope.core.rule import RuleDescription
from semioscope.core.types import Float32Array
from semioscope.rules.finite_chain import MOST_STATES, FiniteChain
from semioscope.rules.made import made_id
from semioscope.rules.naming import named_character
from semioscope.rules.spec_fields import SpecFields
from semioscope.rules.tabular import WINDOW, TabularRule, log_row

HEADS: Final = 0
TAILS: Final = 1


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

    def told(self) -> str:
        """The law as a sentence."""
        if self.repeats is None:
            return f"Heads with probability {self.heads:g} at every flip, whatever came before."
        return (
            f"The first flip is heads with probability {self.heads:g}; every other repeats the "
            f"one before with probability {self.repeats:g}."
        )


class Coin(TabularRule):
    """An AppendingRule over the alphabet H, T. Its contexts: no flip yet, after heads, after
    tails; a coin without memory has the first alone."""

    example = ""
    """The first flip is as good a beginning as any."""

    def __init__(
        self,
        rule_id: str,
        name: str,
        summary: str,
        law: CoinLaw,
        spec: Mapping[str, Any] | None = None,
    ) -> None:
        """spec: of a coin that a visitor made."""
        self.law = law
        states: list[tuple[int, ...]] = [()] if law.repeats is None else [(), (HEADS,), (TAILS,)]
        heads = np.array([law.heads_after(state) for state in states])
        self._rows = log_row(np.stack([heads, 1 - heads], axis=1))
        description = RuleDescription(
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
            spec=None if spec is None else dict(spec),
        )
        super().__init__(description, Alphabet([b"H", b"T"], ()))

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any], name: str | None = None) -> Self:
        """The coin of a CoinSpec: `heads` (½), `repeats` (no memory). Raises InvalidRequest
        "bad-coin"."""
        fields = SpecFields(spec, "coin", ("heads", "repeats"))
        heads = fields.number("heads", 0, 1, 0.5)
        repeats = None
        if fields.value("repeats") is not None:
            repeats = fields.number("repeats", 0, 1, 0.5)
        law = CoinLaw(heads, repeats)
        canonical = {"kind": "coin", "heads": heads, "repeats": repeats}
        return cls(made_id(_fingerprint(law)), name or _name(law), law.told(), law, spec=canonical)

    @property
    def contexts(self) -> int:
        return len(self._rows)

    def context_of(self, state: Sequence[int]) -> int:
        if self.law.repeats is None or not state:
            return 0
        return 1 + state[-1]

    def row(self, context: int) -> Float32Array:
        row: Float32Array = self._rows[context]
        return row

    def finite_chain(self, most_states: int = MOST_STATES) -> FiniteChain:  # noqa: ARG002 -- two are never too many
        """The chain of the last flip."""
        heads = np.array([self.law.heads_after((side,)) for side in (HEADS, TAILS)])
        return FiniteChain(("H", "T"), np.stack([heads, 1 - heads], axis=1))

    def encode(self, text: str) -> tuple[int, ...]:
        """H and T, in capitals or not, as keys. Raises InvalidRequest "not-a-flip"."""
        flips = {"H": HEADS, "T": TAILS}
        for place, character in enumerate(text, 1):
            if character.upper() not in flips:
                raise InvalidRequest(
                    "not-a-flip",
                    f"A coin knows H and T only; character {place} is "
                    f"{named_character(character)}.",
                    "Write the flips so far, such as HTTH, or leave the prompt empty.",
                )
        return tuple(flips[character.upper()] for character in text)


def _name(law: CoinLaw) -> str:
    if law.repeats is None:
        return "Fair coin" if law.heads == 0.5 else f"Coin, heads {law.heads:g}"
    return f"Sticky coin, repeats {law.repeats:g}"


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
