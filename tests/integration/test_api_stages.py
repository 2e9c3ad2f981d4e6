"""What each step of a procedure does at a state; and procedures that reorder, by the API."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytest_asyncio

from semioscope.core import frame
from semioscope.core.sampling import Past, Procedure
from tests.integration.visitors import EIGHT_FLIPS, Visitor, refusal, running
from tests.integration.wide_rules import TOKENS, Die
from tests.unit.core_math.procedures import dense

PENALISED = [
    {"kind": "frequency", "penalty": 1.5},
    {"kind": "bias", "biases": [{"key": 150, "nats": 4.0}]},
    {"kind": "temperature", "value": 1.5},
]
WHOLE = np.array(-np.arange(TOKENS) / 100)
ROW = (WHOLE - np.log(np.exp(WHOLE).sum())).astype(np.float32)


def expected(steps: list[dict[str, Any]], tokens: tuple[int, ...]) -> np.ndarray:
    """The die under a procedure; everything has been thrown since the prompt, which was empty."""
    return dense(Procedure.from_wire(steps), ROW, Past(tokens, 0))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def eve(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Visitor]:
    folder: Path = tmp_path_factory.mktemp("stages")
    async with running(folder, Die()) as app, Visitor(app) as visitor:
        yield visitor


@pytest_asyncio.fixture(loop_scope="session")
async def ida(eve: Visitor) -> AsyncIterator[Visitor]:
    """Another person on the same server."""
    transport = eve.client._transport
    app = transport.app  # type: ignore[attr-defined]  # an ASGITransport has it
    async with Visitor(app) as visitor:
        yield visitor


async def test_every_step_says_what_it_took_and_moved(eve: Visitor) -> None:
    ref = await eve.begin(rule="die")
    steps = [
        {"kind": "temperature", "value": 1.0},
        {"kind": "top_k", "k": 150},
        {"kind": "typical", "p": 0.9},
        {"kind": "bias", "biases": [{"key": 3, "nats": 2.0}, {"key": 199, "nats": 50.0}]},
    ]
    told = await eve.post(f"/trees/{ref}/stages", {"node": 0, "procedure": steps})
    stages = told["stages"]
    assert [stage["step"] for stage in stages] == [None, *steps]
    assert [stage["kept"] for stage in stages[:3]] == [200, 200, 150]
    assert stages[1]["moved_mass"] == 0
    assert stages[2]["removed"] == 50
    lost = float(np.exp(ROW[150:].astype(float)).sum())
    assert stages[2]["removed_mass"] == pytest.approx(lost, abs=1e-6)
    assert stages[2]["moved_mass"] == pytest.approx(lost, abs=1e-6)
    assert stages[4]["removed"] == 0
    q = expected(steps, ())
    for row in told["rows"]:
        assert len(row["probabilities"]) == 5
        assert row["probabilities"][0] == pytest.approx(np.exp(ROW[row["key"]]), rel=1e-5)
        assert row["probabilities"][4] == pytest.approx(q[row["key"]], abs=1e-6)
        assert row["text"] == f"<{row['key']}>"
    listed = [row["key"] for row in told["rows"]]
    assert listed == sorted(listed)
    assert set(range(24)) <= set(listed)
    assert (await eve.get(f"/trees/{ref}"))["seq"] == 0


async def test_stages_are_the_trees_own_unless_others_are_asked_about(eve: Visitor) -> None:
    ref = await eve.begin(rule="die", procedure=PENALISED)
    told = await eve.post(f"/trees/{ref}/stages", {"node": 0, "key": 7})
    assert [stage["step"] for stage in told["stages"]] == [None, *PENALISED]
    q = expected(PENALISED, (7,))
    row = next(row for row in told["rows"] if row["key"] == 7)
    assert row["probabilities"][1] < row["probabilities"][0]
    assert row["probabilities"][-1] == pytest.approx(q[7], abs=1e-6)
    none = await eve.post(f"/trees/{ref}/stages", {"node": 0, "key": 7, "procedure": []})
    assert len(none["stages"]) == 1


async def test_a_reader_sees_stages_where_all_is_stored_and_has_nothing_evaluated(
    eve: Visitor, ida: Visitor
) -> None:
    ref = await eve.begin(rule="die")
    answer = await ida.call("POST", f"/trees/{ref}/stages", {"node": 0})
    assert refusal(answer) == (403, "stages-need-rule")
    coins = await eve.begin()
    await eve.grow(coins, EIGHT_FLIPS)
    steps = [{"kind": "presence", "penalty": 1.0}]
    asked = {"node": 1, "procedure": steps}
    told = await ida.post(f"/trees/{coins}/stages", asked)
    assert told == await eve.post(f"/trees/{coins}/stages", asked)
    tails = 1 / (1 + np.exp(-1))
    assert told["rows"][1]["probabilities"] == pytest.approx([0.5, tails], abs=1e-6)
    answer = await ida.call("POST", f"/trees/{coins}/stages", {"node": 14})
    assert refusal(answer) == (403, "stages-need-rule")


async def test_an_end_has_no_stages(eve: Visitor) -> None:
    ref = await eve.begin(max_length=1)
    await eve.grow(ref, EIGHT_FLIPS | {"depth": 1})
    for state in ({"node": 1}, {"node": 0, "key": 1}):
        answer = await eve.call("POST", f"/trees/{ref}/stages", state)
        assert refusal(answer) == (409, "terminal-state")


async def test_states_are_evaluated_again_under_a_procedure_that_reorders(eve: Visitor) -> None:
    ref = await eve.begin(rule="die")
    await eve.grow(ref, {"kind": "breadth", "k": 3, "depth": 3})
    answer = await eve.call("PUT", f"/trees/{ref}/procedure", {"procedure": PENALISED})
    assert answer.json()["job"]["label"] == "13 states under the new procedure"
    await eve.at_rest(ref)
    child = (await eve.get(f"/trees/{ref}/states/1"))["key"]
    state = await eve.get(f"/trees/{ref}/states/1")
    q = expected(PENALISED, (child,))
    found = {each["key"]: each["procedure_probability"] for each in state["candidates"]}
    assert 150 in found
    for key, probability in found.items():
        assert probability is None or probability == pytest.approx(q[key], rel=1e-5)
    assert sum(probability is not None for probability in found.values()) >= 64
    assert state["procedure_entropy"] == pytest.approx(-(q * np.log2(q)).sum(), abs=1e-4)
    assert state["procedure_kept"] is None


async def test_worlds_and_rollouts_grow_under_a_procedure_that_reorders(eve: Visitor) -> None:
    ref = await eve.begin(rule="die", procedure=PENALISED)
    await eve.grow(ref, {"kind": "worlds", "lines": 40, "steps": 3})
    await eve.grow(ref, {"kind": "ancestral", "rollouts": 40, "steps": 3})
    header, columns = await eve.columns(ref)
    assert header["procedure"] == PENALISED
    own = columns["weight_own_node"]
    assert own == columns["weight_node"]
    assert columns["weight_own_count"] == [64] * len(own)
    assert len(columns["weight_own_key"]) == 64 * len(own)
    assert len(columns["weight_tail_log_q"]) == len(columns["weight_tail_node"]) > 0
    first = columns["weight_own_key"][:64]
    assert first[0] == 150
    q = expected(PENALISED, ())
    assert np.exp(columns["weight_own_log_q"][:64]) == pytest.approx(q[first], rel=1e-5)


async def test_a_view_of_ones_own_reorders_what_is_stored_whole(eve: Visitor, ida: Visitor) -> None:
    ref = await eve.begin()
    await eve.grow(ref, EIGHT_FLIPS)
    params = {"procedure": '[{"kind": "frequency", "penalty": 1.0}]'}
    answer = await ida.call("GET", f"/trees/{ref}/weights", params=params)
    _, columns = frame.decode(answer.content)
    assert columns["weight_node"].tolist() == columns["weight_own_node"].tolist()
    assert len(columns["weight_node"]) == 7
    assert columns["weight_own_key"].tolist()[:4] == [0, 1, 1, 0]  # tails first, after heads
    params = {"procedure": '[{"kind": "forbid", "keys": [0, 1]}]'}
    answer = await ida.call("GET", f"/trees/{ref}/weights", params=params)
    assert refusal(answer) == (422, "procedure-empties")


async def test_a_tree_does_not_begin_under_a_procedure_that_leaves_nothing(eve: Visitor) -> None:
    for steps, code in (
        ([{"kind": "no_repeat", "n": 1}], "procedure-empties"),
        ([{"kind": "force", "keys": [5]}], "unknown-token"),
    ):
        body = {"rule": "coin", "prompt": "HT", "procedure": steps}
        answer = await eve.call("POST", "/trees", body)
        assert refusal(answer) == (422, code)


async def test_a_root_that_is_not_stored_whole_is_asked_about_first(eve: Visitor) -> None:
    ref = await eve.begin(rule="die")
    await eve.grow(ref, {"kind": "breadth", "k": 1, "depth": 1})
    steps = [{"kind": "top_k", "k": 3}, {"kind": "forbid", "keys": [0, 1, 2]}]
    answer = await eve.call("PUT", f"/trees/{ref}/procedure", {"procedure": steps})
    assert refusal(answer) == (422, "procedure-empties")
    assert (await eve.get(f"/trees/{ref}"))["procedure"] == []


async def test_a_growth_fails_where_nothing_is_left_and_what_grew_before_stays(
    eve: Visitor,
) -> None:
    steps = [{"kind": "no_repeat", "n": 1}]
    ref = await eve.begin(procedure=steps)
    body = {"state": {"node": 0}, "strategy": {"kind": "worlds", "lines": 2, "steps": 5}}
    job = await eve.post(f"/trees/{ref}/growths", body)
    tree = await eve.at_rest(ref)
    assert tree["states"] == 5  # heads, tails, and what had to follow
    ended = (await eve.call("DELETE", f"/trees/{ref}/growths/{job['id']}")).json()
    assert ended["state"] == "failed"
    assert ended["message"].startswith("Step 1 of the sampling procedure (no repeated n-gram)")
