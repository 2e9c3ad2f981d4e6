"""Applying a stretch of a log at once: what hundreds of small growths add is added in one go."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, pairwise
from typing import Any, Final

import numpy as np

from semioscope.core.events import COLUMN_DTYPES, Event, column
from semioscope.core.tree import Tree
from semioscope.core.types import Columns

_FEWEST: Final = 4
"""Fewer growths than this are as quick one by one."""
_LEFT_OUT: Final = ("expanded_told", "expanded_sure")
"""Columns that an event leaves out although the columns beside them have rows."""


def replay(tree: Tree, events: Sequence[Event]) -> None:
    """As `tree.apply` of one event after the other. The events are those of a log, which such a
    tree has taken before. Raises ValueError where one does not follow the one before it."""
    if any(later.seq != event.seq + 1 for event, later in pairwise(events)):
        raise ValueError("the events do not follow one another")
    for _, run in groupby(events, _kind):
        for some in _without_repetition(run):
            if len(some) < _FEWEST:
                for event in some:
                    tree.apply(event)
            else:
                _grow(tree, some)


def _kind(event: Event) -> Any:
    """Equal for growths that can be put together; unlike any other for what stands alone."""
    if event.kind != "grow" or "shown_node" in event.columns:
        return event.seq
    return event.payload.get("fingerprint"), *(name in event.columns for name in _LEFT_OUT)


def _without_repetition(run: Iterable[Event]) -> Iterator[list[Event]]:
    """The run in parts in which no state is expanded twice: there the first time counts."""
    part: list[Event] = []
    seen: set[int] = set()
    for event in run:
        expanded = column(event.columns, "expanded_node").tolist()
        if not seen.isdisjoint(expanded):
            yield part
            part, seen = [], set()
        part.append(event)
        seen.update(expanded)
    yield part


def _grow(tree: Tree, events: Sequence[Event]) -> None:
    if events[0].seq != tree.seq + 1 or events[0].payload["first_node"] != tree.size:
        raise ValueError(f"event {events[0].seq} does not follow event {tree.seq}")
    names = {name for event in events for name in event.columns if name in COLUMN_DTYPES}
    columns: Columns = {
        name: np.concatenate([column(event.columns, name) for event in events]) for name in names
    }
    seqs = np.array([event.seq for event in events], np.uint32)
    for since, counted in (("node_since", "node_parent"), ("expanded_since", "expanded_node")):
        lengths = [len(column(event.columns, counted)) for event in events]
        columns[since] = np.repeat(seqs, lengths)
    tree.grow_many(events, columns)
