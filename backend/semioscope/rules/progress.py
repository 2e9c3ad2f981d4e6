"""How the loading of a rule tells how far it is."""

from collections.abc import Callable
from typing import Final, TypeAlias

Progress: TypeAlias = Callable[[float, str], None]
"""Told (share done 0 … 1, what is being done now)."""

_UNITS: Final = ((1e9, "GB", 2), (1e6, "MB", 0), (1e3, "kB", 0))


def silent(share: float, message: str) -> None:
    """For whoever does not watch."""


def part_of(progress: Progress, begin: float, end: float) -> Progress:
    """A part of the work that begins and ends at these shares of the whole."""

    def told(share: float, message: str) -> None:
        progress(begin + (end - begin) * min(max(share, 0.0), 1.0), message)

    return told


def how_much(done: float, total: float) -> str:
    """Bytes of bytes, for people: "1.20 of 2.10 GB", or in MB or kB where the whole is less."""
    unit, name, digits = next((each for each in _UNITS if total >= each[0]), _UNITS[-1])
    return f"{done / unit:.{digits}f} of {total / unit:.{digits}f} {name}"
