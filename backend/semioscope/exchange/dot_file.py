"""A tree as DOT, for Graphviz: from left to right, wide edges for probable steps."""

import math
from collections.abc import Iterator
from typing import Any, Final

import graphviz  # type: ignore[import-untyped]  # graphviz has no types

from semioscope.exchange.about import steps_said
from semioscope.exchange.nodes import NodeRow, Sheet
from semioscope.exchange.plain_text import one_line, plain

_LOOKS: Final[dict[str, dict[str, str]]] = {
    "frontier": {"style": "dashed"},
    "expanded": {},
    "terminal": {"peripheries": "2"},
    "pruned": {"color": "gray60", "fontcolor": "gray60"},
}
_WIDEST: Final = 6.0
"""Of an edge, in points."""
_AT_ONCE: Final = 256


def dot_lines(sheet: Sheet, about: dict[str, Any]) -> Iterator[str]:
    """A node for every state, named by its id in the tree, labelled by what it adds and by its
    probability from the root; an edge to each child, labelled by the probability given its parent.
    Frontier states are dashed, terminal ones have a double line, pruned ones are grey."""
    whole = graphviz.Digraph(
        name=plain(about["name"]),
        graph_attr={"rankdir": "LR", "label": _label(*_caption(about)), "labelloc": "b"},
        node_attr={"shape": "box", "fontname": "monospace"},
        edge_attr={"fontname": "sans-serif", "arrowsize": "0.6"},
    )
    *head, foot = list(whole)
    yield "".join(head)
    part = graphviz.Digraph()
    for row in sheet.rows():
        _draw(part, row)
        if len(part.body) >= _AT_ONCE:
            yield "".join(part.body)
            part.clear()
    yield "".join(part.body) + foot


def _draw(graph: graphviz.Digraph, row: NodeRow) -> None:
    node = str(row["node"])
    label = _label(row["text"], f"{row['probability']:.3g}")
    graph.node(node, label=label, **_LOOKS[row["status"]])
    if row["parent"] is not None:
        given = math.exp(row["log_prob"])
        width = f"{max(0.3, _WIDEST * given):.2f}"
        graph.edge(str(row["parent"]), node, label=f"{given:.3g}", penwidth=width)


def _label(*lines: str) -> str:
    """Graphviz reads backslashes and entities (&amp;) in labels: in a line they are only text."""
    escaped = (graphviz.escape(one_line(line).replace("&", "&amp;")) for line in lines)
    label: str = graphviz.nohtml("\\n".join(escaped))
    return label


def _caption(about: dict[str, Any]) -> list[str]:
    rule = about["rule"]
    return [
        about["prompt"]["text"],
        f"{rule['name']} ({rule['revision'] or rule['fingerprint']})",
        steps_said(about["procedure"]["steps"]),
        f"{about['software']['name']} {about['software']['version']}, {about['exported_at']}",
    ]
