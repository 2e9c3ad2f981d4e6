"""What an instrument returns: columns of numbers, each with its unit and its label."""

from dataclasses import dataclass
from typing import Any, Literal

from numpy.typing import NDArray

Label = Literal["theorem", "bound", "estimate", "analogy"]
"""theorem: holds exactly for the rule as it is given, under the table's assumptions (what is read
from the rule and what follows from it by arithmetic). bound: the true value lies on the side, or
between the sides, that the column says. estimate: from random draws or a fit; its interval stands
beside it, or says that there is none. analogy: a number of another system that stands for this
one (SCIENCE.md, opening)."""


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """values: one for each row, [n]; nan (or "") where there is none. unit: "bits", "nats",
    "probability", "steps", "" for names and counts. about: what a value is, in one sentence."""

    name: str
    unit: str
    label: Label
    values: NDArray[Any]
    about: str


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Columns of one length, what they assume and what there is to say of them, in sentences.

    Raises ValueError for columns of different lengths or of one name.
    """

    columns: tuple[Column, ...]
    assumptions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len({len(column.values) for column in self.columns}) > 1:
            raise ValueError("the columns of a table have one length")
        if len({column.name for column in self.columns}) < len(self.columns):
            raise ValueError("the columns of a table have different names")

    def __len__(self) -> int:
        return len(self.columns[0].values) if self.columns else 0

    def column(self, name: str) -> Column:
        """The column of that name. Raises KeyError."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def values(self, name: str) -> NDArray[Any]:
        """The values of the column of that name, [n]. Raises KeyError."""
        return self.column(name).values
