"""Random histories of a tree: whatever happens, probability is conserved and nothing is lost."""

import dataclasses
from typing import Literal
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from semioscope.core import replay
from semioscope.core.distribution import NextState
from semioscope.core.errors import Conflict
from semioscope.core.events import EventKind, decode_event, encode_event
from semioscope.core.history import history_of
from semioscope.core.ledger import recompute
from semioscope.core.lines import nodes_on_lines
from semioscope.core.random import uniform
from semioscope.core.sampling import IDENTITY, Bias, Frequency, Procedure, Temperature, TopK
from semioscope.core.tree import Tree
from semioscope.core.types import NodeId
from semioscope.core.walk import advance, locate, starts
from tests.unit.core_tree.toys import (
    Logged,
    N,
    Portrait,
    appending_answer,
    graph_of,
    oracle_ledger,
    portrait,
    reread,
    rewriting_answer,
)

PEOPLE = st.sampled_from(["ann", "bob"])
PROCEDURES = st.sampled_from(
    [
        IDENTITY,
        Procedure((Temperature(0.6), TopK(9))),
        Procedure((Frequency(0.7), Bias(((60, 5.0),)), Temperature(1.5))),
    ]
)
PLACE = st.floats(0, 1, exclude_max=True)


class Histories(RuleBasedStateMachine):
    """Grow, prune, restore, hide, show, annotate, undo, redo, in any order."""

    is_rewriting = False

    def __init__(self) -> None:
        super().__init__()
        self.logged = Logged(self.is_rewriting)

    @property
    def tree(self) -> Tree:
        return self.logged.tree

    def _node(self, place: float) -> int:
        return int(place * self.tree.size)

    @rule(
        place=PLACE,
        draws=st.lists(PLACE, max_size=3),
        keys=st.lists(st.integers(0, N - 1), max_size=2),
        by=PEOPLE,
        automatic=st.booleans(),
        procedure=PROCEDURES,
    )
    def grow(
        self,
        place: float,
        draws: list[float],
        keys: list[int],
        by: str,
        automatic: bool,
        procedure: Procedure,
    ) -> None:
        node = self._node(place)
        if self.tree.is_terminal(node):
            return
        state = self.tree.state_of(node)
        following: tuple[NextState, ...]
        if isinstance(state, bytes):
            procedure, answer = IDENTITY, rewriting_answer(state)
            following = tuple(answer.scored[int(u * len(answer.scored))] for u in draws)
        else:
            answer = appending_answer(state, draws, keys, procedure)
            following = answer.drawn + answer.scored
        growth = self.logged.growth(procedure)
        growth.expand(node, answer, procedure.fingerprint)
        for each in following:
            growth.visit(growth.child(node, each))
        if (taken := growth.take()) is not None:
            payload, columns = taken
            self.logged.append("grow", payload | {"automatic": automatic}, columns, by=by)

    @rule(place=PLACE, by=PEOPLE)
    def prune(self, place: float, by: str) -> None:
        self.logged.append("prune", {"node": self._node(place)}, by=by)

    @rule(place=PLACE, by=PEOPLE)
    def restore(self, place: float, by: str) -> None:
        self.logged.append("restore", {"node": self._node(place)}, by=by)

    @rule(places=st.lists(PLACE, max_size=4), by=PEOPLE, kind=st.sampled_from(["prune", "restore"]))
    def cut_many(self, places: list[float], by: str, kind: EventKind) -> None:
        nodes = np.array([self._node(place) for place in places], np.uint32)
        self.logged.append(kind, {}, {"cut_node": nodes}, by=by)

    @rule(place=PLACE, by=PEOPLE, on=st.booleans())
    def bookmark(self, place: float, by: str, on: bool) -> None:
        self.logged.append("bookmark", {"node": self._node(place), "on": on}, by=by)

    @rule(
        place=PLACE, by=PEOPLE, kind=st.sampled_from(["note", "label"]), text=st.sampled_from("ab ")
    )
    def write(self, place: float, by: str, kind: Literal["note", "label"], text: str) -> None:
        node, text = self._node(place), text.strip()
        previous = self.tree.annotations.text(kind, node)
        self.logged.append(kind, {"node": node, "text": text, "previous": previous}, by=by)

    @precondition(lambda self: self.tree.size > 1)
    @rule(
        nodes=st.lists(PLACE, max_size=2),
        expansions=st.lists(PLACE, max_size=2),
        kind=st.sampled_from(["hide", "show"]),
    )
    def hide_or_show(self, nodes: list[float], expansions: list[float], kind: str) -> None:
        word = {"hide": "hidden", "show": "shown"}[kind]
        columns = {
            f"{word}_node": np.array([max(1, self._node(place)) for place in nodes], np.uint32),
            f"{word}_expansion": np.array([self._node(place) for place in expansions], np.uint32),
        }
        self.logged.append(kind, {}, columns, by="nobody")

    @rule(by=PEOPLE)
    def undo_then_redo(self, by: str) -> None:
        before = portrait(self.tree)
        try:
            self.logged.undo(by)
        except Conflict:
            assert portrait(self.tree) == before
            return
        self.logged.redo(by)
        assert portrait(self.tree) == before

    @rule(by=PEOPLE)
    def undo(self, by: str) -> None:
        before = portrait(self.tree)
        try:
            self.logged.undo(by)
        except Conflict:
            assert portrait(self.tree) == before

    @rule(by=PEOPLE)
    def redo(self, by: str) -> None:
        if history_of(self.logged.log, by).redo:
            self.logged.redo(by)

    @invariant()
    def probability_is_conserved(self) -> None:
        ledger = self.tree.ledger
        four = (ledger.terminal, ledger.frontier, ledger.residual, ledger.pruned)
        assert sum(four) == pytest.approx(1, abs=1e-6)
        again = recompute(self.tree)
        assert four == pytest.approx(
            (again.terminal, again.frontier, again.residual, again.pruned), abs=1e-12
        )
        assert four == pytest.approx(oracle_ledger(self.tree), abs=1e-9)

    @invariant()
    def children_and_residual_make_one(self) -> None:
        graph = graph_of(self.tree)
        for node in graph:
            if self.tree.is_expanded(node) and not self.tree.is_terminal(node):
                children = graph.out_edges(node, data="probability")
                total = sum(probability for *_, probability in children)
                assert total + self.tree.residual(node) == pytest.approx(1, abs=1e-6)

    @invariant()
    def parents_precede_their_children(self) -> None:
        children = np.arange(1, self.tree.size)
        assert np.all(self.tree.parents[1:] < children)

    @invariant()
    def the_last_event_round_trips(self) -> None:
        if self.logged.log:
            frame = self.logged.log[-1].frame
            event, ledger = decode_event(frame)
            assert encode_event(event, ledger) == frame
            assert ledger == self.tree.ledger

    def teardown(self) -> None:
        whole = portrait(self.tree, hidden=True)
        assert portrait(reread(self.tree), hidden=True) == whole
        replayed = Logged(self.is_rewriting).tree
        for entry in self.logged.log:
            event, ledger = decode_event(entry.frame)
            replayed.apply(event)
            assert replayed.ledger == ledger
        assert portrait(replayed, hidden=True) == whole
        assert replayed.to_frame() == self.tree.to_frame()
        self._is_the_same_in_one_go(whole)
        self._lines_go_together()

    def _is_the_same_in_one_go(self, whole: Portrait) -> None:
        at_once = Logged(self.is_rewriting).tree
        with patch.object(replay, "_FEWEST", 2):
            replay.replay(at_once, [decode_event(entry.frame)[0] for entry in self.logged.log])
        assert portrait(at_once, hidden=True) == whole
        one, other = at_once.ledger, self.tree.ledger
        assert dataclasses.astuple(one) == pytest.approx(dataclasses.astuple(other), abs=1e-12)

    def _lines_go_together(self) -> None:
        for fingerprint in ("rule", *self.tree.weighings):
            together = nodes_on_lines(self.tree, 0, 23, 0.25, 7, 12, fingerprint)
            if together is not None:
                one_by_one = nodes_one_by_one(self.tree, 23, 0.25, 7, 12, fingerprint)
                assert together.tolist() == sorted(one_by_one)


def nodes_one_by_one(
    tree: Tree, lines: int, offset: float, seed: int, steps: int, fingerprint: str
) -> set[int]:
    """Where each line goes by itself."""
    found: set[int] = set()
    for index, at in enumerate(starts(lines, offset=offset)):
        node = NodeId(0)
        for step in range(steps):
            place = None if tree.is_cut(node) else locate(tree, node, at.u, fingerprint)
            if place is None or place.child is None or not place.width > 0:
                break
            node = place.child
            found.add(node)
            at = advance(at, place.before, place.width, uniform(seed, index, step))
    return found


class RewritingHistories(Histories):
    is_rewriting = True


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestRewritingHistories = RewritingHistories.TestCase
TestRewritingHistories.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
