"""What subscribers of a tree are told, and when one is given up."""

import asyncio

import pytest

from semioscope.service.access import Caller
from semioscope.service.broadcast import (
    BACKLOG,
    Channel,
    Happened,
    PeopleCame,
    Revoked,
    RolesChanged,
    Subscription,
    TooSlow,
)
from semioscope.store.records import IdentityId

ADA, BOB = Caller(IdentityId("ada")), Caller(IdentityId("bob"))


async def told(subscription: Subscription, count: int) -> list[object]:
    messages = subscription.messages()
    async with asyncio.timeout(1):
        return [await anext(messages) for _ in range(count)]


async def test_events_come_in_the_order_they_happened() -> None:
    channel = Channel()
    page = channel.open(ADA, "t1")
    for seq in (1, 2, 3):
        channel.tell(Happened(seq, b""))
    came = await told(page, 4)
    assert came == [PeopleCame(1), Happened(1, b""), Happened(2, b""), Happened(3, b"")]


async def test_people_are_identities_and_not_windows() -> None:
    channel = Channel()
    first, second = channel.open(ADA, "t1"), channel.open(ADA, "t1")
    third = channel.open(BOB, "t1")
    assert channel.people == 2
    channel.close(third)
    channel.close(second)
    assert channel.people == 1
    assert channel.has(ADA)
    channel.close(first)
    assert not channel.has(ADA)


async def test_a_slow_page_gets_no_gap_but_is_given_up() -> None:
    page = Subscription(ADA, "t1")
    for seq in range(BACKLOG + 5):
        page.put(Happened(seq, b""))
    with pytest.raises(TooSlow):
        await told(page, 1)


async def test_a_page_that_falls_behind_while_it_reads_gets_what_came_before_the_gap() -> None:
    page = Subscription(ADA, "t1")
    page.put(Happened(0, b""))
    messages = page.messages()
    assert await anext(messages) == Happened(0, b"")
    for seq in range(1, BACKLOG + 2):
        page.put(Happened(seq, b""))
    with pytest.raises(TooSlow):
        await anext(messages)


async def test_only_those_who_came_by_a_link_hear_that_it_was_revoked() -> None:
    channel = Channel()
    by_live, by_frozen = channel.open(ADA, "t1"), channel.open(BOB, "f1")
    channel.tell_others_by("f1", ADA, Revoked())
    channel.tell(Happened(1, b""))
    assert Revoked() in await told(by_frozen, 3)
    assert Revoked() not in await told(by_live, 3)


async def test_the_owner_who_revokes_is_not_thrown_out() -> None:
    channel = Channel()
    owner, reader = channel.open(ADA, "t1"), channel.open(BOB, "t1")
    channel.tell_others_by("t1", ADA, Revoked())
    channel.tell_others(ADA, RolesChanged())
    channel.tell(Happened(1, b""))
    assert (await told(owner, 3))[-1] == Happened(1, b"")
    assert (await told(reader, 3))[1:] == [Revoked(), RolesChanged()]
