"""The bytes of every token, read from what a tokenizer says of itself (its tokenizer.json)."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

_BYTE_TOKEN: Final = re.compile(r"<0x([0-9A-Fa-f]{2})>")
_SPACE: Final = "▁"


def token_bytes(tokenizer_json: str, size: int) -> list[bytes]:
    """What each of the tokens 0 … size−1 adds to a text, as bytes.

    Added tokens (special ones too) are their own content. A number without a token (models pad
    their output so) adds nothing. tokenizer_json: of the tokenizers library.
    """
    spec = json.loads(tokenizer_json)
    tokens = [b""] * size
    decode = _byte_level if _uses(spec.get("decoder"), "ByteLevel") else _sentence_piece
    for token, key in _vocabulary(spec["model"]):
        if key < size:
            tokens[key] = decode(token)
    for added in spec.get("added_tokens", ()):
        if added["id"] < size:
            tokens[added["id"]] = str(added["content"]).encode()
    return tokens


def _vocabulary(model: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    vocabulary = model["vocab"]
    if isinstance(vocabulary, Mapping):
        yield from vocabulary.items()
    else:  # unigram models list (token, score)
        yield from ((token, key) for key, (token, _) in enumerate(vocabulary))


def _uses(part: Any, kind: str) -> bool:
    """Is this decoder, or one of those it is made of, of that type?"""
    if not isinstance(part, Mapping):
        return False
    parts = part.get("decoders", ())
    return part.get("type") == kind or any(_uses(each, kind) for each in parts)


def _byte_level(token: str) -> bytes:
    table = _byte_of_character()
    # A vocabulary may hold characters outside the table; they stand for themselves.
    return b"".join(
        bytes([table[character]]) if character in table else character.encode()
        for character in token
    )


def _sentence_piece(token: str) -> bytes:
    byte = _BYTE_TOKEN.fullmatch(token)
    return bytes([int(byte[1], 16)]) if byte else token.replace(_SPACE, " ").encode()


@cache
def _byte_of_character() -> dict[str, int]:
    """GPT-2's table: printable bytes are themselves, the others the characters from 256 on."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    table = {chr(byte): byte for byte in printable}
    return table | {chr(256 + place): byte for place, byte in enumerate(others)}
