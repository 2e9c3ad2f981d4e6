"""What a file says of the tree as a whole: where it comes from, and how to grow it again."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from semioscope import __version__
from semioscope.core.alphabet import pieces
from semioscope.core.alphabet import text_of as shown
from semioscope.core.tree import Tree
from semioscope.exchange.nodes import UNITS, prompt_bytes

FORMAT: Final = "semioscope-tree"
VERSION: Final = 2
"""Of our JSON; a file of a higher one has other fields, or means something else by the same name.
Version 1 had neither units nor what people set down on states."""


def about(tree: Tree, at: float, created_at: float | None = None) -> dict[str, Any]:
    """As plain JSON values; the fields stand, with their units, in tree.schema.json.

    at: now; created_at: when the tree was begun, None where that is not kept; Unix seconds.
    """
    return {
        "format": FORMAT,
        "version": VERSION,
        "software": {"name": "Semioscope", "version": __version__},
        "exported_at": _moment(at),
        "created_at": None if created_at is None else _moment(created_at),
        "name": tree.name,
        "seq": int(tree.seq),
        "rule": tree.rule.to_json(),
        "prompt": _prompt(tree),
        "max_length": tree.max_length,
        "procedure": {"steps": tree.procedure.to_wire(), "fingerprint": tree.fingerprint},
        "ledger": tree.ledger.to_json(),
        "units": UNITS,
    }


def steps_said(steps: Sequence[Mapping[str, Any]]) -> str:
    """A sampling procedure in one line."""
    said = [
        f"{step['kind']} " + ", ".join(str(value) for name, value in step.items() if name != "kind")
        for step in steps
    ]
    return " → ".join(said) if said else "none: what is drawn is the rule"


def _prompt(tree: Tree) -> dict[str, Any]:
    raw = prompt_bytes(tree)
    told: dict[str, Any] = {"text": shown(raw), "bytes": raw.hex(), "tokens": None}
    if not isinstance(tree.prompt, bytes):
        parts = zip(tree.prompt, tree.prompt_pieces, pieces(tree.prompt_pieces), strict=True)
        told["tokens"] = [
            {"key": int(key), "bytes": part.hex(), "text": text} for key, part, text in parts
        ]
    return told


def _moment(unix: float) -> str:
    return datetime.fromtimestamp(unix, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
