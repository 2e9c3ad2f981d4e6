"""A rewriting rule's worker: draws, names, thresholds, cuts by rank, and an exact remainder."""

import math
from collections.abc import AsyncIterator, Sequence

import numpy as np
import pytest
import pytest_asyncio

from semioscope.core.distribution import Answer, Question
from semioscope.core.errors import InvalidRequest, Unavailable
from semioscope.core.rule import RuleDescription
from semioscope.core.sampling import IDENTITY, MinP, Procedure, Temperature, TopK, TopP, weigh_full
from semioscope.core.types import ALL_KEPT
from semioscope.rules.protocol import Successors
from semioscope.rules.successors_worker import SuccessorsWorker, answer_successors
from tests.unit.core_tree.toys import REWRITING

PROBS = (0.1, 0.4, 0.1, 0.25, 0.15)
FIVE = Successors(
    labels=(b"a", b"b", b"c", b"d", b"e"),
    states=(b"s1", b"s2", b"s3", b"s4", b"s5"),
    probs=PROBS,
)
IN_ORDER = (b"b", b"d", b"e", b"a", b"c")
"""By probability, ties as they are listed."""


class Told:
    """A rewriting rule that answers what it is given."""

    def __init__(self, *answers: Successors) -> None:
        self._answers = list(answers)
        self.asked: list[bytes] = []

    @property
    def description(self) -> RuleDescription:
        return REWRITING

    def encode(self, text: str) -> bytes:
        return text.encode()

    def successors(self, state: bytes) -> Successors:
        self.asked.append(state)
        return self._answers[min(len(self.asked), len(self._answers)) - 1]


class Ask:
    """Asks a worker of its own."""

    def __init__(self) -> None:
        self._workers: list[SuccessorsWorker] = []

    async def __call__(
        self, found: Successors | Told, *questions: Question, procedure: Procedure = IDENTITY
    ) -> list[Answer]:
        rule = found if isinstance(found, Told) else Told(found)
        self._workers.append(SuccessorsWorker(rule))
        return await self._workers[-1].ask(questions, procedure, group="g")

    def close(self) -> None:
        for worker in self._workers:
            worker.close()


@pytest_asyncio.fixture
async def ask() -> AsyncIterator[Ask]:
    asking = Ask()
    yield asking
    asking.close()


def labels(answer: Answer) -> tuple[bytes, ...]:
    return tuple(label for label, _ in answer.expansion.symbols)


async def test_next_states_come_most_probable_first_and_ties_as_they_are_listed(ask: Ask) -> None:
    (told,) = await ask(FIVE, Question(b"s"))
    assert labels(told) == IN_ORDER
    assert told.expansion.symbols[0] == (b"b", b"s2")
    assert told.expansion.complete
    assert np.allclose(np.exp(told.expansion.log_probs), sorted(PROBS, reverse=True))
    bits = -sum(p * math.log2(p) for p in PROBS)
    assert told.expansion.entropy == pytest.approx(bits, abs=1e-6)


async def test_a_draw_is_the_next_state_whose_interval_holds_it(ask: Ask) -> None:
    draws = (0.0, 0.399, 0.401, 0.66, 0.81, 0.95)
    (told,) = await ask(FIVE, Question(b"s", draws=draws))
    assert [each.symbol and each.symbol[0] for each in told.drawn if each] == [
        b"b",
        b"b",
        b"d",
        b"e",
        b"a",
        b"c",
    ]
    assert [round(each.cum, 6) for each in told.drawn if each][-1] == 0.9


async def test_a_next_state_is_named_by_its_bytes_or_by_its_label(ask: Ask) -> None:
    (told,) = await ask(FIVE, Question(b"s", named=(b"s4", b"e", b"nothing")))
    by_state, by_label, nothing = told.scored
    assert by_state is not None
    assert by_state.symbol == (b"d", b"s4")
    assert math.exp(by_state.log_prob) == pytest.approx(0.25)
    assert by_label is not None
    assert by_label.symbol == (b"e", b"s5")
    assert nothing is not None
    assert nothing.log_prob == -math.inf


async def test_every_next_state_above_a_threshold_is_told(ask: Ask) -> None:
    (told,) = await ask(FIVE, Question(b"s", above=math.log(0.14)))
    assert [each.symbol and each.symbol[1] for each in told.above] == [b"s2", b"s4", b"s5"]


@pytest.mark.parametrize(
    "procedure",
    [
        Procedure((TopK(2),)),
        Procedure((TopP(0.7),)),
        Procedure((Temperature(0.5), MinP(0.3))),
        Procedure((Temperature(0),)),
    ],
    ids=lambda procedure: procedure.steps[-1].kind,
)
async def test_a_cut_by_rank_is_that_of_the_whole_row(ask: Ask, procedure: Procedure) -> None:
    (told,) = await ask(FIVE, Question(b"s", draws=(0.999999,)), procedure=procedure)
    row = np.log(np.array(sorted(PROBS, reverse=True))).astype(np.float32)
    expected = weigh_full(procedure, row)
    assert told.weights is not None
    assert told.weights.kept == expected.kept
    assert told.weights.log_z == pytest.approx(expected.log_z)
    assert told.drawn[0] is not None
    assert told.drawn[0].rank == expected.kept - 1


async def test_where_nothing_applies_nothing_follows(ask: Ask) -> None:
    (told,) = await ask(Successors((), (), ()), Question(b"s", draws=(0.5,)))
    assert told.expansion.complete
    assert not len(told.expansion.keys)
    assert told.drawn == ()


async def test_more_next_states_than_a_tree_stores_are_all_told(ask: Ask) -> None:
    many = 200
    names = tuple(b"%d" % place for place in range(many))
    probs = tuple(2 * (place + 1) / (many * (many + 1)) for place in range(many))
    (told,) = await ask(
        Successors(names, names, probs), Question(b"s", draws=(0.9999,), named=(b"0",))
    )
    assert not told.expansion.complete
    assert told.expansion.told == 1
    assert len(told.expansion.symbols) == 64
    assert told.expansion.symbols[0] == (b"199", b"199")
    assert told.drawn[0] is not None
    assert told.drawn[0].rank > 64
    assert told.scored[0] is not None
    assert told.scored[0].rank == many - 1


LISTED = Successors((b"x", b"y"), (b"X", b"Y"), (0.5, 0.125), remainder=0.375, ceiling=0.125)


async def test_what_is_not_listed_is_exact_in_total_and_nothing_is_told_of_it(ask: Ask) -> None:
    (told,) = await ask(
        LISTED, Question(b"s", draws=(0.3, 0.6, 0.7), named=(b"Y", b"Z"), above=math.log(0.2))
    )
    assert told.expansion.told == pytest.approx(0.625)
    assert not told.expansion.complete
    assert math.isnan(told.expansion.entropy)
    assert [each and each.symbol and each.symbol[1] for each in told.drawn] == [b"X", b"Y", None]
    assert told.scored[0] is not None
    assert told.scored[1] is None
    assert [each.symbol for each in told.above] == [(b"x", b"X")]


@pytest.mark.parametrize(
    ("ceiling", "sure"), [(0.125, ALL_KEPT), (0.2, 1), (1.0, 1)], ids=["all", "one", "unsaid"]
)
async def test_a_procedure_is_weighed_only_where_what_is_listed_surely_leads(
    ask: Ask, ceiling: float, sure: int
) -> None:
    found = Successors(LISTED.labels, LISTED.states, LISTED.probs, LISTED.remainder, ceiling)
    (told,) = await ask(found, Question(b"s"), procedure=Procedure((TopK(2),)))
    assert told.expansion.sure == sure
    assert (told.weights is not None) == (sure == ALL_KEPT)
    (leading,) = await ask(found, Question(b"s"), procedure=Procedure((TopK(1),)))
    assert leading.weights is not None


BROKEN: Sequence[tuple[Successors, str]] = [
    (Successors((b"a",), (b"A",), (0.5,)), "probabilities that sum to 0.5, not to one"),
    (Successors((b"a", b"b"), (b"A", b"B"), (1.5, -0.5)), "negative or no number"),
    (Successors((b"a",), (b"A",), (math.nan,)), "negative or no number"),
    (Successors((b"a",), (b"A",), (1.0,), remainder=-0.1), "negative or no number"),
    (Successors((b"a", b"a"), (b"A", b"A"), (0.5, 0.5)), "the same next state twice"),
    (Successors((b"a",), (), (1.0,)), "next states without a probability"),
    (Successors((), (), (), remainder=0.4), "probabilities that sum to 0.4"),
]


@pytest.mark.parametrize(("found", "why"), BROKEN, ids=[why for _, why in BROKEN])
async def test_a_rule_that_breaks_the_axioms_is_named(
    ask: Ask, found: Successors, why: str
) -> None:
    with pytest.raises(Unavailable) as refused:
        await ask(found, Question(b"s"))
    assert refused.value.code == "broken-rule"
    assert why in refused.value.message
    assert f"The rule “{REWRITING.name}” ({REWRITING.id})" in refused.value.message


async def test_a_broken_answer_fails_its_own_asker_only(ask: Ask) -> None:
    rule = Told(BROKEN[0][0], FIVE)
    with pytest.raises(Unavailable):
        await ask(rule, Question(b"s"))
    (told,) = await ask(rule, Question(b"s"))
    assert labels(told) == IN_ORDER


@pytest.mark.parametrize(
    "question",
    [Question(b"s", keys=(1,)), Question(b"s", whole=True), Question((1, 2))],
    ids=["keys", "whole", "tokens"],
)
async def test_tokens_are_not_asked_about(ask: Ask, question: Question) -> None:
    with pytest.raises(InvalidRequest) as refused:
        await ask(FIVE, question)
    assert refused.value.code in ("no-tokens", "wrong-state")


async def test_equal_states_asked_together_are_evaluated_once(ask: Ask) -> None:
    rule = Told(FIVE)
    told = await ask(rule, *(Question(b"s", draws=(u,)) for u in (0.1, 0.5)))
    assert len(told) == 2
    assert rule.asked == [b"s"]


def test_the_answer_is_pure() -> None:
    first = answer_successors(Question(b"s"), FIVE, IDENTITY)
    second = answer_successors(Question(b"s"), FIVE, IDENTITY)
    assert np.array_equal(first.expansion.log_probs, second.expansion.log_probs)
