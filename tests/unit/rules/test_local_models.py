"""Local folders and GGUF files: read as they are or converted once, never run, never removed."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, GPT2Config, GPT2LMHeadModel, LlamaForCausalLM

from semioscope.core.errors import Conflict, NotFound, SemioscopeError, Unavailable
from semioscope.rules.causal_lm import load
from semioscope.rules.causal_lm.files import find_files
from semioscope.rules.causal_lm.inspection import prove_loadable
from semioscope.rules.causal_lm.library import (
    find_model,
    list_models,
    removal_of,
    remove,
    source_of,
)
from semioscope.rules.causal_lm.load import load_causal_lm
from semioscope.rules.causal_lm.reader import Reader
from semioscope.rules.causal_lm.rule import CausalLM
from semioscope.rules.causal_lm.sources import offered_sources
from semioscope.rules.progress import silent
from semioscope.settings import Settings
from tests.unit.rules.tiny_models import save_tiny_gguf, save_tiny_llama

STATES = [(256,), (256, 40), (256, 40, 41), (256, 60)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_llama(tmp_path_factory.mktemp("models") / "tiny", vocab_size=259)


@pytest.fixture(scope="module")
def gguf(folder: Path) -> Path:
    return save_tiny_gguf(folder.parent / "tiny.gguf", folder)


def settings_with(tmp_path: Path, *models: Path, **more: Any) -> Settings:
    return Settings(
        models=tuple(map(str, models)), cache_folder=tmp_path / "cache", device="cpu", **more
    )


def loaded(settings: Settings, progress: Any = silent) -> CausalLM:
    return load_causal_lm(offered_sources(settings)[1], settings, progress)


def rows(rule: CausalLM) -> np.ndarray:
    by_place = {row.place: row.log_probs.copy() for row in rule.log_probs(STATES)}
    return np.stack([by_place[place] for place in range(len(STATES))])


def test_a_gguf_file_is_converted_once_and_says_what_its_safetensors_say(
    folder: Path, gguf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[float, str]] = []
    settings = settings_with(tmp_path, gguf)
    first = loaded(settings, lambda *each: told.append(each))
    direct = loaded(settings_with(tmp_path, folder))
    assert np.max(np.abs(rows(first) - rows(direct))) < 1e-4
    assert first.description.end_keys == (257,)
    assert first.encode("a b") == direct.encode("a b")
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert any("tensors" in message for _, message in told)

    # Another start: by our own reader, from what was converted, also when the file has moved.
    monkeypatch.setattr("semioscope.rules.causal_lm.conversion._write", None)
    monkeypatch.setattr("semioscope.rules.causal_lm.load._read", None)
    moved = Path(shutil.copy(gguf, tmp_path / "moved.gguf"))
    again = loaded(settings_with(tmp_path, moved))
    assert again.description.fingerprint == first.description.fingerprint
    assert np.array_equal(rows(again), rows(first))


def test_loading_tells_how_far_it_is(folder: Path, tmp_path: Path) -> None:
    told: list[tuple[float, str]] = []
    settings = settings_with(tmp_path, folder)
    loaded(settings)
    loaded(settings, lambda *each: told.append(each))
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert len(set(shares)) > 10
    assert any("Reading the weights" in message for _, message in told)


@pytest.mark.parametrize("kind", ["damaged", "split"])
def test_a_gguf_file_that_cannot_be_read_is_refused_and_leaves_nothing(
    gguf: Path, tmp_path: Path, kind: str
) -> None:
    name = "m-00001-of-00002.gguf" if kind == "split" else "m.gguf"
    broken = tmp_path / name
    broken.write_bytes(gguf.read_bytes()[:2000])
    settings = settings_with(tmp_path, broken)
    with pytest.raises(Unavailable) as refused:
        loaded(settings)
    assert refused.value.code == ("split-gguf" if kind == "split" else "model-not-provided")
    assert refused.value.hint
    assert len(refused.value.message.splitlines()) == 1
    assert list(tmp_path.glob("cache/models/gguf-*/*")) == []


def test_code_that_comes_with_a_model_is_never_run(folder: Path, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    evil = Path(shutil.copytree(folder, tmp_path / "evil"))
    (evil / "evil.py").write_text(f"open({str(ran)!r}, 'w').write('ran')\nclass C: pass\n")
    said = json.loads((evil / "config.json").read_text())
    said["auto_map"] = {"AutoConfig": "evil.C", "AutoModelForCausalLM": "evil.C"}
    (evil / "config.json").write_text(json.dumps(said))
    # transformers knows Llama by itself: then the code is of no use, and is left where it is.
    assert rows(loaded(settings_with(tmp_path, evil))).shape == (len(STATES), 259)

    (evil / "config.json").write_text(json.dumps(said | {"model_type": "evil"}))
    with pytest.raises(Unavailable, match="never run here") as refused:
        loaded(settings_with(tmp_path, evil))
    assert refused.value.code == "remote-code"
    assert not ran.exists()


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        ("weights cut short", "model-not-loaded"),
        ("a shard is missing", "incomplete-model"),
        ("no tokenizer", "unsupported-tokenizer"),
        ("pickled weights only", "unsafe-weights"),
        ("a weight of another shape", "incomplete-model"),
        ("nothing", None),
    ],
)
def test_providing_a_folder_checks_it_without_loading_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str, code: str | None
) -> None:
    folder = save_tiny_llama(tmp_path / "model", shards=True)
    shard = folder / "model-00002-of-00004.safetensors"
    match broken:
        case "weights cut short":
            shard.write_bytes(shard.read_bytes()[:-100])
        case "a shard is missing":
            shard.unlink()
        case "no tokenizer":
            (folder / "tokenizer.json").unlink()
        case "pickled weights only":
            for path in folder.glob("*.safetensors*"):
                path.unlink()
            (folder / "pytorch_model.bin").write_bytes(b"pickle")
        case "a weight of another shape":
            change(shard, lambda name, weight: weight[:3] if weight.dim() > 1 else weight)
    read = AutoModelForCausalLM.from_pretrained

    def watched(*args: Any, **how: Any) -> Any:
        assert how["device_map"] == "meta"  # shapes only
        return read(*args, **how)

    monkeypatch.setattr("transformers.AutoModelForCausalLM.from_pretrained", watched)
    settings = settings_with(tmp_path, folder)
    source = offered_sources(settings)[1]
    if code is None:
        prove_loadable(source.name, find_files(source, settings, silent))
        return
    with pytest.raises(SemioscopeError) as refused:
        prove_loadable(source.name, find_files(source, settings, silent))
    assert refused.value.code == code
    assert len(refused.value.message.splitlines()) == 1


@pytest.mark.parametrize("family", [GPT2LMHeadModel, LlamaForCausalLM])
def test_a_model_that_lacks_a_weight_is_refused_and_never_made_up(
    tmp_path: Path, family: type[Any]
) -> None:
    """transformers puts random numbers in its place."""
    folder = save_tiny_llama(tmp_path / "model", vocab_size=259)
    if family is GPT2LMHeadModel:
        shape = GPT2Config(vocab_size=259, n_positions=64, n_embd=16, n_layer=2, n_head=2)
        GPT2LMHeadModel(shape).save_pretrained(folder)
    settings = settings_with(tmp_path, folder)
    assert loaded(settings)
    gone = change(
        folder / "model.safetensors", lambda name, weight: None if ".1.mlp" in name else weight
    )
    source = offered_sources(settings)[1]
    for read in (
        lambda: loaded(settings),
        lambda: prove_loadable(source.name, find_files(source, settings, silent)),
    ):
        with pytest.raises(Unavailable) as refused:
            read()
        assert refused.value.code == "incomplete-model"
        assert f"lacks {len(gone)} of its weights" in refused.value.message


def change(path: Path, how: Callable[[str, torch.Tensor], torch.Tensor | None]) -> list[str]:
    """Changes the weights of a file; the names of those that are gone."""
    weights = load_file(path)
    changed = {name: how(name, weight) for name, weight in weights.items()}
    left = {name: weight.contiguous() for name, weight in changed.items() if weight is not None}
    save_file(left, path, metadata={"format": "pt"})
    return sorted(set(weights) - set(left))


def test_a_model_is_found_by_the_name_that_the_list_shows(gguf: Path, tmp_path: Path) -> None:
    settings = settings_with(tmp_path, gguf)
    (known,) = [each for each in list_models(settings) if each.where == str(gguf)]
    assert find_model(known.name, settings) == find_model(known.id, settings) == known
    with pytest.raises(Conflict, match="is your own"):
        find_model(str(tmp_path), settings)


def test_a_tokenizer_that_transformers_makes_up_is_none(tmp_path: Path) -> None:
    # Of GPT-2, transformers makes an empty tokenizer where the folder has none.
    shape = GPT2Config(vocab_size=8, n_positions=8, n_embd=8, n_layer=1, n_head=1)
    GPT2LMHeadModel(shape).save_pretrained(tmp_path / "bare")
    settings = settings_with(tmp_path, tmp_path / "bare")
    source = offered_sources(settings)[1]
    with pytest.raises(Unavailable) as refused:
        prove_loadable(source.name, find_files(source, settings, silent))
    assert refused.value.code == "unsupported-tokenizer"


def test_a_folder_of_pickled_weights_counts_as_not_here(tmp_path: Path) -> None:
    folder = save_tiny_llama(tmp_path / "model")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    assert not find_model("model", settings_with(tmp_path, folder)).is_provided


def test_a_persons_own_files_are_never_removed_and_what_was_made_of_them_is(
    folder: Path, gguf: Path, tmp_path: Path
) -> None:
    settings = settings_with(tmp_path, folder, gguf)
    with pytest.raises(Conflict, match="your own"):
        removal_of(find_model("tiny", settings))
    with pytest.raises(Conflict, match="your own"):
        removal_of(find_model("tiny-gguf", settings))

    made = find_files(offered_sources(settings)[2], settings, silent).folder
    kept = list_models(settings_with(tmp_path))[1]
    assert (kept.where, kept.standing) == (str(gguf.resolve()), "kept")
    listed = find_model("tiny-gguf", settings)
    assert listed.size > gguf.stat().st_size
    remove(removal_of(listed), settings)
    assert not made.exists()
    assert gguf.is_file()
    assert find_model("tiny-gguf", settings).size == gguf.stat().st_size


def test_a_name_that_means_nothing_is_answered_with_what_there_is(
    folder: Path, tmp_path: Path
) -> None:
    settings = settings_with(tmp_path, folder)
    with pytest.raises(NotFound) as unknown:
        find_model("dice", settings)
    assert unknown.value.hint == "There are: smollm2, tiny."
    with pytest.raises(Unavailable, match="no name of a model") as nonsense:
        source_of("what is this", settings)
    assert "smollm2, tiny" in str(nonsense.value.hint)
    assert source_of(None, settings).where is None
    assert source_of("tiny", settings).where == str(folder)
    assert source_of("owner/name@v1", settings).hub is not None


def test_the_type_of_the_numbers_is_a_setting_and_part_of_the_identity(
    folder: Path, tmp_path: Path
) -> None:
    exact = loaded(settings_with(tmp_path, folder))
    half = loaded(settings_with(tmp_path, folder, dtype="bfloat16"))
    assert loaded(settings_with(tmp_path, folder, dtype="float32")).description == exact.description
    assert half.description.fingerprint != exact.description.fingerprint
    off = np.max(np.abs(rows(half) - rows(exact)))
    assert 1e-4 < off < 1


def test_a_device_that_is_not_there_is_refused(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    settings = settings_with(tmp_path, folder).model_copy(update={"device": "cuda"})
    with pytest.raises(Unavailable) as refused:
        loaded(settings)
    assert refused.value.code == "no-cuda"
    assert rows(loaded(settings.model_copy(update={"device": "auto"}))).shape[0] == len(STATES)


def test_the_memory_of_the_engine_is_a_setting(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    capacities: list[int] = []
    own = load.capacity_of

    def watched(reader: Reader, cache_bytes: int) -> int:
        capacities.append(own(reader, cache_bytes))
        return capacities[-1]

    monkeypatch.setattr(load, "capacity_of", watched)
    many = loaded(settings_with(tmp_path, folder, cache_bytes=1 << 20))
    few = loaded(settings_with(tmp_path, folder, cache_bytes=1))
    assert capacities[0] > 100 * capacities[1]
    assert np.max(np.abs(rows(few) - rows(many))) < 1e-4
