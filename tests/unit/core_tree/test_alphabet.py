import pytest
from hypothesis import given
from hypothesis import strategies as st

from semioscope.core.alphabet import Alphabet, pieces, text_of


@pytest.mark.parametrize(
    ("tokens", "shown"),
    [
        ([b"a", b"b"], ["a", "b"]),
        ([b"\xe2", b"\x80", b"\x9c!"], ["", "", "“!"]),
        ([b"x\xe2\x80"], ["x⟨E2 80⟩"]),
        ([b"x\xe2", b"\x80"], ["x", "⟨E2 80⟩"]),
        ([b"x\xe2", b"\x80", b""], ["x", "⟨E2 80⟩", ""]),
        ([b"\xff", b"z"], ["⟨FF⟩", "z"]),
        ([b"\xf0\x9f", b"\x99\x82", "שלום".encode()], ["", "🙂", "שלום"]),
        ([b"<b>", b" \n"], ["<b>", " \n"]),
        ([b"\xed\xa0\x80"], ["⟨ED A0 80⟩"]),
        ([], []),
    ],
)
def test_a_character_is_shown_at_the_token_that_completes_it(
    tokens: list[bytes], shown: list[str]
) -> None:
    assert pieces(tokens) == shown


@given(st.lists(st.binary(max_size=4)))
def test_pieces_join_to_the_text_of_the_joined_bytes(tokens: list[bytes]) -> None:
    assert "".join(pieces(tokens)) == text_of(b"".join(tokens))


@given(st.text(), st.data())
def test_text_survives_any_cut_into_tokens(text: str, data: st.DataObject) -> None:
    raw = text.encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=8)))
    ends = [*cuts, len(raw)]
    tokens = [raw[start:end] for start, end in zip([0, *cuts], ends, strict=True)]
    assert "".join(pieces(tokens)) == text


def test_an_alphabet_knows_its_tokens_and_refuses_others() -> None:
    alphabet = Alphabet([b"a", b"\xff"], end_keys=(1,))
    assert (alphabet.size, alphabet.bytes_of(1), alphabet.end_keys) == (2, b"\xff", (1,))
    for key in (-1, 2):
        with pytest.raises(IndexError):
            alphabet.bytes_of(key)
