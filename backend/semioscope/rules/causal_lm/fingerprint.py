"""What a model's numbers depend on, as one hash: weights, tokenizer, configuration, dtype."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path


def model_fingerprint(
    config_json: str, tokenizer_json: bytes, weights: Sequence[Path], dtype: str, cache: Path
) -> str:
    """64 hex digits. cache: a folder in which the hashes of weights are remembered."""
    digest = hashlib.sha256()
    for part in (config_json.encode(), tokenizer_json, dtype.encode()):
        digest.update(hashlib.sha256(part).digest())
    for path in sorted(weights):
        digest.update(f"{path.stat().st_size}:{remembered_hash(path, cache)}".encode())
    return digest.hexdigest()


def remembered_hash(path: Path, cache: Path) -> str:
    """sha256 of a file, hex; read again only when its size or time of change is another.

    (Half a gigabyte takes a second, which a start should not.)
    """
    path = path.resolve()
    found = path.stat()
    place = cache / "hashes" / f"{hashlib.sha256(str(path).encode()).hexdigest()[:32]}.json"
    seen = [found.st_size, found.st_mtime_ns]
    try:
        remembered = json.loads(place.read_text(encoding="utf-8"))
        if remembered["seen"] == seen:
            return str(remembered["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        pass  # never seen, or not readable any more: it is made again below
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_suffix(".part")
    part.write_text(json.dumps({"seen": seen, "sha256": sha256}), encoding="utf-8")
    part.replace(place)
    return sha256
