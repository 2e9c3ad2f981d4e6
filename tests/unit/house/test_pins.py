"""An install today and an install next year bring the same packages."""

import json
import re
import tomllib
from importlib.metadata import distributions

from tests.unit.house.repository import ROOT

PIN = re.compile(r"([\w.-]+)(?:\[[\w,]+\])?==([\w.]+)")


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def constraints() -> dict[str, str]:
    lines = (ROOT / "backend/constraints.txt").read_text().splitlines()
    pins = [PIN.fullmatch(line) for line in lines if line and not line.startswith("#")]
    assert all(pins), "a line of constraints.txt is not a plain pin"
    return {normal(pin[1]): pin[2] for pin in pins if pin}


def test_every_declared_python_package_is_pinned_as_in_the_constraints() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = project["dependencies"] + project["optional-dependencies"]["dev"]

    pinned = constraints()
    for requirement in declared:
        match = PIN.fullmatch(requirement)
        assert match, f"{requirement} is not an exact pin"
        assert pinned[normal(match[1])] == match[2]


def test_every_installed_python_package_is_pinned() -> None:
    installed = {normal(found.metadata["Name"]) for found in distributions()}
    # torch's own companions differ with the build that pip took for the machine.
    companions = {name for name in installed if name.startswith(("nvidia-", "cuda-", "triton"))}
    unpinned = installed - companions - {"pip", "setuptools", "semioscope"} - set(constraints())
    assert unpinned == set()


def test_the_page_declares_exact_versions_only() -> None:
    package = json.loads((ROOT / "frontend/package.json").read_text())
    versions = {**package["dependencies"], **package["devDependencies"]}
    assert [name for name, version in versions.items() if not version[0].isdigit()] == []


def test_the_lock_file_names_no_place_to_download_from() -> None:
    lock = json.loads((ROOT / "frontend/package-lock.json").read_text())
    assert [name for name, entry in lock["packages"].items() if "resolved" in entry] == []


def test_no_install_step_names_a_package_index() -> None:
    option = re.compile(r"--(?:extra-)?index-url|--find-links|--registry|\bregistry\s*=")
    for name in ("Makefile", "docker/Dockerfile", "pyproject.toml", ".ci/run", ".ci/environment"):
        assert not option.search((ROOT / name).read_text()), name
