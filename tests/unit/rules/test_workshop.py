"""Made rules are kept within bounds, and what they are made of stays loaded while they are used."""

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytest_asyncio

from semioscope.core.distribution import Question
from semioscope.core.errors import Conflict, InvalidRequest, LimitExceeded, NotFound
from semioscope.core.sampling import IDENTITY
from semioscope.rules.catalogue import Catalogue, LoadedRule
from semioscope.settings import Settings
from tests.unit.rules.test_residency import MakeCatalogue, folders, make, states, until

__all__ = ["folders", "make"]  # fixtures

PROMPT = (256, 40, 41)


def heads(probability: float) -> dict[str, Any]:
    return {"kind": "coin", "heads": probability}


def restricted(base: str) -> dict[str, Any]:
    return {"kind": "restricted", "base": base, "keys": [40, 41]}


def mixed(first: str, second: str) -> dict[str, Any]:
    return {"kind": "interpolated", "first": {"rule": first}, "second": {"rule": second}}


@pytest_asyncio.fixture
async def small(tmp_path: Path) -> AsyncIterator[Catalogue]:
    """It keeps four made rules, two of one identity."""
    catalogue = Catalogue(Settings(cache_folder=tmp_path, max_made_rules=4, made_rules_of_one=2))
    yield catalogue
    await asyncio.to_thread(catalogue.close)


async def row(loaded: LoadedRule) -> np.ndarray:
    (told,) = await loaded.worker.ask([Question(PROMPT, whole=True)], IDENTITY, group="g")
    assert told.row is not None
    return np.exp(told.row.astype(np.float64))


# Kept within bounds


async def test_the_least_recently_used_of_an_identity_leaves(small: Catalogue) -> None:
    made = [(await small.make(heads(p), None, "ada")).id for p in (0.1, 0.2)]
    async with small.use(made[0]):
        pass
    third = (await small.make(heads(0.3), None, "ada")).id
    assert [offer.id for offer in small.made_by("ada")] == [third, made[0]]
    assert small.offer(made[1]) is None
    with pytest.raises(NotFound, match="does not keep the made rule"):
        async with small.use(made[1]):
            pass


async def test_others_rules_leave_when_the_server_is_full(small: Catalogue) -> None:
    first = (await small.make(heads(0.1), None, "ada")).id
    for place, who in enumerate(("bob", "bob", "eve", "eve")):
        await small.make(heads(0.2 + place / 10), None, who)
    assert small.made_by("ada") == []
    assert small.offer(first) is None


async def test_a_rule_in_use_never_leaves_and_where_all_are_nothing_is_made(
    small: Catalogue,
) -> None:
    first = (await small.make(heads(0.1), None, "ada")).id
    async with small.use(first) as loaded:
        second = (await small.make(heads(0.2), None, "ada")).id
        third = (await small.make(heads(0.3), None, "ada")).id
        assert {offer.id for offer in small.made_by("ada")} == {first, third}
        assert small.offer(second) is None
        async with small.use(third):
            with pytest.raises(LimitExceeded) as refused:
                await small.make(heads(0.4), None, "ada")
            assert refused.value.code == "too-many-rules"
            assert refused.value.retryable
        assert (await loaded.worker.ask([Question(())], IDENTITY, group="g"))[0].weights


async def test_making_again_keeps_one_and_makes_it_the_latest(small: Catalogue) -> None:
    first = await small.make(heads(0.1), None, "ada")
    await small.make(heads(0.2), None, "ada")
    assert (await small.make(heads(0.1), None, "ada")).id == first.id
    await small.make(heads(0.3), None, "ada")
    assert small.offer(first.id) is not None


async def test_a_rule_has_a_worker_only_while_it_is_used(small: Catalogue) -> None:
    made = (await small.make(heads(0.1), None, "ada")).id
    async with small.use(made) as first, small.use(made) as second:
        assert first is second
        worker = weakref.ref(first.worker)
    del first, second
    await asyncio.sleep(0.05)
    gc.collect()
    assert worker() is None
    async with small.use(made) as again:
        assert (await again.worker.ask([Question(())], IDENTITY, group="g"))[0].weights


async def test_what_a_tree_remembers_is_made_again_on_need(small: Catalogue) -> None:
    recipe = await small.recipe(heads(0.7), "Mine")
    assert small.offer(recipe.description.id) is None
    async with small.use_remembered(recipe.description) as loaded:
        assert loaded.rule.description == recipe.description
    from dataclasses import replace

    changed = replace(recipe.description, id="made-000000000000", fingerprint="0" * 64)
    with pytest.raises(Conflict) as refused:
        async with small.use_remembered(changed):
            pass
    assert refused.value.code == "rule-changed"


# What they are made of


async def test_the_model_beneath_stays_loaded_while_the_rule_is_used(make: MakeCatalogue) -> None:
    catalogue = make(1)
    made = (await catalogue.make(restricted("a"), None, "ada")).id
    async with catalogue.use(made) as loaded:
        first = await row(loaded)
        waiting = asyncio.create_task(_use(catalogue, "b"))
        await asyncio.sleep(0.3)
        assert states(catalogue)["a"] == "ready"
        assert not waiting.done()
        beneath = weakref.ref(loaded.rule)
    del loaded
    await waiting
    assert states(catalogue) == {"a": "unloaded", "b": "ready", "c": "unloaded"}
    offered = catalogue.offer(made)
    assert offered is not None
    assert offered.state == "unloaded"
    await asyncio.sleep(0.05)
    gc.collect()
    assert beneath() is None
    async with catalogue.use(made) as loaded:
        assert np.allclose(await row(loaded), first, atol=1e-4)


async def test_a_restricted_model_is_the_model_renormalised(make: MakeCatalogue) -> None:
    catalogue = make(1)
    async with catalogue.use("a") as base:
        whole = await row(base)
    async with catalogue.use((await catalogue.make(restricted("a"), None, "ada")).id) as made:
        found = await row(made)
    assert np.allclose(found[[40, 41]], whole[[40, 41]] / whole[[40, 41]].sum(), atol=1e-6)
    assert found.sum() == pytest.approx(1, abs=1e-6)


async def test_two_models_are_mixed_exactly(make: MakeCatalogue) -> None:
    catalogue = make(2)
    made = (await catalogue.make(mixed("a", "b") | {"weight": 0.3}, None, "ada")).id
    async with catalogue.use(made) as loaded:
        found = await row(loaded)
    async with catalogue.use("a") as a, catalogue.use("b") as b:
        expected = 0.7 * await row(a) + 0.3 * await row(b)
    assert np.max(np.abs(found - expected)) <= 1e-6


async def test_rules_of_two_models_each_never_wait_for_each_other(make: MakeCatalogue) -> None:
    catalogue = make(2)
    pairs = [("a", "b"), ("c", "a"), ("b", "c")]
    made = [(await catalogue.make(mixed(*pair), None, "ada")).id for pair in pairs]
    async with asyncio.timeout(60):
        await asyncio.gather(*(_use(catalogue, each, 0.05) for each in made))


async def test_a_rule_of_more_models_than_may_be_loaded_is_refused(make: MakeCatalogue) -> None:
    catalogue = make(1)
    with pytest.raises(InvalidRequest) as refused:
        await catalogue.make(mixed("a", "b"), None, "ada")
    assert refused.value.code == "too-many-models"
    assert "made of 2 models, and 1 may be loaded" in refused.value.message
    await catalogue.make(mixed("a", "a"), None, "ada")


async def test_whoever_stops_waiting_leaves_nothing_in_use(make: MakeCatalogue) -> None:
    catalogue = make(1)
    made = (await catalogue.make(restricted("a"), None, "ada")).id
    async with catalogue.use("b"):
        waiting = asyncio.create_task(_use(catalogue, made))
        await until(lambda: states(catalogue)["a"] == "loading")
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    async with catalogue.use(made) as loaded:
        assert (await row(loaded)).sum() == pytest.approx(1, abs=1e-6)


async def _use(catalogue: Catalogue, rule_id: str, seconds: float = 0.0) -> None:
    async with catalogue.use(rule_id) as loaded:
        await row(loaded)
        await asyncio.sleep(seconds)
