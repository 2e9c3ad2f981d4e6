"""The façade: every use case, with the caller's rights checked first."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from semioscope.core import frame
from semioscope.core.alphabet import text_of
from semioscope.core.events import Event, decode_event, encode_log
from semioscope.core.pieces import pieces_of
from semioscope.core.sampling import IDENTITY, Procedure
from semioscope.core.sight import Sight
from semioscope.core.tree import Tree
from semioscope.core.types import ROOT, NodeId
from semioscope.exchange.files import FORMATS, TreeFile
from semioscope.physics.reading import Reading
from semioscope.rules.catalogue import Offer
from semioscope.rules.recipes import Recipe
from semioscope.service import checks
from semioscope.service.access import Caller, Entry, Role
from semioscope.service.annotating import Annotating
from semioscope.service.beginnings import Beginnings, NewTree
from semioscope.service.broadcast import Happened, Lost, Message, Revoked, Welcome
from semioscope.service.comparing import Comparing, Comparison, ComparisonOrder
from semioscope.service.cutting import Cutting
from semioscope.service.edited import Edited
from semioscope.service.editing import Branched, Editing, ProcedureSet
from semioscope.service.growth_jobs import GrowthJobs
from semioscope.service.jobs import Job
from semioscope.service.measuring import Measuring
from semioscope.service.open_tree import OpenTree
from semioscope.service.open_trees import OpenTrees
from semioscope.service.places import Place
from semioscope.service.plans import plan_of
from semioscope.service.readings.overlays import OverlayName
from semioscope.service.rule_door import RuleDoor, RuleStanding
from semioscope.service.rule_making import ChainTold, RuleMaking, RuleOfTree, TokenOf
from semioscope.service.running_growth import Task
from semioscope.service.sharing import Admission, Link, Sharing
from semioscope.service.stages import (
    StagesAt,
    asked_stages,
    needs_rule,
    place_of,
    stored_stages,
)
from semioscope.service.stored_beginning import prompt_pieces
from semioscope.service.weighing import all_weights
from semioscope.settings import Settings
from semioscope.store.identities import Identities
from semioscope.store.links import Links
from semioscope.store.records import LinkKind, TreeRow
from semioscope.store.trees import Trees

_PAGE: Final = 100
_LOG_PAGE: Final = 32
_LOG_BYTES: Final = 4_000_000

T = TypeVar("T")


@dataclass(frozen=True)
class GrowthOrder:
    """What somebody asks to be grown, and from where. under_rule: draw under the rule itself.
    client: the subscription of the page that asks for it."""

    node: int
    key: int | None
    strategy: dict[str, Any]
    under_rule: bool
    automatic: bool
    client: str | None = None
    stop: dict[str, Any] | None = None


@dataclass(frozen=True)
class TreeDetail:
    """A tree as the caller may see it. seq: of a frozen link."""

    ref: str
    seq: int | None
    role: Role
    me: str
    tree: Tree
    rule: RuleStanding
    jobs: list[Job]
    created_at: float
    can_undo: bool
    can_redo: bool
    undo_label: str | None
    redo_label: str | None


@dataclass(frozen=True)
class TreeSummary:
    """A line of the list of one's own trees."""

    ref: str
    name: str
    prompt: str
    rule_name: str
    states: int
    updated_at: float
    role: Role


class Observatory:
    """What one can do with the trees of a server."""

    def __init__(
        self,
        trees: Trees,
        links: Links,
        identities: Identities,
        door: RuleDoor,
        settings: Settings,
    ) -> None:
        self.settings = settings
        self._trees = trees
        self._identities = identities
        self._door = door
        self._opened = OpenTrees(trees)
        self._growths = GrowthJobs(trees, door, settings)
        self._editing = Editing(trees, self._growths, door, settings)
        self._cutting = Cutting(trees, self._growths, settings)
        self._annotating = Annotating(trees, self._growths, settings)
        self._sharing = Sharing(trees, links, identities, self._opened)
        self._beginnings = Beginnings(trees, identities, door, self._opened, settings)
        self._making = RuleMaking(door, settings)
        self._comparing = Comparing(door)
        self._measuring = Measuring()

    async def close(self) -> None:
        """Ends every growth, after its step under way."""
        await self._growths.close()

    # -- the server

    def offers(self) -> list[Offer]:
        """The rules, the default one first."""
        return self._door.offers()

    def offers_to(self, caller: Caller) -> list[Offer]:
        """The same, and the rules that the caller made."""
        return [*self._door.offers(), *self._door.made_by(caller.id)]

    def load_rule(self, rule: str) -> Offer:
        """Begins to load a rule, if it is not loaded. Raises NotFound "unknown-rule"."""
        return self._door.begin(rule)

    async def make_rule(self, caller: Caller, spec: object, name: str | None) -> Offer:
        return await self._making.make(caller, spec, name)

    async def draft_rule(self, caller: Caller, spec: object, name: str | None) -> Recipe:
        return await self._making.draft(caller, spec, name)

    async def encode(self, caller: Caller, rule: str, text: str) -> list[TokenOf]:
        return await self._making.encode(caller, rule, text)

    async def chain(self, caller: Caller, rule: str) -> ChainTold:
        return await self._making.chain(caller, rule)

    @property
    def is_ready(self) -> bool:
        """Whether the default rule is loaded."""
        return self._door.offers()[0].state == "ready"

    # -- trees

    async def create_tree(self, caller: Caller, new: NewTree) -> TreeDetail:
        """A new tree, with worlds growing in it if `new` asks for them."""
        worlds = None if new.growth is None else plan_of(new.growth)
        if worlds is not None:
            self._growths.may_begin(worlds.plan, caller)
        opened = await self._beginnings.begin(caller, new)
        # Without an allowance it begins empty: there is nothing wrong with the tree.
        if worlds is not None and self._growths.allowance_of(caller).states > 0:
            task = Task(
                name=worlds.name,
                label=worlds.label,
                plan=worlds.plan,
                node=ROOT,
                procedure=opened.tree.procedure,
                caller=caller,
                automatic=True,
            )
            self._growths.start(task, opened)
        return await self._detail(self._owned(opened, caller), opened)

    async def list_trees(self, caller: Caller) -> list[TreeSummary]:
        """Those that the caller owns or may edit, latest first."""
        return [_summary(row, role) for row, role in await self._trees.list_of(caller.id)]

    async def tree(self, caller: Caller, ref: str) -> TreeDetail:
        """Raises NotFound or Gone, as everything does that takes a `ref`."""
        entry, opened = await self._open(caller, ref)
        async with opened.lock:
            return await self._detail(entry, opened)

    async def read(
        self, caller: Caller, ref: str, node: int, reading: Callable[[Tree, NodeId], T]
    ) -> T:
        """What `reading` makes of one node of the tree. Raises NotFound "unknown-state"."""
        _, opened = await self._open(caller, ref)
        async with opened.lock:
            return reading(opened.tree, checks.visible(opened.tree, node))

    async def rule_of(self, caller: Caller, ref: str) -> RuleOfTree:
        """The rule of a tree, as data."""
        _, opened = await self._open(caller, ref)
        known = opened.tree.rule
        return RuleOfTree(known, known.spec, self._door.standing(known).is_available)

    async def file(self, caller: Caller, ref: str, format_: str) -> TreeFile:
        """The tree as it is now, or as a frozen link shows it, about to be written; readers too."""
        _, opened = await self._open(caller, ref)
        async with opened.lock:
            return await asyncio.to_thread(
                TreeFile, opened.tree, FORMATS[format_], opened.row.created_at
            )

    async def delete_tree(self, caller: Caller, ref: str) -> None:
        """Takes the tree from everyone. Its owner only."""
        entry = await self._enter(caller, ref)
        entry.must_own()
        self._growths.stop_all(entry.tree)
        await self._trees.delete(entry.tree)
        for opened in self._opened.of(entry.tree):
            opened.channel.tell(Revoked())
        self._opened.forget(entry.tree)

    async def fork(self, caller: Caller, ref: str) -> TreeDetail:
        """A copy that the caller owns, up to the event that the link shows."""
        entry, source = await self._open(caller, ref)
        async with source.lock:
            seq = source.tree.seq
            name = source.tree.name
        await self._identities.keep(caller.id)
        row = await self._trees.fork(entry.tree, seq, caller.id, name=name, ref=ref)
        opened = await self._opened.get(row, None)
        return await self._detail(self._owned(opened, caller), opened)

    # -- bulk

    async def columns(self, caller: Caller, ref: str) -> bytes:
        """The tree frame."""
        _, opened = await self._open(caller, ref)
        async with opened.lock:
            return opened.tree.to_frame(for_wire=True)

    async def opening(self, caller: Caller, ref: str, sight: Sight) -> Iterator[bytes]:
        """The tree frame in pieces (core/pieces.py), of this moment whatever happens meanwhile; to
        be gone through in another thread."""
        _, opened = await self._open(caller, ref)
        async with opened.lock:
            return await asyncio.to_thread(pieces_of, opened.tree, sight)

    async def events(self, caller: Caller, ref: str, after: int, limit: int) -> list[Event]:
        """At most `limit` events with numbers above `after`, in order."""
        entry = await self._enter(caller, ref)
        stored = await self._trees.events_after(entry.tree, after, up_to=entry.seq, limit=limit)
        return [decode_event(each.frame)[0] for each in stored]

    async def log(self, caller: Caller, ref: str, after: int) -> bytes:
        """The next event frames above `after`, in order, as a log frame: about 4 MB of them, none
        where there are no more."""
        entry = await self._enter(caller, ref)
        frames: list[bytes] = []
        while sum(map(len, frames)) < _LOG_BYTES and (
            stored := await self._trees.events_after(
                entry.tree, after, up_to=entry.seq, limit=_LOG_PAGE
            )
        ):
            frames += [each.frame for each in stored]
            after = stored[-1].seq
        return encode_log(frames)

    async def weights(self, caller: Caller, ref: str, procedure: Procedure) -> bytes:
        """The weights of another procedure at the states where stored candidates suffice, as a
        frame {type: "weights", seq, procedure, fingerprint} with weight_* columns."""
        _, opened = await self._open(caller, ref)
        procedure.must_suit(opened.tree.rule)
        async with opened.lock:
            tree = opened.tree
            header = {
                "type": "weights",
                "seq": tree.seq,
                "procedure": procedure.to_wire(),
                "fingerprint": procedure.fingerprint,
            }
            return frame.encode(header, all_weights(tree, procedure))

    async def stages(
        self, caller: Caller, ref: str, node: int, key: int | None, procedure: Procedure | None
    ) -> StagesAt:
        """What each step of a procedure (None: the tree's own) does at a state. Stores nothing.

        Raises Forbidden "stages-need-rule" for a reader of a state that is not stored whole.
        """
        entry, opened = await self._open(caller, ref)
        async with opened.lock:
            tree = opened.tree
            asked = tree.procedure if procedure is None else procedure
            asked.must_suit(tree.rule)
            place = place_of(tree, node, key)
            stored = stored_stages(tree, place, asked)
        if stored is not None:
            return stored
        if not entry.may_write:
            raise needs_rule()
        self._door.must_be_available(tree.rule)
        async with self._door.for_tree(tree.rule) as loaded:
            return await asked_stages(tree, place, asked, loaded, caller.id)

    async def compare(self, caller: Caller, order: ComparisonOrder) -> Comparison:
        """Two trees side by side. Stores nothing; of what the caller may not write, only what is
        stored is compared. Raises as `Comparing.compare`."""
        first = await self._open(caller, order.a)
        second = await self._open(caller, order.b)
        return await self._comparing.compare(first, second, order)

    async def overlay(
        self, caller: Caller, ref: str, name: OverlayName, *, under_rule: bool
    ) -> bytes:
        """What every state is coloured by, as `Measuring.overlay`."""
        _, opened = await self._open(caller, ref)
        return await self._measuring.overlay(opened, name, under_rule=under_rule)

    async def profile(self, caller: Caller, ref: str, node: int, *, under_rule: bool) -> Reading:
        """The instrument of that name. Raises as `Measuring.profile`."""
        _, opened = await self._open(caller, ref)
        return await self._measuring.profile(opened, node, under_rule=under_rule)

    # -- change

    async def grow(self, caller: Caller, ref: str, order: GrowthOrder) -> Job:
        """Begins a growth. Whatever is wrong with it is said now; what happens comes by socket."""
        opened = await self._open_to_write(caller, ref)
        self._door.must_be_available(opened.tree.rule)
        plan = plan_of(order.strategy, order.stop)
        node, key = checks.growable(opened.tree, order.node, order.key)
        for place in order.strategy.get("places") or ():
            checks.visible(opened.tree, place["node"])
        task = Task(
            name=plan.name,
            label=plan.label,
            plan=plan.plan,
            node=node,
            key=key,
            procedure=IDENTITY
            if plan.plan.is_drawn and order.under_rule
            else opened.tree.procedure,
            caller=caller,
            automatic=order.automatic,
            client=order.client,
        )
        return self._growths.start(task, opened).job

    async def cancel(self, caller: Caller, ref: str, job: str) -> Job:
        """Stops a growth and waits for its last step. An ended one is given as it ended."""
        opened = await self._open_to_write(caller, ref)
        growth = self._growths.find(opened.id, job)
        await self._growths.stop(growth)
        return growth.job

    async def branch(
        self,
        caller: Caller,
        ref: str,
        node: int,
        text: str | None,
        keys: list[int] | None,
    ) -> Branched:
        opened = await self._open_to_write(caller, ref)
        return await self._editing.branch(opened, caller, node, text, keys)

    async def prune(self, caller: Caller, ref: str, places: Sequence[Place]) -> Edited:
        opened = await self._open_to_write(caller, ref)
        return await self._cutting.prune_all(opened, caller, places)

    async def keep(self, caller: Caller, ref: str, places: Sequence[Place]) -> Edited:
        opened = await self._open_to_write(caller, ref)
        return await self._cutting.keep(opened, caller, places)

    async def restore(self, caller: Caller, ref: str, node: int) -> Edited:
        opened = await self._open_to_write(caller, ref)
        return await self._cutting.restore(opened, caller, node)

    async def bookmark(self, caller: Caller, ref: str, place: Place, on: bool) -> Edited:
        opened = await self._open_to_write(caller, ref)
        return await self._annotating.bookmark(opened, caller, place, on)

    async def note(self, caller: Caller, ref: str, place: Place, text: str) -> Edited:
        opened = await self._open_to_write(caller, ref)
        return await self._annotating.note(opened, caller, place, text)

    async def label(self, caller: Caller, ref: str, place: Place, text: str) -> Edited:
        opened = await self._open_to_write(caller, ref)
        return await self._annotating.label(opened, caller, place, text)

    async def undo(self, caller: Caller, ref: str) -> Edited:
        opened = await self._open_to_write(caller, ref)
        return await self._editing.undo(opened, caller)

    async def redo(self, caller: Caller, ref: str) -> Edited:
        opened = await self._open_to_write(caller, ref)
        return await self._editing.redo(opened, caller)

    async def rename(self, caller: Caller, ref: str, name: str) -> Edited:
        opened = await self._open_to_write(caller, ref)
        return await self._editing.rename(opened, caller, name)

    async def set_procedure(self, caller: Caller, ref: str, procedure: Procedure) -> ProcedureSet:
        opened = await self._open_to_write(caller, ref)
        return await self._editing.set_procedure(opened, caller, procedure)

    # -- sharing

    async def links(self, caller: Caller, ref: str) -> list[Link]:
        return await self._sharing.links(await self._enter(caller, ref))

    async def create_link(self, caller: Caller, ref: str, kind: LinkKind) -> Link:
        return await self._sharing.create(await self._enter(caller, ref), kind)

    async def revoke_link(self, caller: Caller, ref: str, link: str) -> list[Link]:
        return await self._sharing.revoke(await self._enter(caller, ref), link)

    async def redeem_invitation(self, caller: Caller, secret: str) -> Admission:
        return await self._sharing.redeem_invitation(caller, secret)

    async def recover(self, caller: Caller, secret: str) -> Admission:
        return await self._sharing.recover(caller, secret)

    # -- watching

    async def watch(self, caller: Caller, ref: str, after: int) -> AsyncGenerator[Message, None]:
        """Everything from event `after` on, in order, without gaps or doubles.

        Subscribes first, then reads the log, then goes on with what was told meanwhile. Ends
        when the link is revoked or the tree has to be read anew; raises TooSlow.
        """
        entry, opened = await self._open(caller, ref)
        subscription = opened.channel.open(caller, ref)
        try:
            jobs = [] if entry.is_frozen else self._growths.of(entry.tree)
            people = opened.channel.people
            allowance = self._growths.allowance_of(caller)
            yield Welcome(subscription.id, opened.tree.seq, tuple(jobs), people, allowance)
            sent = after
            while frames := await self._trees.events_after(
                entry.tree, sent, up_to=entry.seq, limit=_PAGE
            ):
                for stored in frames:
                    sent = stored.seq
                    yield Happened(sent, stored.frame)
            async for message in subscription.messages():
                if isinstance(message, Happened):
                    if message.seq <= sent:
                        continue
                    sent = message.seq
                yield message
                if isinstance(message, Revoked | Lost):
                    return
        finally:
            opened.channel.close(subscription)
            self._growths.left(caller, opened, subscription.id)

    def tell_rules(self, message: Message) -> None:
        """Tells everyone who has a tree open."""
        for opened in self._opened.all():
            opened.channel.tell(message)

    # -- inside

    async def _enter(self, caller: Caller, ref: str) -> Entry:
        found = await self._trees.tree_by_ref(ref)
        return await self._entry(caller, ref, found.tree, found.seq)

    async def _entry(self, caller: Caller, ref: str, row: TreeRow, seq: int | None) -> Entry:
        role: Role = "reader" if seq is not None else await self._trees.role_of(row.id, caller.id)
        return Entry(ref, row.id, seq, role, caller)

    async def _open(self, caller: Caller, ref: str) -> tuple[Entry, OpenTree]:
        found = await self._trees.tree_by_ref(ref)
        entry = await self._entry(caller, ref, found.tree, found.seq)
        return entry, await self._opened.get(found.tree, found.seq)

    async def _open_to_write(self, caller: Caller, ref: str) -> OpenTree:
        found = await self._trees.tree_by_ref(ref)
        (await self._entry(caller, ref, found.tree, found.seq)).must_write()
        return await self._opened.get(found.tree, None)

    def _owned(self, opened: OpenTree, caller: Caller) -> Entry:
        return Entry(opened.row.read_id, opened.id, None, "owner", caller)

    async def _detail(self, entry: Entry, opened: OpenTree) -> TreeDetail:
        undo, redo = None, None
        if entry.may_write:
            undo, redo = await self._editing.next_steps(opened, entry.caller)
        return TreeDetail(
            ref=entry.ref,
            seq=entry.seq,
            role=entry.role,
            me=entry.caller.id,
            tree=opened.tree,
            rule=self._door.standing(opened.tree.rule),
            jobs=[] if entry.is_frozen else self._growths.of(entry.tree),
            created_at=opened.row.created_at,
            can_undo=undo is not None,
            can_redo=redo is not None,
            undo_label=undo,
            redo_label=redo,
        )


def _summary(row: TreeRow, role: Role) -> TreeSummary:
    return TreeSummary(
        ref=row.read_id,
        name=row.name,
        prompt=text_of(b"".join(prompt_pieces(row))),
        rule_name=str(row.rule["name"]),
        states=row.states,
        updated_at=row.updated_at,
        role=role,
    )
