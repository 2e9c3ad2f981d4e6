"""A remote engine's model as a transition rule: its own tokens and text, told in part."""

from semioscope.core.alphabet import Alphabet
from semioscope.core.distribution import Question
from semioscope.core.errors import InvalidRequest
from semioscope.core.rule import RuleDescription
from semioscope.rules.causal_lm.text import ModelText
from semioscope.rules.remote.kind import EngineKind


class RemoteRule:
    """A TokenRule whose probabilities only its worker can ask for."""

    def __init__(self, description: RuleDescription, text: ModelText, engine: EngineKind) -> None:
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

    def text_for(self, state: tuple[int, ...]) -> str | None:
        """The text whose tokens, by the model's tokenizer, are just these; None without one.

        A server looks for special tokens in a text, so they may stand in it as such.
        """
        try:
            text = b"".join(map(self.alphabet.bytes_of, state)).decode("utf-8")
        except UnicodeDecodeError:
            return None
        return text if self._text.encode_special(text) == state else None

    def check(self, question: Question) -> None:
        """Raises InvalidRequest for a state or a key that this rule has not."""
        state, size = question.state, self.alphabet.size
        if isinstance(state, bytes):
            raise InvalidRequest("wrong-state", "The states of this rule are token ids, not bytes.")
        if not state:
            raise InvalidRequest(
                "empty-state", "A language model says nothing after nothing.", "Write a prompt."
            )
        if len(state) > self._description.window:
            raise InvalidRequest(
                "state-too-long",
                f"A state of {len(state):,} tokens is longer than the engine's window "
                f"of {self._description.window:,}.",
            )
        for key in (*state, *question.keys):
            if not 0 <= key < size:
                raise InvalidRequest(
                    "unknown-token", f"There is no token {key}: the alphabet has {size:,} tokens."
                )
