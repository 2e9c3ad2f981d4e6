import json
import math

import numpy as np
import pytest

from semioscope.core.errors import Conflict, InvalidRequest
from semioscope.core.events import Event, decode_event
from semioscope.core.frame import decode, encode
from semioscope.core.rule import RuleDescription
from semioscope.core.sampling import Procedure, Temperature, TopK, weigh_full
from semioscope.core.tree import MOST_WEIGHINGS, Tree
from semioscope.core.types import ALL_KEPT, Seq
from tests.unit.core_tree.toys import (
    APPENDING,
    END,
    PROMPT,
    Logged,
    appending_answer,
    oracle_ledger,
    portrait,
    reread,
    toy_row,
)

WARM = Procedure((Temperature(0.7), TopK(20)))


def leading(state: tuple[int, ...], count: int) -> list[int]:
    row = toy_row(state)
    return np.lexsort((np.arange(len(row)), -row))[:count].tolist()


def test_a_fresh_tree_is_all_frontier() -> None:
    ledger = Logged().tree.ledger
    assert (ledger.terminal, ledger.frontier, ledger.residual, ledger.pruned) == (0, 1, 0, 0)


def test_a_prompt_as_long_as_l_is_terminal() -> None:
    assert Tree(APPENDING, PROMPT, len(PROMPT)).ledger.terminal == 1


def test_the_root_is_no_end_token_whatever_its_key() -> None:
    rule = RuleDescription(**{**APPENDING.to_json(), "end_keys": (0,), "notes": ()})
    assert not Tree(rule, PROMPT, 9).is_terminal(0)


def test_children_take_their_probability_from_the_residual() -> None:
    logged = Logged()
    first, second = leading(PROMPT, 2)
    nodes = logged.branch(0, first, second)
    tree, row = logged.tree, toy_row(PROMPT)
    assert tree.children(0) == nodes
    taken = sum(math.exp(row[key]) for key in (first, second))
    assert tree.residual(0) == pytest.approx(1 - taken, abs=1e-12)
    assert tree.ledger.frontier == pytest.approx(taken, abs=1e-12)
    assert tree.ranks[nodes].tolist() == [0, 1]
    assert tree.state_of(nodes[1]) == (*PROMPT, second)
    assert tree.path(nodes[1]) == [0, nodes[1]]
    assert tree.find_child(0, second) == nodes[1]


def test_children_added_by_several_growths_are_all_there_in_order() -> None:
    logged = Logged()
    a, b, c, d = leading(PROMPT, 4)
    made = [*logged.branch(0, c), *logged.branch(0, a, d, by="bob"), *logged.branch(0, b)]
    assert logged.tree.children(0) == made


def test_end_tokens_and_length_l_are_terminal() -> None:
    logged = Logged()
    growth = logged.growth()
    answer = appending_answer(PROMPT, keys=[END])
    growth.expand(0, answer, "rule")
    end = growth.child(0, answer.scored[0])
    assert growth.is_terminal(end)
    logged.take(growth)
    assert logged.tree.is_terminal(end)
    node, depth = 0, 0
    while not logged.tree.is_terminal(node):
        state = logged.tree.state_of(node)
        assert isinstance(state, tuple)
        (node,) = logged.branch(node, next(key for key in leading(state, 2) if key != END))
        depth += 1
    assert depth == logged.tree.max_length - len(PROMPT)


def test_a_cut_moves_its_mass_to_pruned_and_restoring_leaves_inner_cuts() -> None:
    logged = Logged()
    (outer,) = logged.branch(0, leading(PROMPT, 1)[0])
    state = logged.tree.state_of(outer)
    assert isinstance(state, tuple)
    (inner,) = logged.branch(outer, leading(state, 1)[0])
    tree = logged.tree
    logged.append("prune", {"node": inner})
    logged.append("prune", {"node": outer})
    assert tree.ledger.pruned == pytest.approx(math.exp(tree.cum_log_prob(outer)))
    assert tree.under_cut(inner)
    logged.append("restore", {"node": outer})
    assert tree.ledger.pruned == pytest.approx(math.exp(tree.cum_log_prob(inner)))
    assert not tree.under_cut(outer)
    assert tree.is_cut(inner)


def test_growth_under_a_cut_is_stored_and_does_not_count() -> None:
    logged = Logged()
    (node,) = logged.branch(0, leading(PROMPT, 1)[0])
    logged.append("prune", {"node": node})
    before = logged.tree.ledger
    state = logged.tree.state_of(node)
    assert isinstance(state, tuple)
    (child,) = logged.branch(node, leading(state, 1)[0])
    assert logged.tree.under_cut(child)
    assert logged.tree.ledger == before


def test_hidden_nodes_give_their_mass_back() -> None:
    logged = Logged()
    before = portrait(logged.tree)
    (node,) = logged.branch(0, leading(PROMPT, 1)[0])
    logged.append(
        "hide",
        columns={
            "hidden_node": np.array([node], "u4"),
            "hidden_expansion": np.array([0], "u4"),
        },
    )
    assert portrait(logged.tree) == before
    assert not logged.tree.has(node)
    assert logged.tree.find_child(0, logged.tree.key(node)) == node


def test_a_state_whose_expansion_is_hidden_is_frontier_again_with_nothing_below() -> None:
    logged = Logged()
    (node,) = logged.branch(0, leading(PROMPT, 1)[0])
    after = portrait(logged.tree)
    root = np.array([0], "u4")
    logged.append("hide", columns={"hidden_expansion": root})
    assert logged.tree.ledger.frontier == 1
    assert not logged.tree.has(node)
    logged.append("show", columns={"shown_expansion": root})
    assert portrait(logged.tree) == after


def test_a_hidden_child_and_a_hidden_expansion_are_shown_again_by_growing_them() -> None:
    logged = Logged()
    key = leading(PROMPT, 1)[0]
    (node,) = logged.branch(0, key)
    before = portrait(logged.tree)
    logged.undo()
    assert logged.branch(0, key, by="bob") == [node]
    assert portrait(logged.tree) == before
    assert logged.tree.size == 2


def test_an_expansion_shown_again_keeps_its_first_numbers_and_moves_no_others() -> None:
    logged = Logged()
    (node,) = logged.branch(0, leading(PROMPT, 1)[0], automatic=True)
    deeper = logged.branch(0, leading(PROMPT, 2)[1], automatic=True)[0]
    logged.expand(node)
    first = portrait(logged.tree)
    logged.undo()
    growth = logged.growth()
    other = appending_answer((1, 2))
    growth.expand(node, other, "rule")
    shown = growth.expansion(node)
    assert shown is not None
    assert shown.keys.tolist() != other.expansion.keys.tolist()
    logged.expand_into(growth, deeper)
    logged.take(growth)
    after = portrait(logged.tree)
    name = (logged.tree.key(node),)
    assert after[name] == first[name]
    expansion = logged.tree.expansion(deeper)
    assert expansion is not None
    state = logged.tree.state_of(deeper)
    assert isinstance(state, tuple)
    assert expansion.keys.tolist() == appending_answer(state).expansion.keys.tolist()


def test_equal_rewriting_states_share_a_state_id() -> None:
    logged = Logged(rewriting=True)
    tree = logged.tree
    (grown,) = logged.branch(0, 0)  # A → AB
    assert tree.state_of(grown) == b"AB"
    expanded = logged.growth()
    logged.expand_into(expanded, grown)
    keys = [int(key) for key in expanded.expansion(grown).keys]
    children = [expanded.child(grown, key) for key in keys]
    logged.take(expanded)
    states = {tree.state_of(child): child for child in children}
    assert set(states) == {b"ABB", b"AA"}
    # AA → ABA and AAB; ABB → ABBB, AAB, ABA: the same two states again
    ids: dict[bytes, set[int]] = {}
    for child in children:
        growth = logged.growth()
        logged.expand_into(growth, child)
        expansion = growth.expansion(child)
        assert expansion is not None
        made = [growth.child(child, key) for key in expansion.keys.tolist()]
        logged.take(growth)
        for node in made:
            state = tree.state_of(node)
            assert isinstance(state, bytes)
            ids.setdefault(state, set()).add(tree.state_id(node))
    assert set(ids) == {b"ABA", b"AAB", b"ABBB"}
    assert all(len(each) == 1 for each in ids.values())
    assert len(set.union(*ids.values())) == 3


def test_a_state_where_nothing_applies_is_terminal_once_expanded() -> None:
    logged = Logged(rewriting=True)
    logged.tree = Tree(logged.tree.rule, b"", 5)
    assert logged.tree.ledger.frontier == 1
    logged.expand(0)
    assert logged.tree.is_terminal(0)
    assert logged.tree.ledger.terminal == 1


def test_weights_are_kept_for_a_procedure_and_derived_for_the_rule() -> None:
    logged = Logged()
    growth = logged.growth(WARM)
    answer = appending_answer(PROMPT, draws=[0.1], procedure=WARM)
    growth.expand(0, answer, WARM.fingerprint)
    growth.child(0, answer.drawn[0])
    logged.take(growth)
    tree = logged.tree
    kept = tree.weights_at(0, WARM.fingerprint)
    assert kept is not None
    expected = weigh_full(WARM, toy_row(PROMPT))
    assert (kept.log_z, kept.kept) == (expected.log_z, expected.kept)
    assert kept.entropy == pytest.approx(expected.entropy, abs=1e-6)
    rule = tree.weights_at(0, "rule")
    assert rule is not None
    assert (rule.log_z, rule.kept) == (0.0, ALL_KEPT)
    assert tree.weights_at(0, "unheard-of") is None
    assert tree.weights_at(1, WARM.fingerprint) is None
    assert tree.not_weighed(WARM.fingerprint).tolist() == []
    assert tree.not_weighed("unheard-of").tolist() == [0]


def test_the_oldest_weighings_give_way_and_the_default_stays() -> None:
    logged = Logged()
    logged.expand(0)
    procedures = [Procedure((TopK(k),)) for k in range(1, MOST_WEIGHINGS + 4)]
    first = procedures[0]
    logged.append(
        "procedure",
        {"procedure": first.to_wire(), "fingerprint": first.fingerprint, "previous": []},
    )
    for procedure in procedures:
        logged.append(
            "weigh",
            {"procedure": procedure.to_wire(), "fingerprint": procedure.fingerprint},
            {
                "weight_node": np.array([0], "u4"),
                "weight_log_z": np.array([-0.5]),
                "weight_kept": np.array([3], "u4"),
                "weight_entropy": np.array([1], "f4"),
            },
        )
    kept = {first.fingerprint} | {each.fingerprint for each in procedures[1 - MOST_WEIGHINGS :]}
    assert set(logged.tree.weighings) == kept
    assert portrait(reread(logged.tree), hidden=True) == portrait(logged.tree, hidden=True)


def test_a_tail_child_knows_its_rank_and_its_place() -> None:
    logged = Logged()
    row = toy_row(PROMPT)
    last = leading(PROMPT, len(row))[-1]
    growth = logged.growth(WARM)
    answer = appending_answer(PROMPT, keys=[last], procedure=Procedure((Temperature(0.7),)))
    growth = logged.growth(Procedure((Temperature(0.7),)))
    growth.expand(0, answer, growth.procedure.fingerprint)
    node = growth.child(0, answer.scored[0])
    logged.take(growth)
    tree = logged.tree
    assert tree.ranks[node] == len(row) - 1
    assert tree.tail_cum(node) == answer.scored[0].cum == pytest.approx(1 - math.exp(row[last]))
    assert tree.tail_cum(node, growth.procedure.fingerprint) == answer.scored[0].cum_procedure


def test_pieces_show_a_character_split_over_prompt_and_path() -> None:
    logged = Logged()
    tree = Tree(APPENDING, PROMPT, 9, (b"x", b"\xe2\x82"))
    tree.apply(
        Event(
            Seq(1),
            "grow",
            0.0,
            "ann",
            "c",
            {"first_node": 1},
            {
                "node_parent": np.array([0], "u4"),
                "node_key": np.array([7], "u4"),
                "node_log_prob": np.array([-1.0], "f4"),
                "symbol_key": np.array([7], "u4"),
                "symbol_length": np.array([2], "u4"),
                "symbol_bytes": np.frombuffer(b"\xac!", "u1"),
            },
        )
    )
    assert tree.pieces(1) == ["x", "", "€!"]
    assert tree.text_of(1) == "€!"
    assert logged.tree.text_of(0) == ""


@pytest.mark.parametrize(
    ("kind", "payload", "columns"),
    [
        ("grow", {"first_node": 7}, {}),
        ("grow", {"first_node": 2}, {"visited_node": np.array([9], "u4")}),
        ("prune", {"node": 9}, {}),
        ("hide", {}, {"hidden_node": np.array([9], "u4")}),
    ],
)
def test_an_event_that_does_not_fit_changes_nothing(
    kind: str, payload: dict[str, int], columns: dict[str, np.ndarray]
) -> None:
    logged = Logged()
    logged.branch(0, leading(PROMPT, 1)[0])
    before = portrait(logged.tree, hidden=True)
    with pytest.raises(ValueError, match=r"not there|not the next"):
        logged.append(kind, payload, columns)
    assert portrait(logged.tree, hidden=True) == before
    assert logged.tree.seq == 1


def test_the_same_child_twice_and_a_number_out_of_order_are_refused() -> None:
    logged = Logged()
    key = leading(PROMPT, 1)[0]
    logged.branch(0, key)
    again = {
        "node_parent": np.array([0], "u4"),
        "node_key": np.array([key], "u4"),
        "node_log_prob": np.array([-1], "f4"),
    }
    with pytest.raises(ValueError, match="only once"):
        logged.append("grow", {"first_node": 2}, again)
    with pytest.raises(ValueError, match="cannot follow"):
        logged.tree.apply(logged.log[0].event)


def test_an_event_frame_says_what_happened_and_the_ledger_after_it() -> None:
    logged = Logged()
    logged.branch(0, leading(PROMPT, 1)[0])
    event, ledger = decode_event(logged.log[0].frame)
    assert ledger == logged.tree.ledger
    assert (event.seq, event.kind, event.by, event.change) == (1, "grow", "ann", "c1")
    assert json.loads(json.dumps(event.payload)) == logged.log[0].event.payload
    with pytest.raises(InvalidRequest):
        decode_event(logged.tree.to_frame())
    with pytest.raises(InvalidRequest):
        Tree.from_frame(logged.log[0].frame, APPENDING, PROMPT, 9)


def test_the_wire_carries_only_the_default_procedure() -> None:
    logged = Logged()
    growth = logged.growth(WARM)
    growth.expand(0, appending_answer(PROMPT, procedure=WARM), WARM.fingerprint)
    logged.take(growth)
    header, columns = decode(logged.tree.to_frame(for_wire=True))
    assert header["weighings"] == []
    assert not any("weight" in name or "since" in name for name in columns)
    logged.append(
        "procedure",
        {"procedure": WARM.to_wire(), "fingerprint": WARM.fingerprint, "previous": []},
    )
    header, columns = decode(logged.tree.to_frame(for_wire=True))
    assert [each["fingerprint"] for each in header["weighings"]] == [WARM.fingerprint]
    assert columns["weight_node"].tolist() == [0]
    assert header["ledger"] == logged.tree.ledger.to_json()


def test_growth_refuses_what_makes_no_sense() -> None:
    logged = Logged()
    growth = logged.growth()
    with pytest.raises(Conflict) as refusal:
        growth.child(0, 5)
    assert refusal.value.code == "not-expanded"
    answer = appending_answer(PROMPT, keys=[END])
    with pytest.raises(ValueError, match="not one under"):
        growth.expand(0, answer, WARM.fingerprint)
    growth.expand(0, answer, "rule")
    end = growth.child(0, answer.scored[0])
    with pytest.raises(Conflict) as refusal:
        growth.expand(end, answer, "rule")
    assert refusal.value.code == "terminal-state"
    with pytest.raises(Conflict) as refusal:
        growth.child(0, leading(PROMPT, 70)[-1])
    assert refusal.value.code == "not-a-candidate"


def test_a_growth_is_idempotent_and_counts_visits() -> None:
    logged = Logged()
    growth = logged.growth()
    assert growth.take() is None
    answer = appending_answer(PROMPT, draws=[0.2, 0.2])
    for drawn in answer.drawn:
        growth.expand(0, answer, "rule")
        growth.visit(growth.child(0, drawn))
    logged.take(growth)
    assert (logged.tree.size, logged.tree.expansion_count) == (2, 1)
    assert logged.tree.visits.tolist() == [0, 2]
    growth.expand(0, answer, "rule")
    assert growth.child(0, answer.drawn[0]) == 1
    assert growth.take() is None


def test_a_growth_that_others_overtook_is_refused_whole() -> None:
    logged = Logged()
    growth = logged.growth()
    growth.expand(0, appending_answer(PROMPT), "rule")
    logged.expand(0, by="bob")
    with pytest.raises(RuntimeError):
        growth.take()


def test_the_ledger_of_a_large_tree_agrees_with_the_oracle() -> None:
    logged = Logged()
    growth = logged.growth()
    waiting = [0]
    while len(waiting) < 3000:
        node = waiting.pop(0)
        if growth.is_terminal(node):
            continue
        logged.expand_into(growth, node)
        expansion = growth.expansion(node)
        assert expansion is not None
        waiting += [growth.child(node, key) for key in expansion.keys[:8].tolist()]
    logged.take(growth)
    ledger = logged.tree.ledger
    four = (ledger.terminal, ledger.frontier, ledger.residual, ledger.pruned)
    assert four == pytest.approx(oracle_ledger(logged.tree), abs=1e-9)
    assert ledger.total == pytest.approx(1, abs=1e-6)


def test_a_rule_description_survives_json() -> None:
    assert RuleDescription.from_json(json.loads(json.dumps(APPENDING.to_json()))) == APPENDING


def test_a_frame_that_is_no_event_is_refused() -> None:
    with pytest.raises(InvalidRequest):
        decode_event(encode({"type": "event", "kind": "explode"}, {}))


def test_a_rule_stored_before_revisions_were_kept_has_none() -> None:
    stored = APPENDING.to_json()
    del stored["revision"]
    assert RuleDescription.from_json(stored) == APPENDING
    assert RuleDescription.from_json({**stored, "revision": "v1"}).revision == "v1"
