"""Multiway systems: uniform over the matches, equal strings together."""

from collections import Counter

import pytest

from semioscope.core.errors import InvalidRequest
from semioscope.rules.rewriting import MOST_BYTES, MOST_MATCHES, WINDOW, Rewriting
from tests.unit.rules.laws import next_states


def system(rules: str) -> Rewriting:
    return Rewriting.from_spec({"kind": "rewriting", "rules": rules})


def step(rules: str, state: str) -> dict[str, float]:
    found = next_states(system(rules), state.encode())
    return {each.decode(): prob for each, prob in zip(found.states, found.probs, strict=True)}


def test_the_fibonacci_system_has_the_published_number_of_states() -> None:
    rule = system("A->AB, B->A")
    level, counts = {rule.encode("A")}, []
    for _ in range(9):
        counts.append(len(level))
        level = {after for state in level for after in next_states(rule, state).states}
    assert counts == [1, 1, 2, 3, 5, 8, 13, 21, 34]


def test_each_match_has_the_same_probability() -> None:
    assert step("A->AB, B->A", "AB") == {"ABB": 0.5, "AA": 0.5}
    assert step("A->C, AB->D, B->C", "AAB") == {
        "CAB": 0.25,
        "ACB": 0.25,
        "AD": 0.25,
        "AAC": 0.25,
    }


def test_matches_that_give_the_same_string_are_one_next_state() -> None:
    assert step("A->AA", "AAA") == {"AAAA": 1.0}
    assert step("AA->A, B->AB", "AAAB") == {"AAB": 2 / 3, "AAAAB": 1 / 3}
    assert step("A->B, AC->BC", "AC") == {"BC": 1.0}


def test_matches_may_overlap() -> None:
    found = system("ABA->C").successors(b"ABABA")
    assert found.states == (b"CBA", b"ABC")


def test_labels_say_which_rule_was_applied_where() -> None:
    labels = [label.decode() for label in system("A->AB, B->A").successors(b"ABA").labels]
    assert labels == ["A→AB at 1", "A→AB at 3", "B→A at 2"]
    assert system("A->").successors(b"AA").labels == ("A→∅ at 1, 2".encode(),)
    assert system("A->B, AC->BC").successors(b"AC").labels == ("A→B at 1; AC→BC at 1".encode(),)
    assert system("A->AA").successors(b"AAAAA").labels == ("A→AA at 1, 2, 3 and 2 more".encode(),)


def test_the_most_probable_next_state_comes_first() -> None:
    found = next_states(system("B->C, A->"), b"BAAA")
    assert found.states == (b"BAA", b"CAAA")


def test_a_string_without_a_match_is_terminal() -> None:
    found = next_states(system("AB->A"), b"BA")
    assert (found.labels, found.states, found.probs, found.remainder) == ((), (), (), 0)
    assert next_states(system("A->"), b"").states == ()


def test_a_rule_that_is_written_twice_counts_twice() -> None:
    assert step("A->B, A->B, A->C", "A") == {"B": 2 / 3, "C": 1 / 3}


def test_equal_strings_are_reached_by_different_histories() -> None:
    rule = system("A->B")
    ways = Counter(
        last for middle in rule.successors(b"AA").states for last in rule.successors(middle).states
    )
    assert ways == {b"BB": 2}


@pytest.mark.parametrize("rules", ["α->αβ;β->α", "α→αβ\nβ → α\n", " α -> αβ , β->α,"])
def test_rules_can_be_written_in_several_ways_and_in_any_script(rules: str) -> None:
    rule = system(rules)
    assert rule.description.spec == {"kind": "rewriting", "rules": "α->αβ, β->α"}
    found = next_states(rule, rule.encode("αβα"))
    assert [state.decode() for state in found.states] == ["αββα", "αβαβ", "ααα"]
    assert found.labels[1].decode() == "α→αβ at 3"


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ("", "There is no rewriting rule."),
        (" , ;\n", "There is no rewriting rule."),
        ("A->AB, B=A", "Rule 2, “B=A”, has no arrow."),
        ("A->B->C", "Rule 1, “A->B->C”, has 2 arrows."),
        ("->A", "has nothing before its arrow, and so would apply everywhere without end."),
        ("A B->C", "has a space inside a side"),
        ("A->" + "B" * 257, "has a side of more than 256 characters"),
        (",".join(["A->B"] * 65), "65 rules are too many: a system has 64."),
        ("A" * 100_000, "“rules” has 100,000 characters"),
        ("A->\ud800", "Character 4 of “rules” is half of a surrogate pair."),
    ],
)
def test_rules_that_cannot_be_read_are_refused(rules: str, message: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        system(rules)
    assert refusal.value.code == "bad-rewriting"
    assert message in refusal.value.message


def test_rules_that_are_no_text_are_refused() -> None:
    with pytest.raises(InvalidRequest, match="“rules” is a text, not 5"):
        Rewriting.from_spec({"rules": 5})


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("", "empty-prompt", "no rule applies to an empty string"),
        ("ABxA", "unknown-symbol", "Character 3 is “x”, which no rule has."),
        ("A B", "unknown-symbol", "Character 2 is a space, which no rule has."),
        ("A\udc00", "unknown-symbol", "Character 2 is U+DC00, which no rule has."),
        ("A" * (MOST_BYTES + 1), "state-too-long", "The string has 4,097 characters"),
    ],
)
def test_a_prompt_that_is_no_string_of_the_system_is_refused(
    text: str, code: str, message: str
) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        system("A->AB, B->A").encode(text)
    assert refusal.value.code == code
    assert message in refusal.value.message


def test_a_string_is_measured_in_bytes() -> None:
    with pytest.raises(InvalidRequest, match="has 4,098 bytes; it may have 4,096 bytes"):
        system("α->β").encode("α" * 2049)
    with pytest.raises(InvalidRequest, match="α→ββ would make this string longer than 4,096"):
        system("α->ββ").successors(("α" * 2048).encode())


def test_long_sides_are_cut_where_they_are_shown() -> None:
    rule = system("A->" + "B" * 256)
    assert rule.successors(b"A").labels == (f"A→{'B' * 24}… at 1".encode(),)
    assert rule.description.name == f"A→{'B' * 24}…"


def test_a_rule_that_never_stops_is_bounded_by_the_length_of_its_strings() -> None:
    rule = system("A->" + "A" * 256)
    state = b"A"
    for _ in range(16):
        (state,) = next_states(rule, state).states
    assert len(state) == 1 + 16 * 255
    with pytest.raises(InvalidRequest, match=r"longer than 4,096 bytes") as refusal:
        rule.successors(state)
    assert refusal.value.code == "state-too-long"
    assert "applies again to what it makes, without end" in rule.description.notes[1]


def test_too_many_matches_are_refused() -> None:
    rule = system("A->B, A->C")
    assert len(next_states(rule, b"A" * (MOST_MATCHES // 2)).states) == MOST_MATCHES
    with pytest.raises(InvalidRequest, match=r"at more than 4,096 places") as refusal:
        rule.successors(b"A" * (MOST_MATCHES // 2 + 1))
    assert refusal.value.code == "too-many-matches"


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(InvalidRequest, match="Byte 2 of the string is no part of a character"):
        system("A->B").successors(b"A\xff")
    with pytest.raises(InvalidRequest, match="has 4,097 bytes; it may have 4,096 bytes"):
        system("A->B").successors(b"A" * 4097)


def test_the_spec_makes_the_same_rule_again() -> None:
    known = system("A->AB, B->A").description
    assert Rewriting.from_spec(known.spec or {}).description == known
    assert known.id == f"made-{known.fingerprint[:12]}"
    assert (known.kind, known.window, known.name) == ("rewriting", WINDOW, "A→AB, B→A")
    assert "one match is replaced at a step, each with the same probability" in known.summary
    assert system("B->A, A->AB").description.fingerprint != known.fingerprint
