"""Whether a server's names of tokens are those of the configured tokenizer, where names fall
together: halves of characters all read ‘�’."""

from typing import Any

import pytest

from semioscope.core.alphabet import Alphabet
from semioscope.core.errors import Unavailable
from semioscope.rules.remote.completion import Completion, ToldToken
from semioscope.rules.remote.naming import Manner, Names
from semioscope.rules.remote.probe import Probe

ALPHABET = Alphabet((b"the", b" man", b"\xe2", b"\x80", b"sea"), ())
NAMES = Names(ALPHABET, Manner(strips=False, cleans=False))


def completion(*told: ToldToken) -> Completion:
    return Completion(told, told[0], 1, None)


def by_id(key: int, log_prob: float) -> ToldToken:
    return ToldToken(key, f"token_id:{key}", log_prob)


def by_text(text: str, log_prob: float) -> ToldToken:
    return ToldToken(None, text, log_prob)


def probe() -> Probe:
    nobody: Any = None  # it asks nothing here
    return Probe("Toy", nobody, "toy", nobody, 20)


def test_a_token_has_a_text_of_its_own_unless_others_share_it() -> None:
    assert [NAMES.is_sure_of(key) for key in range(ALPHABET.size)] == [
        True,
        True,
        False,
        False,
        True,
    ]


def test_halves_of_characters_that_fall_together_prove_no_other_tokenizer() -> None:
    # By text the two halves are one entry, and what is left near them is another token.
    ids = completion(by_id(2, -0.70), by_id(0, -0.72), by_id(3, -3.0), by_id(1, -6.0))
    texts = completion(by_text("the", -0.72), by_text("�", -3.0), by_text(" man", -6.0))
    probe()._must_fit(NAMES, [ids], [texts])


def test_a_name_that_means_another_token_does() -> None:
    ids = completion(by_id(0, -0.3), by_id(1, -2.0), by_id(4, -5.0))
    texts = completion(by_text(" man", -0.3), by_text("the", -2.0), by_text("sea", -5.0))
    with pytest.raises(Unavailable, match="another tokenizer"):
        probe()._must_fit(NAMES, [ids], [texts])
