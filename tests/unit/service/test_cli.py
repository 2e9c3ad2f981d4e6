"""The command line, with coins."""

import json
import socket
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from semioscope import cli, grow_command
from semioscope.cli import app

runner = CliRunner()


@pytest.fixture(autouse=True)
def _folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEMIOSCOPE_DATA_FOLDER", str(tmp_path / "trees"))
    monkeypatch.setenv("SEMIOSCOPE_CACHE", str(tmp_path / "cache"))


def test_grow_prints_worlds_in_aligned_columns() -> None:
    done = runner.invoke(app, ["grow", "HT", "--rule", "coin", "--lines", "4", "--steps", "2"])
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines() == [
        "share    bits  world",
        "25.0%     2.0  HH",
        "25.0%     2.0  HT",
        "25.0%     2.0  TH",
        "25.0%     2.0  TT",
    ]


def test_grow_prints_json_for_scripts() -> None:
    options = ["--rule", "coin-biased", "--lines", "10", "--steps", "1", "--temperature", "0.5"]
    done = runner.invoke(app, ["grow", "", *options, "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["procedure"] == [{"kind": "temperature", "value": 0.5}]
    assert [world["text"] for world in told["worlds"]] == ["H", "T"]
    assert told["worlds"][0]["keys"] == [0]
    assert told["worlds"][0]["bits"] == pytest.approx(0.5146, abs=1e-3)
    assert sum(world["share"] for world in told["worlds"]) == pytest.approx(1)
    assert sum(told["ledger"].values()) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(
    ("options", "states"),
    [
        (["--strategy", "best-first", "--states", "7"], 8),
        (["--strategy", "breadth", "--k", "2", "--depth", "3"], 15),
        (["--strategy", "mass", "--epsilon", "0.2"], 7),
        (["--strategy", "beam", "--k", "2", "--steps", "3"], 7),
        (["--strategy", "greedy", "--steps", "3"], 4),
        (["--strategy", "ancestral", "--rollouts", "1", "--steps", "3"], 4),
        (["--strategy", "stochastic-beam", "--k", "1", "--steps", "1", "--seed", "3"], 3),
        (["--strategy", "breadth", "--k", "2", "--depth", "9", "--stop-depth", "1"], 7),
    ],
    ids=lambda value: value[1] if isinstance(value, list) else "",
)
def test_every_strategy_grows_and_reports(options: list[str], states: int) -> None:
    done = runner.invoke(app, ["grow", "", "--rule", "coin", *options, "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["states"] == states
    assert told["report"]["figures"]
    shown = runner.invoke(app, ["grow", "", "--rule", "coin", *options])
    assert shown.exit_code == 0
    assert told["report"]["figures"][0]["name"] in shown.stdout


def test_steps_of_every_kind_go_in_order() -> None:
    steps = ["--temperature", "0.5", "--step", "top-k=2", "--step", "forbid=[1]"]
    done = runner.invoke(app, ["grow", "H", "--rule", "coin", *steps, "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert [step["kind"] for step in told["procedure"]] == ["temperature", "top_k", "forbid"]
    assert {world["text"].strip("H") for world in told["worlds"]} == {""}


def test_a_rule_is_made_of_what_is_written() -> None:
    options = ["--rule", "rewriting:A->AB,B->A", "--strategy", "breadth", "--k", "4"]
    done = runner.invoke(app, ["grow", "A", *options, "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["rule"]["family"] == "rewriting"
    assert told["rule"]["spec"]["rules"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["grow", "H", "--rule", "coin", "--step", "top_q=1"], "“top_q=1” is no step"),
        (["grow", "H", "--rule", "coin", "--step", "top_p=high"], "neither a number nor a list"),
        (["grow", "H", "--rule", "coin:2"], "0 to 1"),
        (["grow", "H", "--rule", "automaton:300"], "300"),
        (["grow", "H", "--rule", "coin", "--strategy", "dream"], "not “dream”"),
        (["grow", "H", "--rule", "coin", "--strategy", "greedy", "--k", "3"], "no --k"),
        (["grow", "H", "--rule", "coin", "--stop-ended", "1"], "would bias its estimates"),
        (["grow", "HX", "--rule", "coin"], "A coin knows H and T only"),
        (["grow", "H", "--rule", "gpt-5"], "offers no rule “gpt-5”"),
        (["grow", "H", "--rule", "coin", "--temperature", "-1"], "The temperature is -1"),
        (["grow", "H", "--rule", "coin", "--lines", "0"], "The number of lines"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(
    arguments: list[str], sentence: str, capfd: pytest.CaptureFixture[str]
) -> None:
    done = runner.invoke(app, arguments)
    assert done.exit_code == 1
    assert sentence in done.output + capfd.readouterr().err
    assert "Traceback" not in done.output


def test_models_are_listed() -> None:
    done = runner.invoke(app, ["model", "list"])
    assert done.exit_code == 0
    assert {"smollm2", "no"} <= set(done.output.split())


def test_the_openapi_document_is_printed() -> None:
    done = runner.invoke(app, ["openapi"])
    assert json.loads(done.stdout)["info"]["title"] == "Semioscope"


def test_text_cannot_steer_the_terminal() -> None:
    assert grow_command.visible("a\nb\x1b[2J") == "a↵b⟨1B⟩[2J"


def test_a_port_that_was_asked_for_and_is_taken_is_refused(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = runner.invoke(app, ["serve", "--port", str(port)])
    assert done.exit_code == 1
    told = done.output + capfd.readouterr().err
    assert f"port {port} cannot be used" in told
    assert "--port" in told


def test_without_a_port_the_next_free_one_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        found = cli._listen("127.0.0.1", port, is_given=False)
        with found:
            assert port < found.getsockname()[1] <= port + cli.PORTS_TRIED


def test_nothing_heavy_is_imported_to_answer_help() -> None:
    import subprocess

    script = (
        "import sys, semioscope.cli\n"
        "print([n for n in ('torch', 'transformers', 'sqlalchemy') if n in sys.modules])"
    )
    told = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert told.stdout.strip() == "[]"


def test_a_server_refuses_to_start_with_rules_it_does_not_offer(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SEMIOSCOPE_LOAD_AT_START", "tiny,dice")
    done = runner.invoke(app, ["serve", "--model", "owner/tiny"])
    assert done.exit_code == 1
    told = done.output + capfd.readouterr().err
    assert "no rule “dice”" in told
    assert "It has: smollm2, tiny, coin" in told


def test_a_person_is_asked_before_a_model_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from semioscope import model_commands
    from semioscope.rules.causal_lm.provision import embedded_folder
    from semioscope.settings import Settings

    folder = embedded_folder(Settings())
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(b"w" * 3_200_000)
    monkeypatch.setattr(model_commands, "is_terminal", lambda: True)

    refused = runner.invoke(app, ["model", "remove", "smollm2"], input="n\n")
    assert refused.exit_code == 1
    assert folder.exists()
    done = runner.invoke(app, ["model", "remove", "smollm2"], input="y\n")
    assert done.exit_code == 0, done.output
    assert "3.2 MB are free again" in done.output
    assert not folder.exists()


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("ENGINES", '[{"name":"x"', "SEMIOSCOPE_ENGINES is no valid JSON"),
        (
            "ENGINES",
            '[{"name":"x","url":"http://a/v1","tokenizer":"smollm2","key":"sk-secret"}]',
            "SEMIOSCOPE_ENGINES, entry 1, “key” is not known here; “key_env” names",
        ),
        ("ENGINES", '[{"name":"x","url":"http://a/v1"}]', "entry 1, “tokenizer” is missing."),
        ("DTYPE", "int3", "SEMIOSCOPE_DTYPE must be 'auto', 'float32', "),
        ("MAX_LOADED", "many", "SEMIOSCOPE_MAX_LOADED must be a whole number."),
        ("MAX_LOADED", "0", "SEMIOSCOPE_MAX_LOADED must be greater than or equal to 1."),
        ("CACHE_BYTES", "1XB", "SEMIOSCOPE_CACHE_BYTES must be a number of bytes, such as "),
    ],
)
def test_a_setting_that_makes_no_sense_is_named_in_a_sentence(
    name: str,
    value: str,
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(f"SEMIOSCOPE_{name}", value)
    done = runner.invoke(app, ["model", "list"])
    said = done.stderr + capfd.readouterr().err
    assert done.exit_code == 1
    assert sentence in said
    assert len(said.strip().splitlines()) == 1
    assert "sk-secret" not in said


def test_a_misspelt_setting_is_pointed_out(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SEMIOSCOPE_MAX_LOADDED", "1")
    monkeypatch.setenv("SEMIOSCOPE_CHROMIUM", "/usr/bin/chromium")
    done = runner.invoke(app, ["model", "list"])
    said = done.stderr + capfd.readouterr().err
    assert done.exit_code == 0
    assert "SEMIOSCOPE_MAX_LOADDED is no setting, and is not heeded; SEMIOSCOPE_MAX_LOADED" in said
    assert "CHROMIUM" not in said


def test_sizes_are_taken_with_their_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEMIOSCOPE_CACHE_BYTES", "2GiB")
    assert cli.settings_or_refuse().cache_bytes == 2 << 30


@pytest.mark.parametrize(
    ("name", "start"),
    [("t.json", "{"), ("t.csv", '"node"'), ("t.graphml", "<?xml"), ("t.dot", "digraph")],
)
def test_grow_saves_the_tree(name: str, start: str, tmp_path: Path) -> None:
    place = tmp_path / name
    done = runner.invoke(
        app, ["grow", "HT", "--rule", "coin", "--lines", "4", "--steps", "2", "--save", str(place)]
    )
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[-1] == f"saved: {place}"
    assert place.read_text("utf-8").startswith(start)


def test_grow_refuses_a_file_it_could_not_write_before_it_grows(tmp_path: Path) -> None:
    for name in ("tree.docx", "nowhere/tree.json"):
        done = runner.invoke(
            app, ["grow", "HT", "--rule", "there is none", "--save", str(tmp_path / name)]
        )
        assert done.exit_code == 1
        assert Path(name).name.split(".")[0] in done.output
        assert "rule" not in done.output
    assert not (tmp_path / "tree.docx").exists()
