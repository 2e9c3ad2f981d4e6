"""A tree as DOT, for Graphviz: from left to right, wide edges for probable steps."""

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

from graphviz import escape, nohtml  # type: ignore[import-untyped]  # graphviz has no types
from graphviz.quoting import quote  # type: ignore[import-untyped]  # graphviz has no types

from semioscope.exchange.about import steps_said
from semioscope.exchange.nodes import NodeRow, Sheet
from semioscope.exchange.plain_text import one_line, plain

_LOOKS: Final = {
    "frontier": " style=dashed",
    "expanded": "",
    "terminal": " peripheries=2",
    "pruned": " color=gray60 fontcolor=gray60",
}
_BOOKMARKED: Final = " penwidth=2.5"
_THINNEST: Final = 0.3
_WIDEST: Final = 6.0
"""Edges, in points."""


def dot_lines(sheet: Sheet, about: dict[str, Any]) -> Iterator[str]:
    """A node for every state, named by its id in the tree and labelled by what it adds, with its
    probability from the root; an edge to each child, labelled by the probability given its parent.
    Frontier states are dashed, terminal ones have a double line, pruned ones are grey, bookmarked
    ones have a thick line. A branch's name is the second line of its label, a note a tooltip."""
    caption = quote(_label(*_caption(about)))
    yield (
        f"digraph {quote(plain(about['name']))} {{\n"
        f"graph [rankdir=LR labelloc=b label={caption}]\n"
        "node [shape=box fontname=monospace]\n"
        'edge [fontname="sans-serif" arrowsize=0.6]\n'
    )
    for row in sheet.rows():
        yield _drawn(row)
    yield "}\n"


def _drawn(row: NodeRow) -> str:
    node = row["node"]
    look = f'probability="{row["probability"]:.6g}"{_LOOKS[row["status"]]}'
    drawn = f"{node} [label={_named(row)} {look}{_set_down(row)}]\n"
    if row["parent"] is None:
        return drawn
    given = math.exp(row["log_prob"])
    width = max(_THINNEST, _WIDEST * given)
    return f'{drawn}{row["parent"]} -> {node} [label="{given:.3g}" penwidth={width:.2f}]\n'


def _named(row: NodeRow) -> str:
    name = row["branch_name"]
    return _quoted(row["text"]) if name is None else str(quote(_label(row["text"], name)))


def _set_down(row: NodeRow) -> str:
    marked = _BOOKMARKED if row["bookmarked"] else ""
    note = row["note"]
    return marked if note is None else f"{marked} tooltip={quote(_label(*note.splitlines()))}"


@lru_cache(maxsize=1 << 16)
def _quoted(text: str) -> str:
    """Tokens come again and again."""
    return str(quote(_label(text)))


def _label(*lines: str) -> str:
    """Graphviz reads backslashes and entities (&amp;) in labels: in a line they are only text."""
    escaped = (escape(one_line(line).replace("&", "&amp;")) for line in lines)
    label: str = nohtml("\\n".join(escaped))
    return label


def _caption(about: dict[str, Any]) -> list[str]:
    rule = about["rule"]
    return [
        about["prompt"]["text"],
        f"{rule['name']} ({rule['revision'] or rule['fingerprint']})",
        steps_said(about["procedure"]["steps"]),
        f"{about['software']['name']} {about['software']['version']}, {about['exported_at']}",
    ]
