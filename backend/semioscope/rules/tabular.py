"""Rules whose next token depends on one of finitely many contexts: one row of a table each."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from typing import Final

import numpy as np

from semioscope.core.alphabet import Alphabet
from semioscope.core.errors import InvalidRequest
from semioscope.core.ranking import RankedRow
from semioscope.core.rule import RuleDescription
from semioscope.core.types import Float32Array, FloatArray
from semioscope.rules.protocol import Load, Row

WINDOW: Final = 4096
"""The most tokens of one trajectory."""
TABLE_CELLS: Final = 1 << 22
"""Contexts × tokens up to which the whole table is offered: 16 MiB."""
_KEPT_CELLS: Final = 1 << 21
_MOST_KEPT: Final = 16384
_LEAST_KEPT: Final = 16


class TabularRule(ABC):
    """An AppendingRule over C contexts and N tokens.

    Rows are made when somebody looks at them, and the last ones are kept: memory is bounded
    however many contexts there are.
    """

    example: str
    """A prompt to begin with; may be empty."""

    def __init__(self, description: RuleDescription, alphabet: Alphabet) -> None:
        self._description = description
        self._alphabet = alphabet
        kept = min(max(_KEPT_CELLS // alphabet.size, _LEAST_KEPT), _MOST_KEPT)
        self._ranked = lru_cache(kept)(lambda context: RankedRow(self.row(context)))

    @property
    def description(self) -> RuleDescription:
        return self._description

    @property
    def alphabet(self) -> Alphabet:
        return self._alphabet

    @property
    @abstractmethod
    def contexts(self) -> int:
        """C, how many contexts there are."""

    @abstractmethod
    def context_of(self, state: Sequence[int]) -> int:
        """The context of a state of tokens of the alphabet: a row of the table, 0 … C−1."""

    @abstractmethod
    def row(self, context: int) -> Float32Array:
        """Log-probabilities f32[N] in a context, nats (impossible: −inf). Not to be changed."""

    @cached_property
    def table(self) -> Float32Array | None:
        """All rows, f32[C, N], nats; None where they are more than TABLE_CELLS numbers."""
        if self.contexts * self.alphabet.size > TABLE_CELLS:
            return None
        return np.stack([self.row(context) for context in range(self.contexts)])

    @abstractmethod
    def encode(self, text: str) -> tuple[int, ...]:
        """The token ids of a text. Raises InvalidRequest for what the alphabet cannot say."""

    def chat(self, text: str) -> str | None:  # noqa: ARG002 -- no such rule has a template for any text
        return None

    def encode_chat(self, text: str) -> tuple[tuple[int, ...], str]:  # noqa: ARG002 -- as above
        raise InvalidRequest("no-chat-template", f"{self._description.name} does not chat.")

    def within(self, states: Sequence[tuple[int, ...]], tokens: int) -> Load:  # noqa: ARG002 -- it reads no token
        return Load(len(states), len(states))

    def read_ahead(self, state: tuple[int, ...], tokens: int) -> None:  # noqa: B027 -- it has nothing to read
        """Nothing to do."""

    def log_probs(self, states: Sequence[tuple[int, ...]]) -> Iterator[Row]:
        for place, state in enumerate(states):
            self._check(state)
            yield Row(place, self._ranked(self.context_of(state)), 0.0)

    def _check(self, state: tuple[int, ...]) -> None:
        if len(state) > self._description.window:
            raise InvalidRequest(
                "state-too-long",
                f"{self._description.name} goes on for {self._description.window:,} tokens at "
                f"most; this state has {len(state):,}.",
            )
        size = self._alphabet.size
        if state and not (min(state) >= 0 and max(state) < size):
            unknown = next(key for key in state if not 0 <= key < size)
            raise InvalidRequest(
                "unknown-token",
                f"{self._description.name} has no token {unknown}: its tokens are 0 to "
                f"{size - 1:,}.",
            )


def log_row(probabilities: FloatArray) -> Float32Array:
    """ln of f64 probabilities as f32, rounded once; −inf for what is impossible."""
    with np.errstate(divide="ignore"):
        exact: FloatArray = np.log(probabilities)
    return exact.astype(np.float32)
