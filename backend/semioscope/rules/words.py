"""A text as words that give it back: each word or sign with the white space before it.

“The cat, asleep.” is “The”, “ cat”, “,”, “ asleep”, “.”; white space at the very end is a word of
its own. Joined, the words are the text.
"""

import re
from typing import Final

_WORD: Final = re.compile(r"\s*(?:\w+(?:['’-]\w+)*|[^\w\s])|\s+")


def words_of(text: str) -> list[str]:
    """The words, whose concatenation is the text."""
    return _WORD.findall(text)
