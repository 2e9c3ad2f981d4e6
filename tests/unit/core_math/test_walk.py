"""Lines: how they start, advance, and find their way in what a tree stores."""

import math

import numpy as np
import pytest

from semioscope.core.distribution import Question
from semioscope.core.random import WORD, uniform
from semioscope.core.sampling import IDENTITY, Procedure, Temperature, TopK, TopP
from semioscope.core.strategies import Breadth, Typed, Worlds
from semioscope.core.types import NodeId
from semioscope.core.walk import BITS, LARGEST, Line, advance, draw_offset, locate, starts
from tests.unit.core_math.toys import Garden, coin, toy

PROCEDURE = Procedure((Temperature(0.8), TopK(90), TopP(0.97)))


def test_lines_start_evenly_spaced_in_what_is_in_view() -> None:
    assert [line.u for line in starts(4)] == [0.125, 0.375, 0.625, 0.875]
    assert [line.u for line in starts(2, 0.5, 0.75, 0.0)] == [0.5, 0.625]
    assert all(line.left == BITS for line in starts(3))


def test_another_draw_shifts_all_lines_by_one_offset() -> None:
    assert draw_offset(0) == 0.5
    assert draw_offset(7) == uniform(7, WORD, 0)
    first, second = starts(10, offset=draw_offset(7))[:2]
    assert second.u - first.u == pytest.approx(0.1)


def test_a_line_keeps_its_place_within_the_state_it_reached() -> None:
    line = advance(Line(0.6), 0.5, 0.25, fresh=0.9)
    assert line.u == pytest.approx(0.4)
    assert line.left == 50


def test_a_line_gets_fresh_bits_before_its_own_are_used_up() -> None:
    line = advance(Line(0.75, 30.5), 0.5, 0.5, fresh=0.25)
    assert line == Line((2**28 + 0.25) / 2**29, BITS)
    blind = advance(Line(0.5, 31.0), 0.0, 2.0**-40, fresh=0.25)
    assert blind == Line(0.25, BITS)


def test_rounding_never_leads_a_line_out_of_its_state() -> None:
    assert advance(Line(0.2), 0.2000000001, 0.1, 0.5).u == 0
    assert advance(Line(0.9), 0.2, 0.6999999999, 0.5).u == LARGEST
    assert starts(1, 0.0, 1.0, LARGEST)[0].u < 1


def test_locate_agrees_with_the_rule() -> None:
    """What is stored answers as the whole distribution does, where it answers."""
    garden = Garden(toy(3, 100, (5,)), procedure=PROCEDURE)
    for procedure in (IDENTITY, PROCEDURE):
        garden.grow(Worlds(30, 3), procedure)
        known = 0
        for u in np.linspace(0, LARGEST, 500).tolist():
            located = locate(garden.tree, NodeId(0), u, procedure.fingerprint)
            question = Question(garden.tree.state_of(0), draws=(u,))
            (answer,) = garden.rule.answer([question], procedure)
            (drawn,) = answer.drawn
            if located is None:
                assert drawn.rank >= 64
                continue
            known += 1
            assert located.key == drawn.key
            assert located.before == drawn.cum_procedure
            assert located.log_prob == drawn.log_prob
        assert known > 400


def test_locate_finds_children_outside_the_stored_candidates() -> None:
    garden = Garden(toy(3, 100))
    row = garden.rule.row((0,))
    key = int(np.argsort(-row, kind="stable")[80])
    (answer,) = garden.rule.answer([Question((0,), keys=(key,))], IDENTITY)
    u = answer.scored[0].cum + math.exp(float(row[key])) / 2
    assert locate(garden.tree, NodeId(0), u, "rule") is None
    garden.grow(Breadth(1, 1))
    assert locate(garden.tree, NodeId(0), u, "rule") is None
    garden.grow(Typed((key,)))
    located = locate(garden.tree, NodeId(0), u, "rule")
    assert located is not None
    assert located.key == key
    assert located.child is not None
    assert garden.tree.ranks[located.child] == 80
    assert located.child == garden.tree.find_child(0, key)


def test_locate_knows_nothing_under_a_procedure_that_was_not_evaluated() -> None:
    garden = Garden(toy(3, 10))
    garden.grow(Breadth(2, 1))
    assert locate(garden.tree, NodeId(0), 0.1, "rule") is not None
    assert locate(garden.tree, NodeId(0), 0.1, PROCEDURE.fingerprint) is None


def test_locate_shows_no_hidden_child() -> None:
    garden = Garden(coin())
    garden.grow(Worlds(2, 1))
    assert locate(garden.tree, NodeId(0), 0.2, "rule").child == 1
    garden.happen("hide", {}, {"hidden_node": np.array([1], np.uint32)})
    located = locate(garden.tree, NodeId(0), 0.2, "rule")
    assert located is not None
    assert (located.key, located.child) == (0, None)


def test_the_last_next_state_holds_what_rounding_leaves_over() -> None:
    garden = Garden(toy(9, 3))
    garden.grow(Breadth(1, 1))
    located = locate(garden.tree, NodeId(0), LARGEST, "rule")
    assert located is not None
    expansion = garden.tree.expansion(NodeId(0))
    assert expansion is not None
    assert located.key == expansion.keys[2]
