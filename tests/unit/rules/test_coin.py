"""Coins give exactly the closed forms."""

import math
from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest

from semioscope.core.errors import InvalidRequest, Unavailable
from semioscope.rules.coin import HEADS, TAILS, Coin, CoinLaw, offered_coins
from semioscope.rules.tabular import WINDOW
from tests.unit.rules.laws import asked


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
    with pytest.raises(InvalidRequest, match="no token -1"):
        list(coin().log_probs([(HEADS, -1)]))
    with pytest.raises(InvalidRequest, match="at most"):
        list(coin().log_probs([(HEADS,) * (WINDOW + 1)]))


def test_every_law_has_a_fingerprint_of_its_own() -> None:
    laws = [{}, {"heads": 0.7}, {"repeats": 0.5}, {"repeats": 0.9}]
    assert len({coin(**law).description.fingerprint for law in laws}) == len(laws)
    assert coin().description.fingerprint == coin().description.fingerprint


def test_the_offered_coins_keep_their_identities() -> None:
    known = {each.description.id: each.description for each in offered_coins()}
    assert list(known) == ["coin", "coin-biased", "coin-sticky"]
    # Trees that were stored under these coins know them by these.
    assert [each.fingerprint[:8] for each in known.values()] == FINGERPRINTS
    assert all(each.spec is None for each in known.values())


FINGERPRINTS = ["da3c4521", "5a69d28e", "67d1e1c2"]


def test_a_coin_is_made_of_a_spec_and_again_of_its_own() -> None:
    made = Coin.from_spec({"kind": "coin", "heads": 0.25, "repeats": 1}).description
    assert made.spec == {"kind": "coin", "heads": 0.25, "repeats": 1.0}
    assert Coin.from_spec(made.spec).description == made
    assert made.id == f"made-{made.fingerprint[:12]}"
    assert made.summary == (
        "The first flip is heads with probability 0.25; every other repeats the one before with "
        "probability 1."
    )
    assert Coin.from_spec({}).description.name == "Fair coin"
    assert Coin.from_spec({"heads": 0.7}).description.name == "Coin, heads 0.7"
    assert Coin.from_spec({"heads": 0.7}, "Mine").description.name == "Mine"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"heads": 1.5}, "“heads” is a number from 0 to 1, not 1.5."),
        ({"heads": "½"}, "“heads” is a number from 0 to 1, not “½”."),
        ({"heads": math.nan}, "“heads” is a number from 0 to 1, not nan."),
        ({"repeats": -0.1}, "“repeats” is a number from 0 to 1, not -0.1."),
        ({"repeats": True}, "“repeats” is a number from 0 to 1, not True."),
        ({"sides": 3}, "A rule of kind “coin” has no “sides”: it has heads, repeats."),
        ({"kind": "die"}, "This spec is of kind “die”, not “coin”."),
    ],
)
def test_a_bad_spec_is_refused_in_a_sentence(spec: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        Coin.from_spec(spec)
    assert refusal.value.code == "bad-coin"
    assert refusal.value.message == message


def test_a_table_has_a_row_for_each_context() -> None:
    assert coin(heads=0.7).contexts == 1
    sticky = coin(heads=0.7, repeats=0.9)
    assert sticky.table is not None
    assert np.exp(sticky.table) == pytest.approx(np.array([[0.7, 0.3], [0.9, 0.1], [0.1, 0.9]]))
    assert [sticky.context_of(state) for state in [(), (TAILS, HEADS), (TAILS,)]] == [0, 1, 2]


def test_the_chain_of_a_coin_is_that_of_its_last_flip() -> None:
    sticky = coin(heads=0.7, repeats=0.9).finite_chain()
    assert sticky.matrix == pytest.approx(np.array([[0.9, 0.1], [0.1, 0.9]]))
    assert sticky.stationary() == pytest.approx([0.5, 0.5])
    assert coin(heads=0.7).finite_chain().stationary() == pytest.approx([0.7, 0.3])
    assert coin(repeats=1.0).finite_chain().closed_classes() == [[0], [1]]


def test_a_rule_that_breaks_the_axioms_fails_and_is_named() -> None:
    class Bent(Coin):
        def row(self, context: int) -> np.ndarray:
            return np.log(np.array([0.7, 0.7], np.float32))

    with pytest.raises(
        Unavailable, match=r"“Bent coin” \(bent\) returned .* sum to 1.4"
    ) as refusal:
        asked(Bent("bent", "Bent coin", "A coin.", CoinLaw()), ())
    assert refusal.value.code == "broken-rule"
