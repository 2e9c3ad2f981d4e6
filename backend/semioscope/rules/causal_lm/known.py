"""What transformers said of a model, remembered once its plain reader was proved right.

With it the next start needs neither transformers nor the proof. It holds for the very same files,
libraries, code and kind of processor: whatever of these changes, the model is read and proved anew.
"""

import hashlib
import importlib.metadata
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self

import torch

from semioscope.rules.causal_lm.whole import read_note, write_note

_LIBRARIES: Final = ("torch", "transformers", "tokenizers", "safetensors")
_PROVED_CODE: Final = (
    *("attention", "engine", "hands", "llama_reader", "logits", "matrix"),
    *("pool", "precision", "proof", "reader", "survey", "trie"),
)


@dataclass(frozen=True)
class KnownModel:
    """config: as transformers completes it. tokenizer: the tokenizers library's JSON.
    special_tokens: by their roles ("bos_token" …), for the chat template."""

    config: dict[str, Any]
    tokenizer: str
    chat_template: str | None
    special_tokens: dict[str, str]
    end_keys: tuple[int, ...]
    window: int
    alphabet_size: int

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        return cls(**stored | {"end_keys": tuple(stored["end_keys"])})


def recall(cache: Path, fingerprint: str, device: torch.device) -> KnownModel | None:
    """What `remember` kept, if it still holds."""
    note = read_note(_place(cache, fingerprint, device))
    try:
        return KnownModel.from_json(note or {})
    except (KeyError, TypeError):
        return None  # never proved, or the note is damaged: the model is proved anew


def remember(cache: Path, fingerprint: str, device: torch.device, known: KnownModel) -> None:
    """Notes a model whose plain reader was proved right on that device."""
    write_note(_place(cache, fingerprint, device), asdict(known))


def _place(cache: Path, fingerprint: str, device: torch.device) -> Path:
    digest = hashlib.sha256(f"{fingerprint} {device.type}".encode())
    if device.type == "cuda":
        digest.update(torch.cuda.get_device_name(device).encode())
    # What was proved on one processor is proved anew on another that takes other paths.
    digest.update(torch.backends.cpu.get_cpu_capability().encode())
    for library in _LIBRARIES:
        digest.update(f"{library} {importlib.metadata.version(library)}".encode())
    for module in _PROVED_CODE:
        digest.update(Path(__file__).with_name(f"{module}.py").read_bytes())
    return cache / "known" / f"{digest.hexdigest()[:32]}.json"
