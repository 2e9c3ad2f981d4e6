"""What this server is, and which transition rules it offers."""

from fastapi import APIRouter

from semioscope.api import views
from semioscope.api.deps import House, Me
from semioscope.api.document import problems
from semioscope.api.wire import (
    Chain,
    Encoded,
    EncodeRequest,
    Offer,
    RuleDraft,
    RuleList,
    RuleRequest,
    Status,
)

router = APIRouter(prefix="/api", tags=["rules"])


@router.get(
    "/status",
    operation_id="status",
    summary="What runs here, what it offers, and its bounds",
    responses=problems(),
)
async def status(house: House, me: Me) -> Status:
    """Answers at once, also while the default rule is still loading (`ready` is false)."""
    return views.status(house, me)


@router.get("/rules", operation_id="listRules", summary="The rules on offer", responses=problems())
async def list_rules(house: House, me: Me) -> RuleList:
    """Loaded or not; a rule that cannot be loaded says why and what to do. Those that the caller
    made come last."""
    return RuleList(rules=views.offers(house, me))


@router.post(
    "/rules",
    operation_id="makeRule",
    summary="Make a rule of data",
    status_code=201,
    responses=problems(404, 409),
)
async def make_rule(asked: RuleRequest, house: House, me: Me) -> Offer:
    """The caller can begin multiverses by it, under its id; it is listed to nobody else. A server
    keeps the rules that are used; a multiverse can be grown by its rule as long as that can be made
    again."""
    return views.offer(await house.make_rule(me, views.spec(asked.spec), asked.name))


@router.post(
    "/rules/check",
    operation_id="checkRule",
    summary="What a rule would be",
    responses=problems(404, 409),
)
async def check_rule(asked: RuleRequest, house: House, me: Me) -> RuleDraft:
    """As making it, but nothing is kept: for a form that says at once what is wrong."""
    return views.rule_draft(await house.draft_rule(me, views.spec(asked.spec), asked.name))


@router.post(
    "/rules/{rule}/encode",
    operation_id="encodeText",
    summary="The tokens of a text",
    responses=problems(404),
)
async def encode_text(rule: str, asked: EncodeRequest, house: House, me: Me) -> Encoded:
    """Under one rule; raw text, in which nothing is special."""
    return views.encoded(await house.encode(me, rule, asked.text))


@router.get(
    "/rules/{rule}/chain",
    operation_id="getChain",
    summary="The finite Markov chain behind a rule",
    responses=problems(404),
)
async def get_chain(rule: str, house: House, me: Me) -> Chain:
    """Of coins and Markov chains, up to 256 states: its matrix, its stationary distribution where
    there is one only, and its closed classes."""
    return views.chain(await house.chain(me, rule))


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
