"""Trees: made, listed, read, renamed, deleted."""

import json
from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse

from semioscope.api import views
from semioscope.api.deps import House, Me, NodeNumber, Ref
from semioscope.api.document import FRAME, problems
from semioscope.api.wire import (
    CreateTreeRequest,
    Edited,
    EventList,
    RenameRequest,
    Stages,
    StagesRequest,
    StateView,
    TreeList,
    TreeRule,
    TreeView,
)
from semioscope.api.wire.growths import Heights
from semioscope.core.errors import InvalidRequest
from semioscope.core.frame import follow_up
from semioscope.core.sampling import Procedure
from semioscope.core.sight import MOST_LINES, Sight

router = APIRouter(prefix="/api/trees", tags=["trees"])


@router.post(
    "",
    operation_id="createTree",
    summary="Begin a multiverse from a prompt",
    status_code=201,
    responses=problems(409),
)
async def create_tree(asked: CreateTreeRequest, house: House, me: Me) -> TreeView:
    """The caller owns it. With `growth`, worlds start to grow in this same call."""
    return views.tree(await house.create_tree(me, views.new_tree(asked)))


@router.get("", operation_id="listTrees", summary="One's own multiverses", responses=problems())
async def list_trees(house: House, me: Me) -> TreeList:
    """Those that the caller owns or may edit, latest first."""
    return TreeList(trees=[views.summary(tree) for tree in await house.list_trees(me)])


@router.get("/{ref}", operation_id="getTree", summary="One multiverse", responses=problems(410))
async def get_tree(ref: Ref, house: House, me: Me) -> TreeView:
    """Everything about it but its states (`/columns`) and its log (`/events`)."""
    return views.tree(await house.tree(me, ref))


@router.patch(
    "/{ref}", operation_id="renameTree", summary="Give it a name", responses=problems(409, 410)
)
async def rename_tree(ref: Ref, asked: RenameRequest, house: House, me: Me) -> Edited:
    """A change like any other: it can be undone."""
    return views.edited(await house.rename(me, ref, asked.name))


@router.delete(
    "/{ref}",
    operation_id="deleteTree",
    summary="Delete it, for everyone",
    status_code=204,
    responses=problems(409, 410),
)
async def delete_tree(ref: Ref, house: House, me: Me) -> None:
    """Its owner only. Every link to it ends."""
    await house.delete_tree(me, ref)


@router.get(
    "/{ref}/columns",
    operation_id="getColumns",
    summary="All states, as one binary frame",
    response_class=Response,
    responses={**problems(410), 200: {"description": "A tree frame", "content": FRAME}},
)
async def get_columns(ref: Ref, house: House, me: Me) -> Response:
    """The layout is documented in `semioscope/core/frame.py`."""
    return Response(await house.columns(me, ref), media_type="application/octet-stream")


@router.get(
    "/{ref}/opening",
    operation_id="getOpening",
    summary="All states in pieces, those of a first picture in the first",
    response_class=StreamingResponse,
    responses={**problems(410), 200: {"description": "Frames after frames", "content": FRAME}},
)
async def get_opening(
    ref: Ref,
    house: House,
    me: Me,
    anchor: Annotated[int, Query(ge=0, le=2**32 - 1, description="The state in view.")] = 0,
    selected: Annotated[int, Query(ge=0, le=2**32 - 1)] = 0,
    lines: Annotated[int, Query(ge=1, le=MOST_LINES)] = 40,
    seed: Annotated[int, Query(ge=0, le=2**32 - 1, description="Of the lines.")] = 0,
    heights: Annotated[Heights, Query(description="What the lines are drawn by.")] = "procedure",
    conditioned: Annotated[bool, Query(description="On what is not pruned.")] = False,
) -> StreamingResponse:
    """The same as `/columns`, of one moment, for pages: `semioscope/core/pieces.py`. Each frame
    comes after its length in bytes (u64, little-endian)."""
    frames = await house.opening(
        me, ref, Sight(anchor, selected, lines, seed, heights == "rule", conditioned)
    )
    return StreamingResponse(map(follow_up, frames), media_type="application/octet-stream")


@router.get(
    "/{ref}/events",
    operation_id="getEvents",
    summary="The log after an event",
    responses=problems(410),
)
async def get_events(
    ref: Ref,
    house: House,
    me: Me,
    after: Annotated[int, Query(ge=0, le=2**53)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> EventList:
    """The tree is its log: this is everything that happened, as JSON."""
    return views.events(await house.events(me, ref, after, limit), limit)


@router.get(
    "/{ref}/log",
    operation_id="getLog",
    summary="The log after an event, as one binary frame",
    response_class=Response,
    responses={**problems(410), 200: {"description": "A log frame", "content": FRAME}},
)
async def get_log(
    ref: Ref, house: House, me: Me, after: Annotated[int, Query(ge=0, le=2**53)] = 0
) -> Response:
    """A piece of it, to be asked for again after its last event until a piece is empty."""
    return Response(await house.log(me, ref, after), media_type="application/octet-stream")


@router.get(
    "/{ref}/states/{node}",
    operation_id="getState",
    summary="The numbers of one state",
    responses=problems(410),
)
async def get_state(ref: Ref, node: NodeNumber, house: House, me: Me) -> StateView:
    """Its path, its entropy, its candidates under the rule and under the procedure."""
    return await house.read(me, ref, node, views.state)


@router.post(
    "/{ref}/stages",
    operation_id="getStages",
    summary="What each step of a procedure does at one state",
    responses=problems(409, 410),
)
async def get_stages(ref: Ref, asked: StagesRequest, house: House, me: Me) -> Stages:
    """Writes nothing. Where a state is not stored whole, the rule is asked: not for readers."""
    procedure = None
    if asked.procedure is not None:
        procedure = Procedure.from_wire(step.model_dump() for step in asked.procedure)
    return views.stages(await house.stages(me, ref, asked.node, asked.key, procedure))


@router.get(
    "/{ref}/weights",
    operation_id="getWeights",
    summary="Another procedure's weights, from what is stored",
    response_class=Response,
    responses={**problems(410), 200: {"description": "A weights frame", "content": FRAME}},
)
async def get_weights(
    ref: Ref,
    house: House,
    me: Me,
    procedure: Annotated[str, Query(description="The steps, as JSON.", examples=["[]"])],
) -> Response:
    """For a view of one's own: writes nothing, evaluates nothing."""
    frame = await house.weights(me, ref, Procedure.from_wire(_steps(procedure)))
    return Response(frame, media_type="application/octet-stream")


@router.get(
    "/{ref}/rule",
    operation_id="getTreeRule",
    summary="The rule of a multiverse, as data",
    responses=problems(410),
)
async def get_tree_rule(ref: Ref, house: House, me: Me) -> TreeRule:
    """A rule that a visitor made can be made again of its `spec` (`POST /api/rules`)."""
    return views.tree_rule(await house.rule_of(me, ref))


@router.post(
    "/{ref}/fork",
    operation_id="fork",
    summary="A copy of one's own",
    status_code=201,
    responses=problems(409, 410),
)
async def fork(ref: Ref, house: House, me: Me) -> TreeView:
    """The whole log, up to the event this link shows, as a new tree that the caller owns."""
    return views.tree(await house.fork(me, ref))


def _steps(text: str) -> list[object]:
    try:
        steps = json.loads(text)
    except ValueError:
        steps = None
    if not isinstance(steps, list):
        raise InvalidRequest(
            "procedure-not-json",
            "The procedure has to be a JSON list of steps.",
            'For example [{"kind": "temperature", "value": 0.8}].',
        )
    return steps
