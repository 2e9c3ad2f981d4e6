"""The OpenAPI document: FastAPI's own, with problems and the socket's messages in it."""

from typing import Any, Final, Literal

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from semioscope import __version__
from semioscope.api.wire import (
    SOCKET_MESSAGES,
    Problem,
)
from semioscope.exchange.files import FORMATS

_COMPONENT = "#/components/schemas/{model}"
_WHAT_WENT_WRONG = {
    400: "The body is no JSON",
    401: "The browser has no identity yet, or an unknown one",
    403: "No right to do this",
    404: "There is nothing of that name",
    409: "The present state does not allow it",
    410: "It was taken back",
    413: "Over a stated bound",
    422: "The request makes no sense as it stands",
    429: "A budget or a rate is used up",
    503: "Something this needs cannot be had now",
}

FRAME: dict[str, Any] = {
    "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}
}
"""The documented content of a binary answer (the layout: core/frame.py)."""

_BYTES: Final = {"type": "string", "format": "binary"}
FILES: dict[str, Any] = {
    kind: {"schema": {"type": "object"} if kind == "application/json" else _BYTES}
    for kind in (each.media_type.partition(";")[0] for each in FORMATS.values())
}
"""The documented content of an exported tree; of its JSON, GET /api/schemas/tree tells more."""


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The documented refusals of an operation, beside those that any operation may give."""
    content = {"application/problem+json": {"schema": {"$ref": _COMPONENT.format(model="Problem")}}}
    return {
        status: {"description": _WHAT_WENT_WRONG[status], "content": content}
        for status in sorted({*statuses, 400, 401, 403, 404, 413, 422, 429, 503})
    }


def openapi_document(app: FastAPI) -> dict[str, Any]:
    """The document of `app`; pure, the same bytes for the same code."""
    document = get_openapi(
        title="Semioscope",
        version=__version__,
        summary="The tree of everything a language model could say next.",
        description=(
            "Everything the page does, a script can do. Bulk data is binary: the layout stands "
            "in `semioscope/core/frame.py`. `/api/trees/{ref}/socket?after=n` is a WebSocket: "
            "event frames down, in order, and the messages whose schemas end in `Message`."
        ),
        license_info={"name": "MIT", "identifier": "MIT"},
        routes=app.routes,
    )
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    models: tuple[type[BaseModel], ...] = (
        *SOCKET_MESSAGES,
        Problem,
    )
    described: list[tuple[type[BaseModel], Literal["serialization"]]] = [
        (model, "serialization") for model in models
    ]
    _, messages = models_json_schema(described, ref_template=_COMPONENT)
    for name, schema in messages["$defs"].items():
        schemas.setdefault(name, schema)
    return document
