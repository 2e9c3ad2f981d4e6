"""The worker of a rule that is made of others: it asks theirs for whole rows, and combines them."""

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Final

from semioscope.core.distribution import Answer, Question, answer_ranked
from semioscope.core.errors import Unavailable
from semioscope.core.ranking import RankedRow
from semioscope.core.sampling import IDENTITY, Procedure
from semioscope.rules.derived.rule import DerivedRule, WholeRow, check_state, closed
from semioscope.rules.loaded import LoadedRule
from semioscope.rules.worker import INTERACTIVE

ROOM: Final = 1 << 24
"""Log-probabilities that are held at a time: 64 MiB of them."""


class DerivedWorker:
    """Priorities, groups and cancelling are those of the workers beneath it, which it leaves open
    but for those that were made for it."""

    def __init__(self, rule: DerivedRule, own: Sequence[LoadedRule] = ()) -> None:
        """own: the parts that nobody else uses; they are closed with the worker."""
        self._rule = rule
        self._own = tuple(own)
        self._at_once = max(1, ROOM // (rule.alphabet.size * len(rule.parts)))
        self._is_closed = False
        known = rule.description
        self._whose = f"The rule “{known.name}” ({known.id})"

    async def ask(
        self,
        questions: Sequence[Question],
        procedure: Procedure,
        *,
        priority: int = INTERACTIVE,
        group: str,
    ) -> list[Answer]:
        """The answers, in the order of the questions. Raises what the parts raise, InvalidRequest
        for a state that the rule has not, Unavailable "broken-rule" or "rule-closed"."""
        states = [check_state(self._rule, each.state, each.keys) for each in questions]
        asked = [self._rule.states_of(state) for state in states]
        answers: list[Answer] = []
        for start in range(0, len(questions), self._at_once):
            some = slice(start, start + self._at_once)
            rows = await self._rows(asked[some], priority, group)
            answers += await asyncio.to_thread(self._combine, questions[some], rows, procedure)
        return answers

    def close(self) -> None:
        """Ends the workers that were made for this one. May be called twice."""
        self._is_closed = True
        for part in self._own:
            part.worker.close()

    async def _rows(
        self, asked: Sequence[tuple[tuple[int, ...], ...]], priority: int, group: str
    ) -> list[list[Answer]]:
        """What each part answers about its state of each question."""
        if self._is_closed:
            raise closed(self._rule)
        return await _together(
            [
                part.worker.ask(
                    [Question(states[place], whole=True) for states in asked],
                    IDENTITY,
                    priority=priority,
                    group=group,
                )
                for place, part in enumerate(self._rule.parts)
            ]
        )

    def _combine(
        self, questions: Sequence[Question], told: Sequence[list[Answer]], procedure: Procedure
    ) -> list[Answer]:
        return [
            self._answer(question, [_row(each) for each in answers], procedure)
            for question, answers in zip(questions, zip(*told, strict=True), strict=True)
        ]

    def _answer(self, question: Question, rows: Sequence[WholeRow], procedure: Procedure) -> Answer:
        row = self._rule.combined(rows)
        ranked = RankedRow(row.log_probs)
        return answer_ranked(question, ranked, row.log_sum_exp, procedure, self._whose)


async def _together(asking: Sequence[Awaitable[list[Answer]]]) -> list[list[Answer]]:
    """All that is asked, at a time; what one raises takes the others back."""
    tasks = [asyncio.ensure_future(each) for each in asking]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _row(answer: Answer) -> WholeRow:
    if answer.row is None:
        raise Unavailable("broken-rule", "A rule that others are made of told only a part of it.")
    return WholeRow(answer.row, answer.expansion.log_sum_exp)
