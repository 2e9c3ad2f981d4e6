"""Trees as files."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from semioscope.api.deps import House, Me, Ref
from semioscope.api.document import FILES, problems
from semioscope.api.wire import FileFormat
from semioscope.exchange.json_file import json_schema

router = APIRouter(prefix="/api", tags=["files"])


@router.get(
    "/trees/{ref}/export",
    operation_id="exportTree",
    summary="The tree as a file",
    response_class=StreamingResponse,
    responses={**problems(410), 200: {"description": "A file to keep", "content": FILES}},
)
async def export_tree(
    ref: Ref, house: House, me: Me, asked: Annotated[FileFormat, Query(alias="format")]
) -> StreamingResponse:
    """All visible states, pruned ones marked as such; what an undo hid is left out. Of a frozen
    link, the tree as it was. `/api/schemas/tree` describes the JSON."""
    file = await house.file(me, ref, asked)
    return StreamingResponse(
        file.chunks(),
        media_type=file.format.media_type,
        headers={"Content-Disposition": f'attachment; filename="{file.name}"'},
    )


@router.get(
    "/schemas/tree",
    operation_id="getTreeSchema",
    summary="The JSON Schema of exported trees",
    responses=problems(),
)
async def get_tree_schema() -> dict[str, Any]:
    """The same for every tree of this version of the format."""
    return json_schema()
