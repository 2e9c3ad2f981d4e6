"""Readings of instruments as they cross the wire."""

import math
from typing import Any

from semioscope.api import wire
from semioscope.physics.reading import Reading
from semioscope.physics.table import Table


def reading(found: Reading) -> wire.InstrumentReading:
    return wire.InstrumentReading(
        about=wire.InstrumentAbout.model_validate(found.about),
        summary=list(found.summary),
        tables=[_table(name, table) for name, table in found.tables.items()],
        figures=[wire.InstrumentFigure.model_validate(figure) for figure in found.figures],
    )


def _table(name: str, table: Table) -> wire.InstrumentTable:
    return wire.InstrumentTable(
        name=name,
        columns=[
            wire.TableColumn(
                name=column.name,
                unit=column.unit,
                label=column.label,
                about=column.about,
                values=[_value(value) for value in column.values.tolist()],
            )
            for column in table.columns
        ],
        assumptions=list(table.assumptions),
        notes=list(table.notes),
    )


def _value(value: Any) -> float | int | str | None:
    """JSON has no number that is none, nor an infinite one."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
