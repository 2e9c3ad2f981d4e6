"""Cycles of deterministic maps, exactly (SCIENCE.md section 2).

Where states can recur, every trajectory of a map of finitely many states is eventually periodic:
x_{i+λ} = x_i for all i ≥ μ. μ is the transient and λ the period, the least that do so.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from semioscope.core.errors import InvalidRequest
from semioscope.physics.table import Column, Table

HALT: Final = -1
"""The successor of a state that nothing follows."""
MOST_STEPS: Final = 1_000_000
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Eventually(Generic[T]):
    """Where a trajectory ends up: `entry`, its first state there, after `transient` steps, and the
    period; 0 of a state that nothing follows (an absorbing end)."""

    transient: int
    period: int
    entry: T


def eventually(
    step: Callable[[T], T | None], start: T, most_steps: int = MOST_STEPS
) -> Eventually[T]:
    """The cycle or the end that a trajectory falls into, by Brent's algorithm (BIT 20, 1980), which
    holds three states at once. `step` returns None where nothing follows.

    Raises InvalidRequest "no-cycle-found" after that many steps without either.
    """
    power = period = 1
    steps, tortoise, hare = 1, start, step(start)
    while hare is not None and tortoise != hare:
        if steps >= most_steps:
            raise InvalidRequest(
                "no-cycle-found",
                f"In {most_steps:,} steps the trajectory neither ended nor came back to a state: "
                "its cycle, if it has one, is longer.",
                "Take fewer cells or symbols, or allow more steps.",
            )
        if power == period:
            tortoise, power, period = hare, 2 * power, 0
        hare, steps, period = step(hare), steps + 1, period + 1
    if hare is None:
        return _end(step, start)
    ahead = start
    for _ in range(period):
        ahead = _known(step(ahead))
    behind, transient = start, 0
    while behind != ahead:
        behind, ahead, transient = _known(step(behind)), _known(step(ahead)), transient + 1
    return Eventually(transient, period, behind)


def _end(step: Callable[[T], T | None], start: T) -> Eventually[T]:
    last, transient = start, 0
    while (following := step(last)) is not None:
        last, transient = following, transient + 1
    return Eventually(transient, 0, last)


def _known(state: T | None) -> T:
    if state is None:
        raise ValueError("a step that gave a state before gave none now")
    return state


@dataclass(frozen=True, slots=True, eq=False)
class MapCycles:
    """The attractors of a map of S states, and how every state gets there.

    transient, period, attractor: i64[S] each, steps, steps (0 of an end) and which attractor.
    attractors: the states of each in the order of the map, from its lowest on.
    """

    transient: NDArray[np.int64]
    period: NDArray[np.int64]
    attractor: NDArray[np.int64]
    attractors: tuple[tuple[int, ...], ...]

    @property
    def basins(self) -> NDArray[np.int64]:
        """How many states end up in each attractor, its own included, i64[A]."""
        return np.bincount(self.attractor, minlength=len(self.attractors))

    def table(self) -> Table:
        """One row an attractor: its lowest state, period, basin (states) and longest transient."""
        longest = np.zeros(len(self.attractors), np.int64)
        np.maximum.at(longest, self.attractor, self.transient)
        lowest = np.array([members[0] for members in self.attractors], np.int64)
        return Table(
            (
                Column("state", "", "theorem", lowest, "The lowest of its states."),
                Column("period", "steps", "theorem", self.period[lowest], "0 of an end."),
                Column("basin", "states", "theorem", self.basins, "States that end up in it."),
                Column("transient", "steps", "theorem", longest, "The longest way into it."),
            ),
            assumptions=("The map is deterministic and its states are all there are.",),
        )


def map_cycles(successor: Sequence[int] | NDArray[np.int64]) -> MapCycles:
    """Of the map s → successor[s], i64[S], HALT where nothing follows. O(S).

    Raises ValueError for a successor that is no state.
    """
    following = [int(state) for state in successor]
    size = len(following)
    if any(not HALT <= state < size for state in following):
        raise ValueError("a successor that is no state")
    transient = np.zeros(size, np.int64)
    period = np.zeros(size, np.int64)
    attractor = np.full(size, -1, np.int64)
    attractors: list[tuple[int, ...]] = []
    for start in range(size):
        path: list[int] = []
        place: dict[int, int] = {}
        state = start
        while state != HALT and attractor[state] < 0 and state not in place:
            place[state] = len(path)
            path.append(state)
            state = following[state]
        if not path:
            continue
        if state == HALT or state in place:
            is_end = state == HALT
            entry = len(path) - 1 if is_end else place[state]
            members = path[entry:]
            attractor[members] = len(attractors)
            period[members] = 0 if is_end else len(members)
            first = members.index(min(members))
            attractors.append(tuple(members[first:] + members[:first]))
            path = path[:entry]
        for state in reversed(path):
            after = following[state]
            attractor[state], period[state] = attractor[after], period[after]
            transient[state] = transient[after] + 1
    return MapCycles(transient, period, attractor, tuple(attractors))
