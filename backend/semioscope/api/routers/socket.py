"""One WebSocket a page: events down in order, what else happens as JSON, presence up."""

import asyncio
from contextlib import suppress
from typing import Annotated, Final

from fastapi import APIRouter, Query, WebSocket, WebSocketDisconnect
from pydantic import BaseModel, ValidationError

from semioscope.api import views, wire
from semioscope.service.access import Caller
from semioscope.service.broadcast import (
    Happened,
    Lost,
    Message,
    PeopleCame,
    Progressed,
    Revoked,
    RolesChanged,
    RuleChanged,
    TooSlow,
    Welcome,
)
from semioscope.service.observatory import Observatory

router = APIRouter(prefix="/api/trees/{ref}")

COME_AGAIN: Final = 1012
"""Closes a socket whose tree is being read anew: come again, after the last event."""
TOO_SLOW: Final = 1013
"""Closes a socket that fell behind: come again, after the last event."""
REVOKED: Final = 4410
"""Closes a socket whose link was revoked: do not come again."""
NOT_UNDERSTOOD: Final = 4422
"""Closes a socket that sent what is no message."""
_LONGEST_UP: Final = 1000


@router.websocket("/socket")
async def socket(
    socket: WebSocket,
    ref: str,
    after: Annotated[int, Query(ge=0, le=2**53)] = 0,
) -> None:
    """Ends with one of the codes above, or when the page is gone."""
    house: Observatory = socket.app.state.observatory
    caller: Caller = socket.state.caller
    await house.tree(caller, ref)  # a refusal is answered before the socket is accepted
    await socket.accept()
    down = asyncio.create_task(_send(socket, house, caller, ref, after))
    up = asyncio.create_task(_receive(socket))
    done, waiting = await asyncio.wait({down, up}, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    for task in done:
        code = task.result()
        if code is not None:
            # The page may be gone at this very moment.
            with suppress(RuntimeError, WebSocketDisconnect):
                await socket.close(code)


async def _send(
    socket: WebSocket, house: Observatory, caller: Caller, ref: str, after: int
) -> int | None:
    """Sends until it has to end; returns the code to close with, None when the page is gone."""
    messages = house.watch(caller, ref, after)
    try:
        async for message in messages:
            if isinstance(message, Happened):
                await socket.send_bytes(message.frame)
            elif isinstance(message, Lost):
                return COME_AGAIN
            else:
                await socket.send_text(_text(house, message).model_dump_json())
                if isinstance(message, Revoked):
                    return REVOKED
    except TooSlow:
        return TOO_SLOW
    except (WebSocketDisconnect, RuntimeError):
        return None
    finally:
        await messages.aclose()
    return None


async def _receive(socket: WebSocket) -> int | None:
    """Reads until the page is gone (None), or says what is not understood (a close code)."""
    while True:
        try:
            text = await socket.receive_text()
        except WebSocketDisconnect:
            return None
        except KeyError:
            return NOT_UNDERSTOOD  # a binary message
        try:
            if len(text) > _LONGEST_UP:
                return NOT_UNDERSTOOD
            wire.HereMessage.model_validate_json(text)
        except ValidationError:
            return NOT_UNDERSTOOD


def _text(house: Observatory, message: Message) -> BaseModel:
    match message:
        case Welcome(client, seq, jobs, people, allowance):
            shown = [views.job(job) for job in jobs]
            return wire.HelloMessage(
                client=client,
                seq=seq,
                jobs=shown,
                people=people,
                allowance=views.allowance(allowance),
            )
        case Progressed(job):
            return wire.ProgressMessage(job=views.job(job))
        case PeopleCame(people):
            return wire.PresenceMessage(people=people)
        case RuleChanged(rule):
            offer = next(each for each in house.offers() if each.id == rule)
            return wire.RuleMessage(offer=views.offer(offer))
        case RolesChanged():
            return wire.RolesMessage()
        case Revoked():
            return wire.RevokedMessage()
    raise TypeError(f"not a message in words: {message}")
