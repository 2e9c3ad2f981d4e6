"""Loops in a sequence, how they are left, and how much a sequence repeats."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semioscope.core.errors import InvalidRequest
from semioscope.physics.loops import (
    MOST_TOKENS,
    Loop,
    final_loop,
    leaving,
    loops_table,
    observed_loops,
)
from semioscope.physics.repetition import (
    compression_ratio,
    diversity,
    recurring,
    rep_n,
    repetition,
)


def by_brute_force(tokens: str, least: int) -> set[tuple[int, int, int]]:
    """(onset, period, end) of every maximal stretch of at least that many least periods."""
    found = set()
    for onset in range(len(tokens)):
        for period in range(1, len(tokens) // least + 1):
            end = onset + period
            while end < len(tokens) and tokens[end] == tokens[end - period]:
                end += 1
            is_maximal = (
                onset == 0
                or onset + period > len(tokens)
                or (tokens[onset - 1] != tokens[onset - 1 + period])
            )
            stretch = tokens[onset:end]
            is_least = not any(
                period % shorter == 0
                and all(stretch[i] == stretch[i - shorter] for i in range(shorter, len(stretch)))
                for shorter in range(1, period)
            )
            if end - onset >= least * period and is_maximal and is_least:
                found.add((onset, period, end))
    return found


@given(st.text("ab", max_size=40) | st.text("abc", max_size=40), st.integers(2, 4))
def test_loops_are_all_that_brute_force_finds(tokens: str, least: int) -> None:
    found = observed_loops(tokens, least)
    assert {(each.onset, each.period, each.end) for each in found} == by_brute_force(tokens, least)


def test_a_loop_has_an_onset_a_period_a_text_and_a_number_of_repeats() -> None:
    pieces = ["be", " me", *[" I'm", " not", " sure", "."] * 5, " I'm"]
    (loop,) = observed_loops(pieces)
    assert (loop.onset, loop.period, loop.repeats, loop.end) == (2, 4, 5, 23)
    assert loop.text(pieces) == " I'm not sure."
    begins, ends = loop.span(pieces)
    assert "".join(pieces)[begins:ends] == " I'm not sure." * 5 + " I'm"
    table = loops_table([loop], pieces)
    assert table.values("text").tolist() == [" I'm not sure."]
    assert table.values("repeats").tolist() == [5]


def test_twice_is_no_loop_yet_and_three_times_is() -> None:
    assert observed_loops("xyxy") == []
    assert observed_loops("xyxyxy") == [Loop(0, 2, 6)]
    assert len(loops_table([], [])) == 0


def test_what_a_sequence_has_fallen_into_lasts_until_its_end() -> None:
    assert final_loop("aaab" + "cd" * 4) == Loop(4, 2, 12)
    assert final_loop("aaab") is None


def test_the_probability_of_leaving_is_that_of_not_going_round_once_more() -> None:
    loop = Loop(1, 2, 7)
    log_probs = np.log([0.1, 0.5, 0.5, 0.9, 0.8, 1.0, 1.0])
    table = leaving(loop, log_probs)
    assert table.values("leaving") == pytest.approx([0.75, 0.28, 0])
    assert table.values("lifetime") == pytest.approx([1 / 0.75, 1 / 0.28, math.inf])
    assert table.column("leaving").label == "theorem"
    assert table.column("lifetime").label == "estimate"


def test_a_metastable_loop_lasts_as_long_as_its_rate_of_leaving_says() -> None:
    rng = np.random.default_rng(3)
    stay = 0.95
    rounds = [int(rng.geometric(1 - stay**2)) for _ in range(20_000)]
    table = leaving(Loop(0, 2, 6), np.log(np.full(6, stay)))
    assert table.values("lifetime")[0] == pytest.approx(np.mean(rounds), rel=0.03)


def test_what_is_too_long_is_refused_in_one_sentence() -> None:
    with pytest.raises(InvalidRequest, match="at most 16,384 tokens") as refused:
        observed_loops(range(MOST_TOKENS + 1))
    assert refused.value.code == "too-long"
    with pytest.raises(ValueError, match="does not repeat"):
        observed_loops("ab", 1)


def test_repetition_is_counted_in_n_grams() -> None:
    assert rep_n("abab", 2) == pytest.approx(1 / 3)
    assert diversity("abababab") == pytest.approx(2 / 7 * 2 / 6 * 2 / 5)
    assert diversity("abcdefgh") == 1
    assert math.isnan(rep_n("a", 2))
    assert recurring("abca", near=2) == 0
    assert recurring("abca", near=3) == 0.25
    assert math.isnan(recurring(""))


def test_a_repetitive_text_compresses_and_a_varied_one_hardly() -> None:
    varied = "".join(chr(97 + int(i)) for i in np.random.default_rng(1).integers(0, 26, 400))
    assert compression_ratio("ab" * 200) > 10 > 2 > compression_ratio(varied)
    assert math.isnan(compression_ratio(""))


def test_every_measure_says_which_of_two_sequences_repeats_more() -> None:
    loop, free = (
        "abc" * 30,
        "".join(chr(97 + int(i)) for i in np.random.default_rng(1).integers(0, 26, 90)),
    )
    for row in range(len(repetition(loop, loop))):
        one, other = (repetition(each, each).values("value")[row] for each in (loop, free))
        name = str(repetition(loop).values("measure")[row])
        assert one < other if name.startswith(("distinct", "diversity")) else one > other, name
