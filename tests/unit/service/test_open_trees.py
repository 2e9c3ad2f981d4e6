"""Trees in memory: changed only when that is stored, read once, given up when not used."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from semioscope.core.errors import Conflict
from semioscope.core.tree import Tree
from semioscope.rules.coin import offered_coins
from semioscope.service import open_trees
from semioscope.service.access import Caller
from semioscope.service.broadcast import Happened, Lost, PeopleCame
from semioscope.service.open_tree import Change, new_change
from semioscope.service.open_trees import OpenTrees
from semioscope.service.stored_beginning import stored_beginning
from semioscope.store.database import Database
from semioscope.store.identities import Identities
from semioscope.store.records import IdentityId, NewTree, TreeRow
from semioscope.store.trees import Trees

EVERY = 50_000
RENAME = Change("rename", {"name": "Second", "previous": "First"})


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = await Database.open(tmp_path / "trees.sqlite")
    yield database
    await database.close()


async def begin(database: Database) -> tuple[TreeRow, Tree]:
    coin = offered_coins()[0]
    tree = Tree(coin.description, (0, 1), 10, (b"H", b"T"), name="First")
    identities = Identities(database)
    owner = (await identities.resolve(None)).id
    await identities.keep(owner)
    record = NewTree(
        tree.name, coin.description.to_json(), "f", stored_beginning(tree), tree.max_length
    )
    return await Trees(database).create_tree(record, owner), tree


async def test_a_change_is_stored_before_it_is_told(database: Database) -> None:
    store = Trees(database)
    row, tree = await begin(database)
    opened = OpenTrees(store).hold(row, tree)
    page = opened.channel.open(Caller(IdentityId("ada")), row.read_id)
    async with opened.lock:
        await opened.commit(store, "ada", new_change(), [RENAME], EVERY)
    messages = page.messages()
    assert await anext(messages) == PeopleCame(1)
    happened = await anext(messages)
    assert isinstance(happened, Happened)
    (stored,) = await store.events_after(row.id, 0)
    assert (stored.seq, stored.frame) == (happened.seq, happened.frame)
    assert tree.name == "Second"


async def test_a_tree_whose_change_is_not_stored_is_read_again(database: Database) -> None:
    store = Trees(database)
    row, tree = await begin(database)
    trees = OpenTrees(store)
    opened = trees.hold(row, tree)
    page = opened.channel.open(Caller(IdentityId("ada")), row.read_id)
    elsewhere = await OpenTrees(store).get(row, None)
    async with elsewhere.lock:
        await elsewhere.commit(store, "bob", new_change(), [RENAME], EVERY)
    third = Change("rename", {"name": "Third", "previous": "First"})
    async with opened.lock:
        with pytest.raises(Conflict, match="changed meanwhile"):
            await opened.commit(store, "ada", new_change(), [third], EVERY)
        with pytest.raises(Conflict, match="read again"):
            await opened.commit(store, "ada", new_change(), [third], EVERY)
    messages = page.messages()
    assert [await anext(messages), await anext(messages)] == [PeopleCame(1), Lost()]
    again = await trees.get(row, None)
    assert again is not opened
    assert (again.tree.name, again.tree.seq) == ("Second", 1)


async def test_a_tree_is_read_once_however_many_ask(database: Database) -> None:
    row, _ = await begin(database)
    trees = OpenTrees(Trees(database))
    found = await asyncio.gather(*(trees.get(row, None) for _ in range(5)))
    assert len({id(each) for each in found}) == 1


async def test_a_read_that_fails_is_tried_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, _ = await begin(database)
    store = Trees(database)
    trees = OpenTrees(store)

    async def fail(*_: object, **__: object) -> None:
        raise OSError("the disk is away")

    with monkeypatch.context() as away:
        away.setattr(store, "latest_snapshot", fail)
        with pytest.raises(OSError, match="away"):
            await trees.get(row, None)
    assert (await trees.get(row, None)).tree.seq == 0


async def test_what_nobody_uses_is_given_up_first(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(open_trees, "OPEN_AT_ONCE", 2)
    trees = OpenTrees(Trees(database))
    rows = [(await begin(database))[0] for _ in range(4)]
    watched = await trees.get(rows[0], None)
    watched.channel.open(Caller(IdentityId("ada")), "t1")
    for row in rows[1:]:
        await trees.get(row, None)
    assert len(trees.all()) == 2
    assert await trees.get(rows[0], None) is watched


async def test_a_frozen_moment_and_the_living_tree_are_apart(database: Database) -> None:
    store = Trees(database)
    row, tree = await begin(database)
    trees = OpenTrees(store)
    opened = trees.hold(row, tree)
    for name, previous in (("Second", "First"), ("Third", "Second")):
        change = Change("rename", {"name": name, "previous": previous})
        async with opened.lock:
            await opened.commit(store, "ada", new_change(), [change], EVERY)
    assert (await trees.get(row, 1)).tree.name == "Second"
    assert (await trees.get(row, None)).tree.name == "Third"
