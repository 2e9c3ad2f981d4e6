"""What every part of the wire has: checked requests, plain answers, documented bounds."""

import re
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic.config import JsonDict

_HALF_CHARACTER: Final = re.compile("[\ud800-\udfff]")


def documented(description: str | None = None, **bounds: float) -> Any:
    """A bound that the schema states and the core enforces."""
    extra: JsonDict = dict(bounds)
    return Field(description=description, json_schema_extra=extra)


class Asked(BaseModel):
    """Part of a request: nothing is converted, nothing unknown is let through."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)

    @field_validator("*")
    @classmethod
    def _whole_characters(cls, value: object) -> object:
        # JSON can spell half a surrogate pair, which is no text and can be stored nowhere.
        if isinstance(value, str) and _HALF_CHARACTER.search(value):
            raise ValueError("the text holds half of a surrogate pair")
        return value


class Told(BaseModel):
    """Part of an answer."""

    model_config = ConfigDict(frozen=True, from_attributes=True)
