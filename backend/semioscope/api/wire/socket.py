"""Text messages of a tree's socket (binary messages are event frames)."""

from typing import Literal

from pydantic import BaseModel

from semioscope.api.wire.base import Asked, Told
from semioscope.api.wire.growths import Allowance, Job
from semioscope.api.wire.rules import Offer


class HelloMessage(Told):
    """First: the socket's id, for automatic growths, and what runs now."""

    type: Literal["hello"] = "hello"
    client: str
    seq: int
    jobs: list[Job]
    people: int
    allowance: Allowance


class ProgressMessage(Told):
    type: Literal["progress"] = "progress"
    job: Job


class PresenceMessage(Told):
    type: Literal["presence"] = "presence"
    people: int


class RuleMessage(Told):
    type: Literal["rule"] = "rule"
    offer: Offer


class RevokedMessage(Told):
    """The link this page was opened by does not lead here any more."""

    type: Literal["revoked"] = "revoked"


class RolesMessage(Told):
    """Rights have changed: ask for the tree again."""

    type: Literal["roles"] = "roles"


class HereMessage(Asked):
    """The only message up: this page looks at a state."""

    type: Literal["here"]
    node: int | None = None


SOCKET_MESSAGES: tuple[type[BaseModel], ...] = (
    HelloMessage,
    ProgressMessage,
    PresenceMessage,
    RuleMessage,
    RevokedMessage,
    RolesMessage,
    HereMessage,
)
