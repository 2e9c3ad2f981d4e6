"""Two multiverses side by side."""

from fastapi import APIRouter

from semioscope.api import compare_views
from semioscope.api.deps import House, Me
from semioscope.api.document import problems
from semioscope.api.wire import CompareRequest, Comparison

router = APIRouter(prefix="/api", tags=["compare"])


@router.post(
    "/compare",
    operation_id="compare",
    summary="How two multiverses differ",
    responses=problems(409, 410),
)
async def compare(asked: CompareRequest, house: House, me: Me) -> Comparison:
    """At one state, and by depth. Writes nothing. Whoever may edit both has the rules asked at the
    state, so that its numbers are exact; readers get what is stored, as bounds where that is not
    everything."""
    return compare_views.comparison(await house.compare(me, compare_views.order(asked)))
