"""Text to token ids, to the last byte, and a chat turn to the text that a model was taught."""

import json
import threading
from collections.abc import Iterable, Mapping
from typing import Any, Final

from tokenizers import Tokenizer

from semioscope.core.alphabet import Alphabet
from semioscope.core.errors import InvalidRequest
from semioscope.rules.causal_lm.chat import user_turn
from semioscope.rules.causal_lm.token_bytes import token_bytes

_UNFAITHFUL: Final = (
    *("NFC", "NFD", "NFKC", "NFKD", "Nmt", "Precompiled"),
    *("Prepend", "Lowercase", "Strip", "StripAccents", "BertNormalizer"),
)
"""Normalizers that change a text, or put a space before it."""


class ModelText:
    """The tokenizer of one model. `encode` and `encode_chat` may be called from any thread."""

    def __init__(
        self,
        tokenizer_json: str,
        size: int,
        end_keys: Iterable[int],
        chat_template: str | None = None,
        special_tokens: Mapping[str, str] | None = None,
    ) -> None:
        """tokenizer_json: of the tokenizers library. size: N, the tokens that the model gives a
        probability. special_tokens: by their roles, for the template."""
        self._json = tokenizer_json
        self._tokenizer = _own(tokenizer_json)
        self._exact: Tokenizer | None = None
        self._lock = threading.Lock()
        self._chat_template = chat_template
        self._special_tokens = dict(special_tokens or {})
        self.alphabet = Alphabet(token_bytes(tokenizer_json, size), end_keys)

    def encode(self, text: str) -> tuple[int, ...]:
        """The ids of raw text, whose bytes are the bytes of the text. No token is put before it,
        and what looks like a special token is plain text. Raises InvalidRequest "cannot-encode".
        """
        return self._encode(text, special=False)

    def chat(self, text: str) -> str | None:
        """The text as a user's turn, up to where the model answers; None without a template."""
        if not self._chat_template:
            return None
        return user_turn(self._chat_template, self._special_tokens, text)

    def encode_chat(self, text: str) -> tuple[tuple[int, ...], str]:
        """(ids, text) of `chat(text)`, in which special tokens are special.

        Raises InvalidRequest "no-chat-template", "cannot-encode".
        """
        shown = self.chat(text)
        if shown is None:
            raise InvalidRequest(
                "no-chat-template",
                "This model has no chat template.",
                "Switch chat off, and write the prompt as plain text.",
            )
        return self._encode(shown, special=True), shown

    def encode_special(self, text: str) -> tuple[int, ...]:
        """The ids of a text as servers read it: what is a special token in it is one."""
        with self._lock:
            return _ids(self._tokenizer, text, special=True)

    def _encode(self, text: str, *, special: bool) -> tuple[int, ...]:
        try:
            wanted = text.encode()
        except UnicodeEncodeError as error:
            raise InvalidRequest(
                "cannot-encode", f"Character {error.start + 1} of the text is half a character."
            ) from None
        with self._lock:
            ids = _ids(self._tokenizer, text, special=special)
            if self._bytes(ids) != wanted:
                self._exact = self._exact or _own(_faithful(self._json))
                ids = _ids(self._exact, text, special=special)
        if self._bytes(ids) != wanted:
            raise InvalidRequest("cannot-encode", self._why_not(ids))
        return ids

    def _why_not(self, ids: tuple[int, ...]) -> str:
        beyond = max(ids, default=0)
        if beyond >= self.alphabet.size:
            return (
                f"The tokenizer of this model names a token {beyond:,}, and the model has only "
                f"{self.alphabet.size:,}: the two do not belong together."
            )
        return "This model's tokens cannot say that text exactly."

    def _bytes(self, ids: tuple[int, ...]) -> bytes | None:
        if any(key >= self.alphabet.size for key in ids):
            return None
        return b"".join(map(self.alphabet.bytes_of, ids))


def _own(tokenizer_json: str) -> Tokenizer:
    """A tokenizer that nobody else sets up differently."""
    tokenizer = Tokenizer.from_str(tokenizer_json)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _ids(tokenizer: Tokenizer, text: str, *, special: bool) -> tuple[int, ...]:
    tokenizer.encode_special_tokens = not special
    return tuple(tokenizer.encode(text, add_special_tokens=False).ids)


def _faithful(tokenizer_json: str) -> str:
    """The same tokenizer without what changes a text before it is cut into tokens."""
    spec = json.loads(tokenizer_json)
    spec["normalizer"] = _without_unfaithful(spec.get("normalizer"))
    _add_no_space(spec.get("pre_tokenizer"))
    return json.dumps(spec)


def _without_unfaithful(normalizer: Any) -> Any:
    if not isinstance(normalizer, Mapping):
        return None
    if normalizer["type"] == "Sequence":
        kept = [_without_unfaithful(each) for each in normalizer["normalizers"]]
        return {"type": "Sequence", "normalizers": [each for each in kept if each is not None]}
    return None if normalizer["type"] in _UNFAITHFUL else normalizer


def _add_no_space(pre_tokenizer: Any) -> None:
    if not isinstance(pre_tokenizer, dict):
        return
    for each in pre_tokenizer.get("pretokenizers", ()):
        _add_no_space(each)
    if "add_prefix_space" in pre_tokenizer:
        pre_tokenizer["add_prefix_space"] = False
    if "prepend_scheme" in pre_tokenizer:
        pre_tokenizer["prepend_scheme"] = "never"
