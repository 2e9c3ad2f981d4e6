"""Which token a server means, and how far its list of leading tokens is sure.

A server that names tokens by their text gives two of them one name where their texts are the same
(halves of characters, special tokens). Such a name is never guessed at: its tokens are not told.
The others are, but they are sure to lead only as far as nothing unnamed can rank before them.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from semioscope.core.alphabet import Alphabet
from semioscope.core.types import Float32Array, IdArray
from semioscope.rules.remote.completion import Completion, ToldToken

_CLEANED: Final = (
    *(" .", " ?", " !", " ,"),
    *(" ' ", " n't", " 'm", " 's", " 've", " 're"),
)
"""Where some tokenizers, when they decode, take away the space before."""


@dataclass(frozen=True)
class Manner:
    """How a server writes a token's text. strips: it may leave out a leading space. cleans: it
    may leave out the space before punctuation."""

    strips: bool
    cleans: bool

    @classmethod
    def seen_in(cls, texts: Iterable[str]) -> "Manner":
        """What a server does not do is proved by a text that it could not have written else."""
        written = list(texts)
        return cls(
            strips=not any(text.startswith(" ") and text.strip() for text in written),
            cleans=not any(text.startswith(_CLEANED[:4]) for text in written),
        )


class Names:
    """The tokens of an alphabet by the texts that a server may write for them."""

    def __init__(self, alphabet: Alphabet, manner: Manner) -> None:
        self._size = alphabet.size
        self._by_text: dict[str, int | None] = {"": None}  # None: several tokens
        for key in range(alphabet.size):
            for text in set(_texts(alphabet.bytes_of(key), manner)):
                known = self._by_text.setdefault(text, key)
                if known != key:
                    self._by_text[text] = None
        self._own = {key for key in self._by_text.values() if key is not None}

    def key_of(self, told: ToldToken) -> int | None:
        """The token that is meant; None where that is not sure."""
        if told.id is not None:
            return told.id if 0 <= told.id < self._size else None
        return self.written(told.text)

    def written(self, text: str) -> int | None:
        """The one token that a server may write so; None where there are several, or none."""
        return self._by_text.get(text)

    def is_sure_of(self, key: int) -> bool:
        """Whether there is a text that means this token alone."""
        return key in self._own

    def leading(self, completion: Completion, asked: int) -> tuple[IdArray, Float32Array, int]:
        """keys u32[K] and log_probs f32[K] (nats) of the told next tokens whose names are sure, the
        most probable first, ties by the lowest key; and how many of them are sure to be the
        leading ones."""
        told = leading_part(completion, asked)
        keys = [self.key_of(token) for token in told]
        known = [place for place, key in enumerate(keys) if key is not None]
        numbers = np.array([keys[place] for place in known], np.uint32)
        log_probs = np.array([told[place].log_prob for place in known], np.float32)
        order = np.lexsort((numbers, -log_probs))
        return numbers[order], log_probs[order], _sure(told, keys, log_probs, asked)


def leading_part(completion: Completion, asked: int) -> tuple[ToldToken, ...]:
    """What was told without the token that was drawn, where that may be no leading one: it is
    added to the list, so then it is the last. Names by text may fall together, or a list be cut
    short, which hides that there is one too many."""
    told = completion.told
    if not told:
        return told
    last = min(told, key=lambda token: token.log_prob)
    is_drawn = (last.id, last.text) == (completion.drawn.id, completion.drawn.text)
    if is_drawn and (len(told) != asked or last.id is None):
        return tuple(token for token in told if token is not last)
    return told


def _texts(token: bytes, manner: Manner) -> Iterator[str]:
    for errors in ("ignore", "replace"):
        text = token.decode("utf-8", errors)
        yield text
        if manner.strips:
            yield text.removeprefix(" ")
        if manner.cleans and text.startswith(_CLEANED):
            yield text.removeprefix(" ")


def _sure(
    told: Sequence[ToldToken], keys: Sequence[int | None], log_probs: Float32Array, asked: int
) -> int:
    """How many of the named ones, by rank, nothing unnamed can stand before."""
    unnamed = [token.log_prob for key, token in zip(keys, told, strict=True) if key is None]
    if all(token.id is not None for token in told):
        return int(np.count_nonzero(log_probs > max(unnamed))) if unnamed else len(log_probs)
    if not unnamed and len(told) >= asked:
        return len(log_probs)
    return max(_before_unnamed(keys, told), _heavier_than_rest(log_probs))


def _before_unnamed(keys: Sequence[int | None], told: Sequence[ToldToken]) -> int:
    """How many come before the first whose name is not sure, in an answer that goes by rank.

    A name for several tokens stands where the first of them does, with the number of the last.
    """
    named = [token.log_prob for key, token in zip(keys, told, strict=True) if key is not None]
    if any(one < other for one, other in pairwise(named)):
        return 0
    return next((rank for rank, key in enumerate(keys) if key is None), len(keys))


def _heavier_than_rest(log_probs: Float32Array) -> int:
    """How many are more probable than all that is not among them together."""
    probs = np.exp(log_probs.astype(np.float64))
    return int(np.count_nonzero(probs > 1.0 - probs.sum()))
