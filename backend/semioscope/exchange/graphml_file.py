"""A tree as GraphML, for Gephi, yEd, Cytoscape and networkx; written as it goes, so that a tree of
any size takes no more memory than a small one."""

import json
import math
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final
from xml.sax.saxutils import escape

from semioscope.exchange.nodes import NodeRow, Sheet
from semioscope.exchange.plain_text import xml_text

_NAMESPACE: Final = "http://graphml.graphdrawing.org/xmlns"
_NODE_TYPES: Final = {
    "key": "long",
    "label": "string",
    "bytes": "string",
    "text": "string",
    "depth": "long",
    "log_prob": "double",
    "cum_log_prob": "double",
    "probability": "double",
    "entropy": "double",
    "status": "string",
    "terminal": "boolean",
    "expanded": "boolean",
    "cut": "boolean",
    "visits": "long",
    "bookmarked": "boolean",
    "branch_name": "string",
    "note": "string",
}
_EDGE_TYPES: Final = {"log_prob": "double", "probability": "double"}


def graphml_lines(sheet: Sheet, about: dict[str, Any]) -> Iterator[str]:
    """A node for every state, its id in the tree as its id; an edge to each child, with the
    probability given the parent. What is missing is left out. The graph's units say those of the
    other fields, by their names."""
    whole = _flat(about)
    yield f'<?xml version="1.0" encoding="utf-8"?>\n<graphml xmlns="{_NAMESPACE}">\n'
    for kind, types in (
        ("graph", dict.fromkeys(whole, "string")),
        ("node", _NODE_TYPES),
        ("edge", _EDGE_TYPES),
    ):
        for name, type_ in types.items():
            yield (
                f'<key id="{kind}_{name}" for="{kind}" attr.name="{name}" attr.type="{type_}"/>\n'
            )
    yield f'<graph edgedefault="directed">{_fields("graph", whole)}\n'
    for row in sheet.rows():
        yield _state(row)
    yield "</graph>\n</graphml>\n"


def _state(row: NodeRow) -> str:
    node, parent = row["node"], row["parent"]
    fields = {name: value for name, value in row.items() if name in _NODE_TYPES}
    drawn = f'<node id="{node}">{_fields("node", fields)}</node>\n'
    if parent is None:
        return drawn
    step = {"log_prob": row["log_prob"], "probability": math.exp(row["log_prob"])}
    return f'{drawn}<edge source="{parent}" target="{node}">{_fields("edge", step)}</edge>\n'


def _fields(kind: str, fields: Mapping[str, object]) -> str:
    return "".join(
        f'<data key="{kind}_{name}">{_written(value)}</data>'
        for name, value in fields.items()
        if value is not None
    )


def _written(value: object) -> str:
    if isinstance(value, str):
        return _escaped(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if value == -math.inf:
        return "-INF"
    return str(value)


@lru_cache(maxsize=1 << 16)
def _escaped(text: str) -> str:
    """Tokens come again and again."""
    return escape(xml_text(text))


def _flat(about: dict[str, Any]) -> dict[str, Any]:
    """One value each; what has parts is JSON."""
    rule, prompt = about["rule"], about["prompt"]
    return {
        "name": about["name"],
        "prompt": prompt["text"],
        "rule_name": rule["name"],
        "rule_fingerprint": rule["fingerprint"],
        "rule_revision": rule["revision"],
        "rule": json.dumps(rule, ensure_ascii=False),
        "procedure": json.dumps(about["procedure"]["steps"]),
        "procedure_fingerprint": about["procedure"]["fingerprint"],
        "max_length": about["max_length"],
        "seq": about["seq"],
        "software": f"{about['software']['name']} {about['software']['version']}",
        "exported_at": about["exported_at"],
        "units": json.dumps(about["units"]),
    }
