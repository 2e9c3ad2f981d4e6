"""Pruning and restoring: one state, several at once, or all but one branch."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from semioscope.core.errors import Conflict
from semioscope.core.tree import Tree
from semioscope.core.types import NodeId, Seq
from semioscope.service import checks
from semioscope.service.access import Caller
from semioscope.service.change_names import counted, quoted
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
        change = await ready(self._growths, opened, caller, places)

        async def work() -> Edited:
            async with opened.lock:
                tree = opened.tree
                nodes, grown = nodes_of(tree, places)
                cut = _topmost(tree, places, nodes)
                if not cut:
                    raise Conflict("already-cut", "These states are pruned already.")
                pruned = Change("prune", {}, {"cut_node": np.array(cut, np.uint32)})
                seq = await self._commit(opened, caller, change, [*grown, pruned])
                return Edited(seq, f"Pruned {counted(len(cut), 'state')}", cut[0])

        return await to_the_end(work())

    async def keep(self, opened: OpenTree, caller: Caller, place: Place) -> Edited:
        """Cuts off every state that is a sibling of one along the path to this state: one change.

        What was never grown stays where it is, in the residual. Raises Conflict "under-cut", or
        "nothing-else" where no sibling is left.
        """
        _others(opened.tree, place)
        change = await ready(self._growths, opened, caller, [place])

        async def work() -> Edited:
            async with opened.lock:
                tree = opened.tree
                others = _others(tree, place)
                (node,), grown = nodes_of(tree, [place])
                pruned = Change("prune", {"kept": node}, {"cut_node": np.array(others, np.uint32)})
                seq = await self._commit(opened, caller, change, [*grown, pruned])
                return Edited(
                    seq,
                    f"Kept only {quoted(tree, node)}: pruned "
                    f"{counted(len(others), 'other branch', 'other branches')}; "
                    "what is not grown stays in the residual",
                    node,
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


def _topmost(tree: Tree, places: Sequence[Place], nodes: Sequence[NodeId]) -> list[NodeId]:
    """Of the nodes of these places, those that are not cut and follow none of the others."""
    chosen, clear = set(nodes), set[NodeId]()
    found = []
    for (at, key), node in zip(places, nodes, strict=True):
        is_new = node >= tree.size
        walked, above = [], NodeId(at) if is_new and key is not None else tree.parent(node)
        while above is not None and above not in chosen and above not in clear:
            walked.append(above)
            above = tree.parent(above)
        if above is None or above in clear:
            clear.update(walked)
            if is_new or not tree.is_cut(node):
                found.append(node)
    return list(dict.fromkeys(found))


def _others(tree: Tree, place: Place) -> list[NodeId]:
    """What is grown beside the path to a place, cuts aside. Raises NotFound "unknown-state",
    Conflict "under-cut" or "nothing-else"."""
    at, key = checks.visible(tree, place[0]), place[1]
    path = tree.path(at)
    node = standing(tree, place)
    if tree.under_cut(at) or (node is not None and tree.is_cut(node)):
        raise Conflict(
            "under-cut",
            "This state is under a cut, so it cannot be what is kept.",
            "Restore it first.",
        )
    beside = [
        sibling
        for parent, step in pairwise(path)
        for sibling in tree.children(parent)
        if sibling != step
    ]
    if key is not None:
        beside += [sibling for sibling in tree.children(at) if tree.key(sibling) != key]
    others = [sibling for sibling in beside if not tree.is_cut(sibling)]
    if not others:
        raise Conflict(
            "nothing-else",
            "There is nothing else to prune: no other branch has grown along this path.",
            "What has not been grown stays in the residual.",
        )
    return others
