"""What a rule returns is checked before anything is made of it."""

import math

import pytest

from semioscope.core.distribution import Question
from semioscope.core.errors import InvalidRequest, Unavailable
from semioscope.core.sampling import IDENTITY, Procedure, Temperature, TopK
from semioscope.rules.answers import answer, answer_each
from semioscope.rules.coin import HEADS, TAILS, Coin, CoinLaw
from tests.unit.rules.stubs import LyingCoin

HALF = math.log(0.5)


def test_answers_come_in_the_order_of_the_questions() -> None:
    rule = Coin("c", "Coin", "A coin.", CoinLaw(repeats=0.9))
    states = [(TAILS,), (HEADS,), ()]
    first = [given.expansion.keys[0] for given in answer(rule, map_questions(states), IDENTITY)]
    assert first == [TAILS, HEADS, HEADS]


def test_each_question_is_answered_under_its_own_procedure() -> None:
    rule = Coin("c", "Coin", "A coin.", CoinLaw(heads=0.7))
    greedy, cold = Procedure((TopK(1),)), Procedure((Temperature(0.5),))
    given = answer_each(rule, [(Question(()), greedy), (Question(()), cold)])
    assert given[0].weights.kept == 1
    assert given[1].weights.entropy < given[1].expansion.entropy


@pytest.mark.parametrize(
    "lie",
    [
        [HALF, HALF + 1e-4],
        [HALF, math.log(0.4)],
        [math.nan, 0.0],
        [HALF, math.inf],
        [math.log(1.5), -math.inf],
    ],
)
def test_a_rule_that_breaks_the_axioms_is_named(lie: list[float]) -> None:
    with pytest.raises(Unavailable, match="Lying coin") as refusal:
        answer(LyingCoin(lie), [Question(())], IDENTITY)
    assert refusal.value.code == "broken-rule"


def test_a_key_outside_the_alphabet_is_refused() -> None:
    rule = Coin("c", "Coin", "A coin.", CoinLaw())
    for key in (2, -1):
        with pytest.raises(InvalidRequest, match=f"no token {key}"):
            answer(rule, [Question((), keys=(key,))], IDENTITY)


def test_a_state_of_bytes_is_refused() -> None:
    rule = Coin("c", "Coin", "A coin.", CoinLaw())
    with pytest.raises(InvalidRequest, match="token ids"):
        answer(rule, [Question(b"HH")], IDENTITY)


def map_questions(states: list[tuple[int, ...]]) -> list[Question]:
    return [Question(state) for state in states]
