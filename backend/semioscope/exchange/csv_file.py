"""A tree as a table in a text file (RFC 4180), a state a row; the units stand in the header.

Where the tree comes from stands in the last column, `about`, as JSON, in the row of the prompt: it
is the same as in the JSON file. Lines of comments before the table would have to be skipped by
everybody who reads it (Python's csv module cannot), `comment="#"` of pandas ends a line at a "#"
that no quotes stand around, and a second file is lost. So `pd.read_csv(file)` is the table, and
`json.loads(table.about[0])` its origin.
"""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any, Final

from semioscope.exchange.nodes import UNITS, NodeRow, Sheet

HEADER: Final = [
    *(f"{name}_{UNITS[name]}" if name in UNITS else name for name in NodeRow.__annotations__),
    "about",
]


def csv_lines(sheet: Sheet, about: dict[str, Any]) -> Iterator[str]:
    """Text is quoted and otherwise as it is; what is missing is empty."""
    told = json.dumps(about, ensure_ascii=False)
    line = io.StringIO(newline="")
    writer = csv.writer(line, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow(HEADER)
    yield line.getvalue()
    for row in sheet.rows():
        line.seek(0)
        line.truncate()
        # Nobody may have hidden the prompt: its row is there, and the first.
        origin = told if row["node"] == 0 else None
        writer.writerow(["" if value is None else value for value in (*row.values(), origin)])
        yield line.getvalue()
