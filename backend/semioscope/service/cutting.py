"""Pruning and restoring: one state, several at once, or all but one branch."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from semioscope.core.errors import Conflict
from semioscope.core.tree import Tree
from semioscope.core.types import NodeId, Seq
from semioscope.service import checks
from semioscope.service.access import Caller
from semioscope.service.change_names import counted, quoted, several
from semioscope.service.edited import Edited
from semioscope.service.growth_jobs import GrowthJobs
from semioscope.service.open_tree import Change, OpenTree, new_change, to_the_end
from semioscope.service.places import Place, nodes_of, ready, standing
from semioscope.settings import Settings
from semioscope.store.trees import Trees


class Cutting:
    """Cuts branches off, and takes cuts back; each call is one change."""

    def __init__(self, store: Trees, growths: GrowthJobs, settings: Settings) -> None:
        self._store = store
        self._growths = growths
        self._settings = settings

    async def prune(self, opened: OpenTree, caller: Caller, place: Place) -> Edited:
        """Cuts a state off. Raises InvalidRequest "prune-root", Conflict "already-cut"."""
        change = await ready(self._growths, opened, caller, [place])

        async def work() -> Edited:
            async with opened.lock:
                tree = opened.tree
                (node,), grown = nodes_of(tree, [place])
                if not grown:
                    checks.prunable(tree, node)
                seq = await self._commit(
                    opened, caller, change, [*grown, Change("prune", {"node": node})]
                )
                return Edited(seq, f"Pruned {quoted(tree, node)}", node)

        return await to_the_end(work())

    async def prune_all(self, opened: OpenTree, caller: Caller, places: Sequence[Place]) -> Edited:
        """Cuts several states off: one change, one undo. What is cut already, or follows another
        of them, stays as it is.

        Raises InvalidRequest "no-states", "too-many-states" or "prune-root", Conflict
        "already-cut" where all of them are.
        """
        checks.countable(places)
        for node, key in places:
            if key is None:
                checks.not_root(node)
        if len(places) == 1:
            return await self.prune(opened, caller, places[0])
        change = await ready(self._growths, opened, caller, _topmost(opened.tree, places))

        async def work() -> Edited:
            async with opened.lock:
                tree = opened.tree
                top = [place for place in _topmost(tree, places) if not _is_cut(tree, place)]
                if not top:
                    raise Conflict("already-cut", "These states are pruned already.")
                nodes, grown = nodes_of(tree, top)
                pruned = Change("prune", {}, {"cut_node": np.array(nodes, np.uint32)})
                seq = await self._commit(opened, caller, change, [*grown, pruned])
                return Edited(seq, f"Pruned {counted(len(nodes), 'state')}", nodes[0])

        return await to_the_end(work())

    async def keep(self, opened: OpenTree, caller: Caller, places: Sequence[Place]) -> Edited:
        """Cuts off every state beside the paths to these: one change, one undo.

        What was never grown stays where it is, in the residual. Raises InvalidRequest "no-states"
        or "too-many-states", Conflict "under-cut", or "nothing-else" where nothing is beside them.
        """
        checks.countable(places)
        _others(opened.tree, _topmost(opened.tree, places))
        change = await ready(self._growths, opened, caller, _topmost(opened.tree, places))

        async def work() -> Edited:
            async with opened.lock:
                tree = opened.tree
                top = _topmost(tree, places)
                others = _others(tree, top)
                nodes, grown = nodes_of(tree, top)
                pruned = Change("prune", {"kept": nodes}, {"cut_node": np.array(others, np.uint32)})
                seq = await self._commit(opened, caller, change, [*grown, pruned])
                return Edited(
                    seq,
                    f"Kept only {several(tree, nodes)}: pruned "
                    f"{counted(len(others), 'other branch', 'other branches')}; "
                    "what is not grown stays in the residual",
                    nodes[0],
                )

        return await to_the_end(work())

    async def restore(self, opened: OpenTree, caller: Caller, node: int) -> Edited:
        """Takes a cut back. Raises Conflict "not-cut"."""

        async def work() -> Edited:
            async with opened.lock:
                tree = opened.tree
                at = checks.restorable(tree, checks.visible(tree, node))
                change = Change("restore", {"node": at})
                seq = await self._commit(opened, caller, new_change(), [change])
                return Edited(seq, f"Restored {quoted(tree, at)}", at)

        return await to_the_end(work())

    async def _commit(
        self, opened: OpenTree, caller: Caller, change: str, changes: Sequence[Change]
    ) -> Seq:
        every = self._settings.snapshot_every
        return await opened.commit(self._store, caller.id, change, changes, every)


def _topmost(tree: Tree, places: Sequence[Place]) -> list[Place]:
    """Those that follow none of the others, each once. Raises NotFound "unknown-state"."""
    nodes = [standing(tree, place) for place in places]
    chosen, clear = {node for node in nodes if node is not None}, set[NodeId]()
    found: dict[Place, None] = {}
    for (at, key), node in zip(places, nodes, strict=True):
        walked: list[NodeId] = []
        above = NodeId(at) if node is None else tree.parent(node)
        while above is not None and above not in chosen and above not in clear:
            walked.append(above)
            above = tree.parent(above)
        if above is None or above in clear:
            clear.update(walked)
            found[(at, key) if node is None else (node, None)] = None
    return list(found)


def _is_cut(tree: Tree, place: Place) -> bool:
    node = standing(tree, place)
    return node is not None and tree.is_cut(node)


def _others(tree: Tree, places: Sequence[Place]) -> list[NodeId]:
    """What is grown beside the paths to the places, cuts aside. Raises Conflict "under-cut" or
    "nothing-else"."""
    passed: dict[NodeId, None] = {}
    kept: set[tuple[NodeId, int]] = set()
    for at, key in places:
        if tree.under_cut(at):
            raise Conflict(
                "under-cut",
                "This state is under a cut, so it cannot be what is kept.",
                "Restore it first.",
            )
        path = tree.path(at)
        kept.update((parent, tree.key(step)) for parent, step in pairwise(path))
        passed |= dict.fromkeys(path if key is not None else path[:-1])
        if key is not None:
            kept.add((path[-1], key))
    others = [
        child
        for parent in passed
        for child in tree.children(parent)
        if (parent, tree.key(child)) not in kept and not tree.is_cut(child)
    ]
    if not others:
        raise Conflict(
            "nothing-else",
            "There is nothing else to prune: no other branch has grown along this path.",
            "What has not been grown stays in the residual.",
        )
    return others
