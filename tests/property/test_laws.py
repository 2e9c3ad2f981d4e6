"""Rules given as data obey the axioms, whatever they are given."""

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semioscope.core.alphabet import Alphabet
from semioscope.core.errors import InvalidRequest
from semioscope.rules.automaton import Automaton
from semioscope.rules.chain import MatrixChain
from semioscope.rules.coin import Coin
from semioscope.rules.markov import Markov, TokenSource
from semioscope.rules.ngrams import Ngrams
from semioscope.rules.rewriting import Rewriting
from semioscope.rules.tabular import TabularRule
from semioscope.rules.words import words_of
from tests.unit.rules.laws import asked, next_states, paths

LETTERS = "abcd"
probability = st.floats(0, 1)


@st.composite
def coins(draw: st.DrawFn) -> TabularRule:
    return Coin.from_spec({"heads": draw(probability), "repeats": draw(st.none() | probability)})


@st.composite
def chains(draw: st.DrawFn) -> TabularRule:
    size = draw(st.integers(2, 4))
    weights = st.lists(st.integers(0, 1000), min_size=size, max_size=size).filter(any)
    rows = [draw(weights) for _ in range(size + 1)]
    first, *matrix = [[weight / sum(row) for weight in row] for row in rows]
    return MatrixChain.from_spec(
        {"symbols": list(LETTERS[:size]), "matrix": matrix, "initial": first}
    )


@st.composite
def fitted(draw: st.DrawFn) -> TabularRule:
    spec = {
        "text": draw(st.text(LETTERS, min_size=1, max_size=40)),
        "order": draw(st.integers(0, 8)),
        "smoothing": draw(st.just(0.0) | st.floats(0, 1000)),
    }
    if draw(st.booleans()):
        return Markov.from_spec(spec)
    source = TokenSource(
        "Letters",
        "letters",
        Alphabet([letter.encode() for letter in LETTERS], ()),
        lambda text: tuple(LETTERS.index(letter) for letter in text),
    )
    return Markov.from_spec(spec | {"unit": "tokens", "base": "letters"}, source=source)


@settings(deadline=None)
@given(coins() | chains() | fitted())
def test_all_paths_of_one_length_sum_to_one(rule: TabularRule) -> None:
    for length in range(5):
        assert math.fsum(paths(rule, length)) == pytest.approx(1, abs=1e-5)
    states = [
        state for length in range(4) for state in product(range(rule.alphabet.size), repeat=length)
    ]
    for answer in asked(rule, *states):
        assert answer.expansion.complete


@settings(deadline=None)
@given(coins() | chains() | fitted(), st.data())
def test_a_state_has_the_row_of_its_context(rule: TabularRule, data: st.DataObject) -> None:
    keys = st.integers(0, rule.alphabet.size - 1)
    state = tuple(data.draw(st.lists(keys, max_size=12)))
    (row,) = rule.log_probs([state])
    assert rule.table is not None
    assert rule.table.shape == (rule.contexts, rule.alphabet.size)
    assert (rule.table[rule.context_of(state)] == row.log_probs).all()


@settings(deadline=None)
@given(coins() | chains() | fitted(), st.data())
def test_only_what_is_in_memory_matters(rule: TabularRule, data: st.DataObject) -> None:
    memory = rule.description.memory
    assert memory is not None
    key = st.integers(0, rule.alphabet.size - 1)
    remembered = data.draw(st.lists(key, min_size=memory, max_size=memory))
    forgotten = [data.draw(st.lists(key, max_size=4)) for _ in range(2)]
    one, other = (rule.row(rule.context_of((*past, *remembered))) for past in forgotten)
    assert (one == other).all()


@settings(deadline=None)
@given(fitted())
def test_the_finite_chain_has_the_probabilities_of_the_rule(rule: TabularRule) -> None:
    assert isinstance(rule, Markov)
    try:
        chain = rule.finite_chain(256)
    except InvalidRequest:
        assert rule.alphabet.size ** max(rule.fit.order, 1) > 256
        return
    stationary = chain.stationary()
    assert (stationary is None) == (len(chain.closed_classes()) > 1)
    if stationary is not None:
        assert stationary @ chain.matrix == pytest.approx(stationary, abs=1e-12)
        assert stationary.sum() == pytest.approx(1)
    for name, row in zip(chain.states, chain.matrix, strict=True):
        (found,) = rule.log_probs([rule.encode(name)])
        for key, log_prob in enumerate(found.log_probs):
            letter = rule.alphabet.bytes_of(key).decode()
            after = f"{name}{letter}"[-len(name) :]
            place = chain.states.index(after) if after in chain.states else None
            expected = 0.0 if place is None else row[place]
            assert np.exp(log_prob) == pytest.approx(expected, rel=1e-4, abs=1e-30)


@settings(deadline=None)
@given(st.lists(st.integers(0, 3), max_size=30), st.integers(0, 5))
def test_ngrams_are_those_of_the_text(tokens: list[int], longest: int) -> None:
    found = Ngrams(tokens, 4, longest + 1)
    for length in range(longest + 1):
        occurring = [tuple(tokens[i : i + length]) for i in range(len(tokens) - length + 1)]
        assert found.count(length) == len(set(occurring))
        followed = found.followed(length).tolist()
        for gram in product(range(4), repeat=min(length, 3)):
            if len(gram) < length:
                continue
            number = found.find(gram)
            assert (number is None) == (gram not in occurring)
            after = [
                tokens[i + length]
                for i in range(len(tokens) - length)
                if tuple(tokens[i : i + length]) == gram
            ]
            if number is not None:
                keys, counts = found.following(length, number)
                assert keys.tolist() == sorted(set(after))
                assert counts.tolist() == [after.count(key) for key in sorted(set(after))]
                assert (number in followed) == bool(after)


@settings(deadline=None)
@given(st.text())
def test_words_give_the_text_back(text: str) -> None:
    assert "".join(words_of(text)) == text


@settings(deadline=None)
@given(st.text(min_size=1).filter(lambda text: text.isprintable()), st.booleans())
def test_the_bytes_of_the_tokens_are_the_bytes_of_the_text(text: str, words: bool) -> None:
    rule = Markov.from_spec({"text": text, "unit": "words" if words else "characters"})
    keys = rule.encode(text)
    assert b"".join(rule.alphabet.bytes_of(key) for key in keys) == text.encode()


@settings(deadline=None)
@given(
    st.integers(0, 255),
    st.booleans(),
    st.just(0.0) | st.floats(0, 0.5),
    st.text("01", min_size=1, max_size=13),
)
def test_every_automaton_obeys_the_axioms(number: int, ring: bool, noise: float, row: str) -> None:
    rule = Automaton.from_spec({"number": number, "ring": ring, "noise": noise})
    found = next_states(rule, rule.encode(row))
    assert all(len(state) == len(row) and not state.strip(b"01") for state in found.states)


sides = st.text("AB", min_size=1, max_size=3)


@settings(deadline=None)
@given(
    st.lists(st.tuples(sides, st.text("AB", max_size=3)), min_size=1, max_size=4),
    st.text("AB", min_size=1, max_size=8),
)
def test_every_system_is_uniform_over_its_matches(rules: list[tuple[str, str]], text: str) -> None:
    rule = Rewriting.from_spec({"rules": ", ".join(f"{left}->{right}" for left, right in rules)})
    matches = [
        text[:i] + right + text[i + len(left) :]
        for left, right in rules
        for i in range(len(text))
        if text.startswith(left, i)
    ]
    found = next_states(rule, text.encode())
    assert {state.decode() for state in found.states} == set(matches)
    for state, prob in zip(found.states, found.probs, strict=True):
        assert prob == pytest.approx(matches.count(state.decode()) / len(matches))
