"""Reads the fields of a rule's spec: what is missing, of the wrong type or out of bounds is
refused by name."""

import math
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any, Final

from semioscope.core.errors import InvalidRequest

_SHOWN: Final = 40
_MOST_DIGITS_BITS: Final = 64


class SpecFields:
    """The fields of one spec of a kind of rule. Each reader raises InvalidRequest "bad-KIND"."""

    def __init__(self, spec: Mapping[str, Any], kind: str, known: Sequence[str]) -> None:
        """known: all fields there are, beside `kind`. Raises InvalidRequest for any other."""
        self._spec = spec
        self._kind = kind
        if spec.get("kind", kind) != kind:
            raise self.refusal(f"This spec is of kind {shown(spec['kind'])}, not “{kind}”.")
        unknown = [name for name in spec if name != "kind" and name not in known]
        if unknown:
            raise self.refusal(
                f"A rule of kind “{kind}” has no {shown(unknown[0])}: it has {', '.join(known)}."
            )

    def refusal(self, message: str, hint: str | None = None) -> InvalidRequest:
        return InvalidRequest(f"bad-{self._kind}", message, hint)

    def value(self, name: str) -> Any:
        """The field as it stands; None where it is left out."""
        return self._spec.get(name)

    def number(self, name: str, least: float, most: float, default: float) -> float:
        """A number from `least` to `most`."""
        value = self._spec.get(name)
        if value is None:
            return default
        number = as_number(value)
        if number is None or not least <= number <= most:
            raise self.refusal(
                f"“{name}” is a number from {least:g} to {most:g}, not {shown(value)}."
            )
        return number + 0.0  # −0.0 is 0.0

    def whole(self, name: str, least: int, most: int, default: int | None = None) -> int:
        """A whole number from `least` to `most`; needed if it has no default."""
        value = self._spec.get(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise self.refusal(
                f"“{name}” is a whole number from {least} to {most}, not {shown(value)}."
            )
        return value

    def flag(self, name: str, default: bool) -> bool:
        value = self._spec.get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self.refusal(f"“{name}” is true or false, not {shown(value)}.")
        return value

    def choice(self, name: str, options: Sequence[str], default: str) -> str:
        value = self._spec.get(name)
        if value is None:
            return default
        if value not in options:
            raise self.refusal(f"“{name}” is {' or '.join(options)}, not {shown(value)}.")
        return str(value)

    def text(self, name: str, most: int) -> str:
        """A text of at most `most` characters, none of them half of one; "" if left out."""
        value = self._spec.get(name)
        if value is None:
            return ""
        return self.checked_text(value, f"“{name}”", most)

    def checked_text(self, value: object, what: str, most: int) -> str:
        """The value as a text of at most `most` characters; `what` names it."""
        if not isinstance(value, str):
            raise self.refusal(f"{what} is a text, not {shown(value)}.")
        if len(value) > most:
            raise self.refusal(f"{what} has {len(value):,} characters; it may have {most:,}.")
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise self.refusal(
                f"Character {error.start + 1:,} of {what} is half of a surrogate pair."
            ) from None
        return value


def as_number(value: object) -> float | None:
    """A finite number as a float; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def shown(value: object) -> str:
    """A value of a spec as a sentence can hold it."""
    if value is None:
        return "nothing"
    if isinstance(value, str):
        cut = value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…"
        return f"“{cut}”" if cut.isprintable() else repr(cut)
    if isinstance(value, int) and value.bit_length() > _MOST_DIGITS_BITS:
        return "a number beyond all bounds"
    if isinstance(value, int | float):
        return str(value)
    return f"a {type(value).__name__}"
