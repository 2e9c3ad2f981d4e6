"""Loops observed in a sequence whose states cannot recur (SCIENCE.md section 2).

A language model's states only grow, so that what looks like a cycle is an observed loop: the same
period at least three times on end. Under a sampling procedure it is metastable: it is left with
some probability at each period.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from semioscope.core.errors import InvalidRequest
from semioscope.core.types import FloatArray
from semioscope.physics.table import Column, Table

LEAST_REPEATS: Final = 3
MOST_TOKENS: Final = 16_384


@dataclass(frozen=True, slots=True)
class Loop:
    """Tokens [onset, end) repeat those `period` before them; the period is the least that does.

    repeats: whole periods; the last may go on in part.
    """

    onset: int
    period: int
    end: int

    @property
    def repeats(self) -> int:
        return (self.end - self.onset) // self.period

    def text(self, pieces: Sequence[str]) -> str:
        """One period; pieces: what each token of the sequence shows."""
        return "".join(pieces[self.onset : self.onset + self.period])

    def span(self, pieces: Sequence[str]) -> tuple[int, int]:
        """Where the loop begins and ends in the joined pieces, characters."""
        begins = sum(map(len, pieces[: self.onset]))
        return begins, begins + sum(map(len, pieces[self.onset : self.end]))


def observed_loops(tokens: Sequence[Hashable], least_repeats: int = LEAST_REPEATS) -> list[Loop]:
    """Every maximal stretch that is one period at least that many times on end, by onset, then by
    period. O(n²/least_repeats), n tokens.

    Raises InvalidRequest "too-long" beyond MOST_TOKENS tokens; ValueError for fewer than two
    repeats.
    """
    if least_repeats < 2:
        raise ValueError("what is there once does not repeat")
    if len(tokens) > MOST_TOKENS:
        raise InvalidRequest(
            "too-long",
            f"Loops are looked for in at most {MOST_TOKENS:,} tokens; these are {len(tokens):,}.",
            "Take a part of the trajectory.",
        )
    numbers: dict[Hashable, int] = {}
    named = np.array([numbers.setdefault(token, len(numbers)) for token in tokens], np.int64)
    found: list[Loop] = []
    for period in range(1, len(named) // least_repeats + 1):
        same = np.concatenate([[False], named[period:] == named[:-period], [False]])
        edges = np.flatnonzero(same[1:] != same[:-1])
        for onset, last in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            end = last + period
            is_long = end - onset >= least_repeats * period
            if is_long and not _is_covered(found, onset, end):
                found.append(Loop(onset, period, end))
    return sorted(found, key=lambda loop: (loop.onset, loop.period))


def _is_covered(found: Sequence[Loop], onset: int, end: int) -> bool:
    """Whether a stretch lies in one of a shorter period, which then divides its own (Fine and Wilf
    1965, doi 10.1090/S0002-9939-1965-0174934-9)."""
    return any(loop.onset <= onset and end <= loop.end for loop in found)


def final_loop(tokens: Sequence[Hashable], least_repeats: int = LEAST_REPEATS) -> Loop | None:
    """The loop that a sequence has fallen into: one that lasts until its end, the one with the
    shortest period; None where there is none. Raises as `observed_loops`."""
    lasting = [loop for loop in observed_loops(tokens, least_repeats) if loop.end == len(tokens)]
    return min(lasting, key=lambda loop: loop.period, default=None)


def loops_table(loops: Sequence[Loop], pieces: Sequence[str]) -> Table:
    """One row a loop: onset and period (tokens), repeats, its text and where that stands in the
    joined pieces (characters)."""
    spans = [loop.span(pieces) for loop in loops]
    texts = [loop.text(pieces) for loop in loops]

    def whole(values: Sequence[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        return np.array(values, np.int64)

    onsets, periods = whole([each.onset for each in loops]), whole([each.period for each in loops])
    repeats = whole([each.repeats for each in loops])
    begins, ends = whole([span[0] for span in spans]), whole([span[1] for span in spans])
    return Table(
        (
            Column("onset", "tokens", "theorem", onsets, "Tokens before it."),
            Column("period", "tokens", "theorem", periods, "The least."),
            Column("repeats", "", "theorem", repeats, "Whole periods."),
            Column("text", "", "theorem", np.array(texts, object), "One period."),
            Column("begins", "characters", "theorem", begins, "Where it begins in the text."),
            Column("ends", "characters", "theorem", ends, "Where it ends in the text."),
        ),
        assumptions=(
            "An observed loop, not a cycle: the states of the rule grow and never recur.",
        ),
    )


def leaving(loop: Loop, log_probs: FloatArray) -> Table:
    """One row for each whole period of a loop: the probability of leaving it in that period.

    log_probs: of every token of the sequence given those before it, nats, f64[n], under the
    procedure that would leave it. Staying is to choose each token of the period once more, so
    P(leave) = 1 − Π q; 1/P(leave) is how many periods a visit would last at that rate. Greedy,
    and in a loop of certain steps, that is 0, and it lasts for ever (∞).
    """
    whole = log_probs[loop.onset : loop.onset + loop.repeats * loop.period]
    leaves = -np.expm1(whole.reshape(loop.repeats, loop.period).sum(axis=1)) + 0.0
    with np.errstate(divide="ignore"):
        lasts = 1 / leaves
    return Table(
        (
            Column("repeat", "", "theorem", np.arange(1, 1 + loop.repeats), "Which period."),
            Column(
                "leaving",
                "probability",
                "theorem",
                leaves,
                "That the period is not gone through once more, from its beginning.",
            ),
            Column(
                "lifetime",
                "periods",
                "estimate",
                lasts,
                "How long a visit lasts on the mean if every period is left like this one; no "
                "interval.",
            ),
        ),
        assumptions=("Probabilities are those of the procedure along the observed tokens.",),
    )
