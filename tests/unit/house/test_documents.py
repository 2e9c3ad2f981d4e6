"""The README and CONTRIBUTING promise only what is there."""

import re
import subprocess

import pytest

from tests.server import SEMIOSCOPE
from tests.unit.house.repository import ROOT

DOCUMENTS = ("README.md", "CONTRIBUTING.md")
TOP_LEVEL = ("backend/", "frontend/", "tests/", "docker/", ".ci/", ".github/")


def text_of(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_make_command_it_names_is_a_target(document: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"`?make ([a-z-]+)", text_of(document)))

    assert {"run", "test"} <= named
    assert named <= targets


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_semioscope_command_it_names_exists(document: str) -> None:
    named = set(re.findall(r"(?:^|`|/)semioscope ([a-z]+)", text_of(document), re.MULTILINE))
    assert named
    for command in named:
        answer = subprocess.run(
            [str(SEMIOSCOPE), command, "--help"],
            capture_output=True,
            text=True,
        )
        assert answer.returncode == 0, f"semioscope {command}: {answer.stderr}"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_relative_link_and_picture_leads_somewhere(document: str) -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", text_of(document))
    assert targets
    missing = [target for target in targets if not (ROOT / target).exists()]
    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_path_in_code_marks_exists(document: str) -> None:
    marked = re.findall(r"`([\w./-]+)`", text_of(document))
    paths = [name for name in marked if name.startswith(TOP_LEVEL)]
    missing = [path for path in paths if not (ROOT / path).exists()]
    assert missing == []


def test_the_screenshot_is_light_enough_to_load_with_the_page() -> None:
    assert (ROOT / ".github/screenshot.png").stat().st_size < 400_000
