"""What the page makes a browser load before the first interaction."""

import gzip
import re
from pathlib import Path

DIST = Path(__file__).resolve().parents[2] / "frontend" / "dist"

SCRIPT = re.compile(r"<(?:script|link)\b[^>]*?(?:src|href)=\"([^\"]+\.js)\"")
STATIC_IMPORT = re.compile(r"(?:\bfrom|\bimport)\s*\"(\.{1,2}/[^\"]+\.js)\"")


def first_scripts(dist: Path = DIST) -> set[Path]:
    """The entry script of `dist`/index.html and, transitively, what it imports statically."""
    page = (dist / "index.html").read_text(encoding="utf-8")
    waiting = [dist / name.lstrip("/") for name in SCRIPT.findall(page)]
    found: set[Path] = set()
    while waiting:
        script = waiting.pop().resolve()
        if script in found:
            continue
        found.add(script)
        imports = STATIC_IMPORT.findall(script.read_text(encoding="utf-8"))
        waiting.extend(script.parent / name for name in imports)
    return found


def first_scripts_kilobytes(dist: Path = DIST) -> float:
    """Gzipped size of `first_scripts`, in units of 1000 bytes."""
    return sum(len(gzip.compress(path.read_bytes(), 9)) for path in first_scripts(dist)) / 1000
