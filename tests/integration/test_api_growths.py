"""Growths over HTTP: run, cancelled, replaced, failing, bounded."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.integration.visitors import (
    EIGHT_FLIPS,
    WORLDS,
    BreakingCoin,
    SlowCoin,
    Visitor,
    refusal,
    running,
)

LONG = WORLDS | {"steps": 60}


def order(strategy: dict[str, object], **more: object) -> dict[str, object]:
    return {"state": {"node": 0}, "strategy": strategy, **more}


@pytest.mark.parametrize(
    ("strategy", "expansions"),
    [
        ({"kind": "worlds", "lines": 8, "steps": 3}, 7),
        ({"kind": "breadth", "k": 2, "depth": 4}, 15),
        ({"kind": "mass", "epsilon": 0.2}, 7),
        ({"kind": "best_first", "states": 9}, 9),
        ({"kind": "beam", "k": 2, "steps": 3}, 5),
        ({"kind": "greedy", "steps": 4}, 4),
        ({"kind": "stochastic_beam", "k": 7, "steps": 3, "seed": 5}, 7),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else "",
)
async def test_every_strategy_grows(
    ada: Visitor, strategy: dict[str, object], expansions: int
) -> None:
    ref = await ada.begin()
    tree = await ada.grow(ref, strategy)
    assert tree["expansions"] == expansions
    assert sum(tree["ledger"].values()) == pytest.approx(1, abs=1e-6)
    assert tree["can_undo"]


async def ended(ada: Visitor, ref: str, asked: dict[str, object]) -> Any:
    """The job as it ended."""
    job = await ada.post(f"/trees/{ref}/growths", asked)
    await ada.at_rest(ref)
    return (await ada.call("DELETE", f"/trees/{ref}/growths/{job['id']}")).json()


def figures(job: Any) -> dict[str, Any]:
    return {figure["name"]: figure for figure in job["report"]["figures"]}


async def test_best_first_tells_what_is_left_and_emits_in_order(ada: Visitor) -> None:
    ref = await ada.begin(rule="coin-biased", max_length=6)
    job = await ended(ada, ref, order({"kind": "best_first", "states": 20}))
    tree = await ada.get(f"/trees/{ref}")
    told = figures(job)
    assert told["unexplored"]["guarantee"] == "exact"
    assert told["unexplored"]["value"] == pytest.approx(
        tree["ledger"]["frontier"] + tree["ledger"]["residual"]
    )
    assert told["resolved"]["value"] == pytest.approx(tree["ledger"]["terminal"])
    log_probs = [found["log_prob"] for found in job["report"]["found"]]
    assert log_probs == sorted(log_probs, reverse=True)
    assert len(log_probs) == told["emitted"]["value"] > 0


async def test_draws_tell_estimates_with_their_errors(ada: Visitor) -> None:
    ref = await ada.begin(rule="coin-biased")
    told = figures(await ended(ada, ref, order({"kind": "ancestral", "rollouts": 200, "steps": 5})))
    surprisal = told["surprisal under the rule"]
    assert surprisal["guarantee"] == "estimate"
    assert abs(surprisal["value"] - 0.8813) <= 4 * surprisal["standard_error"]
    job = await ended(ada, ref, order({"kind": "stochastic_beam", "k": 6, "steps": 5, "seed": 2}))
    assert all(found["log_weight"] is not None for found in job["report"]["found"])
    assert figures(job)["sum of weights"]["standard_error"] > 0
    job = await ended(ada, ref, order({"kind": "worlds", "lines": 8, "steps": 5}))
    assert figures(job)["ended"]["standard_error"] is None
    assert "several independent offsets" in job["report"]["note"]


async def test_a_growth_stops_where_it_is_told_to(ada: Visitor) -> None:
    ref = await ada.begin(rule="coin-biased", max_length=8)
    asked = order({"kind": "best_first", "states": 400}, stop={"resolved": 0.25})
    job = await ended(ada, ref, asked)
    assert job["state"] == "done"
    assert job["label"].endswith("until 0.25 resolved")
    assert 0.25 <= (await ada.get(f"/trees/{ref}"))["ledger"]["terminal"] < 0.9
    refused = await ada.call(
        "POST",
        f"/trees/{ref}/growths",
        order({"kind": "ancestral", "rollouts": 4, "steps": 2}, stop={"ended": 1}),
    )
    assert refusal(refused) == (422, "biased-stop")


async def test_a_cancelled_draw_keeps_a_report_that_estimates_nothing(ada: Visitor) -> None:
    ref = await ada.begin(rule="slow")
    job = await ada.post(
        f"/trees/{ref}/growths", order({"kind": "ancestral", "rollouts": 8, "steps": 60})
    )
    await ada.until(ref, lambda tree: tree["seq"] >= 2)
    stopped = (await ada.call("DELETE", f"/trees/{ref}/growths/{job['id']}")).json()
    assert stopped["state"] == "cancelled"
    assert stopped["report"] == {"figures": [], "found": [], "note": None}


@pytest.mark.parametrize(
    "strategy", [{"kind": "breadth", "k": 2, "depth": 5}, {"kind": "best_first", "states": 31}]
)
async def test_a_job_counts_states_however_few_questions_they_take(
    ada: Visitor, strategy: dict[str, object]
) -> None:
    ref = await ada.begin()
    job = await ada.post(f"/trees/{ref}/growths", order(strategy))
    await ada.at_rest(ref)
    ended = (await ada.call("DELETE", f"/trees/{ref}/growths/{job['id']}")).json()
    assert (ended["expanded"], ended["total"]) == (31, 31)


async def test_rollouts_are_counted(ada: Visitor) -> None:
    ref = await ada.begin()
    await ada.grow(ref, {"kind": "ancestral", "rollouts": 40, "steps": 2, "seed": 7})
    _, columns = await ada.columns(ref)
    visits = dict(zip(columns["visited_node"], columns["visited_count"], strict=True))
    assert visits[0] == 40
    assert visits[1] + visits[2] == 40


async def test_growth_from_a_candidate_makes_it_a_state(ada: Visitor) -> None:
    ref = await ada.begin()
    await ada.post(
        f"/trees/{ref}/growths", {"state": {"node": 0, "key": 1}, "strategy": EIGHT_FLIPS}
    )
    tree = await ada.at_rest(ref)
    assert tree["expansions"] == 8
    root = await ada.get(f"/trees/{ref}/states/0")
    assert [candidate["node"] is None for candidate in root["candidates"]] == [True, False]


async def test_a_cancelled_growth_keeps_what_has_grown(ada: Visitor, slow_coin: SlowCoin) -> None:
    ref = await ada.begin(rule="slow")
    job = await ada.post(f"/trees/{ref}/growths", order(LONG))
    await ada.until(ref, lambda tree: tree["seq"] >= 2)
    answer = await ada.call("DELETE", f"/trees/{ref}/growths/{job['id']}")
    ended = answer.json()
    assert ended["state"] == "cancelled"
    assert 0 < ended["expanded"] < ended["total"]
    tree = await ada.get(f"/trees/{ref}")
    assert tree["jobs"] == []
    batches = slow_coin.batches
    await asyncio.sleep(3 * slow_coin.seconds)
    assert slow_coin.batches <= batches + 1
    assert await ada.get(f"/trees/{ref}") == tree
    again = await ada.call("DELETE", f"/trees/{ref}/growths/{job['id']}")
    assert again.json() == ended


async def test_a_view_that_moves_replaces_its_growth(ada: Visitor, bob: Visitor) -> None:
    ref = await ada.begin(rule="slow", growth=LONG)
    first = (await ada.get(f"/trees/{ref}"))["jobs"][0]
    by_hand = await ada.post(f"/trees/{ref}/growths", order(LONG))
    second = await ada.post(f"/trees/{ref}/growths", order(LONG, automatic=True))
    third = await ada.post(f"/trees/{ref}/growths", order(LONG, automatic=True))
    running = {job["id"] for job in (await ada.get(f"/trees/{ref}"))["jobs"]}
    await asyncio.sleep(0.3)
    running = {job["id"] for job in (await ada.get(f"/trees/{ref}"))["jobs"]}
    assert running == {by_hand["id"], third["id"]}
    assert not {first["id"], second["id"]} & running
    for job in running:
        await ada.call("DELETE", f"/trees/{ref}/growths/{job}")


async def test_a_rule_that_breaks_fails_its_growth_alone(ada: Visitor) -> None:
    ref, other = await ada.begin(rule="breaking"), await ada.begin()
    job = await ada.post(f"/trees/{ref}/growths", order({"kind": "breadth", "k": 2, "depth": 6}))
    tree = await ada.grow(other, EIGHT_FLIPS)
    assert tree["expansions"] == 7
    broken = await ada.at_rest(ref)
    assert broken["expansions"] == 7
    ended = (await ada.call("DELETE", f"/trees/{ref}/growths/{job['id']}")).json()
    assert ended["state"] == "failed"
    assert "Breaking coin failed" in ended["message"]
    assert (await ada.grow(ref, WORLDS | {"steps": 2}))["ledger"] == broken["ledger"]


async def test_a_branch_that_the_rule_fails_is_refused(ada: Visitor) -> None:
    ref = await ada.begin(rule="breaking")
    before = await ada.get(f"/trees/{ref}")
    answer = await ada.call("POST", f"/trees/{ref}/branches", {"node": 0, "text": "HHHHH"})
    assert refusal(answer) == (503, "rule-failed")
    assert await ada.get(f"/trees/{ref}") == before


async def test_one_person_has_so_many_growths_at_a_time(ada: Visitor, bob: Visitor) -> None:
    ref = await ada.begin(rule="slow")
    jobs = [await ada.post(f"/trees/{ref}/growths", order(LONG)) for _ in range(4)]
    refused = await ada.call("POST", f"/trees/{ref}/growths", order(LONG))
    assert refusal(refused) == (429, "too-many-growths")
    assert refused.json()["retryable"]
    assert (await bob.grow(await bob.begin(), EIGHT_FLIPS))["expansions"] == 7
    await ada.call("DELETE", f"/trees/{ref}/growths/{jobs[0]['id']}")
    last = await ada.post(f"/trees/{ref}/growths", order(LONG))
    for job in [*jobs[1:], last]:
        await ada.call("DELETE", f"/trees/{ref}/growths/{job['id']}")


async def test_a_tree_has_so_many_states(tmp_path: Path) -> None:
    async with running(tmp_path, max_nodes=20) as app, Visitor(app) as ada:
        ref = await ada.begin()
        job = await ada.post(
            f"/trees/{ref}/growths", order({"kind": "breadth", "k": 2, "depth": 8})
        )
        await ada.at_rest(ref)
        ended = (await ada.call("DELETE", f"/trees/{ref}/growths/{job['id']}")).json()
        assert "20" in ended["message"]
        refused = await ada.call("POST", f"/trees/{ref}/growths", order(WORLDS))
        assert refusal(refused) == (429, "tree-full")


async def test_two_people_grow_one_tree_at_once(ada: Visitor, bob: Visitor) -> None:
    ref = await ada.begin(rule="slow")
    link = await ada.post(f"/trees/{ref}/links", {"kind": "edit"})
    await bob.post("/invitations", {"secret": link["url_path"].partition("#edit=")[2]})
    await ada.post(f"/trees/{ref}/growths", order({"kind": "breadth", "k": 2, "depth": 5}))
    await bob.post(f"/trees/{ref}/growths", order({"kind": "worlds", "lines": 32, "steps": 5}))
    await bob.post(f"/trees/{ref}/growths", order({"kind": "best_first", "states": 31}))
    tree = await ada.at_rest(ref)
    assert tree["expansions"] >= 31
    assert sum(tree["ledger"].values()) == pytest.approx(1, abs=1e-6)
    _, columns = await ada.columns(ref)
    steps = list(zip(columns["node_parent"], columns["node_key"], strict=True))
    assert len(set(steps)) == len(steps)


async def test_a_cut_made_meanwhile_is_not_grown_into(ada: Visitor) -> None:
    ref = await ada.begin(rule="slow")
    await ada.post(f"/trees/{ref}/growths", order({"kind": "breadth", "k": 2, "depth": 7}))
    await ada.until(ref, lambda tree: tree["states"] >= 3)
    await ada.post(f"/trees/{ref}/prune", {"state": {"node": 1}})
    tree = await ada.at_rest(ref)
    assert tree["ledger"]["pruned"] == pytest.approx(0.5, abs=1e-6)
    assert sum(tree["ledger"].values()) == pytest.approx(1, abs=1e-6)
    assert tree["expansions"] < 127


async def test_stopping_the_server_ends_growths_between_two_steps(tmp_path: Path) -> None:
    async with running(tmp_path, SlowCoin(), BreakingCoin()) as app, Visitor(app) as ada:
        ref = await ada.begin(rule="slow", growth=LONG)
        await ada.until(ref, lambda tree: tree["seq"] >= 2)
        cookies = ada.client.cookies
    async with running(tmp_path, SlowCoin()) as app, Visitor(app) as ada:
        ada.client.cookies = cookies
        tree = await ada.get(f"/trees/{ref}")
        assert tree["seq"] >= 2
        assert tree["jobs"] == []
        assert sum(tree["ledger"].values()) == pytest.approx(1, abs=1e-6)


async def test_growing_into_view_rests_when_its_allowance_is_used_up(tmp_path: Path) -> None:
    async with running(tmp_path, view_states_per_hour=20) as app, Visitor(app) as ada:
        ref = await ada.begin()
        first = await ended(ada, ref, order(WORLDS | {"lines": 16, "steps": 3}, automatic=True))
        assert first["allowance"] == {"states": 20 - first["expanded"], "most": 20}
        states = (await ada.get(f"/trees/{ref}"))["states"]
        more = order(WORLDS | {"lines": 16, "steps": 9}, automatic=True)
        while (answer := await ada.call("POST", f"/trees/{ref}/growths", more)).is_success:
            await ada.at_rest(ref)
        assert refusal(answer) == (429, "view-allowance-used")
        assert answer.json()["retryable"]
        by_hand = await ada.grow(ref, WORLDS | {"lines": 16, "steps": 9})
        assert by_hand["states"] > states, "what is grown by hand does not count"
