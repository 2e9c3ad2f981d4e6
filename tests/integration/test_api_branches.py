"""Bookmarks, notes, names of branches, pruning many and keeping one, over HTTP."""

from pathlib import Path
from typing import Any

import pytest

from semioscope.core.annotations import MOST_NOTE
from semioscope.service import annotating
from tests.integration.visitors import EIGHT_FLIPS, Visitor, refusal, running


async def grown(ada: Visitor) -> str:
    """15 states: three flips of a fair coin; 1 and 2 are the first H and T."""
    ref = await ada.begin()
    await ada.grow(ref, EIGHT_FLIPS)
    return ref


async def put(who: Visitor, ref: str, node: int, what: str, body: dict[str, Any]) -> Any:
    answer = await who.call("PUT", f"/trees/{ref}/states/{node}/{what}", body)
    assert answer.is_success, answer.text
    return answer.json()


async def editor(ada: Visitor, bob: Visitor, ref: str) -> None:
    link = await ada.post(f"/trees/{ref}/links", {"kind": "edit"})
    await bob.post("/invitations", {"secret": link["url_path"].partition("#edit=")[2]})


async def test_what_is_set_down_is_read_by_all_and_undone_by_its_author(
    ada: Visitor, bob: Visitor
) -> None:
    ref = await grown(ada)
    assert (await put(ada, ref, 1, "bookmark", {"on": True}))["label"] == "Bookmarked “H”"
    await put(ada, ref, 1, "note", {"text": " heads\r\nfirst\u202e \n"})
    told = await put(ada, ref, 1, "label", {"name": "the  lucky\nbranch"})
    assert told["label"] == "Named “H” “the lucky branch”"
    state = await bob.get(f"/trees/{ref}/states/1")
    assert state["bookmarked"]
    assert (state["note"], state["label"]) == ("heads\nfirst", "the lucky branch")
    header, _ = await bob.columns(ref)
    assert header["annotations"] == {
        "bookmarks": [1],
        "notes": [[1, "heads\nfirst"]],
        "labels": [[1, "the lucky branch"]],
    }
    tree = await ada.get(f"/trees/{ref}")
    assert tree["undo_label"] == "the name of the branch “H”"
    undone = [(await ada.post(f"/trees/{ref}/undo"))["label"] for _ in range(3)]
    assert undone[1:] == ["Undid: the note on “H”", "Undid: bookmark “H”"]
    assert "annotations" not in (await ada.columns(ref))[0]
    tree = await ada.get(f"/trees/{ref}")
    assert (tree["undo_label"], tree["redo_label"]) == ("growing breadth first", "bookmark “H”")
    for _ in range(3):
        await ada.post(f"/trees/{ref}/redo")
    assert (await bob.columns(ref))[0]["annotations"] == header["annotations"]


async def test_what_is_so_already_is_no_change(ada: Visitor) -> None:
    ref = await grown(ada)
    first = await put(ada, ref, 1, "bookmark", {"on": True})
    assert (await put(ada, ref, 1, "bookmark", {"on": True}))["seq"] == first["seq"]
    assert (await put(ada, ref, 1, "note", {"text": "  "}))["seq"] == first["seq"]
    assert (await put(ada, ref, 2, "bookmark", {"on": False}))["seq"] == first["seq"]


async def test_a_note_that_another_changed_since_is_not_taken_back(
    ada: Visitor, bob: Visitor
) -> None:
    ref = await grown(ada)
    await editor(ada, bob, ref)
    await put(ada, ref, 1, "note", {"text": "mine"})
    await put(bob, ref, 1, "note", {"text": "ours"})
    assert refusal(await ada.call("POST", f"/trees/{ref}/undo")) == (409, "built-upon")
    assert (await ada.get(f"/trees/{ref}/states/1"))["note"] == "ours"


async def test_a_candidate_is_made_a_state_and_marked_in_one_change(ada: Visitor) -> None:
    ref = await ada.begin()
    told = await put(ada, ref, 0, "note", {"text": "tails", "key": 1})
    state = await ada.get(f"/trees/{ref}/states/{told['node']}")
    assert (state["text"], state["note"]) == ("T", "tails")
    assert (await ada.post(f"/trees/{ref}/undo"))["label"] == "Undid: the note on “T”"
    tree = await ada.get(f"/trees/{ref}")
    assert (tree["ledger"]["frontier"], tree["can_undo"]) == (1, False)
    assert (await put(ada, ref, 0, "bookmark", {"on": False, "key": 0}))["node"] is None
    assert (await ada.get(f"/trees/{ref}"))["seq"] == tree["seq"]


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("1/note", {"text": "n" * (MOST_NOTE + 1)}, (422, "long-note")),
        ("1/label", {"name": "n" * 81}, (422, "long-label")),
        ("0/label", {"name": "all"}, (422, "label-root")),
        ("1/label", {"name": "all", "key": 7}, (422, "unknown-token")),
        ("99/bookmark", {"on": True}, (404, "unknown-state")),
        ("1/bookmark", {"on": "yes"}, (422, "invalid-field")),
        ("1/note", {"txt": "x"}, (422, "invalid-field")),
    ],
)
async def test_what_cannot_be_set_down_changes_nothing(
    ada: Visitor, path: str, body: dict[str, Any], expected: tuple[int, str]
) -> None:
    ref = await grown(ada)
    before = await ada.get(f"/trees/{ref}"), await ada.columns(ref)
    assert refusal(await ada.call("PUT", f"/trees/{ref}/states/{path}", body)) == expected
    assert (await ada.get(f"/trees/{ref}"), await ada.columns(ref)) == before


async def test_readers_set_nothing_down(ada: Visitor, bob: Visitor) -> None:
    ref = await grown(ada)
    frozen = (await ada.post(f"/trees/{ref}/links", {"kind": "frozen"}))["url_path"].split("/")[-1]
    calls: list[tuple[str, str, dict[str, Any]]] = [
        ("PUT", "states/1/bookmark", {"on": True}),
        ("PUT", "states/1/note", {"text": "x"}),
        ("PUT", "states/1/label", {"name": "x"}),
        ("POST", "prune", {"states": [{"node": 1}, {"node": 2}]}),
        ("POST", "keep", {"state": {"node": 1}}),
    ]
    for method, path, body in calls:
        assert refusal(await bob.call(method, f"/trees/{ref}/{path}", body)) == (403, "read-only")
        assert refusal(await ada.call(method, f"/trees/{frozen}/{path}", body)) == (409, "frozen")
    assert (await bob.get(f"/trees/{ref}"))["undo_label"] is None


async def test_there_are_only_so_many_bookmarks_and_notes(
    ada: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = await grown(ada)
    monkeypatch.setattr(annotating, "MOST_ANNOTATED", 2)
    monkeypatch.setattr(annotating, "MOST_NOTES_TEXT", 10)
    for node in (1, 2):
        await put(ada, ref, node, "bookmark", {"on": True})
        await put(ada, ref, node, "note", {"text": "four"})
        await put(ada, ref, node, "label", {"name": "name"})
    for what, body, code in (
        ("bookmark", {"on": True}, "too-many-bookmarks"),
        ("note", {"text": "x"}, "too-many-notes"),
        ("label", {"name": "x"}, "too-many-labels"),
    ):
        answer = await ada.call("PUT", f"/trees/{ref}/states/3/{what}", body)
        assert refusal(answer) == (409, code)
    answer = await ada.call("PUT", f"/trees/{ref}/states/2/note", {"text": "seven c"})
    assert refusal(answer) == (409, "notes-too-long")
    await put(ada, ref, 2, "note", {"text": "six ch"})


async def test_several_states_are_pruned_in_one_change(ada: Visitor) -> None:
    ref = await grown(ada)
    before = await ada.columns(ref)
    below = (await ada.get(f"/trees/{ref}/states/1"))["candidates"][0]["node"]
    other = (await ada.get(f"/trees/{ref}/states/2"))["candidates"][0]["node"]
    states = [{"node": below}, {"node": 1}, {"node": other}, {"node": 1}]
    cut = await ada.post(f"/trees/{ref}/prune", {"states": states})
    assert cut["label"] == "Pruned 2 states"
    assert (await ada.columns(ref))[1]["cut_node"] == sorted([1, other])
    tree = await ada.get(f"/trees/{ref}")
    assert tree["ledger"]["pruned"] == pytest.approx(0.75, abs=1e-6)
    assert tree["undo_label"] == "prune 2 states"
    log = (await ada.get(f"/trees/{ref}/events?after={cut['seq'] - 1}"))["events"]
    assert [each["kind"] for each in log] == ["prune"]
    again = await ada.call("POST", f"/trees/{ref}/prune", {"states": states[:2]})
    assert refusal(again) == (409, "already-cut")
    await ada.post(f"/trees/{ref}/undo")
    assert (await ada.columns(ref))[1] == before[1]
    await ada.post(f"/trees/{ref}/redo")
    assert (await ada.columns(ref))[1]["cut_node"] == sorted([1, other])


async def test_candidates_are_made_states_before_they_are_pruned_together(ada: Visitor) -> None:
    ref = await ada.begin()
    await ada.grow(ref, EIGHT_FLIPS | {"depth": 1, "k": 1})
    cut = await ada.post(
        f"/trees/{ref}/prune",
        {"states": [{"node": 0, "key": 1}, {"node": 1, "key": 0}, {"node": 1, "key": 1}]},
    )
    assert cut["label"] == "Pruned 3 states"
    tree = await ada.get(f"/trees/{ref}")
    assert tree["ledger"]["pruned"] == pytest.approx(1, abs=1e-6)
    await ada.post(f"/trees/{ref}/undo")
    tree = await ada.get(f"/trees/{ref}")
    assert tree["ledger"]["pruned"] == 0
    assert tree["undo_label"] == "growing breadth first"


async def test_keeping_one_state_prunes_what_has_grown_beside_its_path(ada: Visitor) -> None:
    ref = await grown(ada)
    path = [1]
    path.append((await ada.get(f"/trees/{ref}/states/1"))["candidates"][1]["node"])
    kept = await ada.post(f"/trees/{ref}/keep", {"state": {"node": path[-1]}})
    assert kept["label"] == (
        "Kept only “T”: pruned 2 other branches; what is not grown stays in the residual"
    )
    assert (await ada.get(f"/trees/{ref}"))["ledger"]["pruned"] == pytest.approx(0.75, abs=1e-6)
    assert not (await ada.get(f"/trees/{ref}/states/{path[-1]}"))["under_cut"]
    again = await ada.call("POST", f"/trees/{ref}/keep", {"state": {"node": path[-1]}})
    assert refusal(again) == (409, "nothing-else")
    inside = await ada.call("POST", f"/trees/{ref}/keep", {"state": {"node": 2}})
    assert refusal(inside) == (409, "under-cut")
    assert (await ada.post(f"/trees/{ref}/undo"))["label"] == "Undid: keep only “T”"
    assert (await ada.get(f"/trees/{ref}"))["ledger"]["pruned"] == 0


async def test_several_branches_can_be_kept(ada: Visitor) -> None:
    ref = await grown(ada)
    at = (await ada.get(f"/trees/{ref}/states/1"))["candidates"][1]["node"]
    below = (await ada.get(f"/trees/{ref}/states/{at}"))["candidates"][0]["node"]
    other = (await ada.get(f"/trees/{ref}/states/2"))["candidates"][0]["node"]
    states = [{"node": below}, {"node": at}, {"node": other}]
    kept = await ada.post(f"/trees/{ref}/keep", {"states": states})
    assert kept["label"].startswith("Kept only 2 states: pruned 2 other branches;")
    assert (await ada.get(f"/trees/{ref}"))["ledger"]["pruned"] == pytest.approx(0.5, abs=1e-6)
    for node in (at, below, other):
        assert not (await ada.get(f"/trees/{ref}/states/{node}"))["under_cut"]
    assert (await ada.post(f"/trees/{ref}/undo"))["label"] == "Undid: keep only 2 states"


async def test_a_candidate_can_be_what_is_kept(ada: Visitor) -> None:
    ref = await ada.begin()
    await ada.grow(ref, EIGHT_FLIPS | {"depth": 1, "k": 1})
    kept = await ada.post(f"/trees/{ref}/keep", {"state": {"node": 0, "key": 1}})
    assert (await ada.get(f"/trees/{ref}/states/{kept['node']}"))["text"] == "T"
    assert (await ada.get(f"/trees/{ref}/states/1"))["cut"]


async def test_a_keep_that_would_prune_nothing_branches_nothing(ada: Visitor) -> None:
    ref = await ada.begin()
    before = await ada.get(f"/trees/{ref}")
    answer = await ada.call("POST", f"/trees/{ref}/keep", {"state": {"node": 0, "key": 1}})
    assert refusal(answer) == (409, "nothing-else")
    assert await ada.get(f"/trees/{ref}") == before


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, (422, "bad-prune")),
        ({"state": {"node": 1}, "states": [{"node": 2}]}, (422, "bad-prune")),
        ({"states": []}, (422, "no-states")),
        ({"states": [{"node": 1}] * 1001}, (422, "too-many-states")),
        ({"states": [{"node": 0, "key": 1}, {"node": 0}]}, (422, "prune-root")),
        ({"states": [{"node": 0, "key": 1}, {"node": 99}]}, (404, "unknown-state")),
        ({"states": [{"node": 0, "key": 1}, {"node": 1, "key": 9}]}, (422, "unknown-token")),
    ],
)
async def test_a_bad_prune_of_several_changes_nothing(
    ada: Visitor, body: dict[str, Any], expected: tuple[int, str]
) -> None:
    ref = await ada.begin()
    await ada.grow(ref, EIGHT_FLIPS | {"depth": 1, "k": 1})
    before = await ada.get(f"/trees/{ref}"), await ada.columns(ref)
    assert refusal(await ada.call("POST", f"/trees/{ref}/prune", body)) == expected
    assert (await ada.get(f"/trees/{ref}"), await ada.columns(ref)) == before


async def test_a_restart_and_a_fork_carry_what_is_set_down(tmp_path: Path) -> None:
    async with running(tmp_path, snapshot_every=4) as app, Visitor(app) as ada:
        ref = await grown(ada)
        await put(ada, ref, 3, "bookmark", {"on": True})
        await put(ada, ref, 3, "note", {"text": "stays"})
        await ada.grow(ref, EIGHT_FLIPS, node=7)  # a snapshot
        cookies = ada.client.cookies
        told = (await ada.columns(ref))[0]["annotations"]
    async with running(tmp_path) as app, Visitor(app) as ada:
        ada.client.cookies = cookies
        assert (await ada.columns(ref))[0]["annotations"] == told
        assert told == {"bookmarks": [3], "notes": [[3, "stays"]], "labels": []}
        fork = (await ada.post(f"/trees/{ref}/fork"))["ref"]
        assert (await ada.columns(fork))[0]["annotations"] == told
