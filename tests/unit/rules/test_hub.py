"""A model of the hub is fetched once, at one commit, which is kept; never code, never pickles."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from semioscope.core.errors import SemioscopeError, Unavailable
from semioscope.rules.causal_lm.files import ModelFiles, find_files
from semioscope.rules.causal_lm.hub import pin_of
from semioscope.rules.causal_lm.library import find_model, list_models, removal_of, remove
from semioscope.rules.causal_lm.load import load_causal_lm
from semioscope.rules.causal_lm.sources import HubName, offered_sources, sources_of
from semioscope.rules.progress import silent
from semioscope.settings import Settings
from tests.unit.rules.fake_hub import FakeHub, serving
from tests.unit.rules.tiny_models import save_tiny_llama


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = save_tiny_llama(tmp_path_factory.mktemp("tiny"), shards=True)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    with serving(FakeHub()) as hub:
        for name, value in {
            "ENDPOINT": hub.url,
            "HUGGINGFACE_CO_URL_TEMPLATE": hub.url + "/{repo_id}/resolve/{revision}/{filename}",
            "HF_HUB_OFFLINE": False,
            "HF_HUB_CACHE": str(tmp_path / "hf"),
            "HF_XET_CACHE": str(tmp_path / "xet"),
        }.items():
            monkeypatch.setattr(f"huggingface_hub.constants.{name}", value)
        yield hub


def unplugged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)


def settings_with(tmp_path: Path, *models: str) -> Settings:
    return Settings(models=models, cache_folder=tmp_path / "cache")


def found(settings: Settings, progress: Any = silent) -> ModelFiles:
    return find_files(offered_sources(settings)[1], settings, progress)


def test_only_what_describes_a_model_and_its_safetensors_is_fetched(
    hub: FakeHub, tiny: dict[str, bytes], tmp_path: Path
) -> None:
    unwanted = {"modeling_evil.py": b"raise SystemExit", "pytorch_model.bin": b"pickle"}
    unwanted |= {"onnx/model.onnx": b"onnx", "original/consolidated.safetensors": b"twice"}
    commit = hub.push("owner/tiny", tiny | unwanted)
    shares: list[float] = []
    files = found(settings_with(tmp_path, "owner/tiny"), lambda share, what: shares.append(share))

    assert files.revision == commit
    assert {path.name for path in files.folder.rglob("*") if path.is_file()} == set(tiny)
    assert len(files.weights) > 1
    assert shares[-1] == 1.0
    assert len({round(share, 2) for share in shares}) > 2
    assert not any(name in asked for name in unwanted for asked in hub.asked)


def test_the_commit_is_pinned_and_another_start_uses_it_with_or_without_the_hub(
    hub: FakeHub, tiny: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_with(tmp_path, "owner/tiny")
    first = hub.push("owner/tiny", tiny)
    found(settings)
    second = hub.push("owner/tiny", tiny | {"generation_config.json": b"{}"})
    hub.asked.clear()

    assert found(settings).revision == first != second
    assert hub.asked == []
    unplugged(monkeypatch)
    rule = load_causal_lm(offered_sources(settings)[1], settings)
    assert rule.description.revision == first


def test_what_went_missing_of_a_pinned_model_is_fetched_again_at_the_same_commit(
    hub: FakeHub, tiny: dict[str, bytes], tmp_path: Path
) -> None:
    settings = settings_with(tmp_path, "owner/tiny")
    first = hub.push("owner/tiny", tiny)
    weights = found(settings).weights[0]
    hub.push("owner/tiny", {"README.md": b"The model is gone."})
    weights.resolve().unlink()
    weights.unlink()

    files = found(settings)
    assert files.revision == first
    assert files.weights[0].is_file()


def test_a_branch_a_tag_or_a_commit_can_be_asked_for(
    hub: FakeHub, tiny: dict[str, bytes], tmp_path: Path
) -> None:
    old = hub.push("owner/tiny", tiny)
    branch = hub.push("owner/tiny", tiny | {"chat_template.jinja": b"hello"}, branch="next")
    hub.push("owner/tiny", {"README.md": b"Emptied."})
    settings = settings_with(tmp_path, f"owner/tiny@{old}", "owner/tiny@next")
    _, by_commit, by_branch = offered_sources(settings)

    assert find_files(by_commit, settings, silent).revision == old
    assert find_files(by_branch, settings, silent).revision == branch
    assert by_branch.id == "tiny-next"
    assert by_commit.id == f"tiny-{old[:7]}"


def test_what_another_program_has_fetched_is_used_without_the_hub(
    hub: FakeHub, tiny: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import snapshot_download

    commit = hub.push("owner/tiny", tiny)
    snapshot_download("owner/tiny")
    unplugged(monkeypatch)
    settings = settings_with(tmp_path, "owner/tiny")
    assert found(settings).revision == commit
    pin = pin_of("owner/tiny", settings)
    assert pin is not None
    assert pin.commit == commit


def test_where_the_hub_fails_the_refusal_says_how(
    hub: FakeHub, tiny: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refusal(where: str) -> SemioscopeError:
        with pytest.raises(Unavailable) as refused:
            found(settings_with(tmp_path, where))
        assert len(refused.value.message.splitlines()) == 1
        assert refused.value.hint
        return refused.value

    hub.push("owner/tiny", tiny)
    hub.push("owner/pickled", {"config.json": b"{}", "pytorch_model.bin": b"pickle"})
    hub.push("owner/empty", {"README.md": b"", "a.Q4.gguf": b"gguf"})
    hub.push("owner/gated", tiny)
    hub.gated.add("owner/gated")

    assert refusal("owner/nothing").code == "model-not-found"
    assert "no revision v9" in refusal("owner/tiny@v9").message
    assert refusal("owner/pickled").code == "unsafe-weights"
    assert "a.Q4.gguf" in str(refusal("owner/empty").hint)
    assert "a.Q4.gguf" in str(refusal("owner/empty:b.gguf").hint)
    assert "HF_TOKEN" in str(refusal("owner/gated").hint)
    assert not any(asked.endswith(".bin") for asked in hub.asked)
    unplugged(monkeypatch)
    unreachable = refusal("owner/tiny")
    assert (unreachable.code, unreachable.retryable) == ("hub-unreachable", True)


def test_what_was_fetched_is_listed_with_its_commit_and_removed(
    hub: FakeHub, tiny: dict[str, bytes], tmp_path: Path
) -> None:
    settings = settings_with(tmp_path, "owner/tiny")
    commit = hub.push("owner/tiny", tiny)
    assert find_model("tiny", settings).is_provided is False
    folder = found(settings).folder

    listed = find_model("tiny", settings)
    assert (listed.is_provided, listed.revision, listed.standing) == (True, commit, "offered")
    assert listed.size == sum(map(len, tiny.values()))
    beside = list_models(settings_with(tmp_path))[1]
    assert (beside.where, beside.standing) == ("owner/tiny", "kept")

    removal = removal_of(find_model("owner/tiny", settings))
    assert removal.size == listed.size
    remove(removal, settings)
    assert not folder.exists()
    assert find_model("tiny", settings).is_provided is False
    assert len(list_models(settings_with(tmp_path))) == 1
    with pytest.raises(SemioscopeError, match="Nothing of tiny is kept"):
        removal_of(find_model("tiny", settings))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("owner/name", ("owner/name", None, None)),
        ("gpt2", ("gpt2", None, None)),
        ("owner/name@v1.0", ("owner/name", "v1.0", None)),
        ("owner/name:q/model.Q4_K_M.gguf", ("owner/name", None, "q/model.Q4_K_M.gguf")),
        ("owner/name@main:m.gguf", ("owner/name", "main", "m.gguf")),
        ("a/b/c", None),
        ("owner/name:weights.bin", None),
        ("-x", None),
    ],
)
def test_hub_names_have_a_revision_and_a_gguf_file_or_are_none(
    text: str, parts: tuple[str, str | None, str | None] | None
) -> None:
    assert HubName.parse(text) == (None if parts is None else HubName(*parts))


def test_what_exists_here_or_looks_like_a_path_is_not_looked_up_on_the_hub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "owner" / "name").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    wheres = ("owner/name", "owner/other", "./absent", "/absent", "models/absent.gguf")
    assert [each.hub is not None for each in sources_of(wheres)[1:]] == [
        *(False, True, False, False, False)
    ]


def test_the_command_line_fetches_lists_and_removes(
    hub: FakeHub, tiny: dict[str, bytes], tmp_path: Path
) -> None:
    commit = hub.push("owner/tiny", tiny)
    environment = os.environ | {
        "HF_ENDPOINT": hub.url,
        "HF_HOME": str(tmp_path / "home"),
        "HF_HUB_OFFLINE": "0",
        "SEMIOSCOPE_CACHE": str(tmp_path / "cache"),
    }

    def model(*arguments: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", "semioscope.cli", "model", *arguments],
            env=environment,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        return done.returncode, done.stdout + done.stderr

    status, told = model("provide", "owner/tiny")
    assert (status, commit in told) == (0, True), told
    assert "--model owner/tiny" in told
    status, told = model("list")
    assert commit in told
    status, told = model("remove", "tiny")
    assert (status, "--yes" in told) == (1, True), told
    status, told = model("remove", "tiny", "--yes")
    assert (status, "kB are free again" in told) == (0, True), told
    status, told = model("remove", "tiny", "--yes")
    assert (status, "There are: smollm2." in told) == (1, True), told
