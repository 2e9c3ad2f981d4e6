"""Under any sequence of appends, forks, snapshots and links, the store answers as a plain
in-memory model of it does."""

import asyncio
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semioscope.core.errors import Conflict, Gone, NotFound
from semioscope.store.database import Database
from semioscope.store.identities import Identities
from semioscope.store.links import Links
from semioscope.store.records import IdentityId, NewEvent, NewTree, TreeId
from semioscope.store.trees import Trees

Step = tuple[str, int, int, bytes]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["append", "append", "append", "skip", "fork", "snapshot", "rotate", "freeze", "revoke"]
        ),
        st.integers(0, 7),
        st.integers(0, 7),
        st.binary(max_size=12),
    ),
    max_size=25,
)


@dataclass
class Model:
    """One tree as it should be."""

    id: TreeId
    live: str
    frames: list[bytes]
    snapshots: dict[int, bytes]
    frozen: dict[str, int] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)


@dataclass
class Play:
    trees: Trees
    links: Links
    owner: IdentityId
    models: list[Model]

    async def step(self, kind: str, which: int, number: int, raw: bytes) -> None:
        model = self.models[which % len(self.models)]
        last = len(model.frames)
        match kind:
            case "append":
                await self.trees.append_events(model.id, [_event(last + 1, raw)])
                model.frames.append(raw)
            case "skip":
                seq = number if number != last + 1 else last + 2
                with pytest.raises(Conflict):
                    await self.trees.append_events(model.id, [_event(seq, raw)])
            case "fork" if number > last:
                with pytest.raises(NotFound):
                    await self._fork(model, number)
            case "fork":
                await self._fork(model, number)
            case "snapshot":
                await self.trees.save_snapshot(model.id, last, raw)
                model.snapshots.setdefault(last, raw)
            case "rotate":
                new = await self.links.revoke(model.id, model.live)
                assert new is not None
                model.gone.add(model.live)
                model.live = new.id
            case "freeze":
                made = await self.links.create(model.id, "frozen", seq=min(number, last))
                model.frozen[made.link.id] = min(number, last)
            case "revoke":
                for ref in sorted(model.frozen)[:1]:
                    await self.links.revoke(model.id, ref)
                    del model.frozen[ref]
                    model.gone.add(ref)

    async def _fork(self, model: Model, seq: int) -> None:
        row = await self.trees.fork(model.id, seq, self.owner, name="fork", ref=model.live)
        kept = {at: frame for at, frame in model.snapshots.items() if at <= seq}
        self.models.append(Model(row.id, row.read_id, model.frames[:seq], kept))

    async def check(self, model: Model) -> None:
        opened = await self.trees.tree_by_ref(model.live)
        assert (opened.tree.id, opened.kind, opened.seq) == (model.id, "live", None)
        assert opened.tree.seq == len(model.frames)
        last = len(model.frames)
        assert opened.tree.states == (_states(last, model.frames[-1]) if last else 1)
        stored = await self.trees.events_after(model.id, 0)
        assert [(event.seq, event.frame) for event in stored] == list(enumerate(model.frames, 1))
        summaries = await self.trees.event_summaries(model.id)
        assert [summary.seq for summary in summaries] == [event.seq for event in stored]
        for seq in range(len(model.frames) + 1):
            newest = max((at for at in model.snapshots if at <= seq), default=None)
            found = await self.trees.latest_snapshot(model.id, up_to=seq)
            assert (found and (found.seq, found.frame)) == (
                None if newest is None else (newest, model.snapshots[newest])
            )
        for ref, seq in model.frozen.items():
            frozen = await self.trees.tree_by_ref(ref)
            assert (frozen.tree.id, frozen.kind, frozen.seq) == (model.id, "frozen", seq)
        for ref in model.gone:
            with pytest.raises(Gone):
                await self.trees.tree_by_ref(ref)
        standing = {link.id for link in await self.links.list_of(model.id)}
        assert standing == {model.live, *model.frozen}


def _event(seq: int, frame: bytes) -> NewEvent:
    return NewEvent(seq, "grow", 0.0, "someone", "change", _states(seq, frame), frame)


def _states(seq: int, frame: bytes) -> int:
    # Any number that tells one event from another will do.
    return 100 * seq + len(frame)


async def _play(steps: list[Step]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = await Database.open(Path(folder) / "trees.sqlite")
        try:
            identities, trees = Identities(database), Trees(database)
            owner = (await identities.resolve(None)).id
            await identities.keep(owner)
            row = await trees.create_tree(NewTree("first", {}, "f", {}, 8), owner)
            play = Play(trees, Links(database), owner, [Model(row.id, row.read_id, [], {})])
            for step in steps:
                await play.step(*step)
            for model in play.models:
                await play.check(model)
            listed = await trees.list_of(owner)
            assert {tree.id for tree, _ in listed} == {model.id for model in play.models}
        finally:
            await database.close()


@settings(max_examples=30, deadline=None)
@given(STEPS)
def test_the_store_is_a_log_with_copies_and_links(steps: list[Step]) -> None:
    asyncio.run(_play(steps))
