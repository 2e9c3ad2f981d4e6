"""Rules that tell only the leading part of a distribution: exact in total, never guessed."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semioscope.core.distribution import Answer, NextState, Question, answer_row
from semioscope.core.errors import InvalidRequest, Unavailable
from semioscope.core.partial import answer_partial
from semioscope.core.ranking import LEADING, RankedRow
from semioscope.core.sampling import (
    IDENTITY,
    Bias,
    Epsilon,
    Eta,
    Force,
    Frequency,
    MinP,
    Procedure,
    Repetition,
    Temperature,
    TopK,
    TopP,
    Typical,
)
from semioscope.core.strategies import (
    Ancestral,
    BestFirst,
    Breadth,
    MassThreshold,
    Plan,
    Reweigh,
    Typed,
    Worlds,
)
from semioscope.core.tree import Tree
from semioscope.core.types import ALL_KEPT, Float32Array, NodeId
from tests.unit.core_math.toys import Emitting, Garden, ToyRule, random_tables

TOP_3 = Procedure((Temperature(0.7), TopK(3)))
HOT = Procedure((Temperature(1.3),))


class PartialRule(ToyRule):
    """A toy that tells its `told` most probable next states and no others."""

    def __init__(
        self,
        seed: int,
        size: int,
        told: int,
        end_keys: tuple[int, ...] = (),
        spread: float = 6.0,
    ) -> None:
        super().__init__(random_tables(seed, size, spread), size, end_keys)
        self.told = told
        self.description = replace(self.description, whole_distribution=False)

    def answer(self, questions: list[Question], procedure: Procedure) -> list[Answer]:
        return [
            answer_partial(
                question, *leading(self.row(tuple(question.state)), self.told), procedure
            )
            for question in questions
        ]


def leading(row: Float32Array, told: int) -> tuple[np.ndarray, Float32Array]:
    ranked = RankedRow(row)
    return ranked.keys(told), ranked.leading(told)


rows = st.lists(st.integers(1, 1000), min_size=2, max_size=90).map(
    lambda weights: np.log(np.array(weights) / sum(weights)).astype(np.float32)
)
procedures = st.lists(
    st.one_of(
        st.floats(0.3, 3).map(Temperature),
        st.integers(1, 60).map(TopK),
        st.floats(0.05, 1).map(TopP),
        st.floats(0, 1).map(MinP),
        st.just(Temperature(0)),
        st.floats(1e-3, 0.5).map(Epsilon),
        st.floats(1e-3, 0.5).map(Eta),
        st.floats(0.05, 1).map(Typical),
        st.floats(-2, 2).map(Frequency),
        st.just(Repetition(1.3)),
        st.dictionaries(st.integers(0, 89), st.floats(-3, 3), max_size=3).map(Bias),
        # Several of them never contradict each other: all leave the token 0.
        st.lists(st.integers(0, 9), max_size=8).map(lambda keys: Force((0, *keys))),
    ),
    max_size=3,
).map(lambda steps: Procedure(tuple(steps)))


@settings(max_examples=200, deadline=None)
@given(rows, st.integers(0, 80), procedures, st.lists(st.floats(0, 1, exclude_max=True)))
def test_what_is_told_agrees_with_the_whole_distribution(
    row: Float32Array, told: int, procedure: Procedure, draws: list[float]
) -> None:
    told = min(told, len(row) - 1)
    question = Question((0,), tuple(draws), tuple(range(len(row))), above=-4.0)
    try:
        whole = answer_row(question, row, 0.0, procedure)
    except InvalidRequest:  # it leaves nothing: what is told may not suffice to say so
        return
    part = answer_partial(question, *leading(row, told), procedure)

    kept = whole.expansion.keys[:told]
    assert part.expansion.keys.tolist() == kept.tolist()[:LEADING]
    assert part.expansion.told == pytest.approx(
        float(np.exp(np.sort(row)[::-1][:told]).sum()), abs=1e-5
    )
    assert not part.expansion.complete
    if part.weights is None:
        assert procedure.effective
        assert part.drawn == (None,) * len(draws)
    elif whole.weights is not None:
        assert part.weights.log_z == pytest.approx(whole.weights.log_z, abs=1e-6)
        assert part.weights.kept == whole.weights.kept or part.weights.kept == ALL_KEPT
        for mine, theirs in zip(part.drawn, whole.drawn, strict=True):
            assert mine is None or mine == theirs
    for mine, theirs in zip(part.scored, whole.scored, strict=True):
        assert theirs is not None
        assert (mine is None) == (theirs.rank >= told)
        if mine is not None:
            assert (mine.log_prob, mine.rank, mine.cum) == (
                theirs.log_prob,
                theirs.rank,
                theirs.cum,
            )
    assert [each.key for each in part.above] == [each.key for each in whole.above][:told]


def test_a_draw_beyond_what_is_told_is_no_next_state() -> None:
    row = np.log(np.array([0.5, 0.3, 0.2])).astype(np.float32)
    answer = answer_partial(Question((0,), (0.1, 0.79, 0.81)), *leading(row, 2), IDENTITY)
    assert [each and each.key for each in answer.drawn] == [0, 1, None]
    assert answer.expansion.told == pytest.approx(0.8)
    assert math.isnan(answer.expansion.entropy)


def test_a_procedure_is_said_exactly_where_its_cut_is_told_and_not_at_all_elsewhere() -> None:
    row = np.log(np.array([0.5, 0.3, 0.2])).astype(np.float32)

    def weights(*steps: Temperature | TopK | TopP | MinP) -> object:
        return answer_partial(Question((0,)), *leading(row, 2), Procedure(steps)).weights

    assert weights(Temperature(0.5), TopK(2)) is not None
    assert weights(TopP(0.75)) is not None
    assert weights(Temperature(0)) is not None
    assert weights(Temperature(0.5)) is None
    assert weights(TopK(3)) is None
    assert weights(TopP(0.9)) is None
    assert weights(MinP(0.5)) is None  # the third might be as probable as the second


def test_where_something_unnamed_may_lead_a_procedure_is_said_by_what_surely_leads() -> None:
    keys, log_probs = leading(np.log(np.array([0.4, 0.2, 0.1, 0.3])).astype(np.float32), 3)

    def weights(*steps: Temperature | TopK | TopP | MinP) -> object:
        return answer_partial(Question((0,)), keys, log_probs, Procedure(steps), 1).weights

    answer = answer_partial(Question((0,), (0.5, 0.95)), keys, log_probs, IDENTITY, 1)
    assert [each and each.key for each in answer.drawn] == [int(keys[1]), None]
    assert answer.expansion.has_gaps
    assert weights(Temperature(0)) is not None
    assert weights(TopP(0.3)) is not None
    assert weights(TopK(2)) is None


class GappedRule(PartialRule):
    """A partial toy that cannot name the third of its leading next states."""

    def answer(self, questions: list[Question], procedure: Procedure) -> list[Answer]:
        answers = []
        for question in questions:
            keys, log_probs = leading(self.row(tuple(question.state)), self.told)
            named = np.arange(len(keys)) != 2
            answers.append(answer_partial(question, keys[named], log_probs[named], procedure, 2))
        return answers


def test_leading_probabilities_above_one_are_no_distribution() -> None:
    keys, log_probs = np.arange(2, dtype=np.uint32), np.log(np.float32([0.7, 0.6]))
    with pytest.raises(Unavailable, match="more than one"):
        answer_partial(Question((0,)), keys, log_probs, IDENTITY)


PLANS: dict[str, Plan] = {
    "worlds": Worlds(20, 6, seed=2),
    "breadth": Breadth(4, 4),
    "mass": MassThreshold(1 / 300),
    "best first": BestFirst(40),
    "ancestral": Ancestral(30, 6, 3),
}


@pytest.mark.parametrize("procedure", [IDENTITY, TOP_3, HOT], ids=["rule", "top 3", "hot"])
@pytest.mark.parametrize("told", [0, 5, 70])
@pytest.mark.parametrize("kind", [PartialRule, GappedRule])
@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_every_growth_goes_on_in_what_is_told_and_conserves_probability(
    plan: Plan, kind: type[PartialRule], told: int, procedure: Procedure
) -> None:
    garden = Garden(kind(31, 80, told, (5, 6)), max_length=8)
    garden.grow(plan, procedure)
    assert garden.tree.ledger.total == pytest.approx(1, abs=1e-6)
    assert 1 <= len(garden.asked) <= (plan.total or 400)
    if not isinstance(plan, BestFirst | MassThreshold):
        asked = len(garden.asked)
        garden.grow(plan, procedure)
        assert len(garden.asked) == asked, "what is not told must not be asked for again"
    stored = Tree.from_frame(
        garden.tree.to_frame(), garden.tree.rule, garden.tree.prompt, garden.tree.max_length
    )
    for node in garden.tree.expanded_nodes().tolist():
        before, after = garden.tree.expansion(node), stored.expansion(node)
        assert before is not None
        assert after is not None
        assert before.told == after.told < 1
        assert before.sure == after.sure
    assert stored.is_untold(0, procedure.fingerprint) == garden.tree.is_untold(
        0, procedure.fingerprint
    )


def test_lines_end_where_nothing_is_told_and_rollouts_are_counted_up_to_there() -> None:
    garden = Garden(PartialRule(31, 80, 5), max_length=8)
    garden.grow(Ancestral(400, 3, 3))
    tree = garden.tree
    told = garden.rule.answer([Question(tree.state_of(0))], IDENTITY)[0].expansion.told
    assert tree.visits[0] == 400
    on = sum(int(tree.visits[child]) for child in tree.children(0))
    assert on / 400 == pytest.approx(told, abs=0.08)
    assert on < 400


def test_a_procedure_that_needs_more_draws_nothing_and_says_so_for_good() -> None:
    garden = Garden(PartialRule(31, 80, 5), procedure=HOT)
    garden.grow(Worlds(20, 6), HOT)
    assert garden.paths() == {()}
    assert garden.tree.is_untold(0, HOT.fingerprint)
    assert garden.tree.weights_at(0, HOT.fingerprint) is None
    assert not len(garden.tree.not_weighed(HOT.fingerprint))
    garden.grow(Reweigh(), HOT)
    assert len(garden.asked) == 1


def test_a_grown_tree_is_weighed_again_once_and_not_for_ever() -> None:
    garden = Garden(PartialRule(31, 80, 70))
    garden.grow(Breadth(3, 3))
    grown = len(garden.asked)
    for procedure in (HOT, TOP_3):
        asked = len(garden.asked)
        garden.grow(Reweigh(), procedure)
        garden.grow(Reweigh(), procedure)
        assert len(garden.asked) == asked + grown
    assert garden.tree.weights_at(0, TOP_3.fingerprint) is not None


def finished(rule: ToyRule, n: int, batch: int = 64) -> tuple[list[tuple[int, ...]], Garden]:
    garden = Garden(rule, max_length=3)
    emitting = Emitting()
    growth = garden.growth()
    garden.drive(BestFirst(n).run(growth, NodeId(0), findings=emitting, batch=batch), growth)
    return [garden.keys(node) for node in emitting.nodes], garden


@pytest.mark.parametrize("batch", [1, 8, 64])
def test_best_first_emits_nothing_that_what_is_not_told_may_exceed(batch: int) -> None:
    whole, _ = finished(ToyRule(random_tables(8, 40, 16.0), 40), 400)
    part, garden = finished(PartialRule(8, 40, 34, spread=16.0), 400, batch)
    assert part == whole[: len(part)]
    assert 3 < len(part) < len(whole)
    told = garden.rule.answer([Question((0,))], IDENTITY)[0].expansion.log_probs
    least_bound = min(math.exp(told[-1]), 1 - float(np.exp(told).sum()))
    assert all(garden.probability(path) >= least_bound - 2e-6 for path in part)
    gapped, _ = finished(GappedRule(8, 40, 34, spread=16.0), 400, batch)
    assert gapped == whole[: len(gapped)]
    assert len(gapped) < len(part), "what cannot be named may be more probable than it"


def test_typing_what_is_not_told_is_refused_and_changes_nothing() -> None:
    garden = Garden(PartialRule(31, 80, 5))
    row = garden.rule.row((0,))
    last, first = int(row.argmin()), int(row.argmax())
    with pytest.raises(InvalidRequest, match="only the most probable") as refusal:
        garden.grow(Typed((first, last)))
    assert refusal.value.code == "untold-token"
    assert garden.tree.seq == 0
    garden.grow(Typed((first,)))
    assert garden.paths() == {(), (first,)}


def test_a_next_state_that_is_told_but_not_stored_has_its_place() -> None:
    garden = Garden(PartialRule(31, 80, 75))
    answer = garden.rule.answer([Question((0,), (0.999,), above=-99.0)], IDENTITY)[0]
    last = answer.above[70]
    assert isinstance(last, NextState)
    garden.grow(Typed((last.key,)))
    node = garden.tree.find_child(0, last.key)
    assert node is not None
    assert garden.tree.ranks[node] == 70
    assert garden.tree.tail_cum(node) == last.cum
