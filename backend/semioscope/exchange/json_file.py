"""A tree as our own JSON: `tree.schema.json` describes it, field by field."""

import json
import math
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from semioscope.exchange.nodes import NodeRow, Sheet


@cache
def json_schema() -> dict[str, Any]:
    """The published JSON Schema of these files."""
    schema: dict[str, Any] = json.loads(
        files("semioscope.exchange").joinpath("tree.schema.json").read_text("utf-8")
    )
    return schema


def json_lines(sheet: Sheet, about: dict[str, Any]) -> Iterator[str]:
    """One state a line, so that a file of any size can be looked through and compared."""
    head = _written(about | {"states": len(sheet)})
    yield head[:-1] + ', "nodes": ['
    between = "\n"
    for row in sheet.rows():
        yield between + _written(_finite(row))
        between = ",\n"
    yield "\n]}\n"


def _written(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _finite(row: NodeRow) -> dict[str, Any]:
    """JSON has no infinity: the log-probability of what cannot happen is null."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in row.items()
    }
