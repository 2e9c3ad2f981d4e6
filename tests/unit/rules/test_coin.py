"""Coins give exactly the closed forms."""

import math
from itertools import pairwise, product

import numpy as np
import pytest

from semioscope.core.errors import InvalidRequest
from semioscope.rules.coin import HEADS, TAILS, WINDOW, Coin, CoinLaw, offered_coins


def coin(**law: float) -> Coin:
    return Coin("coin-test", "Test coin", "A coin.", CoinLaw(**law))


def log_prob_of(rule: Coin, flips: tuple[int, ...]) -> float:
    states = [flips[:place] for place in range(len(flips))]
    rows = {row.place: row.log_probs for row in rule.log_probs(states)}
    return math.fsum(float(rows[place][flip]) for place, flip in enumerate(flips))


def test_a_sequence_of_a_biased_coin_has_the_product_of_its_flips() -> None:
    rule = coin(heads=0.7)
    for flips in product((HEADS, TAILS), repeat=6):
        heads = flips.count(HEADS)
        expected = heads * math.log(0.7) + (6 - heads) * math.log(0.3)
        assert log_prob_of(rule, flips) == pytest.approx(expected, abs=1e-6)


def test_a_sticky_coin_begins_fair_and_then_repeats() -> None:
    rule = coin(repeats=0.9)
    for flips in product((HEADS, TAILS), repeat=6):
        changes = sum(one != other for one, other in pairwise(flips))
        expected = math.log(0.5) + changes * math.log(0.1) + (5 - changes) * math.log(0.9)
        assert log_prob_of(rule, flips) == pytest.approx(expected, abs=1e-6)


def test_all_sequences_of_one_length_sum_to_one() -> None:
    for rule in offered_coins():
        total = math.fsum(
            math.exp(log_prob_of(rule, flips)) for flips in product((HEADS, TAILS), repeat=8)
        )
        assert total == pytest.approx(1, abs=1e-6)


def test_an_impossible_side_has_no_probability() -> None:
    (row,) = coin(heads=1.0).log_probs([()])
    assert row.log_probs.tolist() == [0.0, -math.inf]
    assert row.log_probs.dtype == np.float32


def test_flips_are_written_in_capitals_or_not() -> None:
    assert coin().encode("HtTh") == (HEADS, TAILS, TAILS, HEADS)
    assert coin().encode("") == ()


@pytest.mark.parametrize(
    ("text", "place", "shown"), [("HHx", 3, "“x”"), (" H", 1, "a space"), ("H\x00", 2, "U+0000")]
)
def test_what_is_no_flip_is_refused_by_name(text: str, place: int, shown: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        coin().encode(text)
    assert refusal.value.code == "not-a-flip"
    assert f"character {place} is {shown}" in refusal.value.message


def test_a_coin_does_not_chat() -> None:
    assert coin().chat("H") is None
    with pytest.raises(InvalidRequest, match="does not chat"):
        coin().encode_chat("H")


@pytest.mark.parametrize("law", [{"heads": 1.5}, {"heads": math.nan}, {"repeats": -0.1}])
def test_a_law_outside_zero_to_one_is_refused(law: dict[str, float]) -> None:
    with pytest.raises(InvalidRequest, match="0 to 1"):
        coin(**law)


def test_states_outside_the_alphabet_or_the_window_are_refused() -> None:
    with pytest.raises(InvalidRequest, match="tokens are 0"):
        list(coin().log_probs([(2,)]))
    with pytest.raises(InvalidRequest, match="at most"):
        list(coin().log_probs([(HEADS,) * (WINDOW + 1)]))


def test_every_law_has_a_fingerprint_of_its_own() -> None:
    laws = [{}, {"heads": 0.7}, {"repeats": 0.5}, {"repeats": 0.9}]
    assert len({coin(**law).description.fingerprint for law in laws}) == len(laws)
    assert coin().description.fingerprint == coin().description.fingerprint
