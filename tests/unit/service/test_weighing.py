"""What stored candidates suffice for: the same numbers as the rule's own, or nothing."""

import numpy as np
import pytest

from semioscope.core.errors import InvalidRequest
from semioscope.core.sampling import (
    Bias,
    Eta,
    Forbid,
    Frequency,
    NoRepeat,
    Presence,
    Procedure,
    Repetition,
    Temperature,
    TopK,
    TopP,
    Typical,
)
from semioscope.core.strategies import Breadth, Reweigh
from semioscope.service.weighing import all_weights, stored_weights, weigh_event
from tests.unit.core_math.toys import Garden, coin, toy

PROCEDURES = [
    Procedure((Temperature(0.7), TopP(0.8))),
    Procedure((Eta(0.2),)),
    Procedure((Repetition(1.3), Presence(0.4), Typical(0.8))),
    Procedure((TopK(4), Frequency(0.5), Bias({2: 1.0}))),
    Procedure((Forbid((1,)), NoRepeat(3), Temperature(0.9))),
]


@pytest.mark.parametrize("procedure", PROCEDURES, ids=lambda procedure: procedure.fingerprint)
def test_states_stored_whole_are_weighed_as_the_rule_would(procedure: Procedure) -> None:
    stored, asked = Garden(toy(4, 6), prompt=(3, 3)), Garden(toy(4, 6), prompt=(3, 3))
    for garden in (stored, asked):
        garden.grow(Breadth(3, 4))
    asked.grow(Reweigh(), procedure)
    weighed = weigh_event(stored.tree, procedure)
    assert weighed is not None
    stored.happen(weighed.kind, weighed.payload, weighed.columns)
    for node in stored.tree.expanded_nodes().tolist():
        mine = stored.tree.weights_at(node, procedure.fingerprint)
        assert mine == asked.tree.weights_at(node, procedure.fingerprint)
        assert mine is not None
    assert weigh_event(stored.tree, procedure) is None


def test_where_a_part_is_stored_a_leading_cut_makes_it_enough() -> None:
    garden = Garden(toy(4, 100), prompt=(3, 3))
    garden.grow(Breadth(2, 3))
    nodes = garden.tree.expanded_nodes()
    enough = Procedure((TopK(50), Typical(0.9), Repetition(1.2)))
    columns = stored_weights(garden.tree, enough, nodes)
    assert columns["weight_own_node"].tolist() == nodes.tolist()
    other = Garden(toy(4, 100), prompt=(3, 3))
    other.grow(Breadth(2, 3), enough)
    expected = other.tree.weighings[enough.fingerprint].to_columns()
    for name in ("weight_own_key", "weight_own_log_prob", "weight_own_log_q", "weight_kept"):
        assert np.array_equal(columns[name], expected[name]), name
    for too_little in ((Typical(0.9),), (Repetition(1.2), TopK(50)), (TopK(65), Typical(0.9))):
        columns = stored_weights(garden.tree, Procedure(too_little), nodes)
        assert not columns["weight_node"].size


def test_what_the_tree_remembers_and_what_suffices_stand_together() -> None:
    procedure = PROCEDURES[2]
    garden = Garden(toy(4, 6), prompt=(3, 3))
    garden.grow(Breadth(2, 2), procedure)
    garden.grow(Breadth(3, 3))
    columns = all_weights(garden.tree, procedure)
    nodes = garden.tree.expanded_nodes().tolist()
    assert sorted(columns["weight_node"].tolist()) == nodes
    assert columns["weight_own_node"].tolist() == columns["weight_node"].tolist()
    assert columns["weight_own_count"].sum() == len(columns["weight_own_key"])


def test_a_state_of_which_nothing_is_left_is_left_out_or_refused() -> None:
    procedure = Procedure((NoRepeat(1),))
    garden = Garden(coin(), prompt=(0,), procedure=procedure)
    garden.grow(Breadth(2, 3))
    with pytest.raises(InvalidRequest) as refusal:
        weigh_event(garden.tree, procedure, strict=True)
    assert refusal.value.code == "procedure-empties"
    weighed = weigh_event(garden.tree, procedure)
    assert weighed is not None
    assert len(weighed.columns["weight_node"]) < len(garden.tree.expanded_nodes())
    # What is pruned does not go on anyway.
    for node in range(1, garden.tree.size):
        if 1 in garden.keys(node):
            garden.happen("prune", {"node": node}, {})
    assert weigh_event(garden.tree, procedure, strict=True) is not None
