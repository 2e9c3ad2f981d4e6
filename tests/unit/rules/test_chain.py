"""A chain given by its matrix says what the matrix says."""

import math
from typing import Any

import numpy as np
import pytest

from semioscope.core.errors import InvalidRequest
from semioscope.rules.chain import MatrixChain
from tests.unit.rules.laws import asked, paths, probabilities

WEATHER: dict[str, Any] = {
    "kind": "chain",
    "symbols": ["sun", "rain", "snow"],
    "matrix": [[0.7, 0.3, 0], [0.2, 0.6, 0.2], [0, 0.5, 0.5]],
    "initial": [0.5, 0.5, 0],
}


def changed(**fields: Any) -> MatrixChain:
    return MatrixChain.from_spec(WEATHER | fields)


def test_rows_follow_the_last_symbol_and_the_first_one_the_initial_distribution() -> None:
    rule = changed()
    assert probabilities(rule, ()) == pytest.approx([0.5, 0.5, 0])
    assert probabilities(rule, (2, 0)) == pytest.approx([0.7, 0.3, 0])
    assert probabilities(rule, (0, 1)) == pytest.approx([0.2, 0.6, 0.2])
    assert probabilities(changed(initial=None), ()) == pytest.approx([1 / 3] * 3)


def test_all_paths_of_one_length_sum_to_one() -> None:
    assert math.fsum(paths(changed(), 5)) == pytest.approx(1, abs=1e-6)


def test_answers_pass_the_axioms_and_have_the_whole_distribution() -> None:
    (answer,) = asked(changed(), (0,))
    assert answer.expansion.complete
    assert answer.expansion.keys.tolist() == [0, 1]
    assert answer.expansion.entropy == pytest.approx(-0.7 * math.log2(0.7) - 0.3 * math.log2(0.3))


def test_the_table_has_every_row() -> None:
    rule = changed()
    assert rule.table is not None
    assert rule.table.shape == (rule.contexts, 3) == (4, 3)
    assert np.exp(rule.table[rule.context_of((1, 2))]) == pytest.approx([0, 0.5, 0.5])


def test_the_finite_chain_is_the_matrix() -> None:
    found = changed().finite_chain()
    assert found.states == ("sun", "rain", "snow")
    assert found.matrix == pytest.approx(np.array(WEATHER["matrix"]))
    assert found.stationary() == pytest.approx(np.array([10, 15, 6]) / 31)
    with pytest.raises(InvalidRequest, match="has 3 states, more than the 2"):
        changed().finite_chain(2)


def test_gamblers_ruin_has_two_closed_classes_and_says_so() -> None:
    symbols = [f"{coins} " for coins in range(11)]
    matrix = np.zeros((11, 11))
    matrix[0, 0] = matrix[10, 10] = 1
    for coins in range(1, 10):
        matrix[coins, [coins - 1, coins + 1]] = 0.5
    rule = MatrixChain.from_spec({"symbols": symbols, "matrix": matrix.tolist()})
    assert rule.finite_chain().closed_classes() == [[0], [10]]
    assert rule.finite_chain().stationary() is None
    assert "Absorbing: “0 ” and “10 ”" in rule.description.notes[1]
    assert rule.encode("5 10 ") == (5, 10)
    assert rule.example == "1 "


def test_six_digits_are_enough_for_a_row() -> None:
    rule = changed(matrix=[[0.333333, 0.333333, 0.333333]] * 3)
    assert probabilities(rule, (0,)) == pytest.approx([1 / 3] * 3, abs=1e-7)


def test_a_prompt_is_read_as_symbols_with_nothing_between() -> None:
    rule = changed()
    assert rule.encode("sunrainsnowsun") == (0, 1, 2, 0)
    assert rule.encode("") == ()
    assert b"".join(rule.alphabet.bytes_of(key) for key in rule.encode("snowsun")) == b"snowsun"


def test_each_symbol_is_the_longest_that_leaves_the_rest_readable() -> None:
    rule = MatrixChain.from_spec({"symbols": ["a", "ab", "bc"], "matrix": np.eye(3).tolist()})
    assert rule.encode("ab") == (1,)
    assert rule.encode("abc") == (0, 2)
    assert rule.encode("aab") == (0, 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sunfog", "No symbol of this chain reads on from character 4 (“f”)."),
        ("sun rain", "reads on from character 4 (a space)."),
        ("sunra", "reads on from character 4 (“r”)."),
        ("\ud800", "reads on from character 1 (U+D800)."),
    ],
)
def test_what_no_symbol_reads_is_refused_where_it_stands(text: str, message: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        changed().encode(text)
    assert refusal.value.code == "unknown-symbol"
    assert message in refusal.value.message


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"matrix": [[0.7, 0.3, 0], [0.2, 0.6, 0.1], [0, 0.5, 0.5]]},
            "Row 2 (“rain”) sums to 0.9; probabilities sum to 1.",
        ),
        (
            {"matrix": [[1.2, -0.2, 0], [0, 1, 0], [0, 0, 1]]},
            "Row 1 (“sun”) has -0.2 in place 2: no probability is that.",
        ),
        ({"initial": [0.5, 0.4, 0]}, "The initial distribution sums to 0.9"),
    ],
)
def test_rows_that_are_no_distributions_are_refused(fields: Any, message: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        changed(**fields)
    assert refusal.value.code == "not-stochastic"
    assert message in refusal.value.message


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"symbols": []}, "A chain has 1 to 256 symbols, not 0."),
        ({"symbols": [str(n) for n in range(257)]}, "1 to 256 symbols, not 257."),
        ({"symbols": ["sun", "", "x"]}, "Symbol 2 is empty"),
        ({"symbols": ["sun", "x", "sun"]}, "Symbols 1 and 3 are both “sun”."),
        ({"symbols": ["sun", 2, "x"]}, "Symbol 2 is a text, not 2."),
        ({"symbols": ["\udc00", "x", "y"]}, "Character 1 of Symbol 1 is half of a surrogate pair"),
        ({"symbols": "abc"}, "“symbols” is a list, not “abc”."),
        ({"symbols": None}, "“symbols” is a list, not nothing."),
        ({"matrix": None}, "“matrix” is a list, not nothing."),
        ({"matrix": [[1, 0, 0]]}, "The matrix has 1 rows for 3 symbols"),
        ({"matrix": [[1, 0], [0, 1, 0], [0, 0, 1]]}, "Row 1 (“sun”) has 2 numbers for 3 symbols."),
        (
            {"matrix": [["1", 0, 0], [0, 1, 0], [0, 0, 1]]},
            "Row 1 (“sun”) has “1” in place 1, which is no number.",
        ),
        ({"matrix": [[True, 0, 0], [0, 1, 0], [0, 0, 1]]}, "has True in place 1"),
        ({"matrix": [[math.nan, 1, 0], [0, 1, 0], [0, 0, 1]]}, "has nan in place 1"),
        ({"matrix": [[10**400, 1, 0], [0, 1, 0], [0, 0, 1]]}, "a number beyond all bounds"),
        ({"initial": [1, 0]}, "The initial distribution has 2 numbers for 3 symbols."),
        ({"start": 1}, "has no “start”: it has symbols, matrix, initial."),
    ],
)
def test_a_bad_spec_is_refused_in_a_sentence(fields: Any, message: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        changed(**fields)
    assert refusal.value.code == "bad-chain"
    assert message in refusal.value.message


def test_the_spec_makes_the_same_rule_again() -> None:
    known = changed().description
    assert known.spec == WEATHER
    assert MatrixChain.from_spec(known.spec).description == known
    assert known.id == f"made-{known.fingerprint[:12]}"
    assert known.name == "Markov chain of “sun”, “rain” and “snow”"
    assert changed(initial=None).description.fingerprint != known.fingerprint
