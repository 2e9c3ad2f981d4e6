"""The hashes of large files, remembered while the files do not change."""

import hashlib
from pathlib import Path
from typing import Final

from semioscope.rules.causal_lm.whole import read_note, write_note
from semioscope.rules.progress import Progress, how_much, silent

_BLOCK: Final = 1 << 23


def remembered_hash(path: Path, cache: Path, progress: Progress = silent) -> str:
    """sha256 of a file, hex; read again only when its size or time of change is another.

    (Half a gigabyte takes a second, which a start should not.)
    """
    path = path.resolve()
    found = path.stat()
    place = cache / "hashes" / f"{hashlib.sha256(str(path).encode()).hexdigest()[:32]}.json"
    seen = [found.st_size, found.st_mtime_ns]
    note = read_note(place)
    if note and note.get("seen") == seen and isinstance(note.get("sha256"), str):
        return str(note["sha256"])
    sha256 = _hash(path, found.st_size, progress)
    write_note(place, {"seen": seen, "sha256": sha256})
    return sha256


def _hash(path: Path, size: int, progress: Progress) -> str:
    digest, read = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            read += len(block)
            progress(read / size, f"Identifying the weights: {how_much(read, size)}.")
    return digest.hexdigest()
