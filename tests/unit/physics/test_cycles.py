"""Cycles of deterministic maps against brute force."""

from itertools import product

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semioscope.core.errors import InvalidRequest
from semioscope.physics.cycles import HALT, eventually, map_cycles
from semioscope.rules.automaton import Automaton, AutomatonLaw
from semioscope.rules.rewriting import Rewriting


def brute_force(following: list[int], start: int) -> tuple[int, int, int]:
    """(transient, period, entry) by writing down every state that was there."""
    seen: dict[int, int] = {}
    state = start
    while state not in seen:
        seen[state] = len(seen)
        if following[state] == HALT:
            return seen[state], 0, state
        state = following[state]
    return seen[state], len(seen) - seen[state], state


@pytest.mark.parametrize("number", [30, 90, 110, 184, 45])
def test_every_start_on_every_ring_of_up_to_ten_cells(number: int) -> None:
    law = AutomatonLaw(number)
    for width in range(1, 11):
        following = [law.after(row, width) for row in range(2**width)]
        found = map_cycles(following)
        for start in range(2**width):
            transient, period, entry = brute_force(following, start)
            assert (found.transient[start], found.period[start]) == (transient, period)
            assert entry in found.attractors[found.attractor[start]]
            if width <= 7:
                one = eventually(following.__getitem__, start)
                assert (one.transient, one.period, one.entry) == (transient, period, entry)
        assert found.basins.sum() == 2**width


@given(
    st.integers(1, 30).flatmap(lambda n: st.lists(st.integers(-1, n - 1), min_size=n, max_size=n))
)
def test_any_map_even_one_that_ends_somewhere(following: list[int]) -> None:
    found = map_cycles(following)
    for start in range(len(following)):
        transient, period, entry = brute_force(following, start)
        one = eventually(
            lambda state: None if following[state] == HALT else following[state], start
        )
        assert (one.transient, one.period, one.entry) == (transient, period, entry)
        assert (found.transient[start], found.period[start]) == (transient, period)
    graph = nx.DiGraph([(s, t) for s, t in enumerate(following) if t != HALT])
    graph.add_nodes_from(range(len(following)))
    expected = {frozenset(members) for members in nx.attracting_components(graph)}
    assert {frozenset(members) for members in found.attractors} == expected


def test_the_table_of_a_map_names_its_attractors() -> None:
    table = map_cycles([1, 2, 1, HALT, 3]).table()
    assert table.values("state").tolist() == [1, 3]
    assert table.values("period").tolist() == [2, 0]
    assert table.values("basin").tolist() == [3, 2]
    assert table.values("transient").tolist() == [1, 1]


def test_a_rule_is_followed_by_its_own_states() -> None:
    automaton = Automaton(AutomatonLaw(90))
    found = eventually(lambda row: automaton.successors(row).states[0], b"00100")
    rows = [b"00100"]
    while (after := automaton.successors(rows[-1]).states[0]) not in rows:
        rows.append(after)
    assert (found.transient, found.period) == (rows.index(after), len(rows) - rows.index(after))


def test_a_string_that_nothing_applies_to_is_an_end() -> None:
    rule = Rewriting.from_spec({"rules": "AA->A"})
    found = eventually(lambda s: next(iter(rule.successors(s).states), None), b"AAAA")
    assert (found.transient, found.period, found.entry) == (3, 0, b"A")


def test_what_never_comes_back_is_said_in_one_sentence() -> None:
    with pytest.raises(InvalidRequest, match="neither ended nor came back") as refused:
        eventually(lambda state: state + 1, 0, most_steps=50)
    assert refused.value.code == "no-cycle-found"


def test_a_successor_has_to_be_a_state() -> None:
    with pytest.raises(ValueError, match="no state"):
        map_cycles(np.array([0, 2]))


def test_words_are_states_too() -> None:
    words = ["".join(each) for each in product("ab", repeat=3)]
    for word in words:
        found = eventually(lambda state: state[1:] + state[0], word)
        assert found.transient == 0
        assert found.period == len({word[i:] + word[:i] for i in range(3)})
