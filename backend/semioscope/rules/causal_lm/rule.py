"""A causal language model as a transition rule."""

from collections.abc import Iterator, Sequence

from semioscope.core.alphabet import Alphabet
from semioscope.core.errors import InvalidRequest
from semioscope.core.rule import RuleDescription
from semioscope.rules.causal_lm.reader import Engine
from semioscope.rules.causal_lm.text import ModelText
from semioscope.rules.protocol import Load, Row


class CausalLM:
    """An AppendingRule: the model's own tokens, text and probabilities."""

    def __init__(self, description: RuleDescription, text: ModelText, engine: Engine) -> None:
        self._description = description
        self._text = text
        self.engine = engine

    @property
    def description(self) -> RuleDescription:
        return self._description

    @property
    def alphabet(self) -> Alphabet:
        return self._text.alphabet

    def encode(self, text: str) -> tuple[int, ...]:
        return self._text.encode(text)

    def chat(self, text: str) -> str | None:
        return self._text.chat(text)

    def encode_chat(self, text: str) -> tuple[tuple[int, ...], str]:
        return self._text.encode_chat(text)

    def within(self, states: Sequence[tuple[int, ...]], tokens: int) -> Load:
        return self.engine.within(states, tokens)

    def read_ahead(self, state: tuple[int, ...], tokens: int) -> None:
        self._check(state)
        self.engine.read_ahead(state, tokens)

    def log_probs(self, states: Sequence[tuple[int, ...]]) -> Iterator[Row]:
        for state in states:
            self._check(state)
        return self.engine.log_probs(states)

    def _check(self, state: tuple[int, ...]) -> None:
        if not state:
            raise InvalidRequest(
                "empty-state", "A language model says nothing after nothing.", "Write a prompt."
            )
        if len(state) > self._description.window:
            raise InvalidRequest(
                "state-too-long",
                f"A state of {len(state):,} tokens is longer than the model's window "
                f"of {self._description.window:,}.",
            )
        if min(state) < 0 or max(state) >= self.alphabet.size:
            raise InvalidRequest(
                "unknown-token",
                f"A state has a token outside the model's alphabet of {self.alphabet.size:,}.",
            )
