"""Parameters of steps, checked: each helper gives the value as it is kept, or refuses."""

from collections.abc import Iterable, Mapping
from typing import Final

from semioscope.core.errors import InvalidRequest
from semioscope.core.types import ALL_KEPT

MOST_KEYS: Final = 1024
"""Tokens that one step may name."""
MOST_NATS: Final = 100.0
"""The greatest bias, and the greatest presence or frequency penalty, nats."""
_HUGE: Final = 1e300


def number(value: object, code: str, name: str) -> float:
    """A finite number. Raises InvalidRequest(code)."""
    # A nan compares false.
    if isinstance(value, int | float) and not isinstance(value, bool) and -_HUGE < value < _HUGE:
        return float(value)
    raise InvalidRequest(code, f"{name} must be a finite number.")


def whole(value: object, most: int, code: str, name: str) -> int:
    """A whole number from 1 to `most` (ALL_KEPT − 1: as many as one likes).

    Raises InvalidRequest(code).
    """
    found = number(value, code, name)
    if found != int(found) or not 1 <= found <= most:
        upper = "1 or more" if most >= ALL_KEPT - 1 else f"from 1 to {most:,}"
        raise InvalidRequest(code, f"{name} must be a whole number, {upper}.")
    return int(found)


def mass(value: object, code: str, name: str) -> float:
    """A mass to be reached, above 0 and at most 1. Raises InvalidRequest(code)."""
    found = number(value, code, name)
    if not 0 < found <= 1:
        raise InvalidRequest(code, f"{name} must be above 0 and at most 1.")
    return found


def threshold(value: object, code: str, name: str) -> float:
    """A probability to be exceeded, above 0 and below 1. Raises InvalidRequest(code)."""
    found = number(value, code, name)
    if not 0 < found < 1:
        raise InvalidRequest(code, f"{name} must be above 0 and below 1.")
    return found


def nats(value: object, code: str, name: str) -> float:
    """A number from −100 to 100. Raises InvalidRequest(code)."""
    found = number(value, code, name)
    if not -MOST_NATS <= found <= MOST_NATS:
        raise InvalidRequest(code, f"{name} must be between −{MOST_NATS:g} and {MOST_NATS:g}.")
    return found


def key(value: object, code: str) -> int:
    """The id of a token; whether there is such a token is not known here.

    Raises InvalidRequest(code).
    """
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if not is_whole or not isinstance(value, int) or not 0 <= value < ALL_KEPT:
        raise InvalidRequest(code, "A token is named by its id, a whole number, 0 or more.")
    return value


def keys(values: object, code: str, name: str) -> tuple[int, ...]:
    """Ids of tokens, each once, ascending. Raises InvalidRequest(code)."""
    if isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable):
        raise InvalidRequest(code, f"{name} are a list of token ids.")
    found = tuple(sorted({key(value, code) for value in values}))
    if len(found) > MOST_KEYS:
        raise InvalidRequest(
            code, f"{name} are {len(found):,}; one step may name {MOST_KEYS:,} tokens."
        )
    return found
