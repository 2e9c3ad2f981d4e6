"""A page's socket: every event once, in order; progress, presence, revocation."""

import asyncio

import pytest
from websockets.exceptions import InvalidStatus

from tests.integration.conftest import LINGER_S, Watch
from tests.integration.visitors import EIGHT_FLIPS, WORLDS, SlowCoin, Visitor


def numbers(upto: int) -> list[int]:
    return list(range(1, upto + 1))


async def test_stored_events_come_first_and_then_what_happens(ada: Visitor, watch: Watch) -> None:
    ref = await ada.begin()
    before = await ada.grow(ref, EIGHT_FLIPS)
    async with watch(ada, ref) as page:
        await page.until_seq(before["seq"])
        await ada.post(f"/trees/{ref}/prune", {"state": {"node": 1}})
        await page.until_seq(before["seq"] + 1)
        assert [event["seq"] for event in page.events] == numbers(before["seq"] + 1)
        assert page.events[-1]["kind"] == "prune"
        assert page.events[-1]["ledger"]["pruned"] == pytest.approx(0.5, abs=1e-6)
        assert page.messages[0]["type"] == "hello"
        assert page.messages[0]["seq"] == before["seq"]


async def test_a_page_resumes_after_the_last_event_it_has(ada: Visitor, watch: Watch) -> None:
    ref = await ada.begin()
    tree = await ada.grow(ref, EIGHT_FLIPS)
    async with watch(ada, ref, after=tree["seq"] - 1) as page:
        await page.until_seq(tree["seq"])
        assert [event["seq"] for event in page.events] == [tree["seq"]]


async def test_pages_that_come_while_it_grows_miss_nothing(ada: Visitor, watch: Watch) -> None:
    ref = await ada.begin()
    growth = {"kind": "breadth", "k": 2, "depth": 9}
    growing = asyncio.create_task(ada.grow(ref, growth))
    late = []
    for _ in range(4):
        await asyncio.sleep(0.02)
        page = watch(ada, ref)
        late.append((page, await page.__aenter__()))
    tree = await growing
    for manager, page in late:
        await page.until_seq(tree["seq"])
        assert [event["seq"] for event in page.events] == numbers(tree["seq"])
        await manager.__aexit__(None, None, None)


async def test_two_browsers_see_each_others_growth_within_a_second(
    ada: Visitor, bob: Visitor, watch: Watch
) -> None:
    ref = await ada.begin()
    async with watch(ada, ref) as hers, watch(bob, ref) as his:
        await his.until_message("presence", people=2)
        asked = await ada.post(f"/trees/{ref}/growths", {"state": {"node": 0}, "strategy": WORLDS})
        async with asyncio.timeout(1):
            await his.until_seq(1)
        assert (await his.until_job("done"))["id"] == asked["id"]
        await hers.until_job("done")
        assert hers.frames == his.frames
    async with watch(ada, ref) as hers:
        await hers.until_message("presence", people=1)


async def test_progress_tells_how_a_growth_goes(
    ada: Visitor, watch: Watch, slow_coin: SlowCoin
) -> None:
    ref = await ada.begin(rule="slow")
    async with watch(ada, ref) as page:
        await page.until_message("hello")
        await ada.post(
            f"/trees/{ref}/growths",
            {"state": {"node": 0}, "strategy": {"kind": "breadth", "k": 2, "depth": 5}},
        )
        done = await page.until_job("done")
        told = [each["job"] for each in page.messages if each["type"] == "progress"]
        assert told[0]["state"] == "running"
        assert told[0]["expanded"] == 0
        assert done["expanded"] == done["total"] == 31
        assert done["rate"] > 0
        assert done["unexplored"] == pytest.approx(1, abs=1e-6)
        expanded = [job["expanded"] for job in told]
        assert expanded == sorted(expanded)
        assert len(told) < 31


async def test_a_page_that_comes_later_is_told_what_runs(ada: Visitor, watch: Watch) -> None:
    ref = await ada.begin(rule="slow")
    job = await ada.post(
        f"/trees/{ref}/growths", {"state": {"node": 0}, "strategy": WORLDS | {"steps": 40}}
    )
    async with watch(ada, ref) as page:
        hello = await page.until_message("hello")
        assert [each["id"] for each in hello["jobs"]] == [job["id"]]
    await ada.call("DELETE", f"/trees/{ref}/growths/{job['id']}")


async def test_a_closed_page_takes_its_views_growth_with_it(ada: Visitor, watch: Watch) -> None:
    ref = await ada.begin(rule="slow")
    long = WORLDS | {"steps": 60}
    async with watch(ada, ref) as stays:
        async with watch(ada, ref) as goes:
            await goes.until_message("hello")
            await stays.until_message("hello")
            for client, automatic in ((goes.client, True), (stays.client, True), (None, False)):
                await ada.post(
                    f"/trees/{ref}/growths",
                    {
                        "state": {"node": 0},
                        "strategy": long,
                        "automatic": automatic,
                        "client": client,
                    },
                )
            assert len((await ada.get(f"/trees/{ref}"))["jobs"]) == 3
        cancelled = await stays.until_job("cancelled")
        assert cancelled["automatic"]
        left = (await ada.get(f"/trees/{ref}"))["jobs"]
        assert [job["automatic"] for job in left] == [True, False]
    for job in left:
        await ada.call("DELETE", f"/trees/{ref}/growths/{job['id']}")


async def test_what_a_page_asked_for_ends_when_all_of_its_persons_pages_are_gone(
    ada: Visitor, watch: Watch
) -> None:
    ref = await ada.begin(rule="slow")
    order = {"state": {"node": 0}, "strategy": WORLDS | {"steps": 200}}
    async with watch(ada, ref) as page:
        await page.until_message("hello")
        asked = await ada.post(f"/trees/{ref}/growths", order | {"client": page.client})
        script = await ada.post(f"/trees/{ref}/growths", order)
    async with watch(ada, ref) as back:  # in time: both go on
        waited = asyncio.get_running_loop().time() + 2 * LINGER_S
        await back.until(lambda _: asyncio.get_running_loop().time() > waited)
        assert len((await ada.get(f"/trees/{ref}"))["jobs"]) == 2
    await asyncio.sleep(2 * LINGER_S)
    ended = (await ada.call("DELETE", f"/trees/{ref}/growths/{asked['id']}")).json()
    assert (ended["state"], ended["message"]) == (
        "cancelled",
        "Cancelled: the page that asked for it was closed.",
    )
    assert [job["id"] for job in (await ada.get(f"/trees/{ref}"))["jobs"]] == [script["id"]]
    await ada.call("DELETE", f"/trees/{ref}/growths/{script['id']}")


async def test_a_revoked_link_closes_its_pages_for_good(
    ada: Visitor, bob: Visitor, watch: Watch
) -> None:
    ref = await ada.begin()
    frozen = (await ada.post(f"/trees/{ref}/links", {"kind": "frozen"}))["id"]
    async with watch(bob, frozen) as page:
        await page.until_message("hello")
        await ada.call("DELETE", f"/trees/{ref}/links/{frozen}")
        assert await page.until_closed() == 4410
        assert page.messages[-1] == {"type": "revoked"}


async def test_a_frozen_link_tells_no_later_event(ada: Visitor, bob: Visitor, watch: Watch) -> None:
    ref = await ada.begin()
    tree = await ada.grow(ref, EIGHT_FLIPS)
    frozen = (await ada.post(f"/trees/{ref}/links", {"kind": "frozen"}))["id"]
    await ada.grow(ref, EIGHT_FLIPS, node=7)
    async with watch(bob, frozen) as page:
        await page.until_seq(tree["seq"])
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(page.until_seq(tree["seq"] + 1), 0.3)


async def test_new_rights_are_told(ada: Visitor, bob: Visitor, watch: Watch) -> None:
    ref = await ada.begin()
    link = await ada.post(f"/trees/{ref}/links", {"kind": "edit"})
    async with watch(bob, ref) as page:
        await page.until_message("hello")
        await bob.post("/invitations", {"secret": link["url_path"].partition("#edit=")[2]})
        await page.until_message("roles")


@pytest.mark.parametrize("ref", ["tnosuchtreeeeeeeeeeeeeee", "nonsense"])
async def test_a_socket_on_nothing_is_refused_at_the_door(
    ada: Visitor, watch: Watch, ref: str
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with watch(ada, ref):
            pass
    assert refused.value.response.status_code == 404


@pytest.mark.parametrize("said", ["nonsense", '{"type": "prune", "node": 1}', b"\x00", "x" * 2000])
async def test_a_socket_that_says_nonsense_is_closed(
    ada: Visitor, watch: Watch, said: str | bytes
) -> None:
    ref = await ada.begin()
    async with watch(ada, ref) as page:
        await page.connection.send('{"type": "here", "node": 0}')
        await page.connection.send(said)
        assert await page.until_closed() == 4422
