"""The container files say what the repository has (they are linted, not built, here)."""

import json
import re
import tomllib

import yaml

from semioscope.settings import EngineSettings, Settings
from tests.unit.house.repository import ROOT

DOCKERFILE = (ROOT / "docker/Dockerfile").read_text(encoding="utf-8")


def test_every_copied_path_exists() -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    sources = [source for line in copied for source in line.split()]
    assert sources
    assert [source for source in sources if not (ROOT / source).exists()] == []


def test_every_setting_it_gives_is_one() -> None:
    names = re.findall(r"SEMIOSCOPE_([A-Z_]+)=", DOCKERFILE)
    assert {name.lower() for name in names} <= set(Settings.model_fields)


def test_its_python_is_one_that_the_package_takes() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    least = re.fullmatch(r">=3\.(\d+)", project["requires-python"])
    used = re.search(r"FROM python:3\.(\d+)", DOCKERFILE)
    assert least
    assert used
    assert int(used[1]) >= int(least[1])


def test_compose_keeps_trees_and_models_in_volumes_and_publishes_on_the_loopback() -> None:
    compose = yaml.safe_load((ROOT / "docker/compose.yaml").read_text(encoding="utf-8"))
    service = compose["services"]["semioscope"]

    assert (ROOT / "docker" / service["build"]["context"]).resolve() == ROOT
    assert (ROOT / service["build"]["dockerfile"]).is_file()
    folders = {volume.split(":")[1] for volume in service["volumes"]}
    assert folders == set(re.findall(r"_FOLDER=(/data|/cache)", DOCKERFILE))
    assert {volume.split(":")[0] for volume in service["volumes"]} == set(compose["volumes"])
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])


def test_vllm_stands_beside_the_app_with_one_key_one_model_and_no_port_of_its_own() -> None:
    raw = (ROOT / "docker/compose.vllm.yml").read_text(encoding="utf-8")
    services = yaml.safe_load(re.sub(r"\$\{(\w+):[-?]([^}]*)\}", r"\2", raw))["services"]
    app, vllm = services["semioscope"], services["vllm"]

    named = {name for name in app["environment"] if name.startswith("SEMIOSCOPE_")}
    assert {name.removeprefix("SEMIOSCOPE_").lower() for name in named} <= set(
        Settings.model_fields
    )
    (engine,) = json.loads(app["environment"]["SEMIOSCOPE_ENGINES"])
    engine = EngineSettings(**engine)
    assert engine.url == "http://vllm:8000/v1"
    assert f"--model={engine.tokenizer}" in vllm["command"]
    assert f"--max-logprobs={engine.leading}" in vllm["command"]
    assert engine.key_env is not None
    assert app["environment"][engine.key_env] == vllm["environment"][engine.key_env]
    assert re.search(r"\$\{VLLM_API_KEY:\?", raw), "without a key it does not start"
    assert re.fullmatch(r"vllm/vllm-openai:v[\d.]+", vllm["image"])
    assert "ports" not in vllm
    assert app["environment"]["HF_HOME"] == vllm["environment"]["HF_HOME"]
