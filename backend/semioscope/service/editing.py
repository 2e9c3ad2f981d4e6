"""Edits of a tree by a person: undo and redo, branch, rename, the procedure."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from semioscope.core.errors import Conflict, InvalidRequest, SemioscopeError
from semioscope.core.events import Event, decode_event
from semioscope.core.history import Step, compensate, history_of
from semioscope.core.sampling import Procedure
from semioscope.core.strategies.named import Named
from semioscope.core.tree import Tree
from semioscope.core.types import NodeId, Seq
from semioscope.rules.catalogue import LoadedRule
from semioscope.service import checks
from semioscope.service.access import Caller
from semioscope.service.change_names import name_of, node_of
from semioscope.service.edited import Edited
from semioscope.service.emptying import must_begin_if_loaded
from semioscope.service.growth_driver import child_by
from semioscope.service.growth_jobs import GrowthJobs
from semioscope.service.jobs import Job
from semioscope.service.open_tree import Change, OpenTree, new_change, to_the_end
from semioscope.service.rule_door import RuleDoor
from semioscope.service.running_growth import Task
from semioscope.service.typed_branch import type_keys
from semioscope.service.weighing import weigh_event
from semioscope.settings import Settings
from semioscope.store.trees import Trees


@dataclass(frozen=True)
class Branched:
    """A typed branch: its last state, and all its states in order."""

    node: NodeId
    path: tuple[NodeId, ...]
    seq: Seq


@dataclass(frozen=True)
class ProcedureSet:
    """The procedure is in force from `seq` on; job evaluates what stored candidates do not give."""

    seq: Seq
    fingerprint: str
    job: Job | None


class Editing:
    """The edits; every one is stored when it is answered, and refused without a trace."""

    def __init__(
        self, store: Trees, growths: GrowthJobs, door: RuleDoor, settings: Settings
    ) -> None:
        self._store = store
        self._growths = growths
        self._door = door
        self._settings = settings

    async def rename(self, opened: OpenTree, caller: Caller, name: str) -> Edited:
        """Gives the tree a name."""
        clean = checks.name(name)

        async def work() -> Edited:
            async with opened.lock:
                payload = {"name": clean, "previous": opened.tree.name}
                change = Change("rename", payload)
                seq = await self._commit(opened, caller, new_change(), [change])
                return Edited(seq, f"Renamed to “{clean}”", None)

        return await to_the_end(work())

    async def branch(
        self,
        opened: OpenTree,
        caller: Caller,
        node: int,
        text: str | None,
        keys: Sequence[int] | None,
    ) -> Branched:
        """Goes on from a state with one's own tokens, or to a state that a rewriting rule leads to;
        their probabilities are the rule's.

        Raises InvalidRequest for no tokens, tokens that do not exist, or too many of them, and for
        a step that is none.
        """
        at, _ = checks.growable(opened.tree, node, None)
        if (text is None) == (keys is None):
            raise InvalidRequest(
                "bad-branch", "A branch takes either text or keys, and exactly one of the two."
            )
        if text is not None and opened.tree.rule.kind == "rewriting":
            return await self._name(opened, caller, at, text)
        if text is not None:
            keys = await self._encode(opened, text)
        tokens = tuple(keys or ())
        for key in tokens:
            checks.existing(opened.tree, at, key)
        await type_keys(self._growths, opened, caller, at, tokens, new_change())
        path: list[NodeId] = []
        for key in tokens:
            path.append(child_by(opened, path[-1] if path else at, key))
        return Branched(path[-1], tuple(path), opened.tree.seq)

    async def set_procedure(
        self, opened: OpenTree, caller: Caller, procedure: Procedure
    ) -> ProcedureSet:
        """Sets the default procedure, weighs what is stored, and has the rest evaluated.

        Raises InvalidRequest "no-tokens" or "unknown-token" for one that this rule cannot be
        sampled by, "procedure-empties" for one that leaves nothing at the root, or at another state
        that the tree holds whole.
        """
        procedure.must_suit(opened.tree.rule)
        await must_begin_if_loaded(opened.tree, procedure, self._door, caller.id)

        async def work() -> Seq:
            async with opened.lock:
                tree = opened.tree
                if procedure == tree.procedure:
                    return tree.seq
                weighed = await asyncio.to_thread(weigh_event, tree, procedure, strict=True)
                payload = {
                    "procedure": procedure.to_wire(),
                    "fingerprint": procedure.fingerprint,
                    "previous": tree.procedure.to_wire(),
                }
                changes = [Change("procedure", payload)]
                changes += [] if weighed is None else [weighed]
                return await self._commit(opened, caller, new_change(), changes)

        seq = await to_the_end(work())
        job = self._weigh_the_rest(opened, caller)
        return ProcedureSet(seq, procedure.fingerprint, job)

    async def undo(self, opened: OpenTree, caller: Caller) -> Edited:
        """Takes the caller's own last change back. Raises Conflict "nothing-to-undo" or
        "built-upon"."""
        return await self._step(opened, caller, is_undo=True)

    async def redo(self, opened: OpenTree, caller: Caller) -> Edited:
        """Does again what the caller undid last. Raises Conflict "nothing-to-redo"."""
        return await self._step(opened, caller, is_undo=False)

    # -- inside

    async def _step(self, opened: OpenTree, caller: Caller, *, is_undo: bool) -> Edited:
        async def work() -> tuple[Edited, bool]:
            async with opened.lock:
                tree = opened.tree
                history = history_of(opened.log, caller.id)
                step = history.next_undo() if is_undo else history.next_redo()
                done = await self._events(opened, step.last)
                mark = {"undoes" if is_undo else "redoes": step.change}
                changes = [
                    Change(each.kind, each.payload | mark, each.columns)
                    for each in compensate(tree, done, opened.log)
                ]
                moves_procedure = any(each.kind == "procedure" for each in changes)
                label = name_of(tree, await self._original(opened, step, done))
                commit = self._commit_procedure if moves_procedure else self._commit
                seq = await commit(opened, caller, new_change(), changes)
                word = "Undid" if is_undo else "Redid"
                return Edited(seq, f"{word}: {label}", node_of(tree, done)), moves_procedure

        edited, moves_procedure = await to_the_end(work())
        if moves_procedure:
            self._weigh_the_rest(opened, caller)
        return edited

    async def next_steps(self, opened: OpenTree, caller: Caller) -> tuple[str | None, str | None]:
        """What undo and redo would take back and do again, as `name_of` names it; None: nothing.
        To be called under the lock."""
        history = history_of(opened.log, caller.id)
        undo, redo = [
            await self._named(opened, stack[-1].change) if stack else None
            for stack in (history.undo, history.redo)
        ]
        return undo, redo

    async def _named(self, opened: OpenTree, change: str) -> str:
        """Reads only the event that names a change: a growth has many."""
        seq = max(each.seq for each in opened.log if each.change == change and each.kind != "weigh")
        stored = await self._store.events_after(opened.id, seq - 1, up_to=seq, limit=1)
        return name_of(opened.tree, [decode_event(each.frame)[0] for each in stored])

    async def _original(self, opened: OpenTree, step: Step, done: list[Event]) -> list[Event]:
        return done if step.last == step.change else await self._events(opened, step.change)

    async def _events(self, opened: OpenTree, change: str) -> list[Event]:
        stored = await self._store.events_of_change(opened.id, change)
        return [decode_event(each.frame)[0] for each in stored]

    async def _commit(
        self, opened: OpenTree, caller: Caller, change: str, changes: Sequence[Change]
    ) -> Seq:
        every = self._settings.snapshot_every
        return await opened.commit(self._store, caller.id, change, changes, every)

    async def _commit_procedure(
        self, opened: OpenTree, caller: Caller, change: str, changes: Sequence[Change]
    ) -> Seq:
        """Then weighs what stored candidates suffice for, as part of the same change."""
        await self._commit(opened, caller, change, changes)
        tree = opened.tree
        weighed = await asyncio.to_thread(weigh_event, tree, tree.procedure)
        if weighed is not None:
            await self._commit(opened, caller, change, [weighed])
        return tree.seq

    def _weigh_the_rest(self, opened: OpenTree, caller: Caller) -> Job | None:
        try:
            growth = self._growths.reweigh(opened, caller)
        except SemioscopeError:
            return None  # what is not weighed is drawn so; the page shows why the rule is away
        return None if growth is None else growth.job

    async def _encode(self, opened: OpenTree, text: str) -> tuple[int, ...]:
        self._door.must_be_available(opened.tree.rule)
        most = self._settings.max_body_bytes
        if not text:
            raise InvalidRequest("empty-branch", "Type at least one character to branch here.")
        if len(text) > most:
            raise InvalidRequest("branch-too-long", f"A branch has at most {most:,} characters.")
        async with self._door.for_tree(opened.tree.rule) as loaded:
            return await asyncio.to_thread(loaded.tokens().encode, text)

    async def _name(self, opened: OpenTree, caller: Caller, at: NodeId, text: str) -> Branched:
        """Goes on to the next state of that text, or of that label."""
        self._door.must_be_available(opened.tree.rule)
        async with self._door.for_tree(opened.tree.rule) as loaded:
            names = _names(loaded, text)
        task = Task(
            name="typed",
            label="A typed step",
            plan=Named(names),
            node=at,
            procedure=opened.tree.procedure,
            caller=caller,
        )
        await self._growths.finish(self._growths.start(task, opened))
        node = _child_named(opened.tree, at, names)
        return Branched(node, (node,), opened.tree.seq)


def _names(loaded: LoadedRule, text: str) -> tuple[bytes, ...]:
    """What a text may mean: the state that it writes down, and a label."""
    label = text.encode()
    try:
        state = loaded.rule.encode(text)
    except InvalidRequest:
        return (label,)
    return (label,) if state == label or not isinstance(state, bytes) else (state, label)


def _child_named(tree: Tree, node: NodeId, names: Sequence[bytes]) -> NodeId:
    """The visible child whose state, or else whose label, that is; the most probable of several.

    Raises Conflict "state-changed" if there is none.
    """
    children = sorted(tree.children(node), key=tree.log_prob, reverse=True)
    for name in names:
        for named in (tree.state_of, lambda child: tree.symbols.label(tree.key(child))):
            for child in children:
                if named(child) == name:
                    return child
    raise Conflict(
        "state-changed", "This state was taken back meanwhile; look again.", retryable=True
    )
