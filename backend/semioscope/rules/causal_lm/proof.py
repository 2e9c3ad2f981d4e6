"""Proves, when a model is loaded, that a faster path gives what the model itself gives."""

import logging
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from semioscope.core.errors import Unavailable
from semioscope.core.types import Float32Array
from semioscope.rules.causal_lm.engine import TreeEngine
from semioscope.rules.causal_lm.precision import Precision, precision_of
from semioscope.rules.causal_lm.reader import Engine, Reader
from semioscope.rules.causal_lm.sequential import SequentialEngine

PREFIX: Final = 28
"""Several passes long, and more than twice as long as a sliding window is during the proof."""
PASS_TOKENS: Final = 8
"""Of the probe: less than its prefix, so that reading in chunks is part of the proof."""
BEYOND: Final = 8
"""The most tokens of a state beyond the prefix."""
CAPACITY: Final = 128

_log = logging.getLogger(__name__)

State = tuple[int, ...]


class Probe:
    """A small tree of states with a long prefix, asked for in batches as a growing tree asks.

    It branches at several depths, asks for states and for their own prefixes at once and again,
    grows one token at a time from what is cached, goes on by several tokens, and has a state that
    shares nothing. What the model itself says of a state is evaluated when it is first wanted.
    """

    def __init__(self, plain: SequentialEngine, alphabet_size: int, reach: int) -> None:
        """plain: the model's own forward pass. reach: no state is longer."""
        self._plain = plain
        self._batches, siblings = _batches(alphabet_size, reach)
        self._expected: dict[State, Float32Array] = {}
        self.precision: Precision = precision_of(plain, siblings)

    def must_give_numbers(self) -> None:
        """Raises Unavailable "no-numbers" for a model whose own forward pass gives nan."""
        ((stem, *_), _), *_ = self._batches
        if np.isnan(self._own(stem)).any():
            raise Unavailable(
                "no-numbers",
                "What this model says is no number (nan): nothing can be told of what follows.",
                "Its weights are damaged, or too large for the dtype they are read in.",
            )

    def disproof(self, engine: Engine) -> str | None:
        """Why an engine is not right for the model; None when it is."""
        try:
            found = [
                row for asked, compared in self._batches for row in _rows(engine, asked, compared)
            ]
        except Exception as error:
            _log.info("a path raised on the probe", exc_info=error)
            return f"it raised {type(error).__name__}"
        worst = max(_distance(log_probs, self._own(state)) for state, log_probs in found)
        if worst > self.precision.tolerance:
            return f"it is off by {worst:.2g} in log-probability"
        return None

    def _own(self, state: State) -> Float32Array:
        if state not in self._expected:
            (row,) = self._plain.log_probs([state])
            self._expected[state] = row.log_probs.copy()
        return self._expected[state]


def probed_engine(reader: Reader, reach: int) -> TreeEngine:
    """The fast path as it is proved: in small chunks."""
    return TreeEngine(reader, CAPACITY, reach, None, pass_tokens=PASS_TOKENS)


def _rows(
    engine: Engine, asked: Sequence[State], compared: set[State]
) -> Iterator[tuple[State, Float32Array]]:
    for row in engine.log_probs(asked):
        if asked[row.place] in compared:
            yield asked[row.place], row.log_probs.copy()


def _distance(one: Float32Array, other: Float32Array) -> float:
    """The greatest difference; infinite if any is not a number."""
    return float(np.max(np.nan_to_num(np.abs(one - other), nan=np.inf)))


def _batches(
    alphabet_size: int, reach: int
) -> tuple[list[tuple[list[State], set[State]]], list[State]]:
    """((a batch, those of its states that are compared) …, states of equal length).

    Comparing costs a forward pass over the whole state, so that of a chain only ends are.
    """
    length = max(1, min(PREFIX, reach - BEYOND))
    tokens = np.random.default_rng(0).integers(0, alphabet_size, length + 32).tolist()
    stem, rest = tuple(tokens[:length]), tokens[length:]

    def state(*parts: Sequence[int]) -> State:
        return tuple(token for part in parts for token in part)[:reach]

    one, other, third = (state(stem, rest[at : at + 1]) for at in (0, 1, 2))
    links = [state(other, rest[4 : 4 + steps]) for steps in range(1, 5)]
    last, leap = links[-1], state(links[-1], rest[24:26])
    far, early = state(other, rest[8:13]), state(stem[:11], rest[14:17])
    within, later, after = state(stem[:7]), state(early, rest[26:27]), state(one, rest[27:28])
    alien, stranger = state(rest[20:24]), state(rest[28:31])
    return [
        ([stem], {stem}),
        ([one, other, third, within], {other, within}),
        *(([link], set()) for link in links[:-1]),
        ([last, far, early, alien, stranger, stem], {last, early, alien, stem}),
        ([leap, later, after, one, far], {leap, later, after}),
        ([stranger], {stranger}),
    ], [one, other, third]
