"""The coin laboratory: a rule that speaks n tokens only, treated as a coin (SCIENCE.md section 4).

E = "the last flip is heads", heads being the first of the tokens. Figure 1: P(E) against length T;
figure 2: max_E p, the probability of the most likely sequence in E; figure 3: (1/T) log of both.
What always holds is the sandwich

    (1/T) log max_E p ≤ (1/T) log P(E) ≤ (1/T) log max_E p + (1/T) log |E|.

The proposition that the two rates agree was withdrawn: for the fair coin P(E) = ½ (rate 0) and
max_E p = 2^−T (rate −log 2).
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from semioscope.core.errors import InvalidRequest
from semioscope.core.types import FloatArray
from semioscope.physics.table import Column, Label, Table

HEADS: Final = 0
MOST_SEQUENCES: Final = 1 << 16
LEAST_MASS: Final = 1e-12
"""Less than this on the n tokens together cannot be told from nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Figures:
    """For T = 1 … n: log P(E), log max_E p and log |E|, nats, f64[n] each, and the most likely
    sequence of each E, () where it is not known."""

    log_event: FloatArray
    log_greatest: FloatArray
    log_count: FloatArray
    likeliest: tuple[tuple[int, ...], ...]

    def table(self, label: Label = "theorem") -> Table:
        """The three figures, one row for each T, beside the fair coin's 2^−T and the sandwich."""
        lengths = np.arange(1, 1 + len(self.log_event))
        rate, greatest = self.log_event / lengths, self.log_greatest / lengths
        upper = greatest + self.log_count / lengths
        fair = np.exp2(-lengths.astype(np.float64))

        def column(name: str, unit: str, values: FloatArray, about: str) -> Column:
            return Column(name, unit, label, values, about)

        return Table(
            (
                Column("T", "flips", "theorem", lengths, "The length."),
                column("event", "probability", np.exp(self.log_event), "P(E)."),
                column(
                    "greatest",
                    "probability",
                    np.exp(self.log_greatest),
                    "Of the most likely sequence in E.",
                ),
                column("fair", "probability", fair, "2^−T: a fair coin's sequence."),
                column("event_rate", "nats a flip", rate, "(1/T) log P(E)."),
                column("greatest_rate", "nats a flip", greatest, "(1/T) log max p in E."),
                Column("sandwich", "nats a flip", "bound", upper, "The rate of P(E) at most."),
            ),
            assumptions=(
                "Only the chosen tokens can be said; all others have probability 0, renormalised.",
                "E: the last flip is heads.",
            ),
        )


class Enumeration:
    """All n^T sequences of n tokens, asked level by level.

    `asks` has the sequences whose next token is wanted; `take` is given their log-probabilities;
    when nothing is asked for any more, `figures` is done. Raises InvalidRequest "bad-coin" for
    fewer than two tokens or flips than one, "too-many-sequences" beyond 65,536 of them.
    """

    def __init__(self, size: int, length: int) -> None:
        if size < 2 or length < 1:
            raise InvalidRequest("bad-coin", "A coin has two sides at least, and is flipped once.")
        if length * math.log(size) > math.log(MOST_SEQUENCES) + 1e-9:
            most = int(math.log(MOST_SEQUENCES) / math.log(size) + 1e-9)
            raise InvalidRequest(
                "too-many-sequences",
                f"{length} flips of {size} sides are {size**length:,} sequences, more than "
                f"{MOST_SEQUENCES:,}.",
                f"Take {most} flips at most.",
            )
        self._size, self._length = size, length
        self._sequences: list[tuple[int, ...]] = [()]
        self._log_probs = np.zeros(1)
        self._found: list[tuple[float, float, tuple[int, ...]]] = []

    @property
    def asks(self) -> list[tuple[int, ...]]:
        """Sequences of 0 … n−1, the possible ones of one length; empty when all is told."""
        return self._sequences if len(self._found) < self._length else []

    def take(self, log_probs: FloatArray) -> None:
        """log p of each of the n tokens after each sequence asked about, nats, f64[m, n], not
        renormalised (impossible: −inf).

        Raises InvalidRequest "no-mass" where the n tokens together have no probability.
        """
        if log_probs.shape != (len(self.asks), self._size):
            raise ValueError(f"{log_probs.shape} answers to {len(self.asks)} questions")
        mass = np.logaddexp.reduce(log_probs, axis=1)
        if not (mass > math.log(LEAST_MASS)).all():
            raise InvalidRequest(
                "no-mass",
                "After one of the sequences the rule gives none of these tokens any probability, "
                "so that there is no coin to flip.",
                "Take other tokens, or another prompt.",
            )
        joint = self._log_probs[:, np.newaxis] + log_probs - mass[:, np.newaxis]
        event = joint[:, HEADS]
        best = int(event.argmax())
        self._found.append(
            (
                float(np.logaddexp.reduce(event)),
                float(event[best]),
                (*self._sequences[best], HEADS),
            )
        )
        flat = joint.ravel()
        some = flat > -np.inf
        after = [(*seq, side) for seq in self._sequences for side in range(self._size)]
        self._sequences = [
            seq for seq, is_some in zip(after, some.tolist(), strict=True) if is_some
        ]
        self._log_probs = flat[some]

    def figures(self) -> Figures:
        """Of the lengths that are told so far."""
        events, greatest, likeliest = zip(*self._found, strict=True) if self._found else ((),) * 3
        lengths = np.arange(len(self._found), dtype=np.float64)
        return Figures(
            np.array(events, np.float64),
            np.array(greatest, np.float64),
            lengths * math.log(self._size),
            tuple(
                seq if seq_log > -math.inf else ()
                for seq, seq_log in zip(likeliest, greatest, strict=True)
            ),
        )


def biased(heads: float, length: int) -> Figures:
    """The coin that shows heads with that probability at every flip: P(E) = h and max_E p =
    h·max(h, 1−h)^{T−1}. The fair coin is biased(½)."""
    _check(heads, "heads")
    flips = np.arange(length, dtype=np.float64)
    log_most = _log(max(heads, 1 - heads))
    return _closed(np.full(length, _log(heads)), _log(heads) + _times(flips, log_most), length)


def sticky(repeats: float, length: int, heads: float = 0.5) -> Figures:
    """The coin whose first flip is heads with probability h, and every other repeats the one before
    with probability ρ: P(E) = ½ + (h − ½)(2ρ − 1)^{T−1}; max_E p is that of the sequence with the
    fewest switches, or the most where ρ < ½, that ends in heads."""
    _check(repeats, "repeats")
    _check(heads, "heads")
    flips = np.arange(length, dtype=np.float64)
    event = 0.5 + (heads - 0.5) * np.power(2 * repeats - 1, flips)
    with np.errstate(divide="ignore"):
        log_event = np.log(np.maximum(event, 0.0))
    stay, switch = _log(repeats), _log(1 - repeats)
    greatest = np.full(length, -np.inf)
    for place in range(length):
        # From heads an even number of switches leads back to heads, from tails an odd one.
        for first, parity in ((_log(heads), 0), (_log(1 - heads), 1)):
            fewest = parity
            most = place if place % 2 == parity else place - 1
            for switches in {fewest, most}:
                if 0 <= switches <= place:
                    of = first + float(
                        _times(np.array([float(switches)]), switch)[0]
                        + _times(np.array([float(place - switches)]), stay)[0]
                    )
                    greatest[place] = max(greatest[place], of)
    return _closed(log_event, greatest, length)


def counterexample(length: int) -> Table:
    """Why the proposition that both rates agree was withdrawn: the fair coin, one row for each T.

    The gap between the two rates is (1 − 1/T) log 2, which tends to log 2 and not to 0.
    """
    fair = biased(0.5, length)
    lengths = np.arange(1, length + 1)
    gap = (fair.log_event - fair.log_greatest) / lengths
    return Table(
        (
            Column("T", "flips", "theorem", lengths, "The length."),
            Column("event_rate", "nats a flip", "theorem", fair.log_event / lengths, "Tends to 0."),
            Column(
                "greatest_rate",
                "nats a flip",
                "theorem",
                fair.log_greatest / lengths,
                "−log 2 at every length.",
            ),
            Column("gap", "nats a flip", "theorem", gap, "(1 − 1/T) log 2: it tends to log 2."),
        ),
        assumptions=("A fair coin; E: the last flip is heads.",),
        notes=(
            "The withdrawn proposition says that the gap tends to 0. E has 2^(T−1) sequences, none "
            "of which dominates it.",
        ),
    )


def _closed(log_event: FloatArray, log_greatest: FloatArray, length: int) -> Figures:
    count = np.arange(length, dtype=np.float64) * math.log(2)
    return Figures(log_event, log_greatest, count, ((),) * length)


def _check(value: float, name: str) -> None:
    if not 0 <= value <= 1:
        raise InvalidRequest("bad-coin", f"“{name}” is a probability: 0 to 1, not {value}.")


def _log(value: float) -> float:
    return math.log(value) if value > 0 else -math.inf


def _times(counts: FloatArray, log_prob: float) -> FloatArray:
    """counts·log p, where 0·(−∞) is 0: what does not happen needs no probability."""
    with np.errstate(invalid="ignore"):
        return np.where(counts == 0, 0.0, counts * log_prob)
