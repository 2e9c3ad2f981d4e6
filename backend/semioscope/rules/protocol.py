"""What a transition rule is: from a state to the probability of every next state."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeAlias, runtime_checkable

from semioscope.core.alphabet import Alphabet
from semioscope.core.ranking import RankedRow
from semioscope.core.rule import RuleDescription
from semioscope.core.types import Float32Array


class Row(NamedTuple):
    """The rule at one of the states asked for.

    place: which of them. ranked: its next states. log_sum_exp: of the raw logits, nats; 0 for a
    rule that has none.
    """

    place: int
    ranked: RankedRow
    log_sum_exp: float

    @property
    def log_probs(self) -> Float32Array:
        """f32[N], nats, normalised (impossible: −inf)."""
        return self.ranked.log_probs


class Load(NamedTuple):
    """How many of the states asked about can be answered at once, and the tokens that the rule
    has to read for them."""

    states: int
    tokens: int


class Rule(Protocol):
    """What every rule has. One thread at a time may use it, `description` apart."""

    @property
    def description(self) -> RuleDescription:
        """The rule as data; it does not change."""


class TokenRule(Rule, Protocol):
    """next state = state + token, over an alphabet of N tokens. Its worker alone evaluates it."""

    @property
    def alphabet(self) -> Alphabet:
        """The tokens as bytes."""

    def encode(self, text: str) -> tuple[int, ...]:
        """The token ids of raw text; what only looks like a special token is plain text.

        The bytes of the ids are the bytes of the text. Raises InvalidRequest for text that the
        alphabet cannot say. Any thread may call it.
        """

    def chat(self, text: str) -> str | None:
        """The text as a user's turn in the model's own template; None without a template."""

    def encode_chat(self, text: str) -> tuple[tuple[int, ...], str]:
        """(token ids, the text they show) of `chat(text)`, its special tokens being special.

        Raises InvalidRequest "no-chat-template". Any thread may call it.
        """


class AppendingRule(TokenRule, Protocol):
    """A TokenRule that gives whole distributions."""

    def within(self, states: Sequence[tuple[int, ...]], tokens: int) -> Load:
        """How many of the states, in order, can be answered by reading at most `tokens` tokens
        that are not read yet. A rule that reads nothing answers all of them."""

    def read_ahead(self, state: tuple[int, ...], tokens: int) -> None:
        """Reads up to `tokens` tokens of a state that takes more. Raises what `log_probs` does."""

    def log_probs(self, states: Sequence[tuple[int, ...]]) -> Iterator[Row]:
        """One row for every state, in any order. A row is valid until the next is asked for.

        Raises InvalidRequest for a state that is empty (if the rule needs a prompt), that has a
        token outside the alphabet, or that is longer than the window.
        """


@dataclass(frozen=True)
class Successors:
    """The next states of a rewriting rule: label, state and probability of each.

    `remainder` is the mass of next states that are not listed; with it the probabilities sum
    to one, or everything is empty and zero where no rewriting applies. `ceiling`: none of those is
    more probable than this.
    """

    labels: tuple[bytes, ...]
    states: tuple[bytes, ...]
    probs: tuple[float, ...]
    remainder: float = 0.0
    ceiling: float = 1.0


@runtime_checkable
class RewritingRule(Rule, Protocol):
    """next states = a finite list of rewritings of the state's bytes."""

    def encode(self, text: str) -> bytes:
        """The state that the text writes down. Raises InvalidRequest. Any thread may call it."""

    def successors(self, state: bytes) -> Successors:
        """What one step can make of the state; each (label, next state) once."""


AnyRule: TypeAlias = AppendingRule | RewritingRule
