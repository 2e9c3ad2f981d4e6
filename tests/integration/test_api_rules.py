"""Rules that visitors make: all kinds grow, are kept to themselves, and outlive a restart."""

import asyncio
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI

from semioscope.core.tree import Tree
from tests.integration.visitors import WORLDS, SlowCoin, Visitor, refusal, running

COIN = {"kind": "coin", "heads": 0.3}
STICKY = {"kind": "coin", "heads": 0.5, "repeats": 0.9}
SPECS: dict[str, dict[str, Any]] = {
    "coin": STICKY,
    "markov": {"kind": "markov", "text": "the cat sat on the mat, the rat ran", "order": 1},
    "markov of tokens": {
        "kind": "markov",
        "text": "HHTHTTHHH",
        "unit": "tokens",
        "base": "coin",
        "order": 1,
    },
    "chain": {
        "kind": "chain",
        "symbols": ["A", "B", "C"],
        "matrix": [[0.9, 0.1, 0], [0.2, 0.6, 0.2], [0, 0.5, 0.5]],
    },
    "automaton": {"kind": "automaton", "number": 110},
    "noisy automaton": {"kind": "automaton", "number": 90, "noise": 0.1},
    "rewriting": {"kind": "rewriting", "rules": "A->AB, B->A"},
    "restricted": {"kind": "restricted", "base": "coin-biased", "texts": ["T"]},
    "interpolated": {
        "kind": "interpolated",
        "first": {"rule": "coin"},
        "second": {"rule": "coin-sticky", "context": "HH"},
        "weight": 0.25,
    },
    "nested": {
        "kind": "interpolated",
        "first": {"rule": {"kind": "restricted", "base": COIN, "texts": ["H", "T"]}},
        "second": {"rule": STICKY},
        "weight": 0.5,
    },
}
GROWTHS: list[dict[str, Any]] = [
    {"kind": "breadth", "k": 3, "depth": 3},
    WORLDS,
    {"kind": "mass", "epsilon": 0.05},
    {"kind": "best_first", "states": 8},
    {"kind": "ancestral", "rollouts": 8, "steps": 3, "seed": 1},
]


async def made(visitor: Visitor, spec: dict[str, Any], **more: Any) -> str:
    """Makes a rule; its id."""
    return str((await visitor.post("/rules", {"spec": spec, **more}))["id"])


async def example(visitor: Visitor, spec: dict[str, Any]) -> str:
    return str((await visitor.post("/rules/check", {"spec": spec}))["example"])


async def ids(visitor: Visitor) -> list[str]:
    return [offer["id"] for offer in (await visitor.get("/rules"))["rules"]]


def conserved(tree: Any) -> bool:
    return math.isclose(sum(tree["ledger"].values()), 1, abs_tol=1e-6)


# Every kind


@pytest.mark.parametrize("kind", SPECS)
async def test_a_rule_of_every_kind_grows_by_every_strategy(ada: Visitor, kind: str) -> None:
    rule = await made(ada, SPECS[kind])
    ref = await ada.begin(await example(ada, SPECS[kind]), rule=rule, max_length=10)
    for strategy in GROWTHS:
        tree = await ada.grow(ref, strategy)
        assert conserved(tree), strategy
    assert tree["states"] > 3
    assert tree["expansions"] > 1
    assert tree["rule"]["id"] == rule
    assert tree["rule_available"]


@pytest.mark.parametrize("kind", SPECS)
async def test_a_tree_of_every_kind_is_read_and_grown_after_a_restart(
    tmp_path: Path, kind: str
) -> None:
    async with running(tmp_path) as app, Visitor(app) as ada:
        rule = await made(ada, SPECS[kind], name="Mine")
        ref = await ada.begin(await example(ada, SPECS[kind]), rule=rule)
        before = await ada.grow(ref, WORLDS | {"lines": 3, "steps": 2})
        columns = await ada.columns(ref)
        cookies = ada.client.cookies
    async with running(tmp_path) as app, Visitor(app) as ada:
        ada.client.cookies = cookies
        assert rule not in await ids(ada)
        tree = await ada.get(f"/trees/{ref}")
        assert tree["rule"] == before["rule"]
        assert tree["rule"]["name"] == "Mine"
        assert tree["rule_available"]
        assert tree["role"] == "owner"
        again = await ada.columns(ref)
        assert again[0]["ledger"] == columns[0]["ledger"]
        assert str(again[1]) == str(columns[1])  # nan is not equal to itself
        grown = await ada.grow(ref, WORLDS | {"lines": 6, "steps": 3})
        assert grown["expansions"] > before["expansions"]
        assert conserved(grown)


@pytest.mark.parametrize("kind", SPECS)
async def test_the_rule_of_a_tree_can_be_made_again_of_what_is_told_of_it(
    ada: Visitor, kind: str
) -> None:
    rule = await made(ada, SPECS[kind])
    ref = await ada.begin(await example(ada, SPECS[kind]), rule=rule)
    told = await ada.get(f"/trees/{ref}/rule")
    assert told["available"]
    assert told["description"]["id"] == rule
    assert told["spec"]["kind"] == SPECS[kind]["kind"]
    assert await made(ada, told["spec"]) == rule


async def test_the_rule_of_the_servers_own_has_no_spec(ada: Visitor) -> None:
    told = await ada.get(f"/trees/{await ada.begin('H')}/rule")
    assert told["spec"] is None
    assert told["description"]["id"] == "coin"


# Making


async def test_a_made_rule_is_offered_to_its_maker_and_to_nobody_else(
    ada: Visitor, bob: Visitor
) -> None:
    rule = await made(ada, {"kind": "coin", "heads": 0.123}, name="Ada's coin")
    offered = (await ada.get("/rules"))["rules"]
    assert offered[0]["id"] == "smollm2"
    mine = next(each for each in offered if each["id"] == rule)
    assert (mine["name"], mine["state"], mine["family"]) == ("Ada's coin", "ready", "coin")
    assert rule in [each["id"] for each in (await ada.get("/status"))["rules"]]
    assert rule not in await ids(bob)
    assert rule not in [each["id"] for each in (await bob.get("/status"))["rules"]]


async def test_the_same_spec_is_the_same_rule_and_names_are_ones_own(
    ada: Visitor, bob: Visitor
) -> None:
    spec = {"kind": "coin", "heads": 0.321}
    hers = await ada.post("/rules", {"spec": spec, "name": "Secret"})
    his = await bob.post("/rules", {"spec": spec | {"repeats": None}})
    assert hers["id"] == his["id"]
    assert his["name"] != "Secret"
    assert await ids(ada) == await ids(ada)
    assert (await ids(ada)).count(hers["id"]) == 1
    assert (await bob.get(f"/trees/{await bob.begin(rule=his['id'])}"))["rule"]["name"] == his[
        "name"
    ]
    assert (await ada.get(f"/trees/{await ada.begin(rule=his['id'])}"))["rule"]["name"] == "Secret"


async def test_who_has_the_link_can_grow_a_tree_of_somebody_elses_rule(
    ada: Visitor, bob: Visitor
) -> None:
    ref = await ada.begin(rule=await made(ada, {"kind": "coin", "heads": 0.77}))
    await ada.grow(ref, WORLDS)
    fork = (await bob.post(f"/trees/{ref}/fork"))["ref"]
    tree = await bob.grow(fork, {"kind": "breadth", "k": 2, "depth": 5})
    assert tree["states"] == 2**6 - 1


async def test_checking_tells_what_a_rule_would_be_and_keeps_nothing(ada: Visitor) -> None:
    spec = {"kind": "restricted", "base": "coin-sticky", "texts": ["H", "T"]}
    draft = await ada.post("/rules/check", {"spec": spec, "name": "Two"})
    assert draft["description"]["name"] == "Two"
    assert draft["description"]["family"] == "restricted"
    assert draft["example"] == ""
    assert draft["description"]["id"] not in await ids(ada)
    answer = await ada.call("POST", "/trees", {"rule": draft["description"]["id"], "prompt": ""})
    assert refusal(answer) == (404, "unknown-rule")
    assert "Make it again" in answer.json()["hint"]


async def test_a_rule_is_made_of_made_rules_by_their_ids(ada: Visitor) -> None:
    first = await made(ada, {"kind": "coin", "heads": 0.2})
    second = await made(ada, {"kind": "coin", "heads": 0.6})
    spec = {
        "kind": "interpolated",
        "first": {"rule": first},
        "second": {"rule": second},
        "weight": 0.75,
    }
    ref = await ada.begin(rule=await made(ada, spec))
    await ada.grow(ref, {"kind": "breadth", "k": 2, "depth": 1})
    state = await ada.get(f"/trees/{ref}/states/0")
    heads = next(each for each in state["candidates"] if each["text"] == "H")
    assert heads["probability"] == pytest.approx(0.25 * 0.2 + 0.75 * 0.6, abs=1e-6)
    told = await ada.get(f"/trees/{ref}/rule")
    assert told["spec"]["first"]["rule"]["kind"] == "coin"


async def test_only_so_many_rules_are_kept_and_trees_outlive_theirs(tmp_path: Path) -> None:
    async with running(tmp_path, made_rules_of_one=2, max_made_rules=3) as app, Visitor(app) as ada:
        coins = [{"kind": "coin", "heads": place / 10} for place in range(1, 5)]
        first = await made(ada, coins[0])
        ref = await ada.begin(rule=first)
        rules = [await made(ada, coin) for coin in coins[1:]]
        assert (await ids(ada))[-2:] == [rules[2], rules[1]]
        answer = await ada.call("POST", "/trees", {"rule": first, "prompt": ""})
        assert refusal(answer) == (404, "unknown-rule")
        assert (await ada.grow(ref, WORLDS))["expansions"] > 1
        async with Visitor(app) as bob:
            for place in range(5, 9):
                await made(bob, {"kind": "coin", "heads": place / 10})
            assert len(await ids(bob)) == 4 + 2
        assert (await ada.grow(ref, {"kind": "breadth", "k": 2, "depth": 6}))["states"] == 127


# Looking into a rule


async def test_a_text_is_told_in_the_tokens_of_a_rule(ada: Visitor) -> None:
    told = await ada.post("/rules/coin/encode", {"text": "hT"})
    assert told["tokens"] == [{"key": 0, "bytes": "SA=="}, {"key": 1, "bytes": "VA=="}]
    rule = await made(ada, SPECS["chain"])
    told = await ada.post(f"/rules/{rule}/encode", {"text": "CAB"})
    assert [token["key"] for token in told["tokens"]] == [2, 0, 1]


async def test_the_chain_behind_a_rule_is_told_exactly(ada: Visitor) -> None:
    rule = await made(ada, SPECS["chain"])
    told = await ada.get(f"/rules/{rule}/chain")
    assert told["states"] == ["A", "B", "C"]
    matrix = np.array(told["matrix"])
    assert np.allclose(matrix, SPECS["chain"]["matrix"])
    values, vectors = np.linalg.eig(matrix.T)
    principal = np.real(vectors[:, np.argmax(np.real(values))])
    assert np.allclose(told["stationary"], principal / principal.sum())
    assert told["closed"] == [[0, 1, 2]]
    sticky = await ada.get("/rules/coin-sticky/chain")
    assert np.allclose(sticky["matrix"], [[0.9, 0.1], [0.1, 0.9]])
    two_ends = {"kind": "chain", "symbols": ["A", "B"], "matrix": [[1, 0], [0, 1]]}
    told = await ada.get(f"/rules/{await made(ada, two_ends)}/chain")
    assert told["stationary"] is None
    assert told["closed"] == [[0], [1]]


# Rewriting


async def test_equal_strings_are_one_state(app: FastAPI, ada: Visitor) -> None:
    rule = await made(ada, SPECS["rewriting"])
    ref = await ada.begin("A", rule=rule)
    await ada.grow(ref, {"kind": "breadth", "k": 5, "depth": 5})
    tree: Tree = (await app.state.observatory.tree(await _caller(app, ada), ref)).tree
    by_state: dict[bytes, set[int]] = {}
    for node in range(tree.size):
        state = tree.state_of(node)
        assert isinstance(state, bytes)
        by_state.setdefault(state, set()).add(tree.state_id(node))
    assert all(len(found) == 1 for found in by_state.values())
    assert len({next(iter(found)) for found in by_state.values()}) == len(by_state)
    # The published counts of {A→AB, B→A} from A, by the steps it takes to get there.
    by_step = [
        {tree.state_of(node) for node in range(tree.size) if tree.depth(node) == step}
        for step in range(6)
    ]
    assert [len(found) for found in by_step] == [1, 1, 2, 3, 5, 8]


async def _caller(app: FastAPI, visitor: Visitor) -> Any:
    from semioscope.service.access import Caller

    ref = await visitor.begin()
    return Caller((await visitor.get(f"/trees/{ref}"))["me"])


async def test_a_step_is_typed_by_the_state_it_leads_to_or_by_its_label(ada: Visitor) -> None:
    ref = await ada.begin("AB", rule=await made(ada, SPECS["rewriting"]))
    by_state = await ada.post(f"/trees/{ref}/branches", {"node": 0, "text": "ABB"})
    state = await ada.get(f"/trees/{ref}/states/{by_state['node']}")
    assert state["text"] == "ABB"
    assert math.exp(state["log_prob"]) == pytest.approx(0.5)
    by_label = await ada.post(f"/trees/{ref}/branches", {"node": 0, "text": "B→A at 2"})
    assert (await ada.get(f"/trees/{ref}/states/{by_label['node']}"))["text"] == "AA"
    cells = await ada.begin("..#..", rule=await made(ada, {"kind": "automaton", "number": 90}))
    row = await ada.post(f"/trees/{cells}/branches", {"node": 0, "text": ".#.#."})
    assert (await ada.get(f"/trees/{cells}/states/{row['node']}"))["text"] == "01010"


async def test_a_string_to_which_nothing_applies_is_terminal(ada: Visitor) -> None:
    ref = await ada.begin("A", rule=await made(ada, {"kind": "rewriting", "rules": "A->B"}))
    tree = await ada.grow(ref, {"kind": "breadth", "k": 2, "depth": 3})
    assert tree["ledger"]["terminal"] == pytest.approx(1)
    assert tree["states"] == 2


async def test_a_listed_next_state_is_grown_from_and_pruned_by_its_key(ada: Visitor) -> None:
    ref = await ada.begin("AAB", rule=await made(ada, SPECS["rewriting"]))
    await ada.grow(ref, {"kind": "breadth", "k": 1, "depth": 1})
    keys = [each["key"] for each in (await ada.get(f"/trees/{ref}/states/0"))["candidates"]]
    body = {"state": {"node": 0, "key": keys[1]}, "strategy": WORLDS}
    await ada.post(f"/trees/{ref}/growths", body)
    await ada.at_rest(ref)
    await ada.post(f"/trees/{ref}/prune", {"state": {"node": 0, "key": keys[2]}})
    tree = await ada.get(f"/trees/{ref}")
    assert tree["ledger"]["pruned"] == pytest.approx(1 / 3, abs=1e-6)


async def test_length_counts_the_states_of_a_rewriting(ada: Visitor) -> None:
    rule = await made(ada, {"kind": "automaton", "number": 30})
    ref = await ada.begin("0" * 20 + "1" + "0" * 20, rule=rule, max_length=3)
    tree = await ada.grow(ref, {"kind": "breadth", "k": 1, "depth": 9})
    assert tree["states"] == 3
    assert tree["ledger"]["terminal"] == pytest.approx(1)
    assert len(tree["prompt"]["tokens"]) == 1


async def test_a_cut_by_rank_is_set_on_a_rewriting_tree(ada: Visitor) -> None:
    ref = await ada.begin("AAB", rule=await made(ada, SPECS["rewriting"]))
    await ada.grow(ref, {"kind": "breadth", "k": 6, "depth": 3})
    await ada.call("PUT", f"/trees/{ref}/procedure", {"procedure": [{"kind": "top_k", "k": 1}]})
    await ada.at_rest(ref)
    state = await ada.get(f"/trees/{ref}/states/0")
    shares = [each["procedure_probability"] for each in state["candidates"]]
    assert shares == [1.0, 0.0, 0.0]


async def test_a_procedure_about_tokens_is_none_of_a_rewriting(ada: Visitor) -> None:
    ref = await ada.begin("AAB", rule=await made(ada, SPECS["rewriting"]))
    steps = [{"kind": "repetition", "penalty": 1.3}]
    answer = await ada.call("PUT", f"/trees/{ref}/procedure", {"procedure": steps})
    assert refusal(answer) == (422, "no-tokens")
    assert (await ada.get(f"/trees/{ref}"))["procedure"] == []


async def test_a_procedure_that_reorders_applies_to_a_made_rule(ada: Visitor) -> None:
    spec = {"kind": "restricted", "base": "coin-biased", "texts": ["H", "T"]}
    ref = await ada.begin("H", rule=await made(ada, spec))
    steps = [{"kind": "bias", "biases": [{"key": 1, "nats": math.log(7)}]}]
    await ada.call("PUT", f"/trees/{ref}/procedure", {"procedure": steps})
    await ada.grow(ref, {"kind": "breadth", "k": 2, "depth": 1})
    state = await ada.get(f"/trees/{ref}/states/0")
    shares = {each["text"]: each["procedure_probability"] for each in state["candidates"]}
    assert shares == {"H": pytest.approx(0.25, abs=1e-6), "T": pytest.approx(0.75, abs=1e-6)}


# What a base does to the rule above it


async def test_a_growth_by_a_derived_rule_is_cancelled_beneath_as_well(
    ada: Visitor, slow_coin: SlowCoin
) -> None:
    rule = await made(ada, {"kind": "restricted", "base": "slow", "keys": [0, 1]})
    ref = await ada.begin(rule=rule)
    strategy = {"kind": "ancestral", "rollouts": 1, "steps": 1000}
    job = await ada.post(f"/trees/{ref}/growths", {"state": {"node": 0}, "strategy": strategy})
    await ada.until(ref, lambda tree: tree["expansions"] > 1)
    ended = await ada.call("DELETE", f"/trees/{ref}/growths/{job['id']}")
    assert ended.json()["state"] == "cancelled"
    batches = slow_coin.batches
    await asyncio.sleep(4 * slow_coin.seconds)
    assert slow_coin.batches <= batches + 1


async def test_a_tree_whose_base_is_gone_is_read_and_not_grown(tmp_path: Path) -> None:
    slow = SlowCoin(0)
    async with running(tmp_path, slow) as app, Visitor(app) as ada:
        rule = await made(ada, {"kind": "restricted", "base": "slow", "keys": [0]})
        ref = await ada.begin(rule=rule)
        await ada.grow(ref, WORLDS)
        cookies = ada.client.cookies
    async with running(tmp_path) as app, Visitor(app) as ada:
        ada.client.cookies = cookies
        tree = await ada.get(f"/trees/{ref}")
        assert not tree["rule_available"]
        assert "is made of slow, which this server does not offer" in tree["rule_message"]
        answer = await ada.call(
            "POST", f"/trees/{ref}/growths", {"state": {"node": 0}, "strategy": WORLDS}
        )
        assert refusal(answer) == (409, "rule-changed")
