"""What a person gets wrong: one clear sentence, and nothing changes."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.integration.visitors import EIGHT_FLIPS, WORLDS, Visitor, refusal, running


async def unchanged(ada: Visitor, ref: str, before: Any) -> None:
    """The tree has the same number, states and columns as before."""
    assert (await ada.get(f"/trees/{ref}"), await ada.columns(ref)) == before


async def grown(ada: Visitor, **more: Any) -> tuple[str, Any]:
    """A tree of 15 states (7 expanded), and what it looks like."""
    ref = await ada.begin(**more)
    await ada.grow(ref, EIGHT_FLIPS)
    return ref, (await ada.get(f"/trees/{ref}"), await ada.columns(ref))


# Prompts


@pytest.mark.parametrize(
    ("asked", "expected", "sentence"),
    [
        ({"prompt": "HTX"}, (422, "not-a-flip"), "X"),
        ({"prompt": "H" * 3000}, (422, "prompt-too-long"), "3,000 tokens"),
        ({"prompt": "H" * 900_000}, (422, "prompt-too-long"), "900,000 characters"),
        ({"prompt": "H", "max_length": 1}, (422, "bad-length"), "more than the prompt's 1"),
        ({"prompt": "H", "max_length": 5000}, (422, "bad-length"), "at most 4,096"),
        ({"prompt": "H", "max_length": 2**70}, (422, "bad-length"), "at most 4,096"),
        ({"rule": "gpt-5"}, (404, "unknown-rule"), "gpt-5"),
        ({"chat": True}, (422, "no-chat-template"), "chat"),
        ({"name": "   "}, (422, "empty-name"), "at least one character"),
        ({"name": "n" * 500}, (422, "long-name"), "at most 200"),
        (
            {"procedure": [{"kind": "temperature", "value": -1}]},
            (422, "bad-temperature"),
            "temperature is -1",
        ),
        ({"procedure": [{"kind": "top_k", "k": 0}]}, (422, "bad-top-k"), "1 or more"),
        ({"procedure": [{"kind": "top_p", "p": 0}]}, (422, "bad-top-p"), "above 0"),
        ({"procedure": [{"kind": "min_p", "p": 1.5}]}, (422, "bad-min-p"), "between 0 and 1"),
        ({"procedure": [{"kind": "magic"}]}, (422, "invalid-field"), "magic|kind"),
        ({"growth": WORLDS | {"lines": 0}}, (422, "bad-lines"), "1 to 1024"),
        ({"growth": WORLDS | {"lines": 1000, "steps": 1000}}, (429, "over-budget"), "1,000,000"),
        ({"prompt": 7}, (422, "invalid-field"), "prompt"),
        ({"promt": "H"}, (422, "invalid-field"), "promt"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_a_bad_beginning_makes_no_tree(
    ada: Visitor, asked: dict[str, Any], expected: tuple[int, str], sentence: str
) -> None:
    answer = await ada.call("POST", "/trees", {"rule": "coin", "prompt": ""} | asked)
    assert refusal(answer) == expected
    assert any(part in answer.json()["detail"] for part in sentence.split("|"))
    assert (await ada.get("/trees"))["trees"] == []


# Growths


@pytest.mark.parametrize(
    ("strategy", "expected", "sentence"),
    [
        ({"kind": "breadth", "k": 0, "depth": 3}, (422, "bad-k"), "from 1 to 64"),
        ({"kind": "breadth", "k": 2, "depth": 0}, (422, "bad-depth"), "1"),
        ({"kind": "mass", "epsilon": 2}, (422, "bad-epsilon"), "between 1/4096 and 1"),
        ({"kind": "mass", "epsilon": -0.5}, (422, "bad-epsilon"), "between 1/4096 and 1"),
        ({"kind": "best_first", "states": 0}, (422, "bad-states"), "1"),
        ({"kind": "ancestral", "rollouts": 0, "steps": 2}, (422, "bad-rollouts"), "1"),
        (WORLDS | {"lo": 0.6, "hi": 0.4}, (422, "bad-interval"), "0 … 1"),
        (WORLDS | {"offset": 1.5}, (422, "bad-offset"), "offset"),
        (WORLDS | {"seed": -1}, (422, "bad-seed"), "seed"),
        ({"kind": "breadth", "k": 64, "depth": 3}, (429, "over-budget"), "4,161 evaluations"),
        (
            {"kind": "ancestral", "rollouts": 4096, "steps": 4096},
            (429, "over-budget"),
            "one growth may take 4,096",
        ),
        ({"kind": "dream"}, (422, "invalid-field"), "strategy"),
        ({"kind": "mass", "epsilon": "much"}, (422, "invalid-field"), "epsilon"),
    ],
    ids=lambda value: str(value)[:50],
)
async def test_a_bad_strategy_grows_nothing(
    ada: Visitor, strategy: dict[str, Any], expected: tuple[int, str], sentence: str
) -> None:
    ref, before = await grown(ada)
    body = {"state": {"node": 7}, "strategy": strategy}
    answer = await ada.call("POST", f"/trees/{ref}/growths", body)
    assert refusal(answer) == expected
    assert sentence in answer.json()["detail"]
    await unchanged(ada, ref, before)


@pytest.mark.parametrize(
    ("state", "expected", "sentence"),
    [
        (
            {"node": 99},
            (404, "unknown-state"),
            "State 99 does not exist: this multiverse has 15 states, numbered from 0.",
        ),
        ({"node": -1}, (404, "unknown-state"), "State -1 does not exist"),
        ({"node": 2**40}, (404, "unknown-state"), "does not exist"),
        (
            {"node": 7, "key": 2},
            (422, "unknown-token"),
            "Token 2 does not exist: the alphabet has 2 tokens, numbered from 0.",
        ),
        ({"node": 7, "key": -1}, (422, "unknown-token"), "Token -1 does not exist"),
    ],
    ids=str,
)
async def test_a_state_that_is_not_there_does_not_grow(
    ada: Visitor, state: dict[str, int], expected: tuple[int, str], sentence: str
) -> None:
    ref, before = await grown(ada)
    for path, body in (
        ("growths", {"state": state, "strategy": WORLDS}),
        ("prune", {"state": state}),
    ):
        answer = await ada.call("POST", f"/trees/{ref}/{path}", body)
        assert refusal(answer) == expected
        assert sentence in answer.json()["detail"]
    await unchanged(ada, ref, before)


async def test_a_terminal_state_does_not_grow(ada: Visitor) -> None:
    ref, before = await grown(ada, prompt="H", max_length=4)
    for path, body in (
        ("growths", {"state": {"node": 7}, "strategy": WORLDS}),
        ("growths", {"state": {"node": 3, "key": 0}, "strategy": WORLDS}),
        ("branches", {"node": 7, "text": "H"}),
    ):
        answer = await ada.call("POST", f"/trees/{ref}/{path}", body)
        assert refusal(answer) == (409, "terminal-state")
        assert answer.json()["detail"] == "This state is terminal: nothing follows it."
    await unchanged(ada, ref, before)


async def test_a_state_under_a_cut_does_not_grow(ada: Visitor) -> None:
    ref = await ada.begin()
    await ada.grow(ref, EIGHT_FLIPS)
    await ada.post(f"/trees/{ref}/prune", {"state": {"node": 1}})
    before = (await ada.get(f"/trees/{ref}"), await ada.columns(ref))
    for node in (1, 3, 7):
        body = {"state": {"node": node}, "strategy": WORLDS}
        answer = await ada.call("POST", f"/trees/{ref}/growths", body)
        assert refusal(answer) == (409, "under-cut")
        assert "Restore" in answer.json()["hint"]
    await unchanged(ada, ref, before)


async def test_an_unknown_growth_is_not_cancelled(ada: Visitor) -> None:
    ref = await ada.begin()
    answer = await ada.call("DELETE", f"/trees/{ref}/growths/nosuchjob")
    assert refusal(answer) == (404, "unknown-growth")


# Edits


@pytest.mark.parametrize(
    ("method", "path", "body", "expected", "sentence"),
    [
        ("POST", "branches", {"node": 7, "text": ""}, (422, "empty-branch"), "at least one"),
        ("POST", "branches", {"node": 7, "keys": []}, (422, "empty-branch"), "at least one"),
        ("POST", "branches", {"node": 7}, (422, "bad-branch"), "text or keys"),
        (
            "POST",
            "branches",
            {"node": 7, "text": "H", "keys": [0]},
            (422, "bad-branch"),
            "exactly one",
        ),
        (
            "POST",
            "branches",
            {"node": 7, "keys": [0, 999999]},
            (422, "unknown-token"),
            "Token 999999 does not exist: the alphabet has 2 tokens, numbered from 0.",
        ),
        ("POST", "branches", {"node": 7, "keys": [True]}, (422, "invalid-field"), "keys"),
        ("POST", "branches", {"node": 7, "text": "maybe"}, (422, "not-a-flip"), "m"),
        ("POST", "branches", {"node": 7, "text": "H" * 1025}, (422, "branch-too-long"), "1024"),
        ("POST", "branches", {"node": 99, "text": "H"}, (404, "unknown-state"), "State 99"),
        ("POST", "prune", {"state": {"node": 0}}, (422, "prune-root"), "initial state"),
        ("POST", "restore", {"node": 1}, (409, "not-cut"), "nothing to restore"),
        ("POST", "restore", {"node": 99}, (404, "unknown-state"), "State 99"),
        ("POST", "redo", None, (409, "nothing-to-redo"), "no undone change"),
        (
            "PUT",
            "procedure",
            {"procedure": [{"kind": "temperature", "value": -0.5}]},
            (422, "bad-temperature"),
            "-0.5",
        ),
        ("PUT", "procedure", {"procedure": [{"kind": "top_k", "k": 0}]}, (422, "bad-top-k"), "1"),
        (
            "PUT",
            "procedure",
            {"procedure": [{"kind": "top_k", "k": 1}] * 17},
            (422, "too-many-steps"),
            "at most 16",
        ),
        (
            "PUT",
            "procedure",
            {"procedure": [{"kind": "forbid", "keys": [2]}]},
            (422, "unknown-token"),
            "token 2, which does not exist",
        ),
        (
            "PUT",
            "procedure",
            {"procedure": [{"kind": "force", "keys": [1]}, {"kind": "forbid", "keys": [1]}]},
            (422, "procedure-contradicts"),
            "Steps 1 (forced tokens) and 2 (forbidden tokens) contradict each other",
        ),
        (
            "PUT",
            "procedure",
            {"procedure": [{"kind": "top_p", "p": 0.9}, {"kind": "forbid", "keys": [0, 1]}]},
            (422, "procedure-empties"),
            "Step 2 of the sampling procedure (forbidden tokens) leaves no next state",
        ),
        (
            "PUT",
            "procedure",
            {"procedure": [{"kind": "no_repeat", "n": 1}]},
            (422, "procedure-empties"),
            "Step 1 of the sampling procedure (no repeated n-gram) leaves no next state after 2",
        ),
        (
            "POST",
            "stages",
            {"node": 4, "procedure": [{"kind": "no_repeat", "n": 1}]},
            (422, "procedure-empties"),
            "this state cannot go on",
        ),
        ("POST", "stages", {"node": 99}, (404, "unknown-state"), "State 99"),
        ("POST", "stages", {"node": 3, "key": 2}, (422, "unknown-token"), "Token 2"),
        ("PATCH", "", {"name": ""}, (422, "empty-name"), "at least one character"),
        ("POST", "links", {"kind": "golden"}, (422, "invalid-field"), "kind"),
        ("DELETE", "links/nosuchlink", None, (404, "unknown-link"), "link"),
        ("GET", "states/99", None, (404, "unknown-state"), "State 99"),
        ("GET", "states/one", None, (422, "invalid-field"), "node"),
        ("GET", "events?after=-1", None, (422, "invalid-field"), "after"),
        ("GET", "events?limit=0", None, (422, "invalid-field"), "limit"),
        ("GET", "weights?procedure=warm", None, (422, "procedure-not-json"), "JSON"),
        ("GET", "weights?procedure=[1]", None, (422, "unknown-step"), "kinds"),
        ("GET", "weights", None, (422, "invalid-field"), "procedure"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_a_bad_edit_changes_nothing(
    ada: Visitor,
    method: str,
    path: str,
    body: object,
    expected: tuple[int, str],
    sentence: str,
) -> None:
    ref, before = await grown(ada)
    answer = await ada.call(method, f"/trees/{ref}/{path}".rstrip("/"), body)
    assert refusal(answer) == expected
    assert sentence in answer.json()["detail"]
    await unchanged(ada, ref, before)


async def test_a_cut_state_is_not_cut_again(ada: Visitor) -> None:
    ref, _ = await grown(ada)
    await ada.post(f"/trees/{ref}/prune", {"state": {"node": 1}})
    before = (await ada.get(f"/trees/{ref}"), await ada.columns(ref))
    answer = await ada.call("POST", f"/trees/{ref}/prune", {"state": {"node": 1}})
    assert refusal(answer) == (409, "already-cut")
    await unchanged(ada, ref, before)


async def test_a_branch_longer_than_the_room_left_is_refused(ada: Visitor) -> None:
    ref, before = await grown(ada, prompt="H", max_length=6)
    answer = await ada.call("POST", f"/trees/{ref}/branches", {"node": 7, "text": "HHH"})
    assert refusal(answer) == (422, "branch-too-long")
    assert "room for 2 more tokens" in answer.json()["detail"]
    await unchanged(ada, ref, before)


# Links, bodies, origins


@pytest.mark.parametrize("ref", ["tAAAAAAAAAAAAAAAAAAAAAA", "fAAAAAAAAAAAAAAAAAAAAAA", "x", "é"])
async def test_an_unknown_link_leads_nowhere(ada: Visitor, ref: str) -> None:
    for path in ("", "/columns", "/events", "/states/0"):
        answer = await ada.call("GET", f"/trees/{ref}{path}")
        assert refusal(answer) == (404, "unknown-link")


async def test_a_write_from_another_site_is_refused(ada: Visitor) -> None:
    ref, before = await grown(ada)
    answer = await ada.call(
        "POST", f"/trees/{ref}/undo", headers={"Origin": "https://elsewhere.example"}
    )
    assert refusal(answer) == (403, "other-origin")
    await unchanged(ada, ref, before)


async def test_broken_json_is_refused(ada: Visitor) -> None:
    ref, before = await grown(ada)
    answer = await ada.call(
        "POST",
        f"/trees/{ref}/prune",
        content=b'{"state": {"node": 1}',
        headers={"Content-Type": "application/json"},
    )
    assert refusal(answer) == (400, "broken-json")
    await unchanged(ada, ref, before)


async def test_a_body_of_50_mb_is_refused(ada: Visitor) -> None:
    answer = await ada.call(
        "POST",
        "/trees",
        content=b'{"rule": "coin", "prompt": "' + b"H" * 50_000_000 + b'"}',
        headers={"Content-Type": "application/json"},
    )
    assert refusal(answer) == (413, "body-too-large")
    assert (await ada.get("/trees"))["trees"] == []


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [("GET", "/nothing", 404), ("PUT", "/status", 405), ("GET", "/trees/x/growths", 405)],
)
async def test_an_address_or_method_the_api_has_not(
    ada: Visitor, method: str, path: str, expected: int
) -> None:
    assert refusal(await ada.call(method, path))[0] == expected


async def test_too_many_requests_are_refused(tmp_path: Path) -> None:
    async with running(tmp_path, requests_per_minute=5) as app, Visitor(app) as ada:
        answers = [await ada.call("GET", "/status") for _ in range(12)]
        assert refusal(answers[-1])[0] == 429
        assert answers[-1].json()["retryable"]


async def test_a_model_that_cannot_be_loaded_says_why_and_the_rest_works(tmp_path: Path) -> None:
    missing = str(tmp_path / "no-such-model")
    async with running(tmp_path, models=missing) as app, Visitor(app) as ada:
        offers = (await ada.get("/rules"))["rules"]
        known = {"smollm2", "coin", "coin-biased", "coin-sticky"}
        (rule,) = {offer["id"] for offer in offers} - known
        async with asyncio.timeout(120):
            while True:
                answer = await ada.call("POST", "/trees", {"rule": rule, "prompt": "be me"})
                if refusal(answer)[1] != "rule-loading":
                    break
                await asyncio.sleep(0.2)
        assert answer.status_code in (404, 422, 503)
        assert "no-such-model" in answer.json()["detail"]
        assert answer.json()["hint"]
        assert (await ada.grow(await ada.begin(), EIGHT_FLIPS))["expansions"] == 7
