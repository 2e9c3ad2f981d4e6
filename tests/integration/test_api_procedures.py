"""A procedure that stored candidates do not suffice for: evaluated again, in the background."""

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from semioscope.core import frame
from tests.integration.visitors import SlowCoin, Visitor, running
from tests.integration.wide_rules import TOKENS, Die

WARM = [{"kind": "temperature", "value": 2.0}]
NUCLEUS = [{"kind": "top_p", "p": 0.99}]
GROWTH = {"kind": "breadth", "k": 4, "depth": 4}


@pytest.fixture
def die() -> Die:
    return Die()


@pytest_asyncio.fixture(loop_scope="session")
async def eve(tmp_path: Path, die: Die) -> AsyncIterator[Visitor]:
    async with running(tmp_path, die, SlowCoin()) as app, Visitor(app) as visitor:
        yield visitor


async def test_states_are_evaluated_again_under_the_new_procedure(eve: Visitor) -> None:
    ref = await eve.begin(rule="die")
    await eve.grow(ref, GROWTH)
    answer = await eve.call("PUT", f"/trees/{ref}/procedure", {"procedure": WARM})
    job = answer.json()["job"]
    assert job["strategy"] == "reweigh"
    assert job["label"] == "85 states under the new procedure"
    tree = await eve.at_rest(ref)
    assert tree["can_undo"]
    _, columns = await eve.columns(ref)
    assert len(columns["weight_node"]) == tree["expansions"] == 85
    state = await eve.get(f"/trees/{ref}/states/0")
    logits = -np.arange(TOKENS) / 200
    expected = np.exp(logits - np.log(np.exp(logits).sum()))
    found = [candidate["procedure_probability"] for candidate in state["candidates"]]
    assert found == pytest.approx(expected[: len(found)].tolist(), abs=1e-6)


async def test_undoing_the_procedure_evaluates_nothing_twice(eve: Visitor) -> None:
    ref = await eve.begin(rule="die")
    await eve.grow(ref, GROWTH)
    for steps in (WARM, NUCLEUS):
        await eve.call("PUT", f"/trees/{ref}/procedure", {"procedure": steps})
        await eve.at_rest(ref)
    await eve.post(f"/trees/{ref}/undo")
    tree = await eve.get(f"/trees/{ref}")
    assert tree["procedure"] == WARM
    assert tree["jobs"] == []
    _, columns = await eve.columns(ref)
    assert len(columns["weight_node"]) == 85


async def test_a_procedure_that_is_replaced_is_not_evaluated_further(
    eve: Visitor, die: Die
) -> None:
    ref = await eve.begin(rule="die")
    await eve.grow(ref, {"kind": "breadth", "k": 8, "depth": 4})
    die.seconds = 0.5
    first = (await eve.call("PUT", f"/trees/{ref}/procedure", {"procedure": WARM})).json()
    second = (await eve.call("PUT", f"/trees/{ref}/procedure", {"procedure": NUCLEUS})).json()
    die.seconds = 0.0
    await eve.at_rest(ref)
    ended = await eve.call("DELETE", f"/trees/{ref}/growths/{first['job']['id']}")
    assert ended.json()["state"] == "cancelled"
    ended = await eve.call("DELETE", f"/trees/{ref}/growths/{second['job']['id']}")
    assert ended.json()["state"] == "done"
    assert ended.json()["expanded"] == 585


async def test_a_view_of_ones_own_gets_what_stored_candidates_suffice_for(eve: Visitor) -> None:
    ref = await eve.begin(rule="die")
    await eve.grow(ref, GROWTH)
    for steps, count in (
        ('[{"kind": "top_k", "k": 5}]', 85),
        ('[{"kind": "top_p", "p": 0.99}]', 0),
    ):
        answer = await eve.call("GET", f"/trees/{ref}/weights", params={"procedure": steps})
        _, columns = frame.decode(answer.content)
        assert len(columns["weight_node"]) == count


async def test_worlds_under_a_temperature_reach_what_is_not_stored(eve: Visitor) -> None:
    ref = await eve.begin(rule="die", procedure=WARM)
    await eve.grow(ref, {"kind": "worlds", "lines": 50, "steps": 2})
    _, columns = await eve.columns(ref)
    first = [
        key
        for parent, key in zip(columns["node_parent"], columns["node_key"], strict=True)
        if parent == 0
    ]
    assert len(first) == 50
    assert max(first) > 64
    assert len(columns["weight_tail_node"]) > 0


async def test_a_candidate_that_is_not_stored_is_pruned_with_its_own_probability(
    eve: Visitor,
) -> None:
    ref = await eve.begin(rule="die")
    await eve.grow(ref, GROWTH | {"depth": 1})
    cut = await eve.post(f"/trees/{ref}/prune", {"state": {"node": 0, "key": 150}})
    assert cut["label"] == "Pruned “<150>”"
    ledger = (await eve.get(f"/trees/{ref}"))["ledger"]
    logits = -np.arange(TOKENS) / 100
    expected = float(np.exp(logits[150] - np.log(np.exp(logits).sum())))
    assert ledger["pruned"] == pytest.approx(expected, abs=1e-6)
    assert sum(ledger.values()) == pytest.approx(1, abs=1e-6)


async def test_a_tree_whose_rule_is_gone_still_takes_a_procedure(tmp_path: Path) -> None:
    async with running(tmp_path, Die()) as app, Visitor(app) as ada:
        ref = await ada.begin(rule="die")
        await ada.grow(ref, GROWTH)
        cookies = ada.client.cookies
    async with running(tmp_path) as app, Visitor(app) as ada:
        ada.client.cookies = cookies
        answer = await ada.call("PUT", f"/trees/{ref}/procedure", {"procedure": WARM})
        assert answer.status_code == 200
        assert answer.json()["job"] is None
        state = await ada.get(f"/trees/{ref}/states/0")
        assert state["candidates"][0]["procedure_probability"] is None
