"""Golden events of working with branches: what the page and the server must make of them alike."""

import base64
from pathlib import Path
from typing import Any

import numpy as np

from semioscope.core.events import EventKind
from semioscope.core.tree import Tree
from tests.unit.core_tree.toys import Logged

BRANCHES = Path(__file__).parent / "golden" / "branches.json"

Json = dict[str, Any]


def standing_of(tree: Tree) -> Json:
    """What the events of this file change of a tree."""
    return {
        "cuts": [node for node in range(tree.size) if tree.is_cut(node)],
        "annotations": tree.annotations.to_json(),
    }


def branching() -> Json:
    """A small tree, and after each of some events what is cut and set down."""
    logged = Logged()
    children = logged.branch(0, 10, 20, 30, 40)
    grandchildren = logged.branch(children[0], 11, 21)
    start = logged.tree.to_frame()
    first = len(logged.log)
    after: list[Json] = []

    def happen(kind: EventKind, payload: Json, *cut: int) -> None:
        columns = {"cut_node": np.array(cut, np.uint32)} if cut else {}
        logged.append(kind, payload, columns)
        after.append(standing_of(logged.tree))

    def step(undo: bool) -> None:
        (logged.undo if undo else logged.redo)()
        after.append(standing_of(logged.tree))

    happen("bookmark", {"node": children[0], "on": True})
    happen("bookmark", {"node": 0, "on": True})
    happen("note", {"node": children[1], "text": "“two”\nlines ✓", "previous": ""})
    happen("label", {"node": grandchildren[0], "text": "the way out", "previous": ""})
    happen("note", {"node": children[1], "text": "", "previous": "“two”\nlines ✓"})
    step(undo=True)
    step(undo=False)
    happen("bookmark", {"node": 0, "on": False})
    happen("prune", {"node": children[3]})
    happen("prune", {}, children[1], grandchildren[1])
    step(undo=True)
    step(undo=False)
    happen("restore", {}, children[1], children[3])
    happen("prune", {"kept": grandchildren[:1]}, *children[1:])
    step(undo=True)
    return {
        "end_keys": list(logged.tree.rule.end_keys),
        "alphabet_size": logged.tree.rule.alphabet_size,
        "prompt": list(logged.tree.state_of(0)),
        "max_length": logged.tree.max_length,
        "tree": base64.b64encode(start).decode(),
        "events": [base64.b64encode(each.frame).decode() for each in logged.log[first:]],
        "after": after,
        "end": base64.b64encode(logged.tree.to_frame()).decode(),
    }
