"""Trees, their logs and their snapshots."""

import asyncio

import pytest
from sqlalchemy.exc import IntegrityError

from semioscope.core.errors import Conflict, Gone, NotFound
from semioscope.store.records import IdentityId, StoredFrame, TreeId

from .conftest import NEW_TREE, Store, event


async def test_a_new_tree_is_read_back_whole_by_its_live_link(
    store: Store, owner: IdentityId
) -> None:
    tree = await store.trees.create_tree(NEW_TREE, owner)
    opened = await store.trees.tree_by_ref(tree.read_id)
    assert opened.tree == tree
    assert (opened.kind, opened.seq) == ("live", None)
    assert tree.read_id[0] == "t"
    assert len(tree.read_id) == 23
    assert (tree.seq, tree.states, tree.prompt) == (0, 1, NEW_TREE.prompt)


async def test_an_identity_that_was_not_kept_cannot_own_a_tree(store: Store) -> None:
    nobody = await store.identities.resolve(None)
    with pytest.raises(IntegrityError) as caught:
        await store.trees.create_tree(NEW_TREE, nobody.id)
    assert nobody.id not in str(caught.value)


@pytest.mark.parametrize("ref", ["", "t", "t" + "x" * 22, "f" + "x" * 22, "t\x00'--", "é" * 500])
async def test_an_unknown_link_is_refused(store: Store, owner: IdentityId, ref: str) -> None:
    await store.trees.create_tree(NEW_TREE, owner)
    with pytest.raises(NotFound) as refusal:
        await store.trees.tree_by_ref(ref)
    assert refusal.value.code == "unknown-link"


async def test_an_own_id_of_a_tree_opens_nothing(store: Store, owner: IdentityId) -> None:
    tree = await store.trees.create_tree(NEW_TREE, owner)
    with pytest.raises(NotFound):
        await store.trees.tree_by_ref(tree.id)


async def test_events_come_back_in_order_and_move_the_tree_on(
    store: Store, owner: IdentityId
) -> None:
    tree = await store.grown(owner, 12)
    assert (tree.seq, tree.states, tree.updated_at) == (12, 121, 1012.0)
    assert await store.trees.events_after(tree.id, 3, up_to=6) == [
        StoredFrame(seq, b"frame %d" % seq) for seq in (4, 5, 6)
    ]
    assert [f.seq for f in await store.trees.events_after(tree.id, 8, limit=2)] == [9, 10]
    assert await store.trees.events_after(tree.id, 12) == []


async def test_summaries_tell_the_log_without_its_frames(store: Store, owner: IdentityId) -> None:
    tree = await store.trees.create_tree(NEW_TREE, owner)
    await store.trees.append_events(tree.id, [event(1, change="a")])
    await store.trees.append_events(tree.id, [event(2, change="b")])
    summaries = await store.trees.event_summaries(tree.id)
    assert [(s.seq, s.change, s.automatic, s.undoes) for s in summaries] == [
        (1, "a", False, None),
        (2, "b", False, None),
    ]
    assert await store.trees.events_of_change(tree.id, "b") == [StoredFrame(2, b"frame 2")]


@pytest.mark.parametrize("seq", [0, 1, 2, 4, 99])
async def test_an_event_that_does_not_follow_the_last_changes_nothing(
    store: Store, owner: IdentityId, seq: int
) -> None:
    tree = await store.grown(owner, 2)
    with pytest.raises(Conflict) as refusal:
        await store.trees.append_events(tree.id, [event(seq, frame=b"other")], name="Other")
    assert refusal.value.code == "seq-taken"
    assert await store.trees.tree(tree.id) == tree
    assert len(await store.trees.events_after(tree.id, 0)) == 2


async def test_the_events_of_one_change_are_stored_all_or_none(
    store: Store, owner: IdentityId
) -> None:
    tree = await store.trees.create_tree(NEW_TREE, owner)
    await store.trees.append_events(tree.id, [event(1), event(2), event(3)])
    assert (await store.trees.tree(tree.id)).seq == 3
    assert [each.seq for each in await store.trees.event_summaries(tree.id)] == [1, 2, 3]
    with pytest.raises(IntegrityError):
        await store.trees.append_events(tree.id, [event(4), event(5), event(3)])
    assert (await store.trees.tree(tree.id)).seq == 3
    assert [each.seq for each in await store.trees.event_summaries(tree.id)] == [1, 2, 3]


async def test_of_many_who_append_the_same_number_one_wins(store: Store, owner: IdentityId) -> None:
    tree = await store.trees.create_tree(NEW_TREE, owner)
    outcomes = await asyncio.gather(
        *(store.trees.append_events(tree.id, [event(1, frame=b"%d" % i)]) for i in range(8)),
        return_exceptions=True,
    )
    assert sum(outcome is None for outcome in outcomes) == 1
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 7


async def test_a_rename_stands_in_the_log_and_in_the_list(store: Store, owner: IdentityId) -> None:
    tree = await store.trees.create_tree(NEW_TREE, owner)
    await store.trees.append_events(tree.id, [event(1)], name="Twice")
    assert (await store.trees.tree(tree.id)).name == "Twice"


async def test_the_newest_snapshot_not_past_a_number(store: Store, owner: IdentityId) -> None:
    tree = await store.grown(owner, 6)
    assert await store.trees.latest_snapshot(tree.id) is None
    await store.trees.save_snapshot(tree.id, 2, b"two")
    await store.trees.save_snapshot(tree.id, 5, b"five")
    await store.trees.save_snapshot(tree.id, 5, b"five again")
    assert await store.trees.latest_snapshot(tree.id) == StoredFrame(5, b"five")
    assert await store.trees.latest_snapshot(tree.id, up_to=4) == StoredFrame(2, b"two")
    assert await store.trees.latest_snapshot(tree.id, up_to=1) is None


async def test_a_fork_is_the_tree_up_to_a_number_and_goes_its_own_way(
    store: Store, owner: IdentityId
) -> None:
    tree = await store.grown(owner, 6)
    await store.trees.save_snapshot(tree.id, 3, b"three")
    await store.trees.save_snapshot(tree.id, 5, b"five")
    other = await store.person()
    fork = await store.trees.fork(tree.id, 4, other, name="Mine", ref=tree.read_id)
    assert (fork.owner, fork.seq, fork.states, fork.name) == (other, 4, 41, "Mine")
    assert (fork.origin_ref, fork.origin_seq) == (tree.read_id, 4)
    assert (fork.rule, fork.prompt) == (tree.rule, tree.prompt)
    original = await store.trees.events_after(tree.id, 0, up_to=4)
    assert await store.trees.events_after(fork.id, 0) == original
    assert await store.trees.latest_snapshot(fork.id) == StoredFrame(3, b"three")
    await store.trees.append_events(fork.id, [event(5, frame=b"own")])
    assert await store.trees.events_after(tree.id, 4, limit=1) == [StoredFrame(5, b"frame 5")]
    assert await store.trees.role_of(tree.id, other) == "reader"


async def test_a_fresh_tree_can_be_forked(store: Store, owner: IdentityId) -> None:
    tree = await store.grown(owner, 2)
    fork = await store.trees.fork(tree.id, 0, owner, name="n", ref=tree.read_id)
    assert (fork.seq, fork.states) == (0, 1)
    assert await store.trees.events_after(fork.id, 0) == []


@pytest.mark.parametrize("seq", [-1, 3])
async def test_a_fork_at_an_event_that_never_was_is_refused(
    store: Store, owner: IdentityId, seq: int
) -> None:
    tree = await store.grown(owner, 2)
    with pytest.raises(NotFound) as refusal:
        await store.trees.fork(tree.id, seq, owner, name="n", ref=tree.read_id)
    assert refusal.value.code == "unknown-event"
    assert len(await store.trees.list_of(owner)) == 1


async def test_my_trees_are_those_i_own_or_may_edit_the_last_changed_first(
    store: Store, owner: IdentityId
) -> None:
    first = await store.grown(owner, 1)
    second = await store.grown(owner, 2)
    friend = await store.person()
    invitation = await store.links.create(first.id, "edit")
    assert invitation.secret is not None
    await store.links.redeem_invitation(invitation.secret, friend)
    mine = await store.trees.list_of(owner)
    assert [(tree.id, role) for tree, role in mine] == [
        (second.id, "owner"),
        (first.id, "owner"),
    ]
    assert [(t.id, role) for t, role in await store.trees.list_of(friend)] == [(first.id, "editor")]


async def test_a_deleted_tree_is_gone_for_everyone_but_its_forks_stay(
    store: Store, owner: IdentityId
) -> None:
    tree = await store.grown(owner, 2)
    frozen = await store.links.create(tree.id, "frozen", seq=1)
    edit = await store.links.create(tree.id, "edit")
    assert edit.secret is not None
    fork = await store.trees.fork(tree.id, 2, owner, name="n", ref=tree.read_id)
    await store.trees.delete(tree.id)
    for ref in (tree.read_id, frozen.link.id):
        with pytest.raises(Gone) as refusal:
            await store.trees.tree_by_ref(ref)
        assert refusal.value.code == "deleted-tree"
    for attempt in (
        store.trees.append_events(tree.id, [event(3)]),
        store.trees.fork(tree.id, 1, owner, name="n", ref="t"),
        store.trees.delete(tree.id),
        store.links.redeem_invitation(edit.secret, owner),
    ):
        with pytest.raises(Gone):
            await attempt
    assert [row.id for row, _ in await store.trees.list_of(owner)] == [fork.id]


async def test_a_tree_that_never_was_is_refused(store: Store, owner: IdentityId) -> None:
    nothing = TreeId("nothing")
    for attempt in (
        store.trees.tree(nothing),
        store.trees.append_events(nothing, [event(1)]),
        store.trees.fork(nothing, 0, owner, name="n", ref="t"),
        store.trees.delete(nothing),
    ):
        with pytest.raises(NotFound):
            await attempt
