"""The habits of the house that a linter does not know."""

import re
from pathlib import Path

from tests.unit.house.repository import tracked_files, tracked_text

CODE = {".py", ".ts", ".svelte", ".css"}
LONGEST = 600
TOP_LEVEL = {
    "backend",
    "frontend",
    "tests",
    "docker",
    "pyproject.toml",
    "README.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "Makefile",
}
# Written apart, so that this file does not find itself.
UNFINISHED = re.compile("|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X", "not " + "implemented"]))
SKIPPED = re.compile(r"mark\.(?:skip|xfail)|pytest\.skip\(|\b(?:it|test|describe)\.(?:skip|todo)")
# A hushed warning has its reason behind it, after "--" or another "#".
HUSHED = re.compile(
    r"#\s*(?:type: ignore|noqa)(?!.*(?:  # | -- )\w)|@ts-ignore|@ts-nocheck"
    r"|svelte-ignore [\w, -]+(?:-->|$)"
)


def lines_like(pattern: re.Pattern[str], suffixes: set[str]) -> list[str]:
    return [
        f"{path}:{number}: {line.strip()}"
        for path, text in tracked_text(suffixes)
        if path != Path("tests/unit/house/test_habits.py")
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


def test_the_top_level_holds_the_planned_folders_only() -> None:
    top = {path.parts[0] for path in tracked_files()}
    assert {name for name in top if not name.startswith(".")} == TOP_LEVEL


def test_nothing_is_left_unfinished() -> None:
    assert lines_like(UNFINISHED, CODE) == []


def test_no_test_is_skipped() -> None:
    assert lines_like(SKIPPED, CODE) == []


def test_no_warning_is_hushed_without_a_reason() -> None:
    assert lines_like(HUSHED, CODE) == []


def test_files_are_short_enough_to_hold_one_concept() -> None:
    generated = {Path("frontend/src/api/schema.ts")}
    long = [
        f"{path}: {len(text.splitlines())} lines"
        for path, text in tracked_text(CODE)
        if path not in generated and len(text.splitlines()) > LONGEST
    ]
    assert long == []
