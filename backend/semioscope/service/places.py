"""States that somebody names to change them: nodes, or next states that are no nodes yet."""

from collections.abc import Sequence

from semioscope.core.alphabet import Alphabet
from semioscope.core.growth import Growth
from semioscope.core.tree import Tree
from semioscope.core.types import NodeId
from semioscope.service import checks
from semioscope.service.access import Caller
from semioscope.service.growth_jobs import GrowthJobs
from semioscope.service.open_tree import Change, OpenTree, new_change
from semioscope.service.typed_branch import type_keys

Place = tuple[int, int | None]
"""A node, or (with a key) one of its next states, made a node on need."""

_NO_NEW_BYTES = Alphabet((), ())
"""Stored candidates have their bytes in the tree: no alphabet is asked for them."""


async def ready(
    growths: GrowthJobs, opened: OpenTree, caller: Caller, places: Sequence[Place]
) -> str:
    """Has the rule asked for next states that are not stored; the change that they belong to.

    Raises NotFound "unknown-state", InvalidRequest "unknown-token", and what growing raises.
    """
    change, tree = new_change(), opened.tree
    candidates = []
    for node, key in places:
        at = checks.visible(tree, node)
        if key is not None:
            checks.existing(tree, at, key)
            candidates.append((at, key))
    for at, key in candidates:
        if standing(tree, (at, key)) is None and not _is_stored(tree, at, key):
            await type_keys(growths, opened, caller, at, (key,), change)
    return change


def standing(tree: Tree, place: Place) -> NodeId | None:
    """The visible node of a place; None where there is none yet. Raises NotFound
    "unknown-state"."""
    node, key = checks.visible(tree, place[0]), place[1]
    if key is None:
        return node
    child = tree.find_child(node, key)
    return child if child is not None and tree.has(child) else None


def nodes_of(tree: Tree, places: Sequence[Place]) -> tuple[list[NodeId], list[Change]]:
    """The nodes of the places, and the growth that makes those of them that are none yet. To be
    called under the lock, after `ready`."""
    building = Growth(tree, _NO_NEW_BYTES)
    nodes = []
    for at, key in places:
        node = standing(tree, (at, key))
        if node is None:
            node = building.child(at, int(key or 0))
        nodes.append(node)
    grown = building.take()
    if grown is None:
        return nodes, []
    payload, columns = grown
    payload |= {"job": None, "strategy": "typed", "automatic": False}
    return nodes, [Change("grow", payload, columns)]


def _is_stored(tree: Tree, node: NodeId, key: int) -> bool:
    expansion = tree.expansion(node)
    return expansion is not None and key in expansion.keys
