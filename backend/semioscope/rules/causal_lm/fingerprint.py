"""What a model's numbers depend on, as one hash: weights, tokenizer, configuration, dtype."""

import hashlib
import json
from pathlib import Path

from semioscope.rules.causal_lm.files import ModelFiles


def model_fingerprint(files: ModelFiles, dtype: str, cache: Path) -> str:
    """64 hex digits. cache: a folder in which the hashes of weights are remembered."""
    digest = hashlib.sha256(dtype.encode())
    for path in files.described_by:
        content = path.read_bytes()
        if path.name in ("config.json", "generation_config.json"):
            content = _without_version(content)
        digest.update(path.name.encode() + hashlib.sha256(content).digest())
    for path in files.weights:
        digest.update(f"{path.stat().st_size}:{remembered_hash(path, cache)}".encode())
    return digest.hexdigest()


def _without_version(config: bytes) -> bytes:
    """Which transformers wrote a configuration makes no difference to what it says."""
    try:
        said = json.loads(config)
        said.pop("transformers_version", None)
    except (ValueError, AttributeError):
        return config  # no configuration: loading will say so
    return json.dumps(said, sort_keys=True).encode()


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
