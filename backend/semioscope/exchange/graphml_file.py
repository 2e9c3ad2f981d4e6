"""A tree as GraphML, for Gephi, yEd, Cytoscape and networkx; written as it goes, so that a tree of
any size takes no more memory than a small one."""

import io
import json
import math
from collections.abc import Iterator, Mapping
from typing import Any, Final
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

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
}
_EDGE_TYPES: Final = {"log_prob": "double", "probability": "double"}


def graphml_lines(sheet: Sheet, about: dict[str, Any]) -> Iterator[str]:
    """A node for every state, its id in the tree as its id; an edge to each child, with the
    probability given the parent. What is missing is left out."""
    out = io.StringIO()
    xml = XMLGenerator(out, "utf-8", short_empty_elements=True)
    whole = _flat(about)
    xml.startDocument()
    _start(xml, "graphml", {"xmlns": _NAMESPACE})
    for kind, types in (
        ("graph", dict.fromkeys(whole, "string")),
        ("node", _NODE_TYPES),
        ("edge", _EDGE_TYPES),
    ):
        for name, type_ in types.items():
            key = {"id": f"{kind}_{name}", "for": kind, "attr.name": name, "attr.type": type_}
            _start(xml, "key", key)
            xml.endElement("key")
    xml.characters("\n")
    _start(xml, "graph", {"edgedefault": "directed"})
    _fields(xml, "graph", whole)
    for row in sheet.rows():
        yield from _taken(out)
        _state(xml, row)
    xml.characters("\n")
    xml.endElement("graph")
    xml.endElement("graphml")
    xml.endDocument()
    yield from _taken(out)
    yield "\n"


def _state(xml: XMLGenerator, row: NodeRow) -> None:
    node, parent = str(row["node"]), row["parent"]
    xml.characters("\n")
    _start(xml, "node", {"id": node})
    _fields(xml, "node", {name: row[name] for name in _NODE_TYPES})  # type: ignore[literal-required]  # names of NodeRow
    xml.endElement("node")
    if parent is not None:
        xml.characters("\n")
        _start(xml, "edge", {"source": str(parent), "target": node})
        of_step = {"log_prob": row["log_prob"], "probability": math.exp(row["log_prob"])}
        _fields(xml, "edge", of_step)
        xml.endElement("edge")


def _fields(xml: XMLGenerator, kind: str, fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        if value is not None:
            _start(xml, "data", {"key": f"{kind}_{name}"})
            xml.characters(xml_text(_written(value)))
            xml.endElement("data")


def _start(xml: XMLGenerator, name: str, attributes: dict[str, str]) -> None:
    xml.startElement(name, AttributesImpl(attributes))


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value == -math.inf:
        return "-INF"
    return str(value)


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
    }


def _taken(out: io.StringIO) -> Iterator[str]:
    """What has been written since."""
    if out.tell():
        yield out.getvalue()
        out.seek(0)
        out.truncate()
