"""Whether anybody still waits for the pass in hand.

A worker says it; a rule whose passes are long looks now and then. Somebody who zooms on leaves a
pass behind that nobody will look at, and should not have to wait for its end.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeAlias

Interest: TypeAlias = Callable[[], bool]
"""True while somebody waits. Any thread may ask."""


class NobodyWaits(Exception):  # noqa: N818 -- not an error of anybody: the pass is broken off
    """Everybody who asked has taken their questions back."""


def _always() -> bool:
    return True


_interest: ContextVar[Interest] = ContextVar("interest", default=_always)


@contextmanager
def waited_for(interest: Interest) -> Iterator[None]:
    """What this thread evaluates meanwhile is for those of whom `interest` tells."""
    token = _interest.set(interest)
    try:
        yield
    finally:
        _interest.reset(token)


def interest() -> Interest:
    """For whom this thread evaluates; it may be handed on to other threads."""
    return _interest.get()


def go_on() -> None:
    """Raises NobodyWaits when nobody does. Called before each step that takes a while."""
    if not interest()():
        raise NobodyWaits
