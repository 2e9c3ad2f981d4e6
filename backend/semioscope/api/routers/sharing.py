"""Links, and what the secrets in them give."""

from typing import Annotated

from fastapi import APIRouter, Path

from semioscope.api import views
from semioscope.api.deps import House, Me, Ref
from semioscope.api.document import problems
from semioscope.api.wire import Admission, CreateLinkRequest, Link, LinkList, SecretRequest

router = APIRouter(prefix="/api", tags=["sharing"], responses=problems(409, 410))


@router.get("/trees/{ref}/links", operation_id="listLinks", summary="The links of a tree")
async def list_links(ref: Ref, house: House, me: Me) -> LinkList:
    """Its owner only. Secrets of invitations are shown when they are made, and never again."""
    return LinkList(links=[views.link(link) for link in await house.links(me, ref)])


@router.post(
    "/trees/{ref}/links", operation_id="createLink", summary="Make a link", status_code=201
)
async def create_link(ref: Ref, asked: CreateLinkRequest, house: House, me: Me) -> Link:
    """`live` gives the one that stands; `frozen` shows the tree as it is now, for ever."""
    return views.link(await house.create_link(me, ref, asked.kind))


@router.delete("/trees/{ref}/links/{link}", operation_id="revokeLink", summary="Take a link back")
async def revoke_link(
    ref: Ref, link: Annotated[str, Path(description="The link's id.")], house: House, me: Me
) -> LinkList:
    """Revoking the live link makes a new one; the answer lists what stands."""
    return LinkList(links=[views.link(left) for left in await house.revoke_link(me, ref, link)])


@router.post("/invitations", operation_id="redeemInvitation", summary="Use an invitation to edit")
async def redeem_invitation(asked: SecretRequest, house: House, me: Me) -> Admission:
    """The secret gives this browser the right to edit."""
    return views.admission(await house.redeem_invitation(me, asked.secret))


@router.post("/recoveries", operation_id="recover", summary="Move a tree to this browser")
async def recover(asked: SecretRequest, house: House, me: Me) -> Admission:
    """The secret makes this browser the owner; the former owner may go on editing."""
    return views.admission(await house.recover(me, asked.secret))
