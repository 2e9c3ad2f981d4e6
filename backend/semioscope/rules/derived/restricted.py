"""Any rule that may say only certain single tokens: θ(t|s) / Σ θ(t′|s) for the t of a set
(SCIENCE.md section 4)."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from semioscope.core.alphabet import Alphabet, text_of
from semioscope.core.errors import InvalidRequest
from semioscope.core.ranking import log_z_and_entropy
from semioscope.core.rule import RuleDescription
from semioscope.core.types import IdArray
from semioscope.rules.derived.rule import WholeRow
from semioscope.rules.loaded import LoadedRule
from semioscope.rules.protocol import TokenRule
from semioscope.rules.spec_fields import shown

MOST_TOKENS: Final = 4096
LONGEST_TEXT: Final = 1000
"""Characters of one text that is to be one token."""
_SHOWN: Final = 8


class Restricted:
    """A DerivedRule. Its tokens are those of the rule beneath it, all but some at probability 0.

    Where that rule gives none of them a chance, nothing follows: the state is terminal.
    """

    def __init__(
        self, base: LoadedRule, keys: tuple[int, ...], description: RuleDescription
    ) -> None:
        """keys: as `single_tokens` gives them."""
        self._base = base
        self._rule = base.tokens()
        self._keys: IdArray = np.array(keys, np.uint32)
        self._description = description

    @property
    def description(self) -> RuleDescription:
        return self._description

    @property
    def alphabet(self) -> Alphabet:
        return self._rule.alphabet

    @property
    def parts(self) -> tuple[LoadedRule, ...]:
        return (self._base,)

    def encode(self, text: str) -> tuple[int, ...]:
        return self._rule.encode(text)

    def chat(self, text: str) -> str | None:
        return self._rule.chat(text)

    def encode_chat(self, text: str) -> tuple[tuple[int, ...], str]:
        return self._rule.encode_chat(text)

    def states_of(self, state: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
        return (state,)

    def combined(self, rows: Sequence[WholeRow]) -> WholeRow:
        whole = rows[0]
        log_probs = np.full(len(whole.log_probs), -np.inf, np.float32)
        chosen = whole.log_probs[self._keys]
        if not np.any(chosen > -np.inf):
            return WholeRow(log_probs, 0.0)
        log_mass, _ = log_z_and_entropy(1.0, chosen)
        log_probs[self._keys] = chosen.astype(np.float64) - log_mass
        # The raw logits stay what they are: what is taken away is their sum.
        log_sum_exp = whole.log_sum_exp + log_mass if whole.log_sum_exp else 0.0
        return WholeRow(log_probs, log_sum_exp)


def single_tokens(
    rule: TokenRule, texts: Sequence[object] | None, keys: Sequence[object] | None
) -> tuple[int, ...]:
    """The tokens that are named by text or by key, ascending, each once.

    Raises InvalidRequest "bad-restriction", "not-one-token" (showing the tokens of the text) or
    "unknown-token".
    """
    if (texts is None) == (keys is None):
        raise InvalidRequest(
            "bad-restriction", "A restriction names its tokens by text or by key, one of the two."
        )
    named = texts if texts is not None else keys
    if not isinstance(named, list | tuple) or not 1 <= len(named) <= MOST_TOKENS:
        raise InvalidRequest(
            "bad-restriction", f"A restriction is to a list of 1 to {MOST_TOKENS:,} tokens."
        )
    if texts is not None:
        return tuple(sorted({_token_of(rule, text) for text in texts}))
    return tuple(sorted({_known_key(rule, key) for key in named}))


def _token_of(rule: TokenRule, text: object) -> int:
    if not isinstance(text, str) or not 1 <= len(text) <= LONGEST_TEXT:
        raise InvalidRequest(
            "bad-restriction", f"A token is named by a text of 1 to {LONGEST_TEXT:,} characters."
        )
    tokens = rule.encode(text)
    if len(tokens) == 1:
        return tokens[0]
    its = ", ".join(token_text(rule, key) for key in tokens[:_SHOWN])
    more = ", …" if len(tokens) > _SHOWN else ""
    cut = text if len(text) <= 40 else text[:39] + "…"
    raise InvalidRequest(
        "not-one-token",
        f"{_quoted(cut)} is not one token of {rule.description.name} but {len(tokens)}: "
        f"{its}{more}.",
        "Choose texts that are one token each; words mostly are, with a space before them.",
    )


def _known_key(rule: TokenRule, key: object) -> int:
    size = rule.alphabet.size
    if not isinstance(key, int) or isinstance(key, bool) or not 0 <= key < size:
        raise InvalidRequest(
            "unknown-token", f"There is no token {shown(key)}: the alphabet has {size:,} tokens."
        )
    return key


def token_text(rule: TokenRule, key: int) -> str:
    """A token as people see it, in quotation marks, with its space and breaks visible."""
    return _quoted(text_of(rule.alphabet.bytes_of(key)))


def _quoted(text: str) -> str:
    visible = text.replace(" ", "␣").replace("\n", "↵").replace("\t", "⇥")
    return f"“{visible}”"
