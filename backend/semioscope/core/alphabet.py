"""Tokens as bytes, and the text of a path across tokens that split a character.

Text is for display only; token ids are identity. Bytes that are no character (an invalid byte,
or half of a character at the end) are shown as ⟨E2 80⟩.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby


class Alphabet:
    """The N tokens of a rule, each as its bytes, and the keys that end a trajectory."""

    def __init__(self, tokens: Sequence[bytes], end_keys: Iterable[int]) -> None:
        self._tokens = tuple(tokens)
        self.end_keys = tuple(end_keys)

    @property
    def size(self) -> int:
        """N, the number of tokens."""
        return len(self._tokens)

    def has_tokens_of(self, other: "Alphabet") -> bool:
        """Whether every key means the same bytes in both."""
        return self._tokens == other._tokens

    def bytes_of(self, key: int) -> bytes:
        """The bytes of one token. Raises IndexError outside 0 … N−1."""
        if not 0 <= key < len(self._tokens):
            raise IndexError(f"token {key} is not in an alphabet of {len(self._tokens)}")
        return self._tokens[key]


def text_of(raw: bytes) -> str:
    """The bytes as text, runs of bytes that are no character shown as ⟨E2 80⟩."""
    return "".join(pieces([raw]))


def pieces(tokens: Sequence[bytes]) -> list[str]:
    """What each token of a path adds to the text; len(pieces) = len(tokens).

    A character split over several tokens is shown at the token that completes it, "" at the
    earlier ones. A run of bytes that are no character is shown at the token of its last byte.
    Joined, the pieces equal `text_of` of the joined bytes.
    """
    shown = [""] * len(tokens)
    token, held = -1, 0  # bytes in the tokens up to and with `token`
    for end, text in _runs(b"".join(tokens)):
        while held < end:
            token += 1
            held += len(tokens[token])
        shown[token] += text
    return shown


def _runs(raw: bytes) -> Iterator[tuple[int, str]]:
    """(end in bytes, text) of each character and of each maximal run of bytes that are none."""
    place = 0
    # Each byte that is no part of a character becomes one lone surrogate, U+DC00 + byte.
    decoded = raw.decode("utf-8", "surrogateescape")
    for is_broken, run in groupby(decoded, lambda character: "\udc80" <= character <= "\udcff"):
        if is_broken:
            broken = bytes(ord(character) - 0xDC00 for character in run)
            place += len(broken)
            yield place, f"⟨{broken.hex(' ').upper()}⟩"
        else:
            for character in run:
                place += len(character.encode("utf-8"))
                yield place, character
