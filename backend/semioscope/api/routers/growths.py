"""Changing a tree: growth, branches, cuts, undo, the procedure."""

from typing import Annotated

from fastapi import APIRouter, Path

from semioscope.api import views
from semioscope.api.deps import House, Me, Ref
from semioscope.api.document import problems
from semioscope.api.wire import (
    Branched,
    BranchRequest,
    Edited,
    GrowRequest,
    Job,
    ProcedureRequest,
    ProcedureSet,
    PruneRequest,
    RestoreRequest,
)
from semioscope.core.sampling import Procedure

router = APIRouter(prefix="/api/trees/{ref}", tags=["growth"], responses=problems(409, 410))


@router.post(
    "/growths", operation_id="grow", summary="Grow from a state, in the background", status_code=202
)
async def grow(ref: Ref, asked: GrowRequest, house: House, me: Me) -> Job:
    """Answers at once; events and progress come by the socket. Costs what its budget says."""
    return views.job(await house.grow(me, ref, views.growth(asked)))


@router.delete("/growths/{job}", operation_id="cancelGrowth", summary="Stop a running growth")
async def cancel_growth(
    ref: Ref, job: Annotated[str, Path(description="The job's id.")], house: House, me: Me
) -> Job:
    """What has grown stays."""
    return views.job(await house.cancel(me, ref, job))


@router.post("/branches", operation_id="branch", summary="Go on with one's own words")
async def branch(ref: Ref, asked: BranchRequest, house: House, me: Me) -> Branched:
    """Each token's probability under the rule is computed; answers when the branch is stored."""
    return views.branched(await house.branch(me, ref, asked.node, asked.text, asked.keys))


@router.post("/prune", operation_id="prune", summary="Cut branches off")
async def prune(ref: Ref, asked: PruneRequest, house: House, me: Me) -> Edited:
    """Their mass goes to *pruned*; nothing is lost, and they can be restored. Several states are
    one change with one undo; one that follows another of them goes with it."""
    return views.edited(await house.prune(me, ref, views.places(asked)))


@router.post("/keep", operation_id="keep", summary="Cut off all other branches")
async def keep(ref: Ref, asked: PruneRequest, house: House, me: Me) -> Edited:
    """What has grown beside the path to the state, or to the states, is pruned, in one change.
    What has not grown stays in the residual: it has no state that could be cut off."""
    return views.edited(await house.keep(me, ref, views.places(asked)))


@router.post("/restore", operation_id="restore", summary="Take a cut back")
async def restore(ref: Ref, asked: RestoreRequest, house: House, me: Me) -> Edited:
    """Cuts further inside stay as they were."""
    return views.edited(await house.restore(me, ref, asked.node))


@router.post("/undo", operation_id="undo", summary="Undo one's own last change")
async def undo(ref: Ref, house: House, me: Me) -> Edited:
    """Appends the compensating event. Refused where somebody has built on the change."""
    return views.edited(await house.undo(me, ref))


@router.post("/redo", operation_id="redo", summary="Redo what one undid last")
async def redo(ref: Ref, house: House, me: Me) -> Edited:
    """Until one's own next change."""
    return views.edited(await house.redo(me, ref))


@router.put("/procedure", operation_id="setProcedure", summary="Set the sampling procedure")
async def set_procedure(ref: Ref, asked: ProcedureRequest, house: House, me: Me) -> ProcedureSet:
    """Exact at once where stored candidates suffice; a job evaluates the other states again."""
    steps = [step.model_dump() for step in asked.procedure]
    return views.procedure_set(await house.set_procedure(me, ref, Procedure.from_wire(steps)))
