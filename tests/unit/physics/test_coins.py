"""Enumerated coins agree with their closed forms."""

import math
from itertools import product

import numpy as np
import pytest

from semioscope.core.errors import InvalidRequest
from semioscope.physics.coins import Enumeration, Figures, biased, counterexample, sticky
from semioscope.rules.coin import Coin
from tests.unit.core_math.toys import ToyRule, toy

LENGTH = 12
PROBABILITIES = [0.0, 0.1, 0.3, 0.5, 0.8, 1.0]


def enumerated(rule: Coin, length: int = LENGTH) -> Figures:
    run = Enumeration(2, length)
    while asks := run.asks:
        rows = {row.place: row.log_probs for row in rule.log_probs(asks)}
        run.take(np.array([rows[place] for place in range(len(asks))], np.float64))
    return run.figures()


def same(found: Figures, expected: Figures) -> None:
    assert np.exp(found.log_event) == pytest.approx(np.exp(expected.log_event), rel=1e-5, abs=1e-7)
    assert found.log_greatest == pytest.approx(expected.log_greatest, rel=1e-5, abs=1e-5)
    assert found.log_count == pytest.approx(expected.log_count)


@pytest.mark.parametrize("heads", PROBABILITIES)
def test_a_biased_coin_is_as_its_closed_form_says(heads: float) -> None:
    same(enumerated(Coin.from_spec({"heads": heads})), biased(heads, LENGTH))


@pytest.mark.parametrize("repeats", PROBABILITIES)
@pytest.mark.parametrize("heads", [0.5, 0.9])
def test_a_sticky_coin_is_as_its_closed_form_says(heads: float, repeats: float) -> None:
    rule = Coin.from_spec({"heads": heads, "repeats": repeats})
    same(enumerated(rule), sticky(repeats, LENGTH, heads))


def test_the_fair_coin_shows_why_the_proposition_was_withdrawn() -> None:
    table = counterexample(40)
    assert np.exp(biased(0.5, 40).log_event) == pytest.approx(np.full(40, 0.5))
    assert table.values("greatest_rate") == pytest.approx(np.full(40, -math.log(2)))
    lengths = np.arange(1, 41)
    assert table.values("gap") == pytest.approx((1 - 1 / lengths) * math.log(2))
    assert abs(table.values("event_rate")[-1]) < 0.02


def test_the_sandwich_holds_for_any_rule_restricted_to_n_tokens() -> None:
    for seed in range(5):
        rule = toy(seed, 7)
        run = Enumeration(3, 6)
        while asks := run.asks:
            run.take(np.array([rule.row((0, *seq))[[2, 5, 6]] for seq in asks], np.float64))
        table = run.figures().table()
        rate, greatest, upper = (
            table.values(name) for name in ("event_rate", "greatest_rate", "sandwich")
        )
        assert (greatest <= rate + 1e-12).all()
        assert (rate <= upper + 1e-12).all()
        assert table.column("sandwich").label == "bound"


def test_the_figures_are_those_of_all_sequences_one_by_one() -> None:
    rule, tokens = toy(4, 6), [1, 3, 4]

    def chance(sequence: tuple[int, ...]) -> float:
        found, state = 1.0, (0,)
        for side in sequence:
            row = np.exp(rule.row(state)[tokens].astype(float))
            found, state = found * row[side] / row.sum(), (*state, side)
        return found

    run = Enumeration(3, 5)
    while asks := run.asks:
        run.take(np.array([rule.row((0, *seq))[tokens] for seq in asks], np.float64))
    figures = run.figures()
    for length in range(1, 6):
        event = [seq for seq in product(range(3), repeat=length) if seq[-1] == 0]
        chances = [chance(seq) for seq in event]
        assert math.exp(figures.log_event[length - 1]) == pytest.approx(sum(chances))
        assert math.exp(figures.log_greatest[length - 1]) == pytest.approx(max(chances))
        assert figures.likeliest[length - 1] == event[int(np.argmax(chances))]
        assert figures.log_count[length - 1] == pytest.approx(math.log(len(event)))


def test_what_no_coin_is_is_refused_in_one_sentence() -> None:
    with pytest.raises(InvalidRequest, match="131,072 sequences") as refused:
        Enumeration(2, 17)
    assert (refused.value.code, refused.value.hint) == (
        "too-many-sequences",
        "Take 16 flips at most.",
    )
    assert len(Enumeration(2, 16).asks) == 1
    for size, length in ((1, 4), (2, 0)):
        with pytest.raises(InvalidRequest, match="two sides at least"):
            Enumeration(size, length)
    with pytest.raises(InvalidRequest, match="is a probability"):
        biased(1.5, 3)
    run = Enumeration(2, 2)
    with pytest.raises(InvalidRequest, match="none of these tokens") as empty:
        run.take(np.full((1, 2), -np.inf))
    assert empty.value.code == "no-mass"


def test_a_coin_that_cannot_show_heads_has_no_likeliest_sequence() -> None:
    rule = ToyRule(lambda _: [0, 1], 2)
    run = Enumeration(2, 3)
    while asks := run.asks:
        run.take(np.array([rule.row(seq) for seq in asks], np.float64))
    assert run.figures().likeliest == ((), (), ())
    assert run.figures().table().values("event").tolist() == [0, 0, 0]
