"""Threads that each do a part of a pass from beginning to end, alone.

By itself torch shares out every small operation among its threads and waits for all of them after
each, some four hundred times a pass: where anything else wants a core for a moment, all wait. A
part that one thread does from the first layer to the last needs no such waiting, and its numbers
stay in that core's cache.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from typing import Final, TypeVar

import torch

FEWEST_TOKENS: Final = 12
"""Tokens of a part: with fewer, reading the matrices from memory twice costs more than it saves."""

T = TypeVar("T")
R = TypeVar("R")


class Hands:
    """As many threads as torch uses, each of which uses torch with one."""

    def __init__(self) -> None:
        self.count = torch.get_num_threads()
        self._pool = ThreadPoolExecutor(self.count, "hand", initializer=_alone)
        for _ in self._pool.map(_nothing, range(self.count)):
            pass
        # The number is kept per thread; setting it in one makes it that of all later ones, too.
        torch.set_num_threads(self.count)

    def map(self, work: Callable[[T], R], parts: Iterable[T]) -> Iterator[R]:
        """The results in order, as they come. Raises what the work raised, when no part is being
        worked on any more."""
        doing = [self._pool.submit(_inferring(work), part) for part in parts]
        try:
            for each in doing:
                yield each.result()
        finally:
            wait(doing)


@cache
def hands() -> Hands:
    """Those of this process, for all models."""
    return Hands()


def _alone() -> None:
    torch.set_num_threads(1)


def _nothing(_: int) -> None:
    """What makes a thread begin."""


def _inferring(work: Callable[[T], R]) -> Callable[[T], R]:
    def run(part: T) -> R:
        with torch.inference_mode():  # it is switched on for each thread
            return work(part)

    return run
