"""What the routes depend on, taken from the app and from the request."""

from typing import Annotated

from fastapi import Depends, Path, Request

from semioscope.service.access import Caller
from semioscope.service.observatory import Observatory


def _observatory(request: Request) -> Observatory:
    house: Observatory = request.app.state.observatory
    return house


async def _caller(request: Request) -> Caller:
    caller: Caller = request.state.caller
    return caller


House = Annotated[Observatory, Depends(_observatory)]
"""The service layer's façade."""

Me = Annotated[Caller, Depends(_caller)]
"""The anonymous identity that asks."""

Ref = Annotated[
    str,
    Path(
        description="A read id: t… follows the tree, f… shows it at one event.",
        json_schema_extra={"pattern": "^[tf][A-Za-z0-9_-]{22}$"},
    ),
]
NodeNumber = Annotated[
    int, Path(description="A node.", json_schema_extra={"minimum": 0, "maximum": 4294967295})
]
