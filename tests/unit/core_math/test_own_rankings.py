"""A tree under a procedure that reorders: every state has a ranking of the procedure's own."""

import math

import numpy as np
import pytest

from semioscope.core.distribution import Question
from semioscope.core.errors import Conflict, InvalidRequest
from semioscope.core.sampling import (
    IDENTITY,
    Bias,
    Forbid,
    Force,
    Frequency,
    NoRepeat,
    Past,
    Presence,
    Procedure,
    Repetition,
    Temperature,
    TopK,
    Typical,
    weigh_full,
)
from semioscope.core.strategies import Ancestral, Breadth, Reweigh, Typed, Worlds
from semioscope.core.tree import Tree
from semioscope.core.types import ALL_KEPT, NodeId
from semioscope.core.walk import LARGEST, locate
from tests.unit.core_math.procedures import dense
from tests.unit.core_math.toys import Garden, ToyRule, coin, toy

SIZE = 100
RULE = toy(3, SIZE, (5,))
RARE = int(np.argsort(-RULE.row((2, 2)), kind="stable")[90])
"""A token that the rule ranks behind those that a tree stores, and the procedure first."""
OWN = Procedure((Repetition(1.2), Frequency(0.3), Bias(((RARE, 9.0),)), Typical(0.99)))


def garden(procedure: Procedure = OWN) -> Garden:
    return Garden(RULE, prompt=(2, 2), procedure=procedure)


def test_locate_answers_as_the_rule_does_where_it_answers() -> None:
    grown = garden()
    for procedure in (IDENTITY, OWN):
        grown.grow(Worlds(40, 3), procedure)
        grown.grow(Reweigh(), procedure)
        for node in (0, 1, 2):
            known = 0
            for u in np.linspace(0, LARGEST, 300).tolist():
                located = locate(grown.tree, NodeId(node), u, procedure.fingerprint)
                question = Question(grown.tree.state_of(node), draws=(u,), given=2)
                (answer,) = RULE.answer([question], procedure)
                (drawn,) = answer.drawn
                assert drawn is not None
                if located is None:
                    continue
                known += 1
                assert located.key == drawn.key
                assert (located.before, located.width) == (drawn.cum_procedure, drawn.width)
                assert located.log_prob == drawn.log_prob
            assert known > 200


def test_a_next_state_that_only_the_procedure_ranks_becomes_a_node() -> None:
    grown = garden()
    grown.grow(Worlds(1, 1, offset=0.0), OWN)
    tree = grown.tree
    child = tree.find_child(0, RARE)
    assert child is not None
    assert tree.log_prob(child) == RULE.row((2, 2))[RARE]
    assert tree.symbols.label(RARE) == f"{RARE},".encode()
    assert RARE not in tree.expansion(0).keys
    with pytest.raises(Conflict, match="not among the stored"):
        grown.growth(IDENTITY).child(0, RARE)


def test_a_node_that_only_the_procedure_ranked_gets_its_place_under_the_rule_when_drawn() -> None:
    grown = garden()
    grown.grow(Breadth(1, 1), OWN)
    growth = grown.growth(OWN)
    growth.child(0, RARE)  # as a line makes it, from what is stored
    grown.commit(growth)
    tree = grown.tree
    child = tree.find_child(0, RARE)
    assert child is not None
    assert math.isnan(tree.tail_cum(child))
    (answer,) = RULE.answer([Question((2, 2), keys=(RARE,), given=2)], IDENTITY)
    (scored,) = answer.scored
    assert scored is not None
    u = scored.cum + scored.width / 2
    assert locate(tree, NodeId(0), u, "rule") is None
    grown.grow(Worlds(1, 1, offset=u), IDENTITY)
    located = locate(tree, NodeId(0), u, "rule")
    assert located is not None
    assert located.child == child
    assert tree.ranks[child] == scored.rank


def test_what_is_past_the_stored_ranking_is_found_again() -> None:
    flat = Procedure((Frequency(0.5), Temperature(3)))
    grown = garden(flat)
    grown.grow(Worlds(60, 1), flat)
    tree = grown.tree
    fan = tree.fan(0, flat.fingerprint)
    assert fan is not None
    assert (len(fan.keys), fan.kept, fan.complete) == (64, ALL_KEPT, False)
    beyond = [node for node in tree.children(0) if tree.key(node) not in fan.keys]
    assert beyond
    q = dense(flat, RULE.row((2, 2)), Past((2, 2), 2))
    for node in beyond:
        log_q = tree.tail_scaled(node, flat.fingerprint)
        assert math.exp(log_q) == pytest.approx(q[tree.key(node)], rel=1e-6)
        u = tree.tail_cum(node, flat.fingerprint)
        located = locate(tree, NodeId(0), u + 1e-9, flat.fingerprint)
        assert located is not None
        assert located.child == node


def test_growing_again_from_what_is_stored_asks_nothing() -> None:
    for plan in (Worlds(20, 5), Ancestral(20, 5, 4)):
        grown = garden()
        grown.grow(plan, OWN)
        before = grown.paths()
        grown.asked.clear()
        grown.grow(plan, OWN)
        assert grown.asked == []
        assert grown.paths() == before


def test_the_prompt_is_not_counted_by_presence_and_frequency() -> None:
    """Repetition and n-grams count it, as transformers does."""
    for step, counts in ((Presence(2.0), False), (Frequency(2.0), False), (Repetition(1.5), True)):
        procedure = Procedure((step,))
        grown = garden(procedure)
        grown.grow(Breadth(2, 2), procedure)
        root = grown.tree.weights_at(0, procedure.fingerprint)
        assert root is not None
        is_as_ruled = np.allclose(root.own.log_q, root.own.log_probs, atol=1e-6)
        assert is_as_ruled != counts
        for node in grown.tree.children(0):
            state = tuple(grown.tree.state_of(node))
            expected = weigh_full(procedure, RULE.row(state), Past(state, 2))
            assert grown.tree.weights_at(node, procedure.fingerprint).own == expected.own


def test_reweighing_places_all_children_and_a_snapshot_keeps_it() -> None:
    grown = garden(IDENTITY)
    grown.grow(Breadth(3, 3))
    grown.grow(Typed((RARE, 4)))
    grown.grow(Typed((57,)))
    grown.grow(Reweigh(), OWN)
    tree = grown.tree
    assert not len(tree.not_weighed(OWN.fingerprint))
    again = Tree.from_frame(tree.to_frame(), tree.rule, tree.prompt, tree.max_length)
    for known in (tree, again):
        for node in known.expanded_nodes().tolist():
            state = tuple(known.state_of(node))
            q = dense(OWN, RULE.row(state), Past(state, 2))
            fan = known.fan(node, OWN.fingerprint)
            assert fan is not None
            np.testing.assert_allclose(fan.probabilities, q[fan.keys], rtol=1e-5)
            for child in known.children(node):
                key = known.key(child)
                is_outside = key not in fan.keys
                log_q = known.tail_scaled(child, OWN.fingerprint)
                assert math.isnan(log_q) == (not is_outside or q[key] == 0)
                if is_outside and q[key] > 0:
                    assert math.exp(log_q) == pytest.approx(q[key], rel=1e-5)


def test_batches_say_what_single_questions_say() -> None:
    states = [(2, 2), (2, 2, 7), (2, 2, 7, 7), (61,)]
    questions = [Question(state, draws=(0.3, 0.9), keys=(7,), given=2) for state in states]
    together = RULE.answer(questions, OWN)
    for question, answer in zip(questions, together, strict=True):
        (alone,) = RULE.answer([question], OWN)
        assert alone.weights == answer.weights
        assert (alone.drawn, alone.scored) == (answer.drawn, answer.scored)


def test_a_state_of_which_nothing_is_left_is_refused_with_the_step_that_did_it() -> None:
    procedure = Procedure((TopK(2), Temperature(0.9), NoRepeat(1)))
    grown = Garden(coin(), prompt=(0, 1), procedure=procedure)
    with pytest.raises(InvalidRequest) as refusal:
        grown.grow(Worlds(2, 2), procedure)
    assert refusal.value.code == "procedure-empties"
    assert refusal.value.message == (
        "Step 3 of the sampling procedure (no repeated n-gram) leaves no next state after 2 tokens:"
        " this state cannot go on."
    )
    assert (grown.tree.size, grown.tree.seq) == (1, 0)


def test_forcing_what_the_rule_finds_impossible_leaves_nothing() -> None:
    rule = ToyRule(lambda _: [1, 1, 0], 3)
    for steps in ((Force((2,)),), (Force((0, 2)), Forbid((0,)))):
        with pytest.raises(InvalidRequest, match="leaves no next state"):
            weigh_full(Procedure(steps), rule.row(()))
    assert weigh_full(Procedure((Force((1, 2)),)), rule.row(())).kept == 1
