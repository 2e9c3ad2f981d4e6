"""Outcomes that a person declares, and which of them a trajectory has reached.

Outcomes are disjoint and absorbing: a trajectory reaches the one that holds first, and of several
that hold at once the one that is listed first. A text is what follows the prompt, as bytes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, TypeAlias

import numpy as np

from semioscope.core.errors import InvalidRequest
from semioscope.physics.loops import LEAST_REPEATS

NONE: Final = -1
"""No outcome."""
MOST_OUTCOMES: Final = 16
LONGEST_PATTERN: Final = 500
"""Characters."""
PATTERN_MEMORY: Final = 1 << 20
"""Bytes that re2 may take for a compiled expression and its search."""
_LONGEST_TEXT: Final = 500


@dataclass(frozen=True, slots=True)
class Contains:
    """Reached as soon as the text contains these characters.

    Raises InvalidRequest "bad-outcome" for no text, or one of more than 500 characters.
    """

    text: str
    ignore_case: bool = False

    def __post_init__(self) -> None:
        _check_text(self.text)

    def holds(self, text: bytes) -> bool:
        if self.ignore_case:
            return self.text.lower() in text.decode("utf-8", "replace").lower()
        return self.text.encode() in text


@dataclass(frozen=True)
class Matches:
    """Reached as soon as the text has a match of this expression, by re2: in time linear in the
    text and in bounded memory, whatever the expression.

    Raises InvalidRequest "bad-pattern" for what re2 does not take, or what would take more memory.
    """

    pattern: str

    def __post_init__(self) -> None:
        if not 0 < len(self.pattern) <= LONGEST_PATTERN:
            raise InvalidRequest(
                "bad-pattern",
                f"An expression has from 1 to {LONGEST_PATTERN} characters, not "
                f"{len(self.pattern):,}.",
            )
        _ = self._expression

    def holds(self, text: bytes) -> bool:
        return self._expression.search(text.decode("utf-8", "replace")) is not None

    @cached_property
    def _expression(self) -> Any:
        # Here and not above: a server starts without it.
        import re2  # type: ignore[import-untyped]  # google-re2 comes without types

        options = re2.Options()
        options.max_mem = PATTERN_MEMORY
        options.log_errors = False
        try:
            return re2.compile(self.pattern, options)
        except re2.error as refused:
            why = refused.args[0] if refused.args else ""
            why = why.decode("utf-8", "replace") if isinstance(why, bytes) else str(why)
            raise InvalidRequest(
                "bad-pattern",
                f"This expression cannot be searched for ({why or 're2 refuses it'}).",
                "re2 has no backreferences and no look-around, and bounds repetition.",
            ) from refused


@dataclass(frozen=True, slots=True)
class EndsIn:
    """Reached by a trajectory that is over (length L included) and whose text ends in these
    characters, white space at its end apart. Raises as `Contains`."""

    text: str

    def __post_init__(self) -> None:
        _check_text(self.text)

    def holds(self, text: bytes) -> bool:
        return text.rstrip().endswith(self.text.rstrip().encode())


@dataclass(frozen=True, slots=True)
class Loops:
    """Reached as soon as the last tokens are one period, `repeats` times on end.

    Raises InvalidRequest "bad-outcome" unless 2 ≤ repeats ≤ 100 and 1 ≤ longest ≤ 1,000.
    """

    repeats: int = LEAST_REPEATS
    longest: int = 64

    def __post_init__(self) -> None:
        if not (2 <= self.repeats <= 100 and 1 <= self.longest <= 1000):
            raise InvalidRequest(
                "bad-outcome",
                "A loop is from 2 to 100 repeats of a period of at most 1,000 tokens.",
            )

    def holds(self, tokens: Sequence[int]) -> bool:
        """Whether the sequence ends in such a loop."""
        named = np.array(tokens[-self.repeats * self.longest :], np.int64)
        for period in range(1, min(self.longest, len(named) // self.repeats) + 1):
            last = named[-self.repeats * period :]
            if last[-1] == last[-1 - period] and np.array_equal(last[period:], last[:-period]):
                return True
        return False


@dataclass(frozen=True, slots=True)
class Ends:
    """Reached where the rule says that it is over: an end token, or nothing that can follow; not
    length L."""


@dataclass(frozen=True, slots=True)
class InCluster:
    """Reached by a trajectory that is over (length L included) and whose ending was found to be in
    this cluster (physics/clusters.py)."""

    cluster: int


Condition: TypeAlias = Contains | Matches | EndsIn | Loops | Ends | InCluster


@dataclass(frozen=True)
class Outcomes:
    """Outcomes by name, in order. Raises InvalidRequest "bad-outcome" for none, for more than 16,
    or for two of one name."""

    names: tuple[str, ...]
    conditions: tuple[Condition, ...]

    def __post_init__(self) -> None:
        if not 0 < len(self.conditions) <= MOST_OUTCOMES or len(self.names) != len(self.conditions):
            raise InvalidRequest(
                "bad-outcome", f"Declare from 1 to {MOST_OUTCOMES} outcomes, each with a name."
            )
        if len(set(self.names)) < len(self.names):
            raise InvalidRequest("bad-outcome", "Two outcomes have one name.")

    @classmethod
    def of(cls, **conditions: Condition) -> "Outcomes":
        return cls(tuple(conditions), tuple(conditions.values()))

    def __len__(self) -> int:
        return len(self.conditions)


@dataclass(frozen=True, slots=True)
class Trajectory:
    """What follows the prompt: token ids, and their bytes one by one. is_over: whether nothing
    follows, by an end token or by length L; is_end: whether not by length alone. cluster: of its
    ending, NONE where it was not put into one."""

    tokens: tuple[int, ...]
    pieces: tuple[bytes, ...]
    is_over: bool = True
    is_end: bool = False
    cluster: int = NONE
    prompt: tuple[int, ...] = field(default=())


def reached(outcomes: Outcomes, trajectory: Trajectory) -> int:
    """Which outcome the trajectory reaches, by number; NONE where it reaches none.

    It is followed from the prompt on, so that the outcome that holds first is found, as in a tree.
    """
    for length in range(len(trajectory.tokens) + 1):
        is_last = length == len(trajectory.tokens)
        facts = _Facts(
            b"".join(trajectory.pieces[:length]),
            trajectory.prompt + trajectory.tokens[:length],
            is_last and trajectory.is_over,
            is_last and trajectory.is_end,
            trajectory.cluster if is_last else NONE,
        )
        found = _first(outcomes, facts)
        if found != NONE:
            return found
    return NONE


@dataclass(frozen=True, slots=True)
class _Facts:
    text: bytes
    tokens: Sequence[int]
    is_over: bool
    is_end: bool
    cluster: int


def _first(outcomes: Outcomes, facts: _Facts) -> int:
    for number, condition in enumerate(outcomes.conditions):
        if _holds(condition, facts):
            return number
    return NONE


def _holds(condition: Condition, facts: _Facts) -> bool:
    match condition:
        case Contains() | Matches():
            return condition.holds(facts.text)
        case EndsIn():
            return facts.is_over and condition.holds(facts.text)
        case Loops():
            return condition.holds(facts.tokens)
        case Ends():
            return facts.is_end
        case InCluster(cluster):
            return facts.is_over and facts.cluster == cluster


def _check_text(text: str) -> None:
    if not 0 < len(text) <= _LONGEST_TEXT:
        raise InvalidRequest(
            "bad-outcome", f"A text to look for has from 1 to {_LONGEST_TEXT} characters."
        )


def none_matched(name: str, upper: float, drawn: int = 0) -> str:
    """What there is to say of an outcome that nothing matches; upper: the bound on its probability.
    drawn: how many rollouts there were, 0 where the tree itself was looked at."""
    where = f"In {drawn:,} rollouts nothing" if drawn else "Nothing that has grown"
    return f"{where} reached “{name}”: its probability is at most {upper:.3g}."
