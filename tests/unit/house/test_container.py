"""The container files say what the repository has (they are linted, not built, here)."""

import re
import tomllib

import yaml

from semioscope.settings import Settings
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
