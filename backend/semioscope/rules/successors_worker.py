"""Answers questions about a rewriting rule: its list of next states, and what is beyond it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from semioscope.core.distribution import Answer, NextState, Question, answer_ranked
from semioscope.core.errors import InvalidRequest
from semioscope.core.partial import answer_partial
from semioscope.core.ranking import RankedRow, rank_codes
from semioscope.core.sampling import Procedure
from semioscope.core.types import UNKNOWN_RANK, Float32Array, State
from semioscope.rules.axioms import check_successors
from semioscope.rules.pace import Pace
from semioscope.rules.protocol import Load, RewritingRule, Successors
from semioscope.rules.worker import BatchWorker

MOST_SUCCESSORS: Final = 4096
"""Next states of one state that a rule may list."""


class SuccessorsWorker(BatchWorker):
    """The worker of a rewriting rule of this process.

    The keys of its answers are places in the list of next states; a tree has keys of its own, by
    the symbol that comes with each.
    """

    def __init__(self, rule: RewritingRule, pace: Pace | None = None) -> None:
        self._rule = rule
        super().__init__(rule, pace)

    def _within(self, states: Sequence[State], tokens: int) -> Load:
        count = min(len(states), tokens)
        return Load(count, count)

    def _read(self, state: State, tokens: int) -> None:
        """Nothing to do."""

    def _answers(self, asked: Sequence[tuple[Question, Procedure]]) -> list[Answer]:
        found: dict[bytes, Successors] = {}
        return [self._answer(question, procedure, found) for question, procedure in asked]

    def _answer(
        self, question: Question, procedure: Procedure, found: dict[bytes, Successors]
    ) -> Answer:
        state = question.state
        if not isinstance(state, bytes):
            raise InvalidRequest("wrong-state", "The states of this rule are bytes, not token ids.")
        if state not in found:
            found[state] = self._rule.successors(state)
            check_successors(self._rule.description, found[state], MOST_SUCCESSORS)
        return answer_successors(question, found[state], procedure)


def answer_successors(question: Question, found: Successors, procedure: Procedure) -> Answer:
    """The answer about one state from its next states, most probable first, ties in the order of
    the list. A remainder is exact in total, and nothing is told of what is in it.

    Raises InvalidRequest "no-tokens" for a question about keys or about a whole row.
    """
    if question.keys or question.whole:
        raise InvalidRequest(
            "no-tokens", "This rule has no tokens: its states are rewritten whole."
        )
    places = [_place_of(each, found) for each in question.named]
    asked = replace(question, keys=tuple(place for place in places if place is not None), named=())
    with np.errstate(divide="ignore"):  # an impossible next state has log-probability −inf
        log_probs = np.log(np.array(found.probs, np.float64)).astype(np.float32)
    if found.remainder > 0:
        answer = _answer_told(asked, log_probs, found, procedure)
    else:
        answer = answer_ranked(asked, RankedRow(log_probs), 0.0, procedure)
    symbols = list(zip(found.labels, found.states, strict=True))
    scored = iter(answer.scored)
    elsewhere = None if found.remainder > 0 else _impossible(len(symbols))
    return replace(
        answer,
        expansion=replace(
            answer.expansion, symbols=tuple(symbols[key] for key in answer.expansion.keys.tolist())
        ),
        drawn=tuple(_named(each, symbols) for each in answer.drawn),
        scored=tuple(
            elsewhere if place is None else _named(next(scored), symbols) for place in places
        ),
        above=tuple(replace(each, symbol=symbols[each.key]) for each in answer.above),
    )


def _answer_told(
    question: Question, log_probs: Float32Array, found: Successors, procedure: Procedure
) -> Answer:
    """Where the list is not all there is: only what surely leads is weighed by a procedure."""
    possible = np.flatnonzero(log_probs > -np.inf)
    codes = rank_codes(possible, log_probs[possible])
    codes.sort()
    keys = codes.astype(np.uint32)
    ranked = log_probs[keys]
    # Whatever is not listed is at most this probable, so no more than this may be missed.
    greatest = min(found.remainder, found.ceiling)
    sure = int(np.count_nonzero(np.array(found.probs, np.float64)[keys] >= greatest))
    return answer_partial(question, keys, ranked, procedure, sure)


def _place_of(name: bytes, found: Successors) -> int | None:
    """Of the next state of these bytes, or of this label; the most probable where several are."""
    for listed in (found.states, found.labels):
        places = [place for place, each in enumerate(listed) if each == name]
        if places:
            return max(places, key=lambda place: (found.probs[place], -place))
    return None


def _named(following: NextState | None, symbols: list[tuple[bytes, bytes]]) -> NextState | None:
    return None if following is None else replace(following, symbol=symbols[following.key])


def _impossible(count: int) -> NextState:
    return NextState(UNKNOWN_RANK, -np.inf, count, 1.0, np.nan, np.nan)
