"""Chains fitted to a text: against counting by hand, linear algebra and long runs."""

import math
from collections import Counter
from itertools import product
from typing import Any

import numpy as np
import pytest

from semioscope.core.alphabet import Alphabet
from semioscope.core.errors import InvalidRequest
from semioscope.rules.coin import offered_coins
from semioscope.rules.markov import MOST_TEXT, Markov, TokenSource
from semioscope.rules.tabular import TABLE_CELLS
from tests.unit.rules.laws import asked, paths, probabilities

RAVEN = (
    "once upon a midnight dreary, while i pondered, weak and weary, over many a quaint and curious "
    "volume of forgotten lore, while i nodded, nearly napping, suddenly there came a tapping, as "
    "of some one gently rapping, rapping at my chamber door."
)


def markov(text: str, **fields: Any) -> Markov:
    return Markov.from_spec({"kind": "markov", "text": text, **fields})


def counted(text: str, context: str, smoothing: float) -> dict[str, float] | None:
    """p(t | c) by the definition; None where the text never goes on from c and α = 0."""
    ends = [i for i in range(len(context), len(text)) if text[i - len(context) : i] == context]
    counts = Counter(text[end] for end in ends)
    alphabet = sorted(set(text))
    total = len(ends) + smoothing * len(alphabet)
    if total == 0:
        return None
    return {token: (counts[token] + smoothing) / total for token in alphabet}


@pytest.mark.parametrize("smoothing", [0, 0.5])
@pytest.mark.parametrize("order", [0, 1, 2, 3])
def test_rows_are_the_counts_of_the_text(order: int, smoothing: float) -> None:
    rule = markov(RAVEN, order=order, smoothing=smoothing)
    for end in range(1, len(RAVEN)):
        context = RAVEN[max(end - order, 0) : end]
        expected = counted(RAVEN, context, smoothing)
        assert expected is not None
        found = probabilities(rule, rule.encode(RAVEN[:end]))
        assert found == pytest.approx(list(expected.values()), rel=1e-5)


@pytest.mark.parametrize("smoothing", [0, 0.25])
def test_every_context_has_the_row_that_is_documented(smoothing: float) -> None:
    text = "abacabcab"
    rule = markov(text, order=2, smoothing=smoothing)
    for length in range(4):
        for letters in product("abc", repeat=length):
            context = "".join(letters)[-2:]
            expected = counted(text, context, smoothing)
            while expected is None:  # shortened from its front
                context = context[1:]
                expected = counted(text, context, smoothing)
            state = rule.encode("".join(letters))
            assert probabilities(rule, state) == pytest.approx(list(expected.values()), rel=1e-6)


def test_after_what_the_text_never_goes_on_from_smoothing_makes_all_equal() -> None:
    rule = markov("abcab", order=2, smoothing=0.1)
    assert probabilities(rule, rule.encode("ba")) == pytest.approx([1 / 3] * 3)
    assert "every token is equally probable" in rule.description.notes[0]


def test_without_smoothing_the_memory_is_shortened_there() -> None:
    rule = markov("abcab", order=2)
    assert probabilities(rule, rule.encode("ba")) == pytest.approx([0, 1, 0])
    # Nothing at all follows “d”, the last of its text: what is left is how often each token is.
    last = markov("aabd", order=1)
    assert probabilities(last, last.encode("d")) == pytest.approx([0.5, 0.25, 0.25])
    assert "the memory is shortened from its front" in rule.description.notes[0]


@pytest.mark.parametrize("order", [0, 1, 3, 8])
def test_a_text_of_one_character_says_it_for_ever(order: int) -> None:
    rule = markov("a", order=order)
    assert math.fsum(paths(rule, 9)) == pytest.approx(1)


def test_answers_pass_the_axioms_in_every_context() -> None:
    rule = markov(RAVEN, order=2, smoothing=0.01)
    states = [rule.encode(RAVEN[:end]) for end in range(len(RAVEN))]
    for answer in asked(rule, *states):
        assert answer.expansion.complete
        assert len(answer.expansion.keys) == rule.alphabet.size


def test_the_stationary_distribution_is_the_eigenvector_and_the_share_of_a_long_run() -> None:
    rule = markov("abaabbabcacbbcabacbacabbca", order=2, smoothing=0.05)
    chain = rule.finite_chain()
    assert chain.states == tuple(f"{x}{y}" for x in "abc" for y in "abc")
    for place, context in enumerate(chain.states):
        for after, probability in counted_row(rule, context).items():
            assert chain.matrix[place, chain.states.index(context[1] + after)] == probability
    stationary = chain.stationary()
    assert stationary is not None

    values, vectors = np.linalg.eig(chain.matrix.T)
    vector = np.real(vectors[:, np.argmin(abs(values - 1))])
    assert stationary == pytest.approx(vector / vector.sum(), abs=1e-12)

    steps = 200_000
    table = np.cumsum(np.exp(rule.table.astype(np.float64)), axis=1)
    dice = np.random.Generator(np.random.PCG64(2)).random(steps)
    state, visits = (0, 1), Counter[str]()
    for u in dice:
        state = (state[1], int(np.searchsorted(table[rule.context_of(state)][:-1], u, "right")))
        visits["".join("abc"[key] for key in state)] += 1
    shares = [visits[context] / steps for context in chain.states]
    assert shares == pytest.approx(stationary, abs=0.005)


def counted_row(rule: Markov, context: str) -> dict[str, float]:
    row = rule.probabilities(rule.context_of(rule.encode(context)))
    return dict(zip("abc", row.tolist(), strict=True))


def test_an_end_that_nothing_follows_leads_back_into_the_chain() -> None:
    chain = markov("abac", order=2).finite_chain()
    # Beginning anywhere, “c” may come first; after it, anything.
    assert set(chain.states) == {"ab", "ac", "ba", "ca", "cb", "cc"}
    assert chain.closed_classes() == [[0, 1, 2, 3, 4, 5]]
    assert chain.matrix.sum(axis=1) == pytest.approx(np.ones(6))


def test_a_chain_of_order_nought_has_the_last_token_for_a_state() -> None:
    chain = markov("aab", order=0).finite_chain()
    assert chain.states == ("a", "b")
    assert chain.stationary() == pytest.approx([2 / 3, 1 / 3])


def test_chains_that_are_too_large_are_refused() -> None:
    with pytest.raises(InvalidRequest, match=r"has 125 contexts, more than the 100") as refusal:
        markov("abcde", order=3, smoothing=1).finite_chain(100)
    assert refusal.value.code == "chain-too-large"
    with pytest.raises(InvalidRequest, match=r"more than 1,024 contexts"):
        markov(" ".join(str(n) for n in range(20_000)), unit="words", order=1).finite_chain()
    with pytest.raises(InvalidRequest, match=r"more than 20 contexts"):
        markov(RAVEN, order=3).finite_chain(20)


def test_words_keep_the_white_space_before_them() -> None:
    rule = markov("the cat sat on the mat.\nthe cat ran.\n", unit="words", order=1)
    tokens = {rule.alphabet.bytes_of(key) for key in range(rule.alphabet.size)}
    assert tokens == {
        *(b"the", b" cat", b" sat", b" on", b" the", b" mat", b".", b"\nthe", b" ran", b"\n")
    }
    follows = probabilities(rule, rule.encode("the cat"))
    assert {rule.alphabet.bytes_of(key) for key in np.flatnonzero(follows)} == {b" sat", b" ran"}
    assert rule.example == "the"


@pytest.mark.parametrize(
    ("unit", "text", "message", "hint"),
    [
        ("characters", "thez", "never has “z”, character 4 of this.", "characters of that text"),
        ("characters", "the\tcat", "never has a tab, character 4", "characters of that text"),
        ("characters", "\ud800", "never has U+D800, character 1", "characters of that text"),
        ("words", "the dog", "never has “ dog”, word 2 of this.", "words of that text"),
        ("words", "cat", "never has “cat”, word 1", "It has “ cat”: the white space before"),
        ("words", "the  cat", "never has “  cat”, word 2", "It has “ cat”"),
        ("words", "the ", "never has “ ”, word 2", "Leave out the white space at the end"),
    ],
)
def test_what_the_text_does_not_have_is_refused_where_it_stands(
    unit: str, text: str, message: str, hint: str
) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        markov("the cat sat", unit=unit).encode(text)
    assert refusal.value.code == "unknown-symbol"
    assert message in refusal.value.message
    assert hint in (refusal.value.hint or "")


def pairs() -> TokenSource:
    """Tokens of two characters, of which an alphabet has more than the text uses."""
    alphabet = Alphabet([b"xx", b"ab", b"cd", b"<end>"], (3,))
    keys = {"ab": 1, "cd": 2}
    return TokenSource(
        "Pairs",
        "fingerprint of pairs",
        alphabet,
        lambda text: tuple(keys[text[i : i + 2]] for i in range(0, len(text), 2)),
    )


def test_tokens_of_another_rule_keep_their_ids_and_end_tokens() -> None:
    spec = {"text": "ababcdab", "unit": "tokens", "base": "pairs", "order": 1}
    rule = Markov.from_spec(spec, source=pairs())
    assert rule.encode("abcd") == (1, 2)
    assert probabilities(rule, (1,)) == pytest.approx([0, 0.5, 0.5, 0])
    assert rule.description.end_keys == (3,)
    assert rule.description.alphabet_size == 4
    assert "a text of 4 tokens (as Pairs reads it)" in rule.description.summary
    characters = markov("ababcdab", order=1)
    assert rule.description.fingerprint != characters.description.fingerprint


def test_a_rule_of_the_server_can_lend_its_tokens() -> None:
    coin = offered_coins()[0]
    spec = {"text": "HHTHH", "unit": "tokens", "base": "coin", "order": 1}
    rule = Markov.from_spec(spec, source=TokenSource.of(coin))
    assert probabilities(rule, rule.encode("T")) == pytest.approx([1, 0])


@pytest.mark.parametrize("fields", [{"unit": "tokens"}, {"base": "coin"}])
def test_tokens_need_a_rule_and_only_they_do(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest, match="needs a rule whose tokens they are"):
        markov("abc", **fields)


def test_a_text_that_another_rule_reads_as_nothing_is_empty() -> None:
    silent = TokenSource("Silent", "silent", Alphabet([b"x"], ()), lambda _: ())
    with pytest.raises(InvalidRequest, match="The text is empty"):
        Markov.from_spec({"text": "abc", "unit": "tokens", "base": "silent"}, source=silent)


@pytest.mark.parametrize("fields", [{"text": ""}, {"text": None}])
def test_an_empty_text_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest, match="The text is empty") as refusal:
        Markov.from_spec(fields)
    assert refusal.value.code == "empty-text"


def test_one_of_something_is_said_as_one() -> None:
    assert markov("a", order=0).description.summary.endswith("in a text of 1 character.")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"order": 9}, "“order” is a whole number from 0 to 8, not 9."),
        ({"order": 1.0}, "“order” is a whole number from 0 to 8, not 1.0."),
        ({"order": True}, "“order” is a whole number from 0 to 8, not True."),
        ({"smoothing": -1}, "“smoothing” is a number from 0 to 1000, not -1."),
        ({"smoothing": math.inf}, "“smoothing” is a number from 0 to 1000, not inf."),
        ({"smoothing": "much"}, "“smoothing” is a number from 0 to 1000, not “much”."),
        ({"unit": "bytes"}, "“unit” is characters or words or tokens, not “bytes”."),
        ({"unit": ["words"]}, "“unit” is characters or words or tokens, not a list."),
        ({"text": 7}, "“text” is a text, not 7."),
        ({"text": "a\ud800"}, "Character 2 of “text” is half of a surrogate pair."),
        ({"text": "a" * (MOST_TEXT + 1)}, "“text” has 200,001 characters; it may have 200,000."),
        ({"kind": "chain"}, "of kind “chain”, not “markov”."),
    ],
)
def test_a_bad_spec_is_refused_in_a_sentence(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        Markov.from_spec({"text": "abc"} | fields)
    assert refusal.value.code == "bad-markov"
    assert message in refusal.value.message


def test_memory_is_bounded_where_contexts_times_tokens_are_many() -> None:
    text = "".join(f"word{n} " for n in range(20_000))
    rule = markov(text, unit="words", order=4)
    assert rule.contexts * rule.alphabet.size > TABLE_CELLS
    assert rule.table is None
    asked(rule, *[rule.encode(f"word0 word{n}") for n in range(1, 200)])


def test_the_table_has_every_row() -> None:
    for smoothing in (0, 0.1):
        rule = markov(RAVEN, order=2, smoothing=smoothing)
        assert rule.table is not None
        assert rule.table.shape == (rule.contexts, rule.alphabet.size)
        assert np.exp(rule.table).sum(axis=1) == pytest.approx(np.ones(rule.contexts), abs=1e-5)
        for state in [(), rule.encode("w"), rule.encode("pqx".replace("x", "u"))]:
            (row,) = rule.log_probs([state])
            assert (rule.table[rule.context_of(state)] == row.log_probs).all()


def test_the_spec_makes_the_same_rule_again() -> None:
    known = markov("abcab", order=1, smoothing=1).description
    assert known.spec is not None
    assert Markov.from_spec(known.spec).description == known
    assert known.id == f"made-{known.fingerprint[:12]}"
    assert known.summary == (
        "What follows the last character in a text of 5 characters, every count raised by 1."
    )
    assert markov("abcab", order=1, smoothing=1.0).description.fingerprint == known.fingerprint
    others = [markov("abcab", order=2, smoothing=1), markov("abcab", order=1)]
    assert all(each.description.fingerprint != known.fingerprint for each in others)
