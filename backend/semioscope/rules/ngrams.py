"""How often each run of tokens occurs in a text, as a trie laid out in arrays."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]


class Ngrams:
    """The m-grams of a text, m = 0 … `longest`.

    An m-gram has a number among those of its length: the place of its code, (number of its first
    m−1 tokens) · N + its last token, among the sorted codes of that length. So all that follows
    one (m−1)-gram lies side by side.
    """

    def __init__(self, tokens: Sequence[int] | NDArray[Any], size: int, longest: int) -> None:
        """tokens: ids [L], each below `size` = N."""
        self._size = size
        self._codes: list[Ids] = [np.zeros(1, np.int64)]
        self._counts: list[Ids] = [np.array([len(tokens)], np.int64)]
        text = np.asarray(tokens, np.int64)
        ending = np.zeros(len(text) + 1, np.int64)  # number of the (m−1)-gram that ends at a place
        for length in range(1, longest + 1):
            heads = ending[length - 1 : len(text)]
            codes, numbers, counts = np.unique(
                heads * size + text[length - 1 :], return_inverse=True, return_counts=True
            )
            ending[length:] = numbers
            self._codes.append(codes)
            self._counts.append(counts.astype(np.int64))

    def count(self, length: int) -> int:
        """How many different grams of that length there are."""
        return len(self._codes[length])

    def find(self, gram: Sequence[int]) -> int | None:
        """Its number; None for a gram that does not occur."""
        number = 0
        for length, token in enumerate(gram, 1):
            codes = self._codes[length]
            code = number * self._size + token
            number = int(codes.searchsorted(code))
            if number == len(codes) or codes[number] != code:
                return None
        return number

    def following(self, length: int, number: int) -> tuple[Ids, Ids]:
        """The tokens that follow a gram somewhere, ascending, and how often each does."""
        codes = self._codes[length + 1]
        first, end = codes.searchsorted([number * self._size, (number + 1) * self._size])
        return codes[first:end] - number * self._size, self._counts[length + 1][first:end]

    def followed(self, length: int) -> Ids:
        """The numbers of the grams that anything follows, ascending."""
        return np.unique(self._codes[length + 1] // self._size)
