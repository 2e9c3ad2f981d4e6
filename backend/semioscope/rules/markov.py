"""Markov chains of order n, fitted to a text.

With c the last n tokens of the state (all of them where the state has fewer), N tokens, and
#(c t) how often token t follows c in the text,

    p(t | c) = (#(c t) + α) / (#(c) + α N),    #(c) = Σ_t #(c t),

where α ≥ 0 is the smoothing. Where nothing ever follows c in the text, this is 1/N for every
token if α > 0; if α = 0 it would be 0/0, and c is shortened from its front until something
follows it (nothing at all is followed by every token of the text). Every row sums to one.
"""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Any, Final, Self

import numpy as np

from semioscope.core.alphabet import Alphabet, text_of
from semioscope.core.errors import InvalidRequest
from semioscope.core.rule import RuleDescription
from semioscope.core.types import Float32Array, FloatArray
from semioscope.rules.finite_chain import MOST_STATES, FiniteChain, chain_too_large
from semioscope.rules.made import fingerprint_of, made_id
from semioscope.rules.naming import named_character
from semioscope.rules.ngrams import Ids, Ngrams
from semioscope.rules.protocol import TokenRule
from semioscope.rules.spec_fields import SpecFields, shown
from semioscope.rules.tabular import WINDOW, TabularRule, log_row
from semioscope.rules.words import words_of

MOST_ORDER: Final = 8
MOST_SMOOTHING: Final = 1000.0
MOST_TEXT: Final = 200_000
"""Characters of the text that a chain is fitted to."""
MOST_WORDS: Final = 50_000
"""Different words, or characters, of that text."""
_KNOWN_CONTEXTS: Final = 1 << 16

Encode = Callable[[str], tuple[int, ...]]
"""From a text to token ids whose bytes are the text's. Raises InvalidRequest."""


@dataclass(frozen=True)
class TokenSource:
    """Where the tokens of a chain come from, when they are another rule's: that rule's alphabet,
    its way to read a text, and the fingerprint by which it is known."""

    name: str
    fingerprint: str
    alphabet: Alphabet
    encode: Encode

    @classmethod
    def of(cls, rule: TokenRule) -> Self:
        """The tokens of a rule. It holds on to `rule.encode`."""
        known = rule.description
        return cls(known.name, known.fingerprint, rule.alphabet, rule.encode)


@dataclass(frozen=True)
class Fit:
    """What is counted, and how: the text's token ids [L > 0], the order n, the smoothing α."""

    tokens: tuple[int, ...]
    order: int
    smoothing: float


class Markov(TabularRule):
    """An AppendingRule whose contexts are the runs of up to n tokens that the text goes on from;
    with smoothing, one more for all that it does not."""

    def __init__(
        self, fit: Fit, alphabet: Alphabet, encode: Encode, description: RuleDescription
    ) -> None:
        super().__init__(description, alphabet)
        self.fit = fit
        self._encode = encode
        self._ngrams = Ngrams(fit.tokens, alphabet.size, fit.order + 1)
        self._followed = [self._ngrams.followed(length) for length in range(fit.order + 1)]
        # Contexts of one length are numbered together, the shortest first.
        self._first = [0, *accumulate(len(found) for found in self._followed)]
        self._find = lru_cache(_KNOWN_CONTEXTS)(self._found)
        beginning = fit.tokens[: fit.order]
        self.example = text_of(b"".join(alphabet.bytes_of(key) for key in beginning))
        """The beginning of the text, as long as the memory."""

    @classmethod
    def from_spec(
        cls,
        spec: Mapping[str, Any],
        name: str | None = None,
        source: TokenSource | None = None,
    ) -> Self:
        """The chain of a MarkovSpec: `text`, `unit` (characters), `order` (2), `smoothing` (0).

        source: of the tokens, when `unit` is tokens; `base` in the spec says which rule that is.
        Raises InvalidRequest "bad-markov", "empty-text", and what the source says of the text.
        """
        fields = SpecFields(spec, "markov", ("text", "unit", "order", "smoothing", "base"))
        unit = fields.choice("unit", ("characters", "words", "tokens"), "characters")
        order = fields.whole("order", 0, MOST_ORDER, 2)
        smoothing = fields.number("smoothing", 0, MOST_SMOOTHING, 0.0)
        text = fields.text("text", MOST_TEXT)
        base = fields.value("base")
        if (unit == "tokens") != (base is not None) or (source is None and base is not None):
            raise fields.refusal(
                "A chain of tokens needs a rule whose tokens they are, and only such a chain does."
            )
        units = _Units.of(unit, text, fields, source)
        tokens = units.encode(text)
        if not tokens:
            raise InvalidRequest(
                "empty-text",
                "The text is empty; there is nothing to count.",
                "Paste a text, the longer the better.",
            )
        canonical = {
            "kind": "markov",
            "text": text,
            "unit": unit,
            "order": order,
            "smoothing": smoothing,
            "base": base,
        }
        fit = Fit(tokens, order, smoothing)
        description = _description(fit, units, canonical, name, source)
        return cls(fit, units.alphabet, units.encode, description)

    @property
    def contexts(self) -> int:
        return self._first[-1] + (self.fit.smoothing > 0)

    def context_of(self, state: Sequence[int]) -> int:
        return self._find(tuple(state[-self.fit.order :] if self.fit.order else ()))

    def row(self, context: int) -> Float32Array:
        return log_row(self.probabilities(context))

    def probabilities(self, context: int) -> FloatArray:
        """p(t | c) f64[N], in a context by its number."""
        size, smoothing = self.alphabet.size, self.fit.smoothing
        if context == self._first[-1]:
            return np.full(size, 1 / size)
        length = bisect_right(self._first, context) - 1
        gram = int(self._followed[length][context - self._first[length]])
        tokens, counts = self._ngrams.following(length, gram)
        found = np.full(size, smoothing)
        found[tokens] += counts
        found /= counts.sum() + smoothing * size
        return found

    def encode(self, text: str) -> tuple[int, ...]:
        """The tokens of a text. Raises InvalidRequest "unknown-symbol" for a character or word
        that the fitted text does not have."""
        return self._encode(text)

    def finite_chain(self, most_states: int = MOST_STATES) -> FiniteChain:
        """The chain of the last max(n, 1) tokens, over all of them that can be reached from the
        empty state. Raises InvalidRequest "chain-too-large"."""
        length = max(self.fit.order, 1)
        if self.fit.smoothing and self.alphabet.size**length > most_states:
            count = self.alphabet.size**length
            raise chain_too_large(f"This chain has {count:,} contexts", most_states)
        rows = self._reachable(length, most_states)
        places = {context: place for place, context in enumerate(sorted(rows))}
        matrix = np.zeros((len(places), len(places)))
        for context, place in places.items():
            for token, probability in zip(*rows[context], strict=True):
                matrix[place, places[(*context, int(token))[-length:]]] = probability
        return FiniteChain(tuple(self._text(context) for context in places), matrix)

    def _reachable(self, length: int, most: int) -> dict[tuple[int, ...], tuple[Ids, FloatArray]]:
        """What may follow each context of `length` tokens that can be reached: the K tokens, and
        f64[K]."""
        rows: dict[tuple[int, ...], tuple[Ids, FloatArray]] = {}
        empty: tuple[int, ...] = ()
        seen, waiting = {empty}, [empty]
        while waiting:
            context = waiting.pop()
            row = self.probabilities(self.context_of(context))
            possible = np.flatnonzero(row)
            if len(context) == length:
                rows[context] = possible, row[possible]
            if len(rows) > most:
                raise chain_too_large(f"This chain has more than {most:,} contexts", most)
            after = {(*context, token)[-length:] for token in possible.tolist()} - seen
            seen |= after
            waiting += after
        return rows

    def _text(self, context: tuple[int, ...]) -> str:
        return text_of(b"".join(self.alphabet.bytes_of(key) for key in context))

    def _found(self, context: tuple[int, ...]) -> int:
        length = len(context)
        gram = self._ngrams.find(context)
        if gram is not None:
            followed = self._followed[length]
            place = int(followed.searchsorted(gram))
            if place < len(followed) and followed[place] == gram:
                return self._first[length] + place
        return self._first[-1] if self.fit.smoothing else self._find(context[1:])


@dataclass(frozen=True)
class _Units:
    """What the tokens of one chain are: their name, their bytes, and how a text is read."""

    unit: str
    alphabet: Alphabet
    encode: Encode

    @classmethod
    def of(cls, unit: str, text: str, fields: SpecFields, source: TokenSource | None) -> "_Units":
        if source is not None:
            return cls(unit, source.alphabet, source.encode)
        split: Callable[[str], list[str]] = words_of if unit == "words" else list
        known = sorted(set(split(text)))
        if len(known) > MOST_WORDS:
            raise fields.refusal(
                f"The text has {len(known):,} different {unit}; a chain has {MOST_WORDS:,}."
            )
        keys = {each: key for key, each in enumerate(known)}

        def encode(prompt: str) -> tuple[int, ...]:
            parts = split(prompt)
            for place, part in enumerate(parts, 1):
                if part not in keys:
                    raise _unknown(unit, part, place, keys)
            return tuple(keys[part] for part in parts)

        return cls(unit, Alphabet([each.encode() for each in known], ()), encode)


def _unknown(unit: str, part: str, place: int, keys: Mapping[str, int]) -> InvalidRequest:
    if unit == "characters":
        return InvalidRequest(
            "unknown-symbol",
            f"The fitted text never has {named_character(part)}, character {place:,} of this.",
            "Write with the characters of that text.",
        )
    others = [each for each in (f" {part.strip()}", part.strip()) if each in keys]
    if part.isspace():
        hint = "Leave out the white space at the end: it belongs to the word after it."
    elif others:
        hint = f"It has {shown(others[0])}: the white space before a word belongs to it."
    else:
        hint = "Write with the words of that text."
    return InvalidRequest(
        "unknown-symbol", f"The fitted text never has {shown(part)}, word {place:,} of this.", hint
    )


def _description(
    fit: Fit,
    units: _Units,
    canonical: Mapping[str, Any],
    name: str | None,
    source: TokenSource | None,
) -> RuleDescription:
    of_base = () if source is None else (source.fingerprint,)
    fingerprint = fingerprint_of(canonical, *of_base)
    return RuleDescription(
        id=made_id(fingerprint),
        name=name or f"Markov chain of order {fit.order}",
        kind="appending",
        family="markov",
        fingerprint=fingerprint,
        summary=_summary(fit, units.unit, source),
        alphabet_size=units.alphabet.size,
        window=WINDOW,
        end_keys=units.alphabet.end_keys,
        whole_distribution=True,
        needs_prompt=False,
        memory=fit.order,
        notes=_notes(fit, units.unit),
        spec=dict(canonical),
    )


def _summary(fit: Fit, unit: str, source: TokenSource | None) -> str:
    whose = "" if source is None else f" (as {source.name} reads it)"
    many = unit if len(fit.tokens) > 1 else unit[:-1]
    text = f"a text of {len(fit.tokens):,} {many}{whose}"
    raised = f", every count raised by {fit.smoothing:g}" if fit.smoothing else ""
    match fit.order:
        case 0:
            counted = f"Each of the {unit} as often as it is in {text}"
        case 1:
            counted = f"What follows the last {unit[:-1]} in {text}"
        case order:
            counted = f"What follows the last {order} {unit} in {text}"
    return f"{counted}{raised}."


def _notes(fit: Fit, unit: str) -> tuple[str, ...]:
    if fit.order == 0:
        return ("The past does not matter.",)
    unseen = (
        "After what the text never goes on from, every token is equally probable."
        if fit.smoothing
        else "After what the text never goes on from, the memory is shortened from its front until "
        "the text goes on from it."
    )
    beginning = f"A state of fewer than {fit.order} {unit} counts as far as it goes."
    reading = "A word has the white space before it; a sign is a word of its own."
    return (
        unseen,
        *((beginning,) if fit.order > 1 else ()),
        *((reading,) if unit == "words" else ()),
    )
