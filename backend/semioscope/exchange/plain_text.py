"""Text for formats that cannot hold every character. What they cannot hold is shown by its number,
as half a character is shown by its bytes: ⟨07⟩ for a bell."""

import re
import unicodedata
from typing import Final

_NOT_IN_XML: Final = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LONGEST_NAME: Final = 60
_SIGNS: Final = {"\n": "↵", "\t": "⇥", "\u00a0": "⍽"}


def xml_text(text: str) -> str:
    """What XML 1.0 can hold. A carriage return is allowed there, but read as a line feed."""
    return _NOT_IN_XML.sub(_numbered, text)


def one_line(text: str) -> str:
    """For a label in a drawing: breaks and the space in front are visible, nothing is hidden."""
    spaced = f"␣{text[1:]}" if text.startswith(" ") else text
    return "".join(
        _SIGNS.get(character)
        or (character if character.isprintable() else f"⟨{ord(character):02X}⟩")
        for character in spaced
    )


def plain(name: str) -> str:
    """A name of plain small letters, digits and hyphens, which any system takes for a file."""
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", ascii_only)[:_LONGEST_NAME].strip("-") or "multiverse"


def _numbered(found: re.Match[str]) -> str:
    return f"⟨{ord(found[0]):02X}⟩"
