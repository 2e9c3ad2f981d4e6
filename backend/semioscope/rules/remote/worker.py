"""Answers questions about a remote engine's rule, many requests at a time."""

import asyncio
import logging
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from semioscope.core.distribution import Answer, NextState, Question
from semioscope.core.errors import InvalidRequest, SemioscopeError, Unavailable
from semioscope.core.partial import MASS_TOLERANCE, answer_partial
from semioscope.core.sampling import Procedure
from semioscope.core.types import UNKNOWN_RANK, Float32Array, IdArray
from semioscope.rules.loop_thread import LoopThread
from semioscope.rules.remote.client import EngineClient
from semioscope.rules.remote.completion import (
    Completion,
    NothingDrawn,
    read_completion,
    read_score,
)
from semioscope.rules.remote.naming import Names
from semioscope.rules.remote.probe import completion_request, score_request
from semioscope.rules.remote.rule import RemoteRule
from semioscope.rules.remote.turns import Turns
from semioscope.rules.worker import INTERACTIVE

_NOTHING: Final = (np.zeros(0, np.uint32), np.zeros(0, np.float32), 0)

_DRAWN_AT: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
"""Temperatures of the draw whose token nobody looks at."""

_log = logging.getLogger(__name__)


class RemoteWorker:
    """Sends one request a state, `concurrency` of them at a time, interactive ones first, the
    groups in turn. A question that fails fails its own ask; the worker goes on."""

    def __init__(
        self, rule: RemoteRule, client: EngineClient, loop: LoopThread, concurrency: int
    ) -> None:
        """client: made in that loop; both are closed with the worker."""
        self._rule = rule
        self._kind = rule.engine
        self._client = client
        self._loop = loop
        self._turns = Turns(concurrency)
        self._names = Names(rule.alphabet, rule.engine.manner)

    async def ask(
        self,
        questions: Sequence[Question],
        procedure: Procedure,
        *,
        priority: int = INTERACTIVE,
        group: str,
    ) -> list[Answer]:
        """The answers, in the order of the questions.

        Cancelling the await takes back the requests. Raises InvalidRequest for a state that the
        engine cannot be asked about, Unavailable "engine-…" or "rule-closed".
        """
        if not questions:
            return []
        for question in questions:
            self._rule.check(question)
        if self._loop.is_closed:
            raise Unavailable(
                "rule-closed",
                f"{self._rule.description.name} is being shut down.",
                "Try again shortly.",
                retryable=True,
            )
        work = self._answer_all(tuple(questions), procedure, priority, group)
        return await asyncio.wrap_future(self._loop.begin(work))

    def close(self) -> None:
        """Takes back what is under way, and ends the connections. May be called twice."""
        self._loop.close(self._client.close())

    # -- in the loop

    async def _answer_all(
        self, questions: Sequence[Question], procedure: Procedure, priority: int, group: str
    ) -> list[Answer]:
        tasks = [
            asyncio.create_task(self._answer(question, procedure, priority, group))
            for question in questions
        ]
        try:
            return await asyncio.gather(*tasks)
        except SemioscopeError:
            raise
        except Exception as error:
            _log.exception("%s failed", self._rule.description.name)
            raise Unavailable(
                "rule-failed",
                f"{self._rule.description.name} failed inside ({type(error).__name__}).",
                "The server's log says how.",
                retryable=True,
            ) from None
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _answer(
        self, question: Question, procedure: Procedure, priority: int, group: str
    ) -> Answer:
        async with self._turns.turn(priority, group):
            keys, log_probs, sure = await self._leading(question)
            answer = answer_partial(question, keys, log_probs, procedure, sure)
            if self._kind.scores and None in answer.scored:
                return replace(answer, scored=await self._scored(question, answer))
            return answer

    async def _scored(self, question: Question, answer: Answer) -> tuple[NextState | None, ...]:
        """The next states asked for, those that do not lead scored one by one; where they rank is
        not known."""
        scored = list(answer.scored)
        state = tuple(question.state)
        for place, key in enumerate(question.keys):
            if scored[place] is not None:
                continue
            body = score_request(self._kind.model, state, key)
            try:
                log_prob = read_score(await self._client.post("/completions", body), len(state))
            except ValueError:
                raise self._client.nonsense() from None
            if math.exp(log_prob) > 1 - answer.expansion.told + MASS_TOLERANCE:
                raise self._client.nonsense()
            scored[place] = NextState(key, log_prob, UNKNOWN_RANK, math.nan, math.nan, math.nan)
        return tuple(scored)

    async def _leading(self, question: Question) -> tuple[IdArray, Float32Array, int]:
        """The next tokens of a state that are told, and how many surely lead; none of one whose
        text would be taken for other tokens."""
        state = tuple(question.state)
        prompt: list[int] | str | None = list(state)
        if not self._kind.takes_ids:
            prompt = await self._text_for(state)
        if prompt is None:
            if question.keys:
                raise InvalidRequest(
                    "untold-state",
                    "This engine takes text only, and would cut the text of this state into other "
                    "tokens: nothing is told of it.",
                    "Write on from a state that it tells something of.",
                )
            return _NOTHING
        kind = self._kind
        body = completion_request(kind.model, prompt, kind.leading, kind.options)
        completion = await self._completion(body)
        if completion is None:
            return _NOTHING
        counted = completion.prompt_tokens
        if counted is not None and counted != len(state) + kind.prefix:
            return _NOTHING
        return self._names.leading(completion, kind.leading)

    async def _completion(self, body: dict[str, Any]) -> Completion | None:
        """The answer, drawn again where the end of the text was drawn and the engine therefore
        told nothing; where temperature changes nothing that it tells, at higher ones, which draw
        something else sooner. None where it keeps to the end."""
        for temperature in _DRAWN_AT:
            heat = temperature if self._kind.is_before_temperature else 1.0
            try:
                return read_completion(
                    await self._client.post("/completions", body | {"temperature": heat})
                )
            except NothingDrawn:
                continue
            except ValueError:
                raise self._client.nonsense() from None
        return None

    async def _text_for(self, state: tuple[int, ...]) -> str | None:
        """A text that the engine takes for just these tokens; None where there is none."""
        text = self._rule.text_for(state)
        tokenizing = self._kind.tokenizing
        if text is None or tokenizing is None:
            return text
        try:
            ids = tokenizing.ids(
                await self._client.post_beside(tokenizing.path, tokenizing.body(text))
            )
        except ValueError:
            raise self._client.nonsense() from None
        return text if tuple(ids[self._kind.prefix :]) == state else None
