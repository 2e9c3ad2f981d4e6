"""A tree as a table in a text file (RFC 4180), a state a row; the units stand in the header."""

import csv
import io
from collections.abc import Iterator
from typing import Any, Final

from semioscope.exchange.nodes import UNITS, NodeRow, Sheet

HEADER: Final = [
    f"{name}_{UNITS[name]}" if name in UNITS else name for name in NodeRow.__annotations__
]


def csv_lines(sheet: Sheet, _: dict[str, Any]) -> Iterator[str]:
    """Text is quoted and otherwise as it is; what is missing is empty."""
    line = io.StringIO(newline="")
    writer = csv.writer(line, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow(HEADER)
    yield line.getvalue()
    for row in sheet.rows():
        line.seek(0)
        line.truncate()
        writer.writerow(["" if value is None else value for value in row.values()])
        yield line.getvalue()
