"""Trees over HTTP: made, read, renamed, deleted, and what survives a restart."""

import math
from pathlib import Path

import pytest

from tests.integration.visitors import (
    EIGHT_FLIPS,
    WORLDS,
    BreakingCoin,
    Visitor,
    refusal,
    running,
)


async def test_a_tree_begins_from_its_prompt(ada: Visitor) -> None:
    tree = await ada.post("/trees", {"rule": "coin", "prompt": "HTH"})
    assert tree["ref"].startswith("t")
    assert len(tree["ref"]) == 23
    assert tree["kind"] == "live"
    assert tree["role"] == "owner"
    assert tree["seq"] == 0
    assert tree["states"] == 1
    assert tree["name"] == "HTH"
    assert tree["prompt"]["text"] == "HTH"
    assert [piece["key"] for piece in tree["prompt"]["tokens"]] == [0, 1, 0]
    assert tree["rule"]["id"] == "coin"
    assert tree["rule_available"]
    assert tree["ledger"] == {"terminal": 0, "frontier": 1, "residual": 0, "pruned": 0}


async def test_worlds_asked_for_with_the_prompt_grow_at_once(ada: Visitor) -> None:
    tree = await ada.post("/trees", {"rule": "coin", "prompt": "", "growth": WORLDS})
    assert tree["jobs"][0]["strategy"] == "worlds"
    grown = await ada.at_rest(tree["ref"])
    assert grown["states"] == 15
    assert grown["expansions"] == 7
    assert not grown["can_undo"]


async def test_the_columns_are_the_tree(ada: Visitor) -> None:
    ref = await ada.begin()
    tree = await ada.grow(ref, EIGHT_FLIPS)
    header, columns = await ada.columns(ref)
    assert header["type"] == "tree"
    assert header["seq"] == tree["seq"]
    assert header["ledger"] == tree["ledger"]
    assert len(columns["node_parent"]) == tree["states"] - 1 == 14
    assert sum(tree["ledger"].values()) == pytest.approx(1, abs=1e-6)


async def test_one_state_has_all_its_numbers(ada: Visitor) -> None:
    ref = await ada.begin(rule="coin-biased")
    await ada.grow(ref, EIGHT_FLIPS)
    root = await ada.get(f"/trees/{ref}/states/0")
    heads, tails = root["candidates"]
    assert (heads["text"], heads["node"]) == ("H", 1)
    assert heads["probability"] == pytest.approx(0.7, abs=1e-6)
    assert heads["surprisal"] == pytest.approx(-math.log2(0.7), abs=1e-6)
    assert tails["probability"] == pytest.approx(0.3, abs=1e-6)
    assert root["entropy"] == pytest.approx(0.8813, abs=1e-3)
    first = await ada.get(f"/trees/{ref}/states/1")
    assert first["parent"] == 0
    assert first["text"] == "H"
    assert [step["text"] for step in first["path"]] == ["H"]


async def test_the_log_is_told_as_json_page_by_page(ada: Visitor) -> None:
    ref = await ada.begin()
    await ada.grow(ref, EIGHT_FLIPS)
    await ada.call("PATCH", f"/trees/{ref}", {"name": "Flips"})
    told, after = [], 0
    while after is not None:
        page = await ada.get(f"/trees/{ref}/events?after={after}&limit=2")
        told += page["events"]
        after = page["next"]
    assert [event["seq"] for event in told] == list(range(1, len(told) + 1))
    assert told[-1]["kind"] == "rename"
    assert told[-1]["payload"]["name"] == "Flips"
    assert told[0]["columns"]["node_parent"] == [0, 0]


async def test_a_name_is_a_change_that_can_be_undone(ada: Visitor) -> None:
    ref = await ada.begin("HT")
    await ada.call("PATCH", f"/trees/{ref}", {"name": "  Two   flips "})
    assert (await ada.get(f"/trees/{ref}"))["name"] == "Two flips"
    assert (await ada.get("/trees"))["trees"][0]["name"] == "Two flips"
    undone = await ada.post(f"/trees/{ref}/undo")
    assert undone["label"] == "Undid: the name “Two flips”"
    assert (await ada.get("/trees"))["trees"][0]["name"] == "HT"


async def test_a_tree_lists_for_its_owner_alone(ada: Visitor, bob: Visitor) -> None:
    ref = await ada.begin("HT")
    listed = (await ada.get("/trees"))["trees"]
    assert [(tree["ref"], tree["prompt"], tree["role"]) for tree in listed] == [
        (ref, "HT", "owner")
    ]
    assert (await bob.get("/trees"))["trees"] == []


async def test_a_deleted_tree_is_gone(ada: Visitor) -> None:
    ref = await ada.begin()
    assert (await ada.call("DELETE", f"/trees/{ref}")).status_code == 204
    assert refusal(await ada.call("GET", f"/trees/{ref}")) == (410, "deleted-tree")
    assert (await ada.get("/trees"))["trees"] == []


async def test_everything_survives_a_restart(tmp_path: Path) -> None:
    async with running(tmp_path) as app, Visitor(app) as ada:
        ref = await ada.begin("H", procedure=[{"kind": "temperature", "value": 0.5}])
        await ada.grow(ref, EIGHT_FLIPS)
        await ada.post(f"/trees/{ref}/prune", {"state": {"node": 2}})
        await ada.call("PATCH", f"/trees/{ref}", {"name": "Kept"})
        before, columns = await ada.get(f"/trees/{ref}"), await ada.columns(ref)
        cookies = ada.client.cookies
    async with running(tmp_path) as app, Visitor(app) as ada:
        ada.client.cookies = cookies
        assert await ada.get(f"/trees/{ref}") == before
        assert await ada.columns(ref) == columns
        undone = await ada.post(f"/trees/{ref}/undo")
        assert undone["label"] == "Undid: the name “Kept”"


async def test_a_snapshot_and_the_tail_are_the_whole_tree(tmp_path: Path) -> None:
    async with running(tmp_path, snapshot_every=5) as app, Visitor(app) as ada:
        ref = await ada.begin()
        await ada.grow(ref, EIGHT_FLIPS)
        await ada.post(f"/trees/{ref}/prune", {"state": {"node": 2}})
        before, columns = await ada.get(f"/trees/{ref}"), await ada.columns(ref)
        cookies = ada.client.cookies
    async with running(tmp_path) as app, Visitor(app) as ada:
        ada.client.cookies = cookies
        assert await ada.get(f"/trees/{ref}") == before
        assert await ada.columns(ref) == columns


async def test_a_tree_whose_rule_is_gone_opens_but_does_not_grow(tmp_path: Path) -> None:
    async with running(tmp_path, BreakingCoin()) as app, Visitor(app) as ada:
        ref = await ada.begin(rule="breaking")
        await ada.grow(ref, WORLDS | {"steps": 2})
        cookies = ada.client.cookies
    async with running(tmp_path) as app, Visitor(app) as ada:
        ada.client.cookies = cookies
        tree = await ada.get(f"/trees/{ref}")
        assert not tree["rule_available"]
        assert "Breaking coin" in tree["rule_message"]
        assert (await ada.get(f"/trees/{ref}/states/0"))["candidates"][0]["text"] == "H"
        body = {"state": {"node": 1}, "strategy": WORLDS}
        answer = await ada.call("POST", f"/trees/{ref}/growths", body)
        assert refusal(answer) == (409, "rule-changed")
        assert answer.json()["hint"]
        cut = await ada.post(f"/trees/{ref}/prune", {"state": {"node": 1}})
        assert cut["label"] == "Pruned “H”"


async def test_the_status_tells_what_is_offered_and_its_bounds(ada: Visitor) -> None:
    status = await ada.get("/status")
    assert not status["ready"]
    assert {"smollm2", "coin", "coin-biased", "coin-sticky"} <= {
        rule["id"] for rule in status["rules"]
    }
    assert status["limits"]["max_budget"] == 4096
    assert (await ada.get("/rules"))["rules"] == status["rules"]


async def test_a_rule_can_be_loaded_before_it_is_used(ada: Visitor) -> None:
    begun = await ada.call("POST", "/rules/coin/load")
    assert begun.status_code == 202
    assert (begun.json()["id"], begun.json()["state"]) == ("coin", "ready")
    assert refusal(await ada.call("POST", "/rules/dice/load")) == (404, "unknown-rule")
