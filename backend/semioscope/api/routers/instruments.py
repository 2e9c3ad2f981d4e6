"""Instruments: what a tree says about its rule, measured. Readers too; nothing is changed."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from semioscope.api import instrument_views
from semioscope.api.deps import House, Me, Ref
from semioscope.api.document import FRAME, problems
from semioscope.api.wire import Heights, InstrumentReading, OverlayName
from semioscope.api.wire.base import documented

router = APIRouter(
    prefix="/api/trees/{ref}/instruments", tags=["instruments"], responses=problems(410)
)

Node = Annotated[int, documented(minimum=0, maximum=4294967295), Query()]


@router.get(
    "/overlays/{name}",
    operation_id="getOverlay",
    summary="What an instrument found of every state",
    response_class=Response,
    responses={200: {"description": "An overlay frame", "content": FRAME}},
)
async def get_overlay(
    ref: Ref, house: House, me: Me, name: OverlayName, heights: Heights = "procedure"
) -> Response:
    """To colour the tree by: one number a node, hidden ones too, nan where it is not known."""
    found = await house.overlay(me, ref, name, under_rule=heights == "rule")
    return Response(found, media_type="application/octet-stream")


@router.get("/profile", operation_id="profile", summary="Information along a trajectory")
async def profile(
    ref: Ref, house: House, me: Me, node: Node, heights: Heights = "procedure"
) -> InstrumentReading:
    """From the initial state to the node: surprisal, entropy, rank, varentropy, cumulative
    log-probability, and the equipartition gap with its band."""
    found = await house.profile(me, ref, node, under_rule=heights == "rule")
    return instrument_views.reading(found)
