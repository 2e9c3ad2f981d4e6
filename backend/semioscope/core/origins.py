"""Who grew which states, and when: one row for each event that added some."""

from typing import Self

from semioscope.core.events import Event, column
from semioscope.core.growable import Growable
from semioscope.core.types import Columns, IdArray


class Origins:
    """Ids run in the order of events, so that a row holds from its first node to that of the next.

    node u4 (the first that the event added), seq u4 (its number), at f8 (Unix seconds), by u4 (a
    place in `people`). What an old snapshot does not tell has no row: it comes before the first.
    """

    def __init__(self) -> None:
        self.people: list[str] = []
        """Public ids, in the order in which they first grew something."""
        self._node = Growable("<u4")
        self._seq = Growable("<u4")
        self._at = Growable("<f8")
        self._by = Growable("<u4")

    def take(self, event: Event, added: IdArray) -> None:
        """Takes in that an event has added these nodes, u4[n]; none changes nothing."""
        if not len(added):
            return
        if event.by not in self.people:
            self.people.append(event.by)
        self._node.append([added[0]])
        self._seq.append([event.seq])
        self._at.append([event.at])
        self._by.append([self.people.index(event.by)])

    def to_columns(self) -> Columns:
        """The origin_* columns of a tree frame; `people` stands in its header."""
        return {
            "origin_node": self._node.values,
            "origin_seq": self._seq.values,
            "origin_at": self._at.values,
            "origin_by": self._by.values,
        }

    @classmethod
    def from_columns(cls, columns: Columns, people: list[str]) -> Self:
        """The inverse of `to_columns`."""
        origins = cls()
        origins.people = list(people)
        origins._node.append(column(columns, "origin_node"))
        origins._seq.append(column(columns, "origin_seq"))
        origins._at.append(column(columns, "origin_at"))
        origins._by.append(column(columns, "origin_by"))
        return origins
