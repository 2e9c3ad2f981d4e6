"""The table of architectures in CONTRIBUTING says what the tests of architectures assert."""

import re

from tests.unit.house.repository import ROOT
from tests.unit.rules.families import FAMILIES


def rows() -> dict[str, tuple[str, str]]:
    """(path, why) of every architecture in the table."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    lines = re.findall(r"^\| (.+) \| (tree|rows|alone) \| (.+) \|$", text, re.MULTILINE)
    return {name: (path, why) for names, path, why in lines for name in names.split(", ")}


def test_every_family_that_is_tested_stands_in_it_and_no_other() -> None:
    assert sorted(rows()) == sorted(FAMILIES)


def test_each_is_said_to_take_the_path_that_it_takes_and_for_its_reason() -> None:
    for name, family in FAMILIES.items():
        path, why = rows()[name]
        assert path == family.path
        assert family.why in why
