"""Remote engines over HTTP: what each server is found to do, and what becomes of its answers."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from semioscope.core.distribution import Answer, Question
from semioscope.core.errors import InvalidRequest, Unavailable
from semioscope.core.sampling import IDENTITY
from semioscope.core.types import UNKNOWN_RANK
from semioscope.rules.remote import RemoteRule, RemoteWorker, load_engine
from semioscope.rules.worker import BACKGROUND, INTERACTIVE
from semioscope.settings import EngineSettings, Settings
from tests.stub_engine import END, Fault, Speaks, StubEngine, serving, write_tokenizer

SERVERS: tuple[Speaks, ...] = ("vllm", "sglang", "llama.cpp", "llama-cpp-python")
Loaded = tuple[RemoteRule, RemoteWorker]


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tokenizer(tmp_path_factory.mktemp("toy"))


@pytest.fixture
def load(tokenizer: Path) -> Iterator[Callable[..., Loaded]]:
    """Serves a stub and loads it as an engine, until the test ends."""
    with ExitStack() as opened:

        def load(stub: StubEngine, **changed: Any) -> Loaded:
            url = opened.enter_context(serving(stub))
            given = {"name": "Toy", "url": url, "tokenizer": str(tokenizer), "timeout_s": 5}
            loaded = load_engine("engine-toy", EngineSettings(**given | changed), Settings())
            opened.callback(loaded[1].close)
            stub.asked.clear()
            return loaded

        yield load


async def ask(worker: RemoteWorker, *states: tuple[int, ...], **more: Any) -> list[Answer]:
    return await worker.ask([Question(state) for state in states], IDENTITY, group="a", **more)


@pytest.mark.parametrize("speaks", SERVERS)
async def test_every_server_is_read_to_the_same_distribution(
    speaks: Speaks, load: Callable[..., Loaded]
) -> None:
    stub = StubEngine(speaks)
    rule, worker = load(stub)
    states = [rule.encode(text) for text in ("the man", "in the", "a rather, rather")]
    for state, answer in zip(states, await ask(worker, *states), strict=True):
        exact = stub.law.log_probs(state)
        keys = answer.expansion.keys
        assert keys.tolist() == np.argsort(-exact, kind="stable")[: len(keys)].tolist()
        assert answer.expansion.log_probs == pytest.approx(exact[keys], abs=1e-5)
        assert answer.expansion.told == pytest.approx(float(np.exp(exact[keys]).sum()), abs=1e-5)
        assert answer.expansion.told < 1
        assert len(keys) > 3


@pytest.mark.parametrize("speaks", SERVERS)
def test_the_probe_says_what_a_server_does(speaks: Speaks, load: Callable[..., Loaded]) -> None:
    rule, _ = load(StubEngine(speaks))
    engine, notes = rule.engine, " ".join(rule.description.notes)
    assert engine.leading == 20
    assert engine.takes_ids == (speaks != "llama-cpp-python")
    assert ("takes no token ids" in notes) != engine.takes_ids
    assert engine.names_ids == (speaks in ("vllm", "llama.cpp"))
    assert ("by their text" in notes) != engine.names_ids
    assert "before temperature" in notes
    assert engine.scores == (speaks in ("vllm", "sglang"))
    assert not rule.description.whole_distribution
    assert rule.description.end_keys == (rule.alphabet.size - 1,)
    assert rule.alphabet.bytes_of(rule.alphabet.size - 1) == END.encode()


async def test_states_go_out_as_token_ids_one_token_at_temperature_one(
    load: Callable[..., Loaded],
) -> None:
    stub = StubEngine()
    rule, worker = load(stub)
    state = rule.encode("the man")
    await ask(worker, state)
    (asked,) = stub.asked
    assert asked["prompt"] == list(state)
    assert (asked["max_tokens"], asked["temperature"], asked["logprobs"]) == (1, 1.0, 20)


async def test_a_text_is_sent_only_where_it_says_just_these_tokens(
    load: Callable[..., Loaded],
) -> None:
    stub = StubEngine("llama-cpp-python")
    rule, worker = load(stub)
    whole = rule.encode("the")
    letters = tuple(rule.encode(letter)[0] for letter in "the")
    half = (*whole, rule.encode("é")[0])
    told = [answer.expansion.told for answer in await ask(worker, whole, letters, half)]
    assert told[0] > 0.5
    assert told[1:] == [0, 0]
    assert [each["prompt"] for each in stub.asked] == ["the"]
    with pytest.raises(InvalidRequest, match="into other tokens"):
        await worker.ask([Question(letters, keys=(1,))], IDENTITY, group="a")


async def test_a_token_that_does_not_lead_is_scored_where_the_server_can(
    load: Callable[..., Loaded],
) -> None:
    stub = StubEngine("vllm")
    rule, worker = load(stub)
    state = rule.encode("the man")
    exact = stub.law.log_probs(state)
    first, last = int(exact.argmax()), int(exact.argmin())
    (answer,) = await worker.ask([Question(state, keys=(last, first))], IDENTITY, group="a")
    scored, leads = answer.scored
    assert scored is not None
    assert leads is not None
    assert scored.log_prob == pytest.approx(exact[last], abs=1e-5)
    assert (scored.rank, leads.rank) == (UNKNOWN_RANK, 0)
    assert np.isnan(scored.cum)
    assert len(stub.asked) == 2

    rule, worker = load(StubEngine("llama.cpp"))
    (answer,) = await worker.ask([Question(state, keys=(last, first))], IDENTITY, group="a")
    assert [each is None for each in answer.scored] == [True, False]


def test_a_server_that_tells_what_temperature_made_is_known_as_such(
    load: Callable[..., Loaded],
) -> None:
    before, _ = load(StubEngine())
    after, _ = load(StubEngine(after_temperature=True))
    assert before.engine.is_before_temperature
    assert not after.engine.is_before_temperature
    assert "after temperature" in " ".join(after.description.notes)


def test_a_server_that_cuts_its_list_short_is_taken_at_what_it_gives(
    load: Callable[..., Loaded],
) -> None:
    rule, _ = load(StubEngine(most=7, limit_refuses=False))
    assert rule.engine.leading == 7
    rule, _ = load(StubEngine("sglang", most=50), leading=30)
    assert rule.engine.leading == 30


def test_numbers_that_are_no_probabilities_are_refused(load: Callable[..., Loaded]) -> None:
    with pytest.raises(Unavailable, match="not normalised") as refusal:
        load(StubEngine(scale=0.3))
    assert refusal.value.code == "engine-unfit"


def test_another_models_tokenizer_is_found_out(load: Callable[..., Loaded], tmp_path: Path) -> None:
    folder = write_tokenizer(tmp_path)
    swapped = (folder / "tokenizer.json").read_text().replace('"a":', '"swap":')
    swapped = swapped.replace('"e":', '"a":').replace('"swap":', '"e":')
    (folder / "tokenizer.json").write_text(swapped)
    with pytest.raises(Unavailable, match="tokenizer"):
        load(StubEngine("llama-cpp-python"), tokenizer=str(folder))
    with pytest.raises(Unavailable, match="tokenizer"):
        load(StubEngine("vllm"), tokenizer=str(folder))


def test_the_fingerprint_is_of_what_decides_and_not_of_the_key(
    tokenizer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOY_KEY", "sk-one")
    with serving(StubEngine()) as url:

        def fingerprint(**changed: Any) -> str:
            engine = EngineSettings(name="Toy", url=url, tokenizer=str(tokenizer), **changed)
            rule, worker = load_engine("engine-toy", engine, Settings())
            worker.close()
            return rule.description.fingerprint

        first = fingerprint()
        assert fingerprint(key_env="TOY_KEY") == first
        assert fingerprint(leading=5) != first


# -- many, and in which order


async def test_many_are_asked_at_a_time_but_no_more_than_allowed(
    load: Callable[..., Loaded],
) -> None:
    stub = StubEngine()
    rule, worker = load(stub, concurrency=4)
    stub.seconds = 0.05
    stub.most_in_flight = 0
    began = time.perf_counter()
    given = await ask(worker, *[rule.encode("the man" + " a" * count) for count in range(12)])
    assert len(given) == 12
    assert stub.most_in_flight == 4
    assert time.perf_counter() - began < 12 * 0.05


async def test_interactive_goes_before_background_and_groups_take_turns(
    load: Callable[..., Loaded],
) -> None:
    stub = StubEngine()
    rule, worker = load(stub, concurrency=1)
    stub.seconds = 0.02

    def asked(text: str, count: int, group: str, priority: int) -> "asyncio.Task[list[Answer]]":
        questions = [Question(rule.encode(text + "in" * more)) for more in range(count)]
        work = worker.ask(questions, IDENTITY, group=group, priority=priority)
        return asyncio.create_task(work)

    slow = asked("the", 6, "slow", BACKGROUND)
    await asyncio.sleep(0.03)
    quick = [asked("man", 3, "one", INTERACTIVE), asked("er", 3, "two", INTERACTIVE)]
    await asyncio.gather(slow, *quick)
    words = [bytes(rule.alphabet.bytes_of(each["prompt"][0])) for each in stub.asked]
    first = words.index(b"m")
    assert set(words[first : first + 6]) == {b"m", b"er"}
    assert words[first : first + 6].count(b"m") == 3
    assert words[first] != words[first + 1] != words[first + 2], "the groups take turns"
    assert words[-1] == b"the"


async def test_cancelling_takes_the_requests_back_and_leaves_the_worker_serving(
    load: Callable[..., Loaded],
) -> None:
    stub = StubEngine()
    rule, worker = load(stub, concurrency=3)
    stub.seconds = 20
    asked = asyncio.create_task(
        ask(worker, *[rule.encode("the" * count) for count in (1, 2, 3, 4)])
    )
    await until(lambda: stub.in_flight == 3)
    asked.cancel()
    await asyncio.gather(asked, return_exceptions=True)
    await until(lambda: stub.in_flight == 0)
    assert stub.seen["left"] == 3
    stub.seconds = 0
    assert len(await ask(worker, rule.encode("the"))) == 1


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 -- the stub is on another thread
            await asyncio.sleep(0.01)


# -- what fails


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", 429, headers={"Retry-After": "0"}),
        Fault("status", 503),
        Fault("drop"),
    ],
    ids=["busy", "failing", "dropped"],
)
async def test_what_passes_is_waited_out(fault: Fault, load: Callable[..., Loaded]) -> None:
    stub = StubEngine()
    rule, worker = load(stub)
    stub.faults.append(fault)
    (answer,) = await ask(worker, rule.encode("the"))
    assert answer.expansion.told > 0.5
    assert stub.seen[fault.kind] == 1


async def test_where_an_engine_draws_the_end_it_is_asked_again_hotter(
    load: Callable[..., Loaded],
) -> None:
    stub = StubEngine("llama-cpp-python")
    rule, worker = load(stub)
    state = rule.encode("the man")
    (expected,) = await ask(worker, state)
    stub.asked.clear()
    stub.faults.extend([Fault("ended"), Fault("ended")])
    (answer,) = await ask(worker, state)
    assert answer.expansion.keys.tolist() == expected.expansion.keys.tolist()
    assert [asked["temperature"] for asked in stub.asked] == [1.0, 2.0, 4.0]


async def test_of_a_state_whose_end_is_all_that_is_drawn_nothing_is_told(
    load: Callable[..., Loaded],
) -> None:
    stub = StubEngine("llama-cpp-python")
    rule, worker = load(stub)
    stub.faults.extend([Fault("ended")] * 6)
    (answer,) = await ask(worker, rule.encode("the man"))
    assert (answer.expansion.told, len(answer.expansion.keys)) == (0, 0)
    assert not answer.expansion.complete


def test_a_busy_engine_is_waited_for_while_it_is_looked_at(load: Callable[..., Loaded]) -> None:
    stub = StubEngine()
    stub.faults.extend([Fault("status", 429, headers={"Retry-After": "0"})] * 3)
    rule, _ = load(stub)
    assert rule.engine.leading == 20


async def test_retry_after_is_waited_for(load: Callable[..., Loaded]) -> None:
    stub = StubEngine()
    rule, worker = load(stub)
    stub.faults.append(Fault("status", 429, headers={"Retry-After": "0.6"}))
    began = time.perf_counter()
    await ask(worker, rule.encode("the"))
    assert time.perf_counter() - began >= 0.6


@pytest.mark.parametrize(
    ("faults", "code"),
    [
        ([Fault("status", 429, headers={"Retry-After": "3600"})], "engine-busy"),
        ([Fault("status", 400)], "engine-refused"),
        (
            [Fault("status", 400, "This model's maximum context length is 8 tokens, however")],
            "engine-too-long",
        ),
        ([Fault("garbage")], "engine-nonsense"),
        ([Fault("hang"), Fault("hang")], "engine-silent"),
    ],
    ids=["busy for an hour", "refused", "too long", "garbage", "silent"],
)
async def test_what_does_not_pass_fails_that_ask_in_one_sentence(
    faults: list[Fault], code: str, load: Callable[..., Loaded]
) -> None:
    stub = StubEngine()
    rule, worker = load(stub, timeout_s=0.4)
    stub.faults.extend(faults)
    with pytest.raises(Unavailable) as refusal:
        await ask(worker, rule.encode("the"))
    assert refusal.value.code == code
    assert refusal.value.message.endswith(".")
    assert "Toy" in refusal.value.message
    assert "127.0.0.1" not in refusal.value.message
    assert len(await ask(worker, rule.encode("the"))) == 1, "the worker serves on"


async def test_a_dead_server_fails_the_ask_in_one_sentence(tokenizer: Path) -> None:
    with serving(StubEngine()) as url:
        engine = EngineSettings(name="Toy", url=url, tokenizer=str(tokenizer))
        rule, worker = load_engine("engine-toy", engine, Settings())
    state = rule.encode("the")
    with pytest.raises(Unavailable, match="cannot be reached"):
        await ask(worker, state)
    worker.close()
    worker.close()
    with pytest.raises(Unavailable, match="shut down"):
        await ask(worker, state)


async def test_states_and_keys_that_are_none_are_refused_before_anything_is_sent(
    load: Callable[..., Loaded],
) -> None:
    stub = StubEngine()
    _, worker = load(stub, window=5)
    for question in (
        Question(()),
        Question((1,) * 6),
        Question((9999,)),
        Question((1,), keys=(-1,)),
    ):
        with pytest.raises(InvalidRequest):
            await worker.ask([question], IDENTITY, group="a")
    assert stub.asked == []


# -- the key


def test_a_key_comes_from_the_environment_and_is_sent(
    load: Callable[..., Loaded], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Unavailable, match="does not accept"):
        load(StubEngine(key="sk-right"))
    with pytest.raises(Unavailable, match="is not set") as refusal:
        load(StubEngine(), key_env="NO_SUCH_KEY")
    assert "NO_SUCH_KEY" in str(refusal.value.hint)
    monkeypatch.setenv("TOY_KEY", "sk-right")
    assert load(StubEngine(key="sk-right"), key_env="TOY_KEY")
    monkeypatch.setenv("TOY_KEY", "sk-right\n")  # as `export KEY="$(<file)"$'\n'` has it
    assert load(StubEngine(key="sk-right"), key_env="TOY_KEY")


@pytest.mark.parametrize("key", ["sk-\nright", "sk-ürich", "sk-\x7f"])
def test_a_key_that_no_request_can_carry_is_refused_without_being_shown(
    load: Callable[..., Loaded], monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("TOY_KEY", key)
    with pytest.raises(Unavailable, match="characters that no key has") as refusal:
        load(StubEngine(), key_env="TOY_KEY")
    assert "TOY_KEY" in str(refusal.value.hint)
    assert key not in f"{refusal.value}{refusal.value.hint}"


async def test_the_key_is_in_no_error_and_no_line_of_the_log(
    load: Callable[..., Loaded],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("TOY_KEY", "sk-secret")
    stub = StubEngine(key="sk-secret")
    with caplog.at_level(logging.DEBUG):
        rule, worker = load(stub, key_env="TOY_KEY", timeout_s=0.4)
        stub.key = "sk-another"  # and the server says in its refusal which
        stub.faults.extend([Fault("status", 500)] * 2)
        with pytest.raises(Unavailable) as refusal:
            await ask(worker, rule.encode("the"))
    said = [refusal.value.message, refusal.value.hint or "", str(rule.description), repr(worker)]
    assert not any("sk-" in each for each in [*said, caplog.text])
