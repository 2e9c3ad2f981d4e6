"""The identity of a rule that is made of a spec: the same spec, the same rule, everywhere."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

MADE_PREFIX: Final = "made-"
_ID_DIGITS: Final = 12


def fingerprint_of(spec: Mapping[str, Any], *bases: str) -> str:
    """SHA-256, in hex, of a canonical spec and of the fingerprints of the rules it builds on.

    The order of the spec's fields does not matter.
    """
    canonical = json.dumps(
        {"made": 1, "spec": spec, "bases": bases},
        sort_keys=True,
        separators=(",", ":"),
        allow_nan=False,
    )
    return hashlib.sha256(canonical.encode()).hexdigest()


def made_id(fingerprint: str) -> str:
    """The id of the rule with that fingerprint."""
    return MADE_PREFIX + fingerprint[:_ID_DIGITS]
