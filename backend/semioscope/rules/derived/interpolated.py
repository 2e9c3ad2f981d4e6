"""(1 − λ)·θ₁ + λ·θ₂: two rules with one alphabet, or one rule with itself under another prompt."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from semioscope.core.alphabet import Alphabet
from semioscope.core.errors import InvalidRequest
from semioscope.core.rule import RuleDescription
from semioscope.core.types import Float32Array, FloatArray, State
from semioscope.rules.derived.restricted import token_text
from semioscope.rules.derived.rule import WholeRow
from semioscope.rules.loaded import LoadedRule
from semioscope.rules.protocol import TokenRule


@dataclass(frozen=True)
class Mixed:
    """One of the two rules. It is asked about `context` + a state, less the `replaced` beginning
    of that state."""

    loaded: LoadedRule
    context: tuple[int, ...] = ()
    replaced: tuple[int, ...] = ()

    @property
    def rule(self) -> TokenRule:
        return self.loaded.tokens()

    @property
    def window(self) -> int:
        """The longest state of the mixture that this part can be asked about."""
        return self.rule.description.window - len(self.context) + len(self.replaced)

    @property
    def memory(self) -> int | None:
        """How many of the mixture's last keys decide what this part says; None: all may. Where
        fewer follow what is replaced, the context may count."""
        memory = self.rule.description.memory
        return None if memory is None else memory + len(self.replaced)

    @property
    def needs_prompt(self) -> bool:
        return bool(self.replaced) or (self.rule.description.needs_prompt and not self.context)

    def state_of(self, state: tuple[int, ...]) -> tuple[int, ...]:
        """Raises InvalidRequest "not-replaceable" or "empty-state"."""
        kept = len(self.replaced)
        if state[:kept] != self.replaced:
            start = "".join(token_text(self.rule, key)[1:-1] for key in self.replaced)
            raise InvalidRequest(
                "not-replaceable",
                f"One part of this rule replaces the beginning “{start}”, and the tokens of this "
                "state begin otherwise.",
                "Begin the prompt with just that text.",
            )
        asked = self.context + state[kept:]
        if not asked and self.rule.description.needs_prompt:
            raise InvalidRequest(
                "empty-state",
                f"Nothing is left of this state for {self.rule.description.name} to go on from.",
                "Write a longer prompt.",
            )
        return asked


def memory_of(mixed: Sequence[Mixed]) -> int | None:
    """That of the mixture: the longest of its parts'."""
    known = [each.memory for each in mixed if each.memory is not None]
    return max(known) if len(known) == len(mixed) else None


class Interpolated:
    """A DerivedRule. Where one part says that nothing follows, the other speaks alone."""

    def __init__(
        self, first: Mixed, second: Mixed, weight: float, description: RuleDescription
    ) -> None:
        """weight: λ, of the second. The alphabets are those that `check_one_alphabet` let pass."""
        self._mixed = (first, second)
        self._weight = weight
        self._description = description

    @property
    def description(self) -> RuleDescription:
        return self._description

    @property
    def alphabet(self) -> Alphabet:
        return self._mixed[0].rule.alphabet

    @property
    def parts(self) -> tuple[LoadedRule, ...]:
        return tuple(each.loaded for each in self._mixed)

    def encode(self, text: str) -> tuple[int, ...]:
        """As the first of the two does."""
        return self._mixed[0].rule.encode(text)

    def chat(self, text: str) -> str | None:
        return self._mixed[0].rule.chat(text)

    def encode_chat(self, text: str) -> tuple[tuple[int, ...], str]:
        return self._mixed[0].rule.encode_chat(text)

    def states_of(self, state: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
        return tuple(each.state_of(state) for each in self._mixed)

    def must_begin(self, state: State) -> None:
        """Raises InvalidRequest for a prompt that one of the two cannot go on from."""
        if isinstance(state, tuple):
            for each, own in zip(self._mixed, self.states_of(state), strict=True):
                each.loaded.must_begin(own)

    def combined(self, rows: Sequence[WholeRow]) -> WholeRow:
        first, second = (row.log_probs for row in rows)
        return WholeRow(mixture(first, second, self._weight), 0.0)


def mixture(first: Float32Array, second: Float32Array, weight: float) -> Float32Array:
    """log((1 − λ)·exp(first) + λ·exp(second)), f32[N], computed in float64 without leaving the
    logarithms, so that nothing is too improbable for it; a row without any next state counts as
    absent."""
    if not np.any(first > -np.inf):
        return second
    if not np.any(second > -np.inf):
        return first
    mixed: FloatArray = np.logaddexp(
        first.astype(np.float64) + _log(1 - weight), second.astype(np.float64) + _log(weight)
    )
    return mixed.astype(np.float32)


def check_one_alphabet(first: TokenRule, second: TokenRule) -> None:
    """Raises InvalidRequest "other-alphabet" unless both rules have the same tokens."""
    if first.alphabet is second.alphabet:
        return
    sizes = first.alphabet.size, second.alphabet.size
    names = f"{first.description.name} and {second.description.name}"
    if sizes[0] != sizes[1]:
        raise InvalidRequest(
            "other-alphabet",
            f"{names} have no alphabet in common: {sizes[0]:,} and {sizes[1]:,} tokens.",
            "Rules can be mixed that have just the same tokens.",
        )
    for key in range(sizes[0]):
        if first.alphabet.bytes_of(key) != second.alphabet.bytes_of(key):
            raise InvalidRequest(
                "other-alphabet",
                f"{names} have no alphabet in common: token {key} is {token_text(first, key)} in "
                f"one and {token_text(second, key)} in the other.",
                "Rules can be mixed that have just the same tokens.",
            )


def _log(share: float) -> float:
    return math.log(share) if share > 0 else -math.inf
