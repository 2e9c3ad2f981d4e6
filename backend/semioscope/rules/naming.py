"""How a refusal names a character, so that a person can see which one is meant."""

from typing import Final

_BLANK: Final = {" ": "a space", "\n": "a line break", "\r": "a line break", "\t": "a tab"}


def named_character(character: str) -> str:
    """“x” for what can be seen, else a name or a code point: a space, U+0000."""
    shown = f"“{character}”" if character.isprintable() else f"U+{ord(character):04X}"
    return _BLANK.get(character, shown)


def listed(names: list[str], most: int = 12) -> str:
    """A, B and C; of more than `most` the first ones, and how many there are."""
    if len(names) > most:
        return f"{', '.join(names[:most])} … ({len(names):,} in all)"
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last
