"""Settings come from the environment, and nonsense is refused at the start."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from semioscope.settings import Settings


def test_a_server_needs_no_settings() -> None:
    settings = Settings()
    assert settings.host == "127.0.0.1"
    assert settings.database_path.is_absolute()
    assert settings.page_folder.parts[-2:] == ("frontend", "dist")


@pytest.mark.parametrize("name", ["SEMIOSCOPE_CACHE", "SEMIOSCOPE_CACHE_FOLDER"])
def test_folders_and_models_come_from_the_environment(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SEMIOSCOPE_CACHE", raising=False)
    monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("SEMIOSCOPE_DATA_FOLDER", "~/trees")
    monkeypatch.setenv("SEMIOSCOPE_MODELS", "gpt2, /models/a b ,")
    settings = Settings()
    assert settings.cache_folder == tmp_path
    assert settings.data_folder == Path.home() / "trees"
    assert settings.models == ("gpt2", "/models/a b")


def test_a_program_may_give_them_by_name(tmp_path: Path) -> None:
    settings = Settings(cache_folder=tmp_path, models=("gpt2",))
    assert (settings.cache_folder, settings.models) == (tmp_path, ("gpt2",))


@pytest.mark.parametrize(
    ("value", "rules"),
    [(None, None), ("none", ()), ("", ()), ("smollm2, coin", ("smollm2", "coin"))],
)
def test_what_is_loaded_at_the_start_is_the_default_some_or_nothing(
    value: str | None, rules: tuple[str, ...] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if value is not None:
        monkeypatch.setenv("SEMIOSCOPE_LOAD_AT_START", value)
    assert Settings().load_at_start == rules


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("PORT", "70000"), ("MAX_NODES", "0"), ("LAN", "si"), ("MAX_LOADED", "0")),
        *(("DEVICE", "tpu"), ("DTYPE", "int8"), ("CACHE_BYTES", "0")),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"SEMIOSCOPE_{name}", value)
    with pytest.raises(ValidationError):
        Settings()


def test_engines_come_as_json_and_never_hold_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = {"name": "My vLLM", "url": "http://gpu:8000/v1/", "tokenizer": "smollm2"}
    monkeypatch.setenv("SEMIOSCOPE_ENGINES", json.dumps([engine | {"key_env": "VLLM_KEY"}]))
    (known,) = Settings().engines
    assert (known.slug, known.url, known.key_env) == ("my-vllm", "http://gpu:8000/v1", "VLLM_KEY")
    refused = [
        [engine | {"key": "sk-secret"}],
        [engine | {"url": "http://me:sk-secret@gpu/v1"}],
        [engine | {"url": "http://gpu/v1?key=sk-secret"}],
        [engine | {"url": "file:///sk-secret"}],
        [engine, engine | {"name": "my VLLM"}],
    ]
    for given in refused:
        monkeypatch.setenv("SEMIOSCOPE_ENGINES", json.dumps(given))
        with pytest.raises(ValidationError) as refusal:
            Settings()
        assert "sk-secret" not in str(refusal.value)
