"""What a model's numbers depend on, as one hash: weights, tokenizer, configuration, dtype."""

import hashlib
import json
from pathlib import Path

from semioscope.rules.causal_lm.files import ModelFiles
from semioscope.rules.causal_lm.hashes import remembered_hash
from semioscope.rules.progress import Progress, part_of, silent


def model_fingerprint(
    files: ModelFiles, dtype: str, cache: Path, progress: Progress = silent
) -> str:
    """64 hex digits. cache: a folder in which the hashes of weights are remembered.

    The device is no part of it: what two devices say of a state differs by less than what two
    batches do.
    """
    digest = hashlib.sha256(dtype.encode())
    for path in files.described_by:
        content = path.read_bytes()
        if path.name in ("config.json", "generation_config.json"):
            content = _without_version(content)
        digest.update(path.name.encode() + hashlib.sha256(content).digest())
    sizes = [path.stat().st_size for path in files.weights]
    for place, (path, size) in enumerate(zip(files.weights, sizes, strict=True)):
        begin, end = sum(sizes[:place]) / sum(sizes), sum(sizes[: place + 1]) / sum(sizes)
        sha256 = remembered_hash(path, cache, part_of(progress, begin, end))
        digest.update(f"{size}:{sha256}".encode())
    return digest.hexdigest()


def _without_version(config: bytes) -> bytes:
    """Which transformers wrote a configuration makes no difference to what it says."""
    try:
        said = json.loads(config)
        said.pop("transformers_version", None)
    except (ValueError, AttributeError):
        return config  # no configuration: loading will say so
    return json.dumps(said, sort_keys=True).encode()
