"""Worlds of a remote engine through the API: what is told grows, the rest is said to be unknown."""

import json
import math
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from semioscope.app import create_app
from semioscope.settings import EngineSettings
from tests.integration.visitors import Visitor, refusal, settings_of
from tests.stub_engine import Fault, StubEngine, serving, write_tokenizer

KEY = "sk-never-to-be-seen"
WORLDS = {"kind": "worlds", "lines": 12, "steps": 4}
HOT = [{"kind": "temperature", "value": 1.5}]
TOP_5 = [{"kind": "temperature", "value": 0.8}, {"kind": "top_k", "k": 5}]


@pytest.fixture
def stub() -> StubEngine:
    return StubEngine(key=KEY)


@pytest_asyncio.fixture(loop_scope="session")
async def eve(
    tmp_path: Path, stub: StubEngine, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Visitor]:
    monkeypatch.setenv("TOY_KEY", KEY)
    tokenizer = str(write_tokenizer(tmp_path / "toy"))
    with serving(stub) as url:
        engine = EngineSettings(
            name="Toy", url=url, tokenizer=tokenizer, key_env="TOY_KEY", timeout_s=5
        )
        app = create_app(settings_of(tmp_path, engines=(engine,), load_at_start=()))
        async with app.router.lifespan_context(app), Visitor(app) as visitor:
            yield visitor


async def grown(visitor: Visitor, **more: Any) -> tuple[str, Any]:
    await visitor.load("engine-toy")
    ref = await visitor.begin("the man", rule="engine-toy", **more)
    return ref, await visitor.grow(ref, WORLDS)


def shares(tree: Any) -> float:
    return math.fsum(tree["ledger"].values())


async def test_worlds_grow_as_far_as_the_engine_tells(eve: Visitor, stub: StubEngine) -> None:
    ref, tree = await grown(eve)
    assert tree["rule"]["whole_distribution"] is False
    assert "token ids" in " ".join(tree["rule"]["notes"])
    assert shares(tree) == pytest.approx(1, abs=1e-6)
    root = await eve.get(f"/trees/{ref}/states/0")
    told = sum(each["probability"] for each in root["candidates"])
    assert len(root["candidates"]) == 20
    assert root["untold"] == pytest.approx(1 - told, abs=1e-6)
    assert 0.02 < root["untold"] < 0.98
    assert root["entropy"] is None
    assert 5 < tree["states"] < 1 + 12 * 4, "some lines end in what is not told"
    asked = len(stub.asked)
    await eve.grow(ref, WORLDS)
    assert len(stub.asked) == asked, "and nothing is asked for again"


async def test_numbers_that_are_not_known_are_null_in_the_log(eve: Visitor) -> None:
    ref, _ = await grown(eve)
    told = await eve.get(f"/trees/{ref}/events")
    columns = told["events"][0]["columns"]
    assert columns["expanded_entropy"] == columns["expanded_log_sum_exp"] == [None]
    assert 0 < columns["expanded_told"][0] < 1


async def test_a_procedure_that_the_engine_tells_enough_for_is_exact(
    eve: Visitor, stub: StubEngine
) -> None:
    ref, tree = await grown(eve, procedure=TOP_5)
    root = await eve.get(f"/trees/{ref}/states/0")
    exact = sorted((0.8**-1 * stub.law.log_probs(_prompt(tree))).tolist(), reverse=True)[:5]
    total = math.fsum(math.exp(each) for each in exact)
    for candidate, log_prob in zip(root["candidates"], exact, strict=False):
        q = candidate["procedure_probability"]
        assert q == pytest.approx(math.exp(log_prob) / total, abs=1e-5)
    assert tree["states"] > 20


def _prompt(tree: Any) -> list[int]:
    return [token["key"] for token in tree["prompt"]["tokens"]]


async def test_a_procedure_that_needs_more_draws_nothing_and_is_asked_about_once(
    eve: Visitor, stub: StubEngine
) -> None:
    ref, tree = await grown(eve)
    answer = await eve.call("PUT", f"/trees/{ref}/procedure", {"procedure": HOT})
    assert answer.json()["job"]["strategy"] == "reweigh"
    await eve.at_rest(ref)
    asked = len(stub.asked)
    after = await eve.grow(ref, WORLDS)
    assert len(stub.asked) == asked
    assert after["states"] == tree["states"]
    root = await eve.get(f"/trees/{ref}/states/0")
    assert {each["procedure_probability"] for each in root["candidates"]} == {None}
    _, columns = await eve.columns(ref)
    assert len(columns["weight_untold_node"]) == tree["expansions"]


async def test_what_is_typed_is_scored_though_it_does_not_lead(
    eve: Visitor, stub: StubEngine
) -> None:
    ref, tree = await grown(eve)
    exact = stub.law.log_probs(_prompt(tree))
    least = int(exact.argmin())
    branch = await eve.post(f"/trees/{ref}/branches", {"node": 0, "keys": [least]})
    state = await eve.get(f"/trees/{ref}/states/{branch['node']}")
    assert state["log_prob"] == pytest.approx(exact[least], abs=1e-4)
    assert shares(await eve.get(f"/trees/{ref}")) == pytest.approx(1, abs=1e-6)
    await eve.call("PUT", f"/trees/{ref}/procedure", {"procedure": TOP_5})
    await eve.at_rest(ref)
    assert shares(await eve.get(f"/trees/{ref}")) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("stub", [StubEngine("llama.cpp", key=KEY)], ids=["llama.cpp"])
async def test_what_is_not_told_cannot_be_typed_where_nothing_scores_it(
    eve: Visitor, stub: StubEngine
) -> None:
    ref, tree = await grown(eve)
    least = int(stub.law.log_probs(_prompt(tree)).argmin())
    answer = await eve.call("POST", f"/trees/{ref}/branches", {"node": 0, "keys": [least]})
    assert refusal(answer) == (422, "untold-token")
    assert (await eve.get(f"/trees/{ref}"))["states"] == tree["states"]
    likely = int(stub.law.log_probs(_prompt(tree)).argmax())
    assert await eve.post(f"/trees/{ref}/branches", {"node": 0, "keys": [likely]})


async def test_an_engine_that_fails_fails_the_growth_and_the_next_one_goes_on(
    eve: Visitor, stub: StubEngine
) -> None:
    ref = await eve.begin("the man", rule="engine-toy")
    stub.faults.append(Fault("status", 400))
    job = await eve.post(f"/trees/{ref}/growths", {"state": {"node": 0}, "strategy": WORLDS})
    assert job["state"] in ("running", "failed")
    await eve.at_rest(ref)
    assert (await eve.get(f"/trees/{ref}"))["states"] == 1
    assert (await eve.grow(ref, WORLDS))["states"] > 5


async def test_the_key_is_in_nothing_that_the_api_says(
    eve: Visitor, stub: StubEngine, capfd: pytest.CaptureFixture[str]
) -> None:
    ref, _ = await grown(eve)
    said = [json.dumps(await eve.get(path)) for path in ("/status", "/rules", f"/trees/{ref}")]
    said.append(json.dumps(await eve.get(f"/trees/{ref}/events")))
    said.append((await eve.call("GET", f"/trees/{ref}/columns")).text)
    stub.key = "sk-another"
    await eve.grow(ref, WORLDS | {"seed": 3})
    said += capfd.readouterr()
    assert not any("sk-" in each for each in said)
    assert not any("127.0.0.1" in each for each in said[:3]), "nor where the engine is"
