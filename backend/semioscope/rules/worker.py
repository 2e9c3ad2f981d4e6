"""One thread owns a rule, and answers everybody's questions in batches."""

import asyncio
import logging
import threading
from collections import Counter, deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Final, Protocol

from semioscope.core.distribution import Answer, Question
from semioscope.core.errors import SemioscopeError, Unavailable
from semioscope.core.sampling import Procedure
from semioscope.rules.answers import answer_each
from semioscope.rules.protocol import AppendingRule

INTERACTIVE: Final = 0
BACKGROUND: Final = 1

BATCH: Final = 256
"""The most states evaluated together when somebody is waiting."""
BACKGROUND_BATCH: Final = 64
"""The most when nobody is: whoever comes meanwhile waits for no more than this."""
TURN: Final = 64
"""States that a group puts into a batch before the next group's turn."""

PATIENCE_S: Final = 10.0
"""How long `close` waits for the batch in hand."""

_log = logging.getLogger(__name__)


class Worker(Protocol):
    """Whoever answers questions about one rule."""

    async def ask(
        self,
        questions: Sequence[Question],
        procedure: Procedure,
        *,
        priority: int = INTERACTIVE,
        group: str,
    ) -> list[Answer]:
        """The answers, in the order of the questions. Cancelling the await takes them back."""

    def close(self) -> None:
        """Ends it; what is queued fails. May be called twice."""


@dataclass(eq=False)
class _Ask:
    """Questions asked together. `answers` has those of the first questions so far."""

    questions: Sequence[Question]
    procedure: Procedure
    priority: int
    group: str
    answers: list[Answer] = field(default_factory=list)
    future: "Future[list[Answer]]" = field(default_factory=Future)

    @property
    def is_over(self) -> bool:
        return self.future.done()

    def part(self, size: int) -> "_Part":
        start = len(self.answers)
        return _Part(self, self.questions[start : start + size])

    def take(self, answers: Sequence[Answer]) -> None:
        self.answers += answers
        if len(self.answers) == len(self.questions) and self._may_end():
            self.future.set_result(self.answers)

    def fail(self, error: Exception) -> None:
        if self._may_end():
            self.future.set_exception(error)

    def _may_end(self) -> bool:
        """False when the asker has gone, also if that happens at this very moment."""
        return not self.is_over and self.future.set_running_or_notify_cancel()


@dataclass
class _Part:
    """The next questions of one ask: what it contributes to one batch."""

    ask: _Ask
    questions: Sequence[Question]


class RuleWorker:
    """Answers questions about one rule, on one daemon thread that nobody else's work blocks.

    What is queued is taken together, interactive questions first, the groups in turn.
    """

    def __init__(self, rule: AppendingRule) -> None:
        self._rule = rule
        self._name = rule.description.name
        self._queue: list[_Ask] = []
        self._last_served: dict[str, int] = {}
        self._batch_number = 0
        self._wake = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(
            target=self._serve, name=f"rule {rule.description.id}", daemon=True
        )
        self._thread.start()

    async def ask(
        self,
        questions: Sequence[Question],
        procedure: Procedure,
        *,
        priority: int = INTERACTIVE,
        group: str,
    ) -> list[Answer]:
        """The answers, in the order of the questions.

        group: whose questions these are; groups take turns. Cancelling the await drops what is
        not yet begun. Raises what the rule raised, or Unavailable "rule-failed", "rule-closed".
        """
        if not questions:
            return []
        ask = _Ask(tuple(questions), procedure, priority, group)
        with self._wake:
            if self._closed:
                raise self._is_closed()
            self._queue.append(ask)
            self._wake.notify()
        return await asyncio.wrap_future(ask.future)

    def close(self) -> None:
        """Ends the thread after the batch in hand; what is queued fails. May be called twice."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        self._thread.join(PATIENCE_S)

    def _is_closed(self) -> Unavailable:
        return Unavailable(
            "rule-closed", f"{self._name} is being shut down.", "Try again shortly.", retryable=True
        )

    # -- the thread

    def _serve(self) -> None:
        while batch := self._next_batch():
            self._evaluate(batch)
            del batch  # so that an idle worker keeps no answers alive

    def _next_batch(self) -> list[_Part]:
        """Waits for work; empty when the worker is closed."""
        with self._wake:
            while True:
                self._queue = [ask for ask in self._queue if not ask.is_over]
                if self._closed:
                    for ask in self._queue:
                        ask.fail(self._is_closed())
                    return []
                if self._queue:
                    return self._choose()
                self._wake.wait()

    def _choose(self) -> list[_Part]:
        priority = min(ask.priority for ask in self._queue)
        room = BATCH if priority == INTERACTIVE else BACKGROUND_BATCH
        groups = self._groups(priority)
        taken: Counter[_Ask] = Counter()
        while room and any(groups.values()):
            for group, asks in groups.items():
                turn = min(room, TURN)
                while turn and asks:
                    size = min(turn, _left(asks[0]) - taken[asks[0]])
                    taken[asks[0]] += size
                    turn, room = turn - size, room - size
                    self._last_served[group] = self._batch_number
                    if taken[asks[0]] == _left(asks[0]):
                        asks.popleft()
        self._batch_number += 1
        return [ask.part(size) for ask, size in taken.items()]

    def _groups(self, priority: int) -> dict[str, deque[_Ask]]:
        """What waits, by group, the group that has waited longest for a turn first."""
        groups: dict[str, deque[_Ask]] = {}
        for ask in self._queue:
            if ask.priority == priority:
                groups.setdefault(ask.group, deque()).append(ask)
        waiting = {ask.group for ask in self._queue}
        self._last_served = {g: n for g, n in self._last_served.items() if g in waiting}
        order = sorted(groups, key=lambda group: self._last_served.get(group, -1))
        return {group: groups[group] for group in order}

    def _evaluate(self, batch: list[_Part]) -> None:
        try:
            answers = answer_each(self._rule, _asked(batch))
        except Exception as error:
            if len(batch) > 1:  # whose questions were they? Each for itself.
                for part in batch:
                    self._evaluate([part])
            else:
                batch[0].ask.fail(self._said(error))
            return
        start = 0
        for part in batch:
            part.ask.take(answers[start : start + len(part.questions)])
            start += len(part.questions)

    def _said(self, error: Exception) -> SemioscopeError:
        if isinstance(error, SemioscopeError):
            return error
        _log.error("%s failed", self._name, exc_info=error)
        out_of_memory = isinstance(error, MemoryError) or "not enough memory" in str(error)
        return Unavailable(
            "rule-failed",
            f"{self._name} ran out of memory."
            if out_of_memory
            else f"{self._name} failed inside ({type(error).__name__}).",
            "Ask for fewer states at once, or shorter ones."
            if out_of_memory
            else "The server's log says how; other states may still be evaluated.",
            retryable=True,
        )


def _left(ask: _Ask) -> int:
    return len(ask.questions) - len(ask.answers)


def _asked(batch: Sequence[_Part]) -> list[tuple[Question, Procedure]]:
    return [(question, part.ask.procedure) for part in batch for question in part.questions]
