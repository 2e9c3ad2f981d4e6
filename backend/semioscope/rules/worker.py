"""One thread owns a rule, and answers everybody's questions in batches."""

import abc
import asyncio
import logging
import math
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Final, Protocol

from semioscope.core.distribution import Answer, Question
from semioscope.core.errors import SemioscopeError, Unavailable
from semioscope.core.sampling import Procedure
from semioscope.core.types import State
from semioscope.rules.answers import answer_each
from semioscope.rules.interest import NobodyWaits, waited_for
from semioscope.rules.pace import Pace
from semioscope.rules.protocol import AppendingRule, Load, Rule

INTERACTIVE: Final = 0
BACKGROUND: Final = 1

LEAST_TURN: Final = 8
"""States that a group puts into a batch, at least, before the next group's turn."""
COMPANY_S: Final = 5.0
"""For how long after more than one group has asked a next question of another is expected."""

PATIENT_READINGS: Final = 3
"""A state that was read ahead so often is evaluated at one go: where several long ones push each
other out of the cache, none would ever be done."""
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
    read_ahead: int = 0
    future: "Future[list[Answer]]" = field(default_factory=Future)

    @property
    def is_over(self) -> bool:
        return self.future.done()

    def part(self, size: int) -> "_Part":
        start = len(self.answers)
        return _Part(self, self.questions[start : start + size])

    def take(self, answers: Sequence[Answer]) -> None:
        self.read_ahead = 0
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

    def first(self, count: int) -> "_Part":
        return _Part(self.ask, self.questions[:count])

    def halves(self) -> "list[_Part]":
        """In order."""
        middle = len(self.questions) // 2
        return [_Part(self.ask, self.questions[:middle]), _Part(self.ask, self.questions[middle:])]


class BatchWorker(abc.ABC):
    """Answers questions about one rule, on one daemon thread that nobody else's work blocks.

    What is queued is taken together, interactive questions first, the groups in turn, as much as
    one pass of a sensible length takes (see `Pace`). A state that takes more than that is read
    ahead, a pass at a time, and whoever waits has a turn in between.
    """

    def __init__(self, rule: Rule, pace: Pace | None = None) -> None:
        self._name = rule.description.name
        self._queue: list[_Ask] = []
        self._last_served: dict[str, int] = {}
        self._batch_number = 0
        self._pace = pace or Pace()
        self._last_group = ""
        self._company_until = 0.0
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
            self._note(group)
            self._wake.notify()
        return await asyncio.wrap_future(ask.future)

    def close(self) -> None:
        """Ends the thread, a long pass in hand at its next layer; who waits is told. May be called
        twice."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        self._thread.join(PATIENCE_S)

    def _is_closed(self) -> Unavailable:
        return Unavailable(
            "rule-closed", f"{self._name} is being shut down.", "Try again shortly.", retryable=True
        )

    def _note(self, group: str) -> None:
        """Notes who asks: whether one group is alone decides how long a batch may take."""
        if group != self._last_group:
            if self._last_group:
                self._company_until = time.monotonic() + COMPANY_S
            self._last_group = group

    # -- what kinds of rule differ in; called by the thread

    @abc.abstractmethod
    def _within(self, states: Sequence[State], tokens: int) -> Load:
        """As `AppendingRule.within`."""

    @abc.abstractmethod
    def _read(self, state: State, tokens: int) -> None:
        """As `AppendingRule.read_ahead`."""

    @abc.abstractmethod
    def _answers(self, asked: Sequence[tuple[Question, Procedure]]) -> list[Answer]:
        """The answers, in order."""

    # -- the thread

    def _serve(self) -> None:
        while batch := self._next_batch():
            self._work(batch)
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
        """What a pass has room for, in the order in which it may be cut short."""
        room = self._pace.tokens(has_company=time.monotonic() < self._company_until)
        waiting = sum(map(_left, self._queue))
        if waiting > room:  # no pass of a few states at the end
            room = math.ceil(waiting / math.ceil(waiting / room))
        self._room = room
        parts = self._share_out(INTERACTIVE, room)
        if parts:
            room = min(room, self._pace.filled())
        taken = sum(len(part.questions) for part in parts)
        parts += self._share_out(BACKGROUND, max(0, room - taken))
        self._batch_number += 1
        return parts

    def _share_out(self, priority: int, room: int) -> list[_Part]:
        """The room, to the groups in turn."""
        groups = self._groups(priority)
        turn = max(LEAST_TURN, room // max(1, len(groups)))
        taken: Counter[_Ask] = Counter()
        while room and any(groups.values()):
            for asks in groups.values():
                left_of_turn = min(room, turn)
                while left_of_turn and asks:
                    size = min(left_of_turn, _left(asks[0]) - taken[asks[0]])
                    taken[asks[0]] += size
                    left_of_turn, room = left_of_turn - size, room - size
                    if taken[asks[0]] == _left(asks[0]):
                        asks.popleft()
        return [ask.part(size) for ask, size in taken.items() if size]

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

    def _work(self, parts: list[_Part]) -> None:
        """One pass: as many of the questions as it has room for, or a part of the first state."""
        states = [question.state for part in parts for question in part.questions]
        try:
            load = self._within(states, self._room)
        except Exception as error:
            parts[0].ask.fail(self._said(error))
            return
        first = parts[0].ask
        if load.states == 0 and first.read_ahead <= PATIENT_READINGS * len(states[0]):
            self._serve_group(first.group)
            first.read_ahead += self._room
            self._read_ahead(first, states[0])
            return
        batch = list(_cut(parts, max(1, load.states)))
        for part in batch:
            self._serve_group(part.ask.group)
        began = time.perf_counter()
        try:
            with waited_for(lambda: self._is_waited_for(batch)):
                self._evaluate(batch)
        except NobodyWaits:
            return  # it says nothing about how long a pass takes
        self._pace.learn(load.tokens, time.perf_counter() - began)

    def _is_waited_for(self, parts: Sequence[_Part]) -> bool:
        return not self._closed and any(not part.ask.is_over for part in parts)

    def _serve_group(self, group: str) -> None:
        self._last_served[group] = self._batch_number

    def _read_ahead(self, ask: _Ask, state: State) -> None:
        began = time.perf_counter()
        try:
            with waited_for(lambda: self._is_waited_for([ask.part(1)])):
                self._read(state, self._room)
        except NobodyWaits:
            return
        except Exception as error:
            ask.fail(self._said(error))
        else:
            self._pace.learn(self._room, time.perf_counter() - began)

    def _evaluate(self, batch: list[_Part]) -> None:
        try:
            answers = self._answers(_asked(batch))
        except NobodyWaits:
            raise
        except Exception as error:
            if len(batch) > 1:  # whose questions were they? Each for itself.
                smaller = batch
            elif _is_out_of_memory(error) and len(batch[0].questions) > 1:
                smaller = batch[0].halves()
            else:
                batch[0].ask.fail(self._said(error))
                return
            for part in smaller:
                if not part.ask.is_over:
                    self._evaluate([part])
            return
        start = 0
        for part in batch:
            part.ask.take(answers[start : start + len(part.questions)])
            start += len(part.questions)

    def _said(self, error: Exception) -> SemioscopeError:
        if isinstance(error, SemioscopeError):
            return error
        _log.error("%s failed", self._name, exc_info=error)
        out_of_memory = _is_out_of_memory(error)
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


class RuleWorker(BatchWorker):
    """The worker of an appending rule of this process."""

    def __init__(self, rule: AppendingRule, pace: Pace | None = None) -> None:
        self._rule = rule
        super().__init__(rule, pace)

    def _within(self, states: Sequence[State], tokens: int) -> Load:
        return self._rule.within([state for state in states if isinstance(state, tuple)], tokens)

    def _read(self, state: State, tokens: int) -> None:
        if isinstance(state, tuple):
            self._rule.read_ahead(state, tokens)

    def _answers(self, asked: Sequence[tuple[Question, Procedure]]) -> list[Answer]:
        return answer_each(self._rule, asked)


def _cut(parts: Sequence[_Part], count: int) -> Iterator[_Part]:
    """The first `count` questions."""
    for part in parts:
        if count <= 0:
            return
        yield part.first(count)
        count -= len(part.questions)


def _is_out_of_memory(error: Exception) -> bool:
    said = str(error).lower()
    return isinstance(error, MemoryError) or "out of memory" in said or "not enough memory" in said


def _left(ask: _Ask) -> int:
    return len(ask.questions) - len(ask.answers)


def _asked(batch: Sequence[_Part]) -> list[tuple[Question, Procedure]]:
    return [(question, part.ask.procedure) for part in batch for question in part.questions]
