"""The first thing wrong with a request, as one sentence that names the field."""

from collections.abc import Mapping
from typing import Any, Final

_PLACES: Final = {
    "body": "field",
    "query": "query parameter",
    "path": "address part",
    "header": "header",
    "cookie": "cookie",
}
_NOT_AN_OBJECT: Final = {"model_attributes_type", "model_type", "dict_type"}


def validation_sentence(error: Mapping[str, Any]) -> str:
    """What one of pydantic's errors says, without repeating what was sent."""
    kind: str = error["type"]
    location = tuple(error["loc"])
    context: Mapping[str, Any] = error.get("ctx") or {}
    if kind == "json_invalid":
        return f"The body is not valid JSON: {_lower(context['error'])} at character {location[1]}."
    if len(location) < 2:
        return _of_the_whole_body(kind, error["msg"])
    name = f"The {_PLACES.get(location[0], 'field')} “{_path(location[1:])}”"
    match kind:
        case "missing":
            return f"{name} is missing."
        case "extra_forbidden":
            return f"{name} is not known here."
        case "union_tag_not_found":
            return f"{name} has no {context['discriminator']}."
        case "union_tag_invalid":
            tags = context["expected_tags"]
            return f"{name} has an unknown {context['discriminator']}; it can be {tags}."
        case "value_error":
            return f"{name} is not valid: {_lower(str(context['error']))}."
        case _:
            return f"{name} is not valid: {_lower(error['msg'])}."


def _of_the_whole_body(kind: str, message: str) -> str:
    if kind == "missing":
        return "This request needs a JSON body."
    if kind in _NOT_AN_OBJECT:
        return "The body must be a JSON object, sent as application/json."
    return f"The body is not valid: {_lower(message)}."


def _path(location: tuple[str | int, ...]) -> str:
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path


def _lower(sentence: str) -> str:
    return (sentence[:1].lower() + sentence[1:]).rstrip(".")
