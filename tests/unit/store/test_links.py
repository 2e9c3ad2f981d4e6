"""Links, invitations, and what revoking them does."""

import asyncio

import pytest
from sqlalchemy import select

from semioscope.core.errors import Gone, LimitExceeded, NotFound
from semioscope.store import links as links_module
from semioscope.store.records import IdentityId, NewLink, TreeRow
from semioscope.store.schema import links as links_table

from .conftest import Store


@pytest.fixture
async def tree(store: Store, owner: IdentityId) -> TreeRow:
    return await store.grown(owner, 5)


def secret_of(made: NewLink) -> str:
    assert made.secret is not None
    return made.secret


async def test_a_frozen_link_opens_the_tree_at_its_event(store: Store, tree: TreeRow) -> None:
    made = await store.links.create(tree.id, "frozen", seq=3)
    opened = await store.trees.tree_by_ref(made.link.id)
    assert (opened.kind, opened.seq, opened.tree.id) == ("frozen", 3, tree.id)
    assert made.secret is None
    assert made.link.id[0] == "f"
    assert len(made.link.id) == 23


async def test_only_a_frozen_link_stands_at_an_event(store: Store, tree: TreeRow) -> None:
    with pytest.raises(ValueError, match="frozen"):
        await store.links.create(tree.id, "frozen")
    with pytest.raises(ValueError, match="frozen"):
        await store.links.create(tree.id, "edit", seq=1)


async def test_a_tree_has_one_live_link(store: Store, tree: TreeRow) -> None:
    made = await store.links.create(tree.id, "live")
    assert made.link.id == tree.read_id
    assert [link.kind for link in await store.links.list_of(tree.id)] == ["live"]


async def test_revoking_the_live_link_rotates_it(
    store: Store, tree: TreeRow, owner: IdentityId
) -> None:
    frozen = await store.links.create(tree.id, "frozen", seq=3)
    replacement = await store.links.revoke(tree.id, tree.read_id)
    assert replacement is not None
    with pytest.raises(Gone) as refusal:
        await store.trees.tree_by_ref(tree.read_id)
    assert refusal.value.code == "revoked-link"
    opened = await store.trees.tree_by_ref(replacement.id)
    assert opened.tree.read_id == replacement.id
    assert opened.tree.seq == 5
    assert (await store.trees.tree_by_ref(frozen.link.id)).seq == 3
    assert [row.read_id for row, _ in await store.trees.list_of(owner)] == [replacement.id]
    assert await store.links.revoke(tree.id, tree.read_id) is None
    assert (await store.links.create(tree.id, "live")).link == replacement


async def test_a_revoked_frozen_link_is_gone(store: Store, tree: TreeRow) -> None:
    made = await store.links.create(tree.id, "frozen", seq=3)
    assert await store.links.revoke(tree.id, made.link.id) is None
    with pytest.raises(Gone):
        await store.trees.tree_by_ref(made.link.id)
    assert (await store.trees.tree_by_ref(tree.read_id)).tree.id == tree.id


async def test_a_link_of_another_tree_cannot_be_revoked_through_mine(
    store: Store, tree: TreeRow
) -> None:
    stranger = await store.person()
    mine = await store.grown(stranger, 1)
    with pytest.raises(NotFound):
        await store.links.revoke(mine.id, tree.read_id)
    assert (await store.trees.tree_by_ref(tree.read_id)).tree.id == tree.id


async def test_an_invitation_makes_editors_until_it_is_revoked(store: Store, tree: TreeRow) -> None:
    invitation = await store.links.create(tree.id, "edit")
    friends = [await store.person() for _ in range(3)]
    for friend in friends:
        assert await store.trees.role_of(tree.id, friend) == "reader"
        answer = await store.links.redeem_invitation(secret_of(invitation), friend)
        assert answer == (tree.read_id, "editor")
        assert await store.trees.role_of(tree.id, friend) == "editor"
    assert invitation.link.id in [link.id for link in await store.links.list_of(tree.id)]
    await store.links.revoke(tree.id, invitation.link.id)
    for friend in friends:
        assert await store.trees.role_of(tree.id, friend) == "reader"
        assert await store.trees.list_of(friend) == []
    with pytest.raises(Gone):
        await store.links.redeem_invitation(secret_of(invitation), friends[0])


async def test_a_right_outlives_another_invitation_to_the_same_person(
    store: Store, tree: TreeRow
) -> None:
    friend = await store.person()
    one, two = [await store.links.create(tree.id, "edit") for _ in range(2)]
    await store.links.redeem_invitation(secret_of(one), friend)
    await store.links.redeem_invitation(secret_of(two), friend)
    await store.links.redeem_invitation(secret_of(two), friend)
    await store.links.revoke(tree.id, one.link.id)
    assert await store.trees.role_of(tree.id, friend) == "editor"


async def test_the_owner_stays_owner_whatever_link_they_follow(
    store: Store, tree: TreeRow, owner: IdentityId
) -> None:
    edit = await store.links.create(tree.id, "edit")
    recovery = await store.links.create(tree.id, "recovery")
    assert await store.links.redeem_invitation(secret_of(edit), owner) == (tree.read_id, "owner")
    assert await store.links.redeem_recovery(secret_of(recovery), owner) == (tree.read_id, "owner")
    other = await store.person()
    assert (await store.links.redeem_recovery(secret_of(recovery), other))[1] == "owner"


async def test_recovery_moves_the_tree_once(store: Store, tree: TreeRow, owner: IdentityId) -> None:
    recovery = await store.links.create(tree.id, "recovery")
    spare = await store.links.create(tree.id, "recovery")
    mine = await store.person()
    assert await store.links.redeem_recovery(secret_of(recovery), mine) == (tree.read_id, "owner")
    assert await store.trees.role_of(tree.id, mine) == "owner"
    assert await store.trees.role_of(tree.id, owner) == "reader"
    with pytest.raises(Gone) as used:
        await store.links.redeem_recovery(secret_of(recovery), owner)
    assert used.value.code == "used-link"
    with pytest.raises(Gone):
        await store.links.redeem_recovery(secret_of(spare), owner)
    assert [link.kind for link in await store.links.list_of(tree.id)] == ["live"]


async def test_of_two_who_recover_at_once_one_becomes_owner(store: Store, tree: TreeRow) -> None:
    secret = secret_of(await store.links.create(tree.id, "recovery"))
    people = [await store.person() for _ in range(4)]
    outcomes = await asyncio.gather(
        *(store.links.redeem_recovery(secret, person) for person in people), return_exceptions=True
    )
    assert sum(isinstance(outcome, Gone) for outcome in outcomes) == 3
    roles = [await store.trees.role_of(tree.id, person) for person in people]
    assert sorted(roles) == ["owner", "reader", "reader", "reader"]


async def test_a_secret_opens_only_what_it_was_made_for(store: Store, tree: TreeRow) -> None:
    edit = secret_of(await store.links.create(tree.id, "edit"))
    recovery = secret_of(await store.links.create(tree.id, "recovery"))
    person = await store.person()
    for attempt in (
        store.links.redeem_recovery(edit, person),
        store.links.redeem_invitation(recovery, person),
        store.links.redeem_invitation(tree.read_id, person),
        store.links.redeem_invitation("", person),
        store.links.redeem_invitation("\ud800", person),
        store.trees.tree_by_ref(edit),
    ):
        with pytest.raises(NotFound):
            await attempt


async def test_a_secret_is_stored_as_a_hash_only(store: Store, tree: TreeRow) -> None:
    secret = secret_of(await store.links.create(tree.id, "edit"))
    rows = await store.database.read(lambda connection: connection.execute(select(links_table)))
    stored = repr(rows.all())
    assert secret not in stored
    assert "edit" in stored


async def test_a_tree_has_a_bounded_number_of_links(
    store: Store, tree: TreeRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links_module, "MAX_LINKS", 3)
    made = [await store.links.create(tree.id, "frozen", seq=1) for _ in range(2)]
    with pytest.raises(LimitExceeded) as refusal:
        await store.links.create(tree.id, "edit")
    assert refusal.value.code == "too-many-links"
    await store.links.revoke(tree.id, made[0].link.id)
    await store.links.create(tree.id, "edit")
