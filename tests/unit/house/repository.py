"""What git tracks: the files that the tests of the house read."""

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


@cache
def tracked_files() -> tuple[Path, ...]:
    """Every tracked file that exists, relative to the repository's root."""
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
    ).stdout
    paths = (Path(name) for name in listing.split("\0") if name)
    return tuple(path for path in paths if (ROOT / path).is_file())


def tracked_text(suffixes: set[str]) -> list[tuple[Path, str]]:
    """(path, text) of every tracked file with one of these suffixes."""
    chosen = [path for path in tracked_files() if path.suffix in suffixes]
    return [(path, (ROOT / path).read_text(encoding="utf-8")) for path in chosen]
