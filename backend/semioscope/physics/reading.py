"""What an instrument shows: its tables, how they are drawn, and what they mean.

A figure names columns and holds no numbers of its own, so that a table saved as CSV is all that
was drawn.
"""

from dataclasses import dataclass
from typing import Literal

from semioscope.physics.table import Table

MarkKind = Literal["line", "dots", "bars", "band"]
"""band: between y and y2."""

Tone = Literal["main", "other", "soft"]


@dataclass(frozen=True)
class Mark:
    """One kind of drawing of columns y (and y2) over the figure's x."""

    kind: MarkKind
    y: str
    name: str
    y2: str | None = None
    tone: Tone = "main"


@dataclass(frozen=True)
class Figure:
    """Marks over the table of that name. from_zero: whether the vertical axis shows zero."""

    title: str
    table: str
    x: str
    x_title: str
    y_title: str
    marks: tuple[Mark, ...]
    from_zero: bool = False


@dataclass(frozen=True)
class About:
    """What one is looking at. says: three sentences. formula: TeX. source: paper or section."""

    instrument: str
    name: str
    says: tuple[str, str, str]
    formula: str
    source: str


@dataclass(frozen=True)
class Reading:
    """What an instrument has found. summary: sentences with the numbers that matter, most
    important first. A column called "node" has nodes of the tree.

    Raises ValueError for figures of columns that are not there.
    """

    about: About
    summary: tuple[str, ...]
    tables: dict[str, Table]
    figures: tuple[Figure, ...]

    def __post_init__(self) -> None:
        for figure in self.figures:
            known = {column.name for column in self.tables[figure.table].columns}
            named = {figure.x, *(name for mark in figure.marks for name in _names(mark))}
            if named - known:
                raise ValueError(f"{figure.title}: no columns {sorted(named - known)}")


def _names(mark: Mark) -> list[str]:
    return [name for name in (mark.y, mark.y2) if name is not None]
