"""How the loading of a rule tells how far it is."""

from collections.abc import Callable
from typing import TypeAlias

Progress: TypeAlias = Callable[[float, str], None]
"""Told (share done 0 … 1, what is being done now)."""


def silent(share: float, message: str) -> None:
    """For whoever does not watch."""
