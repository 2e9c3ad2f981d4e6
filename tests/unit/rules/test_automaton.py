"""Elementary automata against Wolfram's published rows, and noise against its formula."""

import math
import random
from fractions import Fraction
from itertools import product

import pytest

from semioscope.core.errors import InvalidRequest
from semioscope.rules.automaton import (
    MOST_CELLS,
    MOST_NOISY_CELLS,
    MOST_SUCCESSORS,
    WINDOW,
    Automaton,
    AutomatonLaw,
)
from tests.unit.rules.laws import next_states

RULE_30 = [1, 7, 25, 111, 401, 1783, 6409, 28479, 102849, 456263, 1641433, 7287855]
"""Rows from a single black cell, 2n + 1 cells wide, in binary: OEIS A110240."""
RULE_30_CENTRE = "1101110011000101100100111010111001110101"
"""The column below that cell: OEIS A051023."""
RULE_110 = [1, 6, 28, 104, 496, 1568, 7360, 27520, 130304, 396800]
"""As for rule 30: OEIS A117999."""


def evolution(number: int, steps: int, *, ring: bool = False) -> list[str]:
    """The rows from a single black cell, `steps` white cells on either side of it."""
    rule = Automaton(AutomatonLaw(number, ring))
    rows = [b"0" * steps + b"1" + b"0" * steps]
    for _ in range(steps):
        rows += next_states(rule, rows[-1]).states
    return [row.decode() for row in rows]


@pytest.mark.parametrize(("number", "published"), [(30, RULE_30), (110, RULE_110)])
def test_rows_from_one_cell_are_those_that_are_published(number: int, published: list[int]) -> None:
    steps = len(published) - 1
    rows = evolution(number, steps)
    middles = [row[steps - n : steps + n + 1] for n, row in enumerate(rows)]
    assert [int(middle, 2) for middle in middles] == published


def test_the_centre_of_rule_30_is_the_published_column() -> None:
    steps = len(RULE_30_CENTRE) - 1
    assert "".join(row[steps] for row in evolution(30, steps)) == RULE_30_CENTRE


def test_rule_90_is_pascals_triangle_modulo_two() -> None:
    steps = 32
    for n, row in enumerate(evolution(90, steps)):
        black = {steps - n + 2 * k for k in range(n + 1) if math.comb(n, k) % 2}
        assert {place for place, cell in enumerate(row) if cell == "1"} == black


def test_a_ring_closes_and_a_line_has_zeros_beyond_its_ends() -> None:
    # Rule 2: black only below “001”; rule 16: only below “100”.
    assert Automaton(AutomatonLaw(2)).successors(b"1000").states == (b"0001",)
    assert Automaton(AutomatonLaw(2, ring=False)).successors(b"1000").states == (b"0000",)
    assert Automaton(AutomatonLaw(16)).successors(b"0001").states == (b"1000",)
    assert Automaton(AutomatonLaw(16, ring=False)).successors(b"0001").states == (b"0000",)


def defined(number: int, row: str, ring: bool) -> str:
    """Wolfram's definition, cell by cell."""
    around = f"{row[-1]}{row}{row[0]}" if ring else f"0{row}0"
    digits = f"{number:08b}"
    return "".join(digits[7 - int(around[i : i + 3], 2)] for i in range(len(row)))


@pytest.mark.parametrize("ring", [True, False])
def test_all_256_rules_do_what_the_definition_says(ring: bool) -> None:
    dice = random.Random(30)
    rows = ["".join(cells) for width in (1, 2, 3) for cells in product("01", repeat=width)]
    rows += ["".join(dice.choices("01", k=width)) for width in (4, 7, 8, 63, 64, 65, 130)]
    for number in range(256):
        rule = Automaton(AutomatonLaw(number, ring))
        for row in rows:
            (after,) = next_states(rule, row.encode()).states
            assert after.decode() == defined(number, row, ring)


@pytest.mark.parametrize("noise", [0.03, 0.25, 0.5])
def test_every_row_has_the_probability_of_its_flips(noise: float) -> None:
    for width in range(1, 7):
        rule = Automaton(AutomatonLaw(110, noise=noise))
        row = ("10" * width)[:width]
        noiseless = defined(110, row, True)
        found = next_states(rule, row.encode())
        assert sorted(found.states) == sorted(
            "".join(cells).encode() for cells in product("01", repeat=width)
        )
        assert found.remainder == 0
        for state, label, prob in zip(found.states, found.labels, found.probs, strict=True):
            flipped = [i for i in range(width) if state.decode()[i] != noiseless[i]]
            k = len(flipped)
            assert prob == pytest.approx(noise**k * (1 - noise) ** (width - k), rel=1e-12)
            named = [int(word) - 1 for word in label.split() if word.isdigit()]
            assert named == flipped


def test_rows_are_listed_by_their_number_of_flips() -> None:
    found = next_states(Automaton(AutomatonLaw(90, noise=0.1)), b"0001000")
    assert found.labels[:3] == (b"no flip", b"flip 1", b"flip 2")
    assert found.labels[8] == b"flips 1 2"
    flips = [len(label.split()) - 1 if label != b"no flip" else 0 for label in found.labels]
    assert flips == sorted(flips)


@pytest.mark.parametrize("noise", [1e-9, 0.01, 0.5])
@pytest.mark.parametrize("width", [12, 13, 40, MOST_NOISY_CELLS])
def test_the_remainder_is_exactly_what_is_not_listed(width: int, noise: float) -> None:
    found = next_states(Automaton(AutomatonLaw(30, noise=noise)), b"1" * width)
    assert len(found.states) <= MOST_SUCCESSORS
    flip, whole = Fraction(noise).as_integer_ratio()
    left, total, greatest = len(found.states), 0, 0  # in units of whole^−width
    for k in range(width + 1):
        one = flip**k * (whole - flip) ** (width - k)
        count = math.comb(width, k)
        taken = min(left, count)
        left -= taken
        total += (count - taken) * one
        greatest = max(greatest, one) if count > taken else greatest
    mass, most = (float(Fraction(each, whole**width)) for each in (total, greatest))
    assert found.remainder == pytest.approx(mass, rel=1e-9, abs=5e-324)
    assert (width > 12) == (total > 0)
    if found.remainder:
        assert found.ceiling == pytest.approx(most, rel=1e-9, abs=5e-324)
        assert found.ceiling <= found.probs[-1]


def test_no_row_without_a_probability_is_listed() -> None:
    found = next_states(Automaton(AutomatonLaw(30, noise=1e-200)), b"010")
    assert found.labels == (b"no flip", b"flip 1", b"flip 2", b"flip 3")
    assert found.remainder == 0


def test_a_step_without_noise_is_sure_and_says_which_rule_it_is() -> None:
    found = next_states(Automaton(AutomatonLaw(110)), b"00010")
    assert (found.labels, found.probs) == ((b"rule 110",), (1.0,))


def test_rows_can_be_written_in_several_ways() -> None:
    rule = Automaton(AutomatonLaw(30))
    assert rule.encode("00100") == rule.encode("..#..") == rule.encode("  █  ") == b"00100"
    assert rule.encode(rule.example) == rule.example.encode()


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("01x0", "unknown-symbol", "character 3 is “x”"),
        ("01\n", "unknown-symbol", "character 3 is a line break"),
        ("01٣", "unknown-symbol", "character 3 is “٣”"),
        ("", "empty-prompt", "The prompt is empty"),
        ("0" * (MOST_CELLS + 1), "state-too-long", "4,097 cells; it may have 4,096."),
    ],
)
def test_what_is_no_row_is_refused(text: str, code: str, message: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        Automaton(AutomatonLaw(30)).encode(text)
    assert refusal.value.code == code
    assert message in refusal.value.message


@pytest.mark.parametrize("state", [b"0_1", b" 01", b"0b1", b"+1", b"\xff0", b"012"])
def test_a_state_of_other_bytes_is_refused(state: bytes) -> None:
    with pytest.raises(InvalidRequest, match="of this row is neither"):
        Automaton(AutomatonLaw(30)).successors(state)


def test_noisy_rows_are_narrower() -> None:
    row = "0" * (MOST_NOISY_CELLS + 1)
    assert len(Automaton(AutomatonLaw(30)).encode(row)) == MOST_NOISY_CELLS + 1
    with pytest.raises(InvalidRequest, match=r"1,001 cells; it may have 1,000 with noise"):
        Automaton(AutomatonLaw(30, noise=0.1)).encode(row)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"number": 300}, "no elementary rule 300: they are numbered from 0 to 255"),
        ({"number": -1}, "no elementary rule -1"),
        ({"number": 30.0}, "no elementary rule 30.0"),
        ({"number": True}, "no elementary rule True"),
        ({"number": 10**5000}, "no elementary rule a number beyond all bounds"),
        ({}, "no elementary rule nothing"),
        ({"number": 30, "noise": 0.6}, "“noise” is a number from 0 to 0.5, not 0.6"),
        ({"number": 30, "noise": math.nan}, "“noise” is a number from 0 to 0.5, not nan"),
        ({"number": 30, "ring": 1}, "“ring” is true or false, not 1"),
        ({"number": 30, "width": 5}, "has no “width”: it has number, ring, noise"),
        ({"kind": "coin", "number": 30}, "of kind “coin”, not “automaton”"),
    ],
)
def test_a_bad_spec_is_refused_in_a_sentence(spec: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        Automaton.from_spec(spec)
    assert refusal.value.code == "bad-automaton"
    assert message in refusal.value.message


def test_the_spec_makes_the_same_rule_again() -> None:
    rule = Automaton.from_spec({"kind": "automaton", "number": 110, "noise": 0})
    known = rule.description
    assert known.spec == {"kind": "automaton", "number": 110, "ring": True, "noise": 0.0}
    assert Automaton.from_spec(known.spec).description == known
    assert known.id == f"made-{known.fingerprint[:12]}"
    assert known.kind == "rewriting"
    assert known.window == WINDOW
    assert "automaton 110 on a ring" in known.summary
    assert "111 → 0, 110 → 1, 101 → 1, 100 → 0, 011 → 1, 010 → 1, 001 → 1" in known.notes[0]
    named = Automaton.from_spec({"number": 110}, "Class four").description
    assert (named.name, named.fingerprint) == ("Class four", known.fingerprint)
    others = [{"number": 111}, {"number": 110, "ring": False}, {"number": 110, "noise": 0.1}]
    prints = {Automaton.from_spec(spec).description.fingerprint for spec in others}
    assert len(prints | {known.fingerprint}) == 4
