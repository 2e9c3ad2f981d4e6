"""What is on offer, loaded when it is wanted, and refused with a reason."""

import asyncio
import json
import threading
from pathlib import Path
from typing import Any

import pytest

from semioscope.core.distribution import Question
from semioscope.core.errors import NotFound, SemioscopeError, Unavailable
from semioscope.core.sampling import IDENTITY
from semioscope.rules import catalogue as module
from semioscope.rules.catalogue import Catalogue, Offer
from semioscope.rules.coin import Coin, CoinLaw
from semioscope.rules.progress import Progress
from semioscope.settings import Settings


def offer(catalogue: Catalogue, rule_id: str) -> Offer:
    return next(each for each in catalogue.offers() if each.id == rule_id)


def refusing(monkeypatch: pytest.MonkeyPatch, *outcomes: Any) -> list[threading.Thread]:
    """Makes the default model load as a coin, or raise: one outcome a try."""
    left, threads = list(outcomes), []

    def load(source: Any, settings: Settings, progress: Progress) -> Coin:
        threads.append(threading.current_thread())
        progress(0.25, "A quarter.")
        outcome = left.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return Coin(source.id, "Stand-in", "A stand-in for a model.", CoinLaw(heads=0.25))

    monkeypatch.setattr("semioscope.rules.causal_lm.load.load_causal_lm", load)
    return threads


async def test_coins_are_there_at_once_and_the_default_comes_first() -> None:
    catalogue = Catalogue(Settings())
    states = {each.id: each.state for each in catalogue.offers()}
    assert list(states) == ["smollm2", "coin", "coin-biased", "coin-sticky"]
    assert states["smollm2"] == "unloaded"
    loaded = await catalogue.rule("coin")
    assert len(await loaded.worker.ask([Question(())], IDENTITY, group="a")) == 1
    assert catalogue.by_fingerprint(loaded.rule.description.fingerprint) is loaded
    assert catalogue.by_fingerprint("another") is None
    catalogue.close()


async def test_a_rule_nobody_offers_is_not_found() -> None:
    catalogue = Catalogue(Settings())
    with pytest.raises(NotFound, match="no rule “dice”"):
        await catalogue.rule("dice")
    catalogue.close()


async def test_a_rule_is_loaded_once_on_a_thread_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    threads = refusing(monkeypatch, "coin")
    catalogue = Catalogue(Settings())
    one, other = await asyncio.gather(catalogue.rule("smollm2"), catalogue.rule("smollm2"))
    assert one is other
    assert len(threads) == 1
    assert threads[0] is not threading.current_thread()
    ready = offer(catalogue, "smollm2")
    assert (ready.state, ready.progress, ready.name) == ("ready", None, "Stand-in")
    assert ready.description == one.rule.description
    catalogue.close()


async def test_a_load_that_failed_says_why_and_can_be_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refusing(monkeypatch, Unavailable("no", "No weights.", "Get some."), OSError("disk"), "coin")
    catalogue = Catalogue(Settings())
    with pytest.raises(Unavailable, match="No weights"):
        await catalogue.rule("smollm2")
    failed = offer(catalogue, "smollm2")
    assert (failed.state, failed.message, failed.hint) == ("failed", "No weights.", "Get some.")
    with pytest.raises(Unavailable, match="cannot be loaded: OSError"):
        await catalogue.rule("smollm2")
    await catalogue.rule("smollm2")
    assert offer(catalogue, "smollm2").state == "ready"
    catalogue.close()


async def test_who_stops_waiting_does_not_stop_the_loading(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refusing(monkeypatch, "coin")
    catalogue = Catalogue(Settings())
    impatient = asyncio.create_task(catalogue.rule("smollm2"))
    await asyncio.sleep(0)
    impatient.cancel()
    assert (await catalogue.rule("smollm2")).rule.description.name == "Stand-in"
    catalogue.close()


async def test_models_of_the_settings_are_offered_by_their_names() -> None:
    where = ("owner/Tiny_Model", "/models/other/tiny-model", "coin")
    catalogue = Catalogue(Settings(models=where))
    assert [each.id for each in catalogue.offers()][1:4] == ["tiny-model", "tiny-model-2", "coin-2"]
    catalogue.close()


@pytest.mark.parametrize(
    ("files", "code"),
    [
        (None, "model-not-found"),
        ({"config.json": "{}"}, "no-weights"),
        ({"model.safetensors": "x"}, "incomplete-model"),
        ({"config.json": "{}", "model.safetensors.index.json": "x"}, "incomplete-model"),
        (
            {
                "config.json": "{}",
                "model.safetensors.index.json": '{"weight_map": {"a": "model-1.safetensors"}}',
            },
            "incomplete-model",
        ),
        ({"config.json": '{"model_type": "t5"}', "model.safetensors": "x"}, "not-causal"),
        ({"config.json": "{}", "pytorch_model.bin": "x"}, "unsafe-weights"),
        (
            {"config.json": '{"model_type": "llama"}', "model.safetensors": "x"},
            "unsupported-tokenizer",
        ),
        (
            {
                "config.json": json.dumps({"auto_map": {"AutoConfig": "evil.Config"}}),
                "evil.py": "raise SystemExit",
                "model.safetensors": "x",
            },
            "remote-code",
        ),
    ],
)
async def test_a_folder_that_is_no_model_is_refused_in_one_sentence(
    tmp_path: Path, files: dict[str, str] | None, code: str
) -> None:
    folder = tmp_path / "broken"
    if files is not None:
        folder.mkdir()
        for name, content in files.items():
            (folder / name).write_text(content)
    catalogue = Catalogue(Settings(models=(str(folder),), cache_folder=tmp_path / "cache"))
    with pytest.raises(SemioscopeError) as refusal:
        await catalogue.rule("broken")
    assert refusal.value.code == code
    assert refusal.value.hint
    assert len(refusal.value.message.splitlines()) == 1
    assert module.__name__ not in refusal.value.message
    assert offer(catalogue, "coin").state == "ready"
    catalogue.close()
