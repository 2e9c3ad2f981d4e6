"""What the store keeps of a tree's beginning: the part that is fixed, and comes before the log."""

from base64 import b64decode, b64encode
from typing import Any

from semioscope.core.rule import RuleDescription
from semioscope.core.sampling import Procedure
from semioscope.core.tree import Tree
from semioscope.core.types import State
from semioscope.store.records import TreeRow


def stored_beginning(tree: Tree) -> dict[str, Any]:
    """The prompt, the first procedure and the first name of a new tree, as JSON."""
    prompt = tree.prompt
    return {
        "state": _text(prompt) if isinstance(prompt, bytes) else list(prompt),
        "pieces": [_text(piece) for piece in tree.prompt_pieces],
        "procedure": tree.procedure.to_wire(),
        "name": tree.name,
    }


def beginning_of(row: TreeRow) -> Tree:
    """The tree as it began, before its first event."""
    state = row.prompt["state"]
    prompt: State = b64decode(state) if isinstance(state, str) else tuple(state)
    return Tree(
        RuleDescription.from_json(row.rule),
        prompt,
        row.max_length,
        prompt_pieces(row),
        Procedure.from_wire(row.prompt["procedure"]),
        row.prompt["name"],
    )


def prompt_pieces(row: TreeRow) -> tuple[bytes, ...]:
    """The bytes of each token of the prompt."""
    return tuple(b64decode(piece) for piece in row.prompt["pieces"])


def _text(raw: bytes) -> str:
    return b64encode(raw).decode("ascii")
