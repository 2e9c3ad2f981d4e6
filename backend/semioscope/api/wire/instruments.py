"""What instruments find, as JSON."""

from typing import Annotated, Literal

from pydantic import Field

from semioscope.api.wire.base import Told

InstrumentName = Literal["profile"]
OverlayName = Literal["varentropy", "rank", "trajectory"]
ColumnLabel = Literal["theorem", "bound", "estimate", "analogy"]


class TableColumn(Told):
    """label: what a number is worth. values: null where a number is not known."""

    name: str
    unit: str
    label: ColumnLabel
    about: str
    values: list[float | int | str | None]


class InstrumentTable(Told):
    """Columns of one length. One called "node" has nodes of the tree."""

    name: str
    columns: list[TableColumn]
    assumptions: list[str]
    notes: list[str]


class FigureMark(Told):
    """A kind of drawing of columns y (and y2) over the figure's x."""

    kind: Literal["line", "dots", "bars", "band"]
    y: str
    y2: str | None
    name: str
    tone: Literal["main", "other", "soft"]


class InstrumentFigure(Told):
    """Marks over the table of that name."""

    title: str
    table: str
    x: str
    x_title: str
    y_title: str
    marks: list[FigureMark]
    from_zero: bool


class InstrumentAbout(Told):
    """What one is looking at."""

    instrument: InstrumentName
    name: str
    says: Annotated[list[str], Field(description="Three sentences.")]
    formula: Annotated[str, Field(description="TeX")]
    source: str


class InstrumentReading(Told):
    """What an instrument has found."""

    about: InstrumentAbout
    summary: Annotated[list[str], Field(description="Sentences, the most important first.")]
    tables: list[InstrumentTable]
    figures: list[InstrumentFigure]
