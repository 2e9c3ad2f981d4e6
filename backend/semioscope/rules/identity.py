"""The identity of a rule that a visitor made: a hash of everything that decides its numbers."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

MADE_PREFIX: Final = "made-"
_VERSION: Final = 1
"""Raised when the code of a made rule gives other numbers for the same spec."""


def spec_fingerprint(spec: Mapping[str, Any], bases: Mapping[str, str] | None = None) -> str:
    """64 hex digits of a canonical spec (`semioscope.rules.spec`).

    bases: id and fingerprint of the server's own rules that it is made of.
    """
    decides = {"made": _VERSION, "spec": spec, "bases": dict(bases or {})}
    canonical = json.dumps(decides, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def made_id(fingerprint: str) -> str:
    """The id of the made rule of that fingerprint."""
    return MADE_PREFIX + fingerprint[:12]
