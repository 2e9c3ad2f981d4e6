"""How changes of a tree are named to people."""

from collections.abc import Sequence
from typing import Final

from semioscope.core.alphabet import text_of
from semioscope.core.events import Event, cut_nodes
from semioscope.core.tree import Tree
from semioscope.core.types import ROOT, NodeId

_GROWN: Final = {
    "worlds": "growing worlds",
    "breadth": "growing breadth first",
    "mass": "growing by mass",
    "best_first": "growing the most probable first",
    "ancestral": "rolling out trajectories",
    "typed": "branching",
}


def quoted(tree: Tree, node: int) -> str:
    """The step that leads to a node, as people see it; the root is "the initial state"."""
    if node == ROOT:
        return "the initial state"
    return f"“{text_of(tree.symbols.label(tree.key(node)))}”"


def counted(count: int, noun: str, plural: str | None = None) -> str:
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def several(tree: Tree, nodes: Sequence[int]) -> str:
    """One state by its step, more by their number."""
    return quoted(tree, nodes[0]) if len(nodes) == 1 else counted(len(nodes), "state")


def name_of(tree: Tree, events: Sequence[Event]) -> str:
    """A change as a person would name it: by its last event that is no weighing."""
    event = [each for each in events if each.kind != "weigh"][-1]
    payload = event.payload
    match event.kind:
        case "prune" | "restore" if "kept" in payload:
            return f"keep only {several(tree, payload['kept'])}"
        case "prune" | "restore" if "node" in payload:
            return f"{event.kind} {quoted(tree, payload['node'])}"
        case "prune" | "restore":
            return f"{event.kind} {counted(len(cut_nodes(event)), 'state')}"
        case "procedure":
            return "the sampling procedure"
        case "rename":
            return f"the name “{payload['name']}”"
        case "bookmark":
            return f"{'' if payload['on'] else 'un'}bookmark {quoted(tree, payload['node'])}"
        case "note":
            return f"the note on {quoted(tree, payload['node'])}"
        case "label":
            return f"the name of the branch {quoted(tree, payload['node'])}"
        case _:
            return _GROWN.get(payload.get("strategy", ""), "growing")


def node_of(tree: Tree, events: Sequence[Event]) -> NodeId | None:
    """A node that the change was about, if it is still to be seen."""
    for event in events:
        payload = event.payload
        named = (*payload.get("kept", ()), payload.get("node"), payload.get("first_node"))
        for node in named:
            if node is not None and tree.has(node):
                return NodeId(node)
    return None
