"""What this server is, and which transition rules it offers."""

from fastapi import APIRouter

from semioscope.api import views
from semioscope.api.deps import House
from semioscope.api.document import problems
from semioscope.api.wire import Offer, RuleList, Status

router = APIRouter(prefix="/api", tags=["rules"])


@router.get(
    "/status",
    operation_id="status",
    summary="What runs here, what it offers, and its bounds",
    responses=problems(),
)
async def status(house: House) -> Status:
    """Answers at once, also while the default rule is still loading (`ready` is false)."""
    return views.status(house)


@router.get("/rules", operation_id="listRules", summary="The rules on offer", responses=problems())
async def list_rules(house: House) -> RuleList:
    """Loaded or not; a rule that cannot be loaded says why and what to do."""
    return RuleList(rules=views.offers(house))


@router.post(
    "/rules/{rule}/load",
    operation_id="loadRule",
    summary="Begin to load a rule",
    status_code=202,
    responses=problems(404),
)
async def load_rule(rule: str, house: House) -> Offer:
    """Or try again after it failed. Nothing has to be loaded before it is used: this only saves
    waiting. The offer, here and in the list, says how far it is."""
    return views.offer(house.load_rule(rule))
