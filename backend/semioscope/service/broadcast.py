"""What happens on a tree, told in order to everyone who has it open."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final, TypeAlias
from uuid import uuid4

from semioscope.service.access import Caller
from semioscope.service.allowance import Allowance
from semioscope.service.jobs import Job

BACKLOG: Final = 512
"""Messages that a subscriber may be behind before it is dropped; it then resumes by `after`."""


@dataclass(frozen=True)
class Welcome:
    """The first message: the subscriber's own id, and how things stand. allowance: what may still
    grow by itself for this person."""

    client: str
    seq: int
    jobs: tuple[Job, ...]
    people: int
    allowance: Allowance


@dataclass(frozen=True)
class Happened:
    """An event, as its stored frame."""

    seq: int
    frame: bytes


@dataclass(frozen=True)
class Progressed:
    """A job as it stands now."""

    job: Job


@dataclass(frozen=True)
class PeopleCame:
    """How many identities have the tree open."""

    people: int


@dataclass(frozen=True)
class Revoked:
    """The link by which the subscriber came leads nowhere now; the last message."""


@dataclass(frozen=True)
class RolesChanged:
    """Somebody's rights on the tree changed, perhaps the subscriber's."""


@dataclass(frozen=True)
class RuleChanged:
    """The state of this tree's rule changed."""

    rule: str


@dataclass(frozen=True)
class Lost:
    """The tree is being read from the store again: the subscriber has to come again."""


Message: TypeAlias = (
    Welcome | Happened | Progressed | PeopleCame | Revoked | RolesChanged | RuleChanged | Lost
)


class TooSlow(Exception):  # noqa: N818 -- it names what the subscriber was
    """The subscriber fell behind by more than the backlog."""


class Subscription:
    """One open page on one tree."""

    def __init__(self, caller: Caller, ref: str) -> None:
        self.id = uuid4().hex[:12]
        self.caller = caller
        self.ref = ref
        self._waiting: asyncio.Queue[Message] = asyncio.Queue(BACKLOG)
        self._is_too_slow = False

    def put(self, message: Message) -> None:
        """Takes a message; a subscriber that is full is given up."""
        try:
            self._waiting.put_nowait(message)
        except asyncio.QueueFull:
            self._is_too_slow = True

    async def messages(self) -> AsyncIterator[Message]:
        """What was told since the subscription began. Raises TooSlow."""
        while not self._is_too_slow:
            yield await self._waiting.get()
        raise TooSlow


class Channel:
    """The subscribers of one tree."""

    def __init__(self) -> None:
        self._subscriptions: set[Subscription] = set()

    def __len__(self) -> int:
        return len(self._subscriptions)

    @property
    def people(self) -> int:
        """Identities, not windows."""
        return len({subscription.caller.id for subscription in self._subscriptions})

    def has(self, caller: Caller) -> bool:
        return any(subscription.caller == caller for subscription in self._subscriptions)

    def open(self, caller: Caller, ref: str) -> Subscription:
        """A new subscriber, who is told everything from now on, beginning with who is here."""
        subscription = Subscription(caller, ref)
        self._subscriptions.add(subscription)
        self.tell(PeopleCame(self.people))
        return subscription

    def close(self, subscription: Subscription) -> None:
        self._subscriptions.discard(subscription)
        self.tell(PeopleCame(self.people))

    def tell(self, message: Message) -> None:
        """Never waits."""
        for subscription in self._subscriptions:
            subscription.put(message)

    def tell_others(self, caller: Caller, message: Message) -> None:
        """Everyone but one identity."""
        for subscription in self._subscriptions:
            if subscription.caller != caller:
                subscription.put(message)

    def tell_others_by(self, ref: str, caller: Caller, message: Message) -> None:
        """Those who came by this read id, but for one identity."""
        for subscription in self._subscriptions:
            if subscription.ref == ref and subscription.caller != caller:
                subscription.put(message)
