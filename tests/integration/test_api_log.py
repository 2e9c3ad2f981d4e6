"""The log in binary, and what a tree frame tells of who grew which states, and when."""

from itertools import pairwise
from typing import Any

import pytest

from semioscope.core.events import decode_event, decode_log
from semioscope.core.tree import Tree
from semioscope.rules.coin import Coin, CoinLaw
from tests.integration.visitors import EIGHT_FLIPS, WORLDS, Visitor, refusal


async def log_of(visitor: Visitor, ref: str, after: int = 0) -> list[Any]:
    answer = await visitor.call("GET", f"/trees/{ref}/log?after={after}")
    assert answer.status_code == 200, answer.text
    return [decode_event(each)[0] for each in decode_log(answer.content)]


async def shared(owner: Visitor, editor: Visitor, ref: str) -> None:
    """Lets another visitor edit."""
    link = await owner.post(f"/trees/{ref}/links", {"kind": "edit"})
    secret = link["url_path"].partition("#edit=")[2]
    await editor.post("/invitations", {"secret": secret})


async def test_the_log_in_binary_is_the_log_in_json(ada: Visitor) -> None:
    ref = await ada.begin()
    await ada.grow(ref, EIGHT_FLIPS)
    await ada.post(f"/trees/{ref}/prune", {"state": {"node": 1}})
    await ada.call("PATCH", f"/trees/{ref}", {"name": "Flips"})
    told = (await ada.get(f"/trees/{ref}/events?limit=1000"))["events"]
    log = await log_of(ada, ref)
    assert [(each.seq, each.kind, each.by, each.payload) for each in log] == [
        (each["seq"], each["kind"], each["by"], each["payload"]) for each in told
    ]
    for event, listed in zip(log, told, strict=True):
        assert {name: column.tolist() for name, column in event.columns.items()}.keys() == set(
            listed["columns"]
        )
    assert [each.seq for each in await log_of(ada, ref, after=len(told) - 1)] == [len(told)]
    assert await log_of(ada, ref, after=len(told)) == []
    assert refusal(await ada.call("GET", f"/trees/{ref}/log?after=-1"))[0] == 422


async def test_a_frozen_link_tells_the_log_up_to_its_event(ada: Visitor, bob: Visitor) -> None:
    ref = await ada.begin()
    tree = await ada.grow(ref, EIGHT_FLIPS)
    frozen = await ada.post(f"/trees/{ref}/links", {"kind": "frozen"})
    await ada.post(f"/trees/{ref}/prune", {"state": {"node": 1}})
    place = frozen["id"]
    assert [each.seq for each in await log_of(bob, place)] == list(range(1, tree["seq"] + 1))
    assert len(await log_of(bob, ref)) == tree["seq"] + 1


async def test_a_tree_frame_tells_of_every_state_who_grew_it_and_when(
    ada: Visitor, bob: Visitor
) -> None:
    ref = await ada.begin()
    await ada.grow(ref, EIGHT_FLIPS)
    await shared(ada, bob, ref)
    await bob.grow(ref, WORLDS, node=3)
    await bob.post(f"/trees/{ref}/prune", {"state": {"node": 2}})
    await ada.grow(ref, WORLDS, node=4)

    log = await log_of(ada, ref)
    grown = [each for each in log if len(each.columns.get("node_parent", ()))]
    header, columns = await ada.columns(ref)
    assert columns["origin_node"] == [each.payload["first_node"] for each in grown]
    assert columns["origin_seq"] == [each.seq for each in grown]
    assert columns["origin_at"] == [each.at for each in grown]
    people = [header["people"][place] for place in columns["origin_by"]]
    assert people == [each.by for each in grown]
    assert len(header["people"]) == 2
    assert all(a < b for a, b in pairwise(columns["origin_node"]))


async def test_a_snapshot_keeps_who_grew_what(ada: Visitor) -> None:
    ref = await ada.begin()
    await ada.grow(ref, EIGHT_FLIPS)
    log = await log_of(ada, ref)
    tree: Tree = await whole(ada, ref)
    again = Tree.from_frame(tree.to_frame(), tree.rule, tree.prompt, tree.max_length)
    for name, column in tree.origins.to_columns().items():
        assert again.origins.to_columns()[name].tolist() == column.tolist()
    assert again.origins.people == tree.origins.people == [log[0].by]


async def whole(visitor: Visitor, ref: str) -> Tree:
    """The tree as its log makes it, outside the server."""
    tree = Tree(Coin("coin", "Fair coin", "", CoinLaw()).description, (), 64)
    for event in await log_of(visitor, ref):
        tree.apply(event)
    return tree


@pytest.mark.parametrize("ref", ["t" + "x" * 22, "nonsense"])
async def test_a_log_that_is_not_there_is_refused(ada: Visitor, ref: str) -> None:
    assert refusal(await ada.call("GET", f"/trees/{ref}/log"))[0] == 404
