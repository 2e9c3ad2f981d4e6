from typing import Literal

import numpy as np
import pytest

from semioscope.core.errors import Conflict
from semioscope.core.events import EventKind
from semioscope.core.history import history_of
from semioscope.core.sampling import Procedure, TopK
from tests.unit.core_tree.test_tree import leading
from tests.unit.core_tree.toys import END, PROMPT, Logged, portrait

FIRST, SECOND, THIRD = leading(PROMPT, 3)


def deeper(logged: Logged, node: int, *, by: str = "ann", automatic: bool = False) -> int:
    state = logged.tree.state_of(node)
    assert isinstance(state, tuple)
    key = next(key for key in leading(state, 2) if key != END)
    (child,) = logged.branch(node, key, by=by, automatic=automatic)
    return child


def test_undoing_a_growth_hides_it_and_redoing_shows_it() -> None:
    logged = Logged()
    before = portrait(logged.tree)
    logged.branch(0, FIRST)
    after = portrait(logged.tree)
    for _ in range(3):
        logged.undo()
        assert portrait(logged.tree) == before
        logged.redo()
        assert portrait(logged.tree) == after


def test_undo_takes_back_the_callers_own_last_change() -> None:
    logged = Logged()
    (a,) = logged.branch(0, FIRST)
    logged.append("prune", {"node": a}, by="ann")
    logged.append("rename", {"name": "mine", "previous": ""}, by="bob")
    logged.undo("ann")
    assert not logged.tree.is_cut(a)
    assert logged.tree.name == "mine"
    logged.undo("bob")
    assert logged.tree.name == ""
    logged.redo("bob")
    assert logged.tree.name == "mine"
    logged.redo("ann")
    assert logged.tree.is_cut(a)


def test_an_undo_that_would_hide_what_another_built_on_is_refused() -> None:
    logged = Logged()
    (a,) = logged.branch(0, FIRST)
    deeper(logged, a, by="bob", automatic=True)
    before = portrait(logged.tree, hidden=True)
    with pytest.raises(Conflict) as refusal:
        logged.undo()
    assert refusal.value.code == "built-upon"
    assert portrait(logged.tree, hidden=True) == before


def test_a_child_of_another_in_ones_own_expansion_counts_as_built_upon() -> None:
    logged = Logged()
    logged.branch(0, FIRST)
    growth = logged.growth()
    growth.child(0, SECOND)
    logged.take(growth, by="bob")
    with pytest.raises(Conflict):
        logged.undo()


def test_what_ones_own_view_grew_on_top_is_hidden_along() -> None:
    logged = Logged()
    before = portrait(logged.tree)
    (a,) = logged.branch(0, FIRST)
    b = deeper(logged, a, automatic=True)
    deeper(logged, b, automatic=True)
    after = portrait(logged.tree)
    logged.undo()
    assert portrait(logged.tree) == before
    logged.redo()
    assert portrait(logged.tree) == after


def test_what_a_view_grew_elsewhere_stays() -> None:
    logged = Logged()
    a, b = logged.branch(0, FIRST, SECOND, automatic=True)
    deeper(logged, a)
    c = deeper(logged, b, automatic=True)
    logged.undo()
    assert logged.tree.has(c)
    assert logged.tree.children(a) == []
    assert not logged.tree.is_expanded(a)


def test_a_growth_shown_again_by_another_is_no_longer_ones_own() -> None:
    logged = Logged()
    (a,) = logged.branch(0, FIRST)
    logged.undo()
    logged.branch(0, FIRST, by="bob")
    logged.redo()
    logged.undo()
    assert logged.tree.has(a)


def test_automatic_growth_is_not_undone_and_a_new_change_forgets_what_was_undone() -> None:
    logged = Logged()
    (a,) = logged.branch(0, FIRST, automatic=True)
    with pytest.raises(Conflict) as refusal:
        logged.undo()
    assert refusal.value.code == "nothing-to-undo"
    logged.append("prune", {"node": a})
    logged.undo()
    deeper(logged, a, automatic=True)
    assert len(history_of(logged.log, "ann").redo) == 1
    logged.append("prune", {"node": a})
    with pytest.raises(Conflict) as refusal:
        logged.redo()
    assert refusal.value.code == "nothing-to-redo"


def test_undoing_what_somebody_else_took_back_already_changes_nothing() -> None:
    logged = Logged()
    (a,) = logged.branch(0, FIRST)
    logged.append("prune", {"node": a}, by="bob")
    logged.append("restore", {"node": a}, by="ann")
    before = portrait(logged.tree)
    logged.undo("bob")
    logged.redo("bob")
    assert portrait(logged.tree) == before


def test_a_change_of_several_events_is_undone_whole() -> None:
    logged = Logged()
    growth = logged.growth()
    logged.expand_into(growth, 0)
    child = growth.child(0, FIRST)
    change = logged.take(growth)
    logged.append("prune", {"node": child}, change=change)
    after = portrait(logged.tree)
    logged.undo()
    assert (logged.tree.ledger.pruned, logged.tree.ledger.frontier) == (0, 1)
    assert not logged.tree.is_cut(child)
    logged.redo()
    assert portrait(logged.tree) == after


def test_the_procedure_goes_back_unless_somebody_set_another_since() -> None:
    logged = Logged()
    two, three = Procedure((TopK(2),)), Procedure((TopK(3),))

    def choose(procedure: Procedure, by: str) -> None:
        payload = {
            "procedure": procedure.to_wire(),
            "fingerprint": procedure.fingerprint,
            "previous": logged.tree.procedure.to_wire(),
        }
        logged.append("procedure", payload, by=by)

    choose(two, "ann")
    logged.undo("ann")
    assert logged.tree.fingerprint == "rule"
    logged.redo("ann")
    assert logged.tree.fingerprint == two.fingerprint
    choose(three, "bob")
    with pytest.raises(Conflict):
        logged.undo("ann")
    logged.undo("bob")
    logged.undo("ann")
    assert logged.tree.procedure == Procedure()


def test_a_name_goes_back_unless_somebody_renamed_since() -> None:
    logged = Logged()
    logged.append("rename", {"name": "a", "previous": ""}, by="ann")
    logged.append("rename", {"name": "b", "previous": "a"}, by="bob")
    with pytest.raises(Conflict):
        logged.undo("ann")


def cut(logged: Logged, *nodes: int, kind: EventKind = "prune", by: str = "ann") -> None:
    logged.append(kind, {}, {"cut_node": np.array(nodes, np.uint32)}, by=by)


def test_several_states_are_pruned_and_come_back_together() -> None:
    logged = Logged()
    a, b, c = logged.branch(0, FIRST, SECOND, THIRD)
    before = portrait(logged.tree)
    cut(logged, a, c)
    assert [logged.tree.is_cut(node) for node in (a, b, c)] == [True, False, True]
    after = portrait(logged.tree)
    logged.undo()
    assert portrait(logged.tree) == before
    logged.redo()
    assert portrait(logged.tree) == after


def test_undoing_a_prune_of_several_leaves_what_another_restored_meanwhile() -> None:
    logged = Logged()
    a, b = logged.branch(0, FIRST, SECOND)
    cut(logged, a, b)
    logged.append("restore", {"node": a}, by="bob")
    logged.undo("ann")
    assert logged.tree.ledger.pruned == 0
    logged.redo("ann")
    assert [logged.tree.is_cut(node) for node in (a, b)] == [False, True]


def test_a_bookmark_goes_and_comes_back_and_anothers_is_left_alone() -> None:
    logged = Logged()
    (a,) = logged.branch(0, FIRST)
    marked = logged.tree.annotations.bookmarks
    logged.append("bookmark", {"node": a, "on": True}, by="ann")
    logged.append("bookmark", {"node": 0, "on": True}, by="bob")
    logged.undo("ann")
    assert marked == {0}
    logged.redo("ann")
    assert marked == {0, a}
    logged.append("bookmark", {"node": a, "on": False}, by="bob")
    logged.undo("ann")
    assert marked == {0}


@pytest.mark.parametrize("kind", ["note", "label"])
def test_a_text_goes_back_unless_somebody_changed_it_since(kind: Literal["note", "label"]) -> None:
    logged = Logged()
    logged.append(kind, {"node": 0, "text": "one", "previous": ""}, by="ann")
    logged.append(kind, {"node": 0, "text": "two", "previous": "one"}, by="ann")
    said = logged.tree.annotations
    logged.undo()
    assert said.text(kind, 0) == "one"
    logged.undo()
    assert said.text(kind, 0) == ""
    assert not said
    logged.redo()
    logged.append(kind, {"node": 0, "text": "three", "previous": "one"}, by="bob")
    with pytest.raises(Conflict) as refusal:
        logged.undo("ann")
    assert refusal.value.code == "built-upon"
    assert said.text(kind, 0) == "three"


def test_what_is_set_down_on_a_hidden_state_comes_back_with_it() -> None:
    logged = Logged()
    (a,) = logged.branch(0, FIRST)
    logged.append("note", {"node": a, "text": "look", "previous": ""}, by="bob")
    logged.undo("ann")
    assert not logged.tree.has(a)
    logged.redo("ann")
    assert logged.tree.annotations.text("note", a) == "look"


def test_nothing_can_be_set_down_on_a_state_that_is_not_there() -> None:
    logged = Logged()
    for kind, payload in (("bookmark", {"on": True}), ("note", {"text": "x", "previous": ""})):
        with pytest.raises(ValueError, match="not there"):
            logged.append(kind, {"node": 9} | payload)
    assert logged.tree.seq == 0
    assert not logged.tree.annotations


def test_weighing_alone_is_no_change_to_undo() -> None:
    logged = Logged()
    logged.expand(0)
    two = Procedure((TopK(2),))
    logged.append(
        "weigh",
        {"procedure": two.to_wire(), "fingerprint": two.fingerprint},
        {
            "weight_node": np.array([0], "u4"),
            "weight_log_z": np.array([0.0]),
            "weight_kept": np.array([2], "u4"),
            "weight_entropy": np.array([1], "f4"),
        },
    )
    logged.undo()
    assert not logged.tree.is_expanded(0)
