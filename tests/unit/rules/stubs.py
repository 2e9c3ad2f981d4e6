"""Rules that do what a test needs: wait, break, lie, remember."""

import threading
from collections.abc import Iterator, Sequence

import numpy as np

from semioscope.core.ranking import RankedRow
from semioscope.core.types import Float32Array
from semioscope.rules.coin import HEADS, Coin, CoinLaw
from semioscope.rules.interest import NobodyWaits, go_on
from semioscope.rules.protocol import Load, Row


class WatchedCoin(Coin):
    """A fair coin that remembers its batches, waits at a gate, and breaks at a state of heads.

    gate: open unless a test closes it. arrived: set when a batch is at the gate. reads: it has to
    read the flips of a state, and keeps them unless it `forgets`; ahead: what it was told to read.
    most: states that it takes at once. looks_up: at the gate it breaks off when nobody waits, and
    leaves the gate open.
    """

    def __init__(self, breaks_at: tuple[int, ...] | None = None) -> None:
        super().__init__("watched", "Watched coin", "A coin under watch.", CoinLaw())
        self.breaks_at = breaks_at
        self.error: Exception = RuntimeError("the coin broke")
        self.batches: list[list[tuple[int, ...]]] = []
        self.threads: set[int] = set()
        self.reads = False
        self.forgets = False
        self.read: dict[tuple[int, ...], int] = {}
        self.ahead: list[tuple[int, int]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.arrived = threading.Event()
        self.most = 1000
        self.looks_up = False
        self.broken_off = 0

    def within(self, states: Sequence[tuple[int, ...]], tokens: int) -> Load:
        if not self.reads:
            return super().within(states, tokens)
        taken = 0
        for count, state in enumerate(states):
            taken += len(state) - self.read.get(state, 0)
            if taken > tokens:
                return Load(count, taken)
        return Load(len(states), taken)

    def read_ahead(self, state: tuple[int, ...], tokens: int) -> None:
        if state == self.breaks_at:
            raise self.error
        self.ahead.append((len(state), tokens))
        if not self.forgets:
            self.read[state] = self.read.get(state, 0) + tokens

    def log_probs(self, states: Sequence[tuple[int, ...]]) -> Iterator[Row]:
        self.batches.append(list(states))
        self.threads.add(threading.get_ident())
        self.arrived.set()
        if self.looks_up:
            self._look_up()
        assert self.gate.wait(10)
        if self.breaks_at in states or len(states) > self.most:
            raise self.error
        return super().log_probs(states)

    def _look_up(self) -> None:
        """As a rule does whose passes are long."""
        while not self.gate.wait(0.001):
            try:
                go_on()
            except NobodyWaits:
                self.broken_off += 1
                self.gate.set()
                raise


class LyingCoin(Coin):
    """A coin that answers with the row it is given."""

    def __init__(self, log_probs: Sequence[float]) -> None:
        super().__init__("lying", "Lying coin", "A coin that lies.", CoinLaw())
        self._lie: Float32Array = np.array(log_probs, np.float32)

    def log_probs(self, states: Sequence[tuple[int, ...]]) -> Iterator[Row]:
        for place in range(len(states)):
            yield Row(place, RankedRow(self._lie), 0.0)


def flips(count: int) -> tuple[int, ...]:
    """That many heads."""
    return (HEADS,) * count
