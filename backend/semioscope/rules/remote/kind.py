"""What the probe found an engine to do."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from semioscope.rules.remote.naming import Manner


@dataclass(frozen=True)
class Tokenizing:
    """A server's own tokenizer: where it is asked, and the name of the text in the question."""

    path: str
    field: str
    more: Mapping[str, Any]

    @classmethod
    def known(cls, model: str) -> "Iterator[Tokenizing]":
        """vLLM's and SGLang's, llama.cpp's, llama-cpp-python's."""
        yield cls("/tokenize", "prompt", {"model": model, "add_special_tokens": True})
        yield cls("/tokenize", "content", {"add_special": True, "parse_special": True})
        yield cls("/extras/tokenize", "input", {})

    def body(self, text: str) -> dict[str, Any]:
        return {self.field: text, **self.more}

    def ids(self, answer: Any) -> list[int]:
        """Raises ValueError for anything that is no list of ids."""
        found = answer.get("tokens") if isinstance(answer, dict) else None
        if not isinstance(found, list) or not all(isinstance(each, int) for each in found):
            raise ValueError("no token ids")
        if not found:
            raise ValueError("no tokens: the text was under another name")
        return found


@dataclass(frozen=True)
class EngineKind:
    """What an engine does.

    leading: how many of the most probable next tokens it tells. names_ids: it names them by id.
    manner: how it writes them as text. is_before_temperature: what it tells is the model's own
    distribution, before temperature. prefix: tokens of its own before every text. tokenizing: its
    own tokenizer, where states are sent as text. scores: it tells the probability of any token that
    it is given, beside the leading ones. options: extras of its requests.
    """

    model: str
    takes_ids: bool
    leading: int
    names_ids: bool
    manner: Manner
    is_before_temperature: bool
    prefix: int
    tokenizing: Tokenizing | None
    scores: bool
    options: Mapping[str, Any]

    def notes(self) -> tuple[str, ...]:
        """What everybody who looks at a tree of this engine should know."""
        return tuple(self._notes())

    def _notes(self) -> Iterator[str]:
        yield (
            f"Remote: it tells the {self.leading:,} most probable next tokens of a state; what "
            "else may follow is exact in total and unknown in its contents."
        )
        if self.takes_ids:
            yield "States are sent as token ids."
        else:
            yield (
                "This engine takes no token ids: states are sent as text, and where its tokenizer "
                "would cut that text into other tokens, nothing is told."
            )
        if self.scores:
            yield "A token that is typed is scored by itself, if it is not among those."
        if self.prefix:
            yield "It puts a token of its own before every state."
        if not self.names_ids:
            yield (
                "It names tokens by their text: those whose text is not theirs alone count as "
                "not told."
            )
        moment = "before" if self.is_before_temperature else "after"
        yield f"Its log-probabilities are those {moment} temperature; it is asked at temperature 1."
