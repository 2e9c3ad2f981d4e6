"""A bound on how many models stay loaded: the longest unused one leaves, none in use ever does."""

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from semioscope.core.distribution import Question
from semioscope.core.errors import InvalidRequest, NotFound, Unavailable
from semioscope.core.sampling import IDENTITY
from semioscope.rules import catalogue as module
from semioscope.rules.catalogue import Catalogue, LoadedRule, Offer
from semioscope.rules.causal_lm.sources import Source
from semioscope.rules.coin import Coin, CoinLaw
from semioscope.rules.progress import Progress
from semioscope.settings import Settings
from tests.unit.rules.tiny_models import save_tiny_llama

STATES = [(256,), (256, 40), (256, 40, 41)]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    home = tmp_path_factory.mktemp("models")
    return tuple(str(save_tiny_llama(home / name, seed)) for seed, name in enumerate("abc"))


class MakeCatalogue:
    """Makes catalogues that end with the test."""

    def __init__(self, folders: tuple[str, ...], cache: Path) -> None:
        self._folders, self._cache = folders, cache
        self.made: list[Catalogue] = []

    def __call__(self, most: int) -> Catalogue:
        settings = Settings(
            models=self._folders, cache_folder=self._cache, max_loaded=most, device="cpu"
        )
        self.made.append(Catalogue(settings))
        return self.made[-1]


@pytest_asyncio.fixture
async def make(folders: tuple[str, ...], tmp_path: Path) -> AsyncIterator[MakeCatalogue]:
    made = MakeCatalogue(folders, tmp_path / "cache")
    yield made
    for each in made.made:
        await asyncio.to_thread(each.close)


def offer(catalogue: Catalogue, rule_id: str) -> Offer:
    return next(each for each in catalogue.offers() if each.id == rule_id)


def states(catalogue: Catalogue) -> dict[str, str]:
    return {each.id: each.state for each in catalogue.offers() if each.id in ("a", "b", "c")}


async def answers(loaded: LoadedRule) -> np.ndarray:
    told = await loaded.worker.ask([Question(each) for each in STATES], IDENTITY, group="g")
    return np.array([each.expansion.entropy for each in told])


async def asked(catalogue: Catalogue, rule_id: str) -> np.ndarray:
    async with catalogue.use(rule_id) as loaded:
        return await answers(loaded)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110 -- what it waits for is told by no event
            await asyncio.sleep(0.01)


async def test_switching_back_and_forth_gives_the_same_answers_and_frees_memory(
    make: MakeCatalogue,
) -> None:
    catalogue = make(1)
    async with catalogue.use("a") as loaded:
        first = await answers(loaded)
        rule, worker = weakref.ref(loaded.rule), weakref.ref(loaded.worker)
        description = loaded.rule.description
    del loaded
    other = await asked(catalogue, "b")
    assert states(catalogue) == {"a": "unloaded", "b": "ready", "c": "unloaded"}
    assert offer(catalogue, "a").description == description
    gc.collect()
    assert rule() is None
    assert worker() is None

    assert np.allclose(await asked(catalogue, "a"), first, atol=1e-4)
    assert np.allclose(await asked(catalogue, "b"), other, atol=1e-4)
    assert not np.allclose(first, other, atol=1e-2)


async def test_the_longest_unused_leaves_first_and_coins_do_not_count(
    make: MakeCatalogue,
) -> None:
    catalogue = make(2)
    for rule_id in ("a", "b", "a", "coin"):
        async with catalogue.use(rule_id):
            pass
    async with catalogue.use("c"):
        assert states(catalogue) == {"a": "ready", "b": "unloaded", "c": "ready"}
    assert offer(catalogue, "coin").state == "ready"


async def test_what_is_in_use_is_never_cut_off_and_who_waits_is_told(make: MakeCatalogue) -> None:
    catalogue = make(1)
    async with catalogue.use("a") as loaded:
        waiting = asyncio.create_task(asked(catalogue, "b"))
        await until(lambda: offer(catalogue, "b").state == "loading")
        behind = asyncio.create_task(asked(catalogue, "c"))
        await asyncio.sleep(0.5)
        told = offer(catalogue, "b")
        assert (told.progress, told.message) == (
            None,
            "Waits for a place: a is in use, and one model may be loaded at a time.",
        )
        assert "Waits" in str(offer(catalogue, "c").message)
        assert len(await answers(loaded)) == len(STATES)
        assert not waiting.done()
    await asyncio.gather(waiting, behind)
    assert states(catalogue) == {"a": "unloaded", "b": "unloaded", "c": "ready"}


async def test_many_at_once_never_fail(make: MakeCatalogue) -> None:
    catalogue = make(1)
    expected = {rule_id: await asked(catalogue, rule_id) for rule_id in "abc"}

    async def visitor(number: int) -> None:
        for step in range(4):
            rule_id = "abc"[(number + step) % 3]
            told = await asked(catalogue, rule_id)
            assert np.allclose(told, expected[rule_id], atol=1e-4)

    async with asyncio.timeout(120):
        await asyncio.gather(*(visitor(number) for number in range(6)))
    assert list(states(catalogue).values()).count("ready") == 1


async def test_what_somebody_is_to_come_back_to_stays_a_while(
    make: MakeCatalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "EXPECTED_S", 1.0)
    catalogue = make(1)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.001), catalogue.use("a"):
            raise AssertionError("loaded in a millisecond")
    await until(lambda: offer(catalogue, "a").state == "ready")
    other = asyncio.create_task(asked(catalogue, "b"))
    await until(lambda: "Waits" in str(offer(catalogue, "b").message))
    assert states(catalogue)["a"] == "ready"
    await other
    assert states(catalogue) == {"a": "unloaded", "b": "ready", "c": "unloaded"}


async def test_a_load_that_failed_holds_no_place(
    make: MakeCatalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes: list[Exception] = [Unavailable("no", "No weights."), MemoryError()]

    def load(source: Source, settings: Settings, progress: Progress) -> Coin:
        if outcomes:
            raise outcomes.pop(0)
        return Coin(source.id, source.name, "A stand-in for a model.", CoinLaw())

    monkeypatch.setattr("semioscope.rules.causal_lm.load.load_causal_lm", load)
    catalogue = make(1)

    async def refused(asking: Awaitable[object]) -> str:
        with pytest.raises(Unavailable) as error:
            await asking
        return error.value.message

    assert await refused(asked(catalogue, "a")) == "No weights."
    assert "MemoryError" in await refused(asked(catalogue, "a"))
    assert states(catalogue)["a"] == "failed"
    async with catalogue.use("b"):
        assert states(catalogue) == {"a": "failed", "b": "ready", "c": "unloaded"}
    async with catalogue.use("a"):
        assert states(catalogue) == {"a": "ready", "b": "unloaded", "c": "unloaded"}


async def test_nothing_leaves_for_a_model_that_can_be_seen_to_be_none(
    make: MakeCatalogue, folders: tuple[str, ...]
) -> None:
    catalogue = make(1)
    async with catalogue.use("a"):
        weights = Path(folders[1]) / "model.safetensors"
        away = weights.rename(weights.with_name("pytorch_model.bin"))
        try:
            # At once, though a is in use and there is one place.
            with pytest.raises(Unavailable, match="can run code"):
                await asyncio.wait_for(catalogue.rule("b"), 5)
        finally:
            away.rename(weights)
    assert states(catalogue) == {"a": "ready", "b": "failed", "c": "unloaded"}
    async with catalogue.use("b"):
        assert states(catalogue) == {"a": "unloaded", "b": "ready", "c": "unloaded"}


async def test_a_load_can_be_begun_for_somebody_who_comes_back(make: MakeCatalogue) -> None:
    catalogue = make(1)
    assert catalogue.begin("a").state == "loading"
    await until(lambda: offer(catalogue, "a").state == "ready")
    assert catalogue.begin("a").state == "ready"
    assert catalogue.begin("coin").state == "ready"
    with pytest.raises(NotFound):
        catalogue.begin("dice")


async def test_closing_ends_what_waits(make: MakeCatalogue) -> None:
    catalogue = make(1)
    async with catalogue.use("a"):
        waiting = asyncio.create_task(asked(catalogue, "b"))
        await until(lambda: offer(catalogue, "b").state == "loading")
        await asyncio.to_thread(catalogue.close)
        with pytest.raises(Unavailable, match="not loaded any more"):
            await waiting


async def test_what_is_loaded_at_the_start_is_a_setting(make: MakeCatalogue) -> None:
    catalogue = make(1)
    assert catalogue.at_start(None) == ["smollm2"]
    assert catalogue.at_start(()) == []
    assert catalogue.at_start(("b", "coin", "b")) == ["b", "coin"]
    with pytest.raises(NotFound, match="no rule “dice”"):
        catalogue.at_start(("dice",))
    with pytest.raises(InvalidRequest, match="2 models are to be loaded at the start, and 1"):
        catalogue.at_start(("a", "b"))
