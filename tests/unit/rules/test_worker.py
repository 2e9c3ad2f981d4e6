"""One thread serves everybody: together, in order of need, and past every failure."""

import asyncio
import threading
import time
from collections.abc import Iterator

import pytest

from semioscope.core.distribution import Answer, Question
from semioscope.core.errors import InvalidRequest, Unavailable
from semioscope.core.sampling import IDENTITY
from semioscope.rules.pace import Pace
from semioscope.rules.worker import BACKGROUND, RuleWorker
from tests.unit.rules.stubs import WatchedCoin, flips

BATCH = 256
"""Tokens of a pass when one group is alone, in these tests."""
SHORT = 64
"""The same when there is company."""
FILLED = 16
"""Up to which a pass that somebody waits for is filled with what nobody waits for."""


class SteadyPace(Pace):
    def tokens(self, *, has_company: bool) -> int:
        return SHORT if has_company else BATCH

    def filled(self) -> int:
        return FILLED

    def learn(self, tokens: int, seconds: float) -> None:
        """Nothing."""


@pytest.fixture
def coin() -> WatchedCoin:
    return WatchedCoin()


@pytest.fixture
def worker(coin: WatchedCoin) -> Iterator[RuleWorker]:
    worker = RuleWorker(coin, SteadyPace())
    yield worker
    coin.gate.set()
    worker.close()


def ask(
    worker: RuleWorker, *lengths: int, group: str = "a", priority: int = 0
) -> "asyncio.Task[list[Answer]]":
    questions = [Question(flips(length)) for length in lengths]
    return asyncio.create_task(worker.ask(questions, IDENTITY, priority=priority, group=group))


async def hold(coin: WatchedCoin, worker: RuleWorker) -> "asyncio.Task[list[Answer]]":
    """Keeps the thread in a batch of one state, so that everything after it queues up."""
    coin.gate.clear()
    held = ask(worker, 0, group="held")
    await asyncio.to_thread(coin.arrived.wait, 10)
    coin.arrived.clear()
    return held


async def release(coin: WatchedCoin, *tasks: "asyncio.Task[list[Answer]]") -> None:
    await asyncio.sleep(0.01)  # until what is asked has been queued
    coin.gate.set()
    await asyncio.gather(*tasks, return_exceptions=True)


def sizes(coin: WatchedCoin) -> list[int]:
    return [len(batch) for batch in coin.batches]


async def test_answers_come_back_in_order(worker: RuleWorker) -> None:
    given = await ask(worker, 3, 1, 2)
    assert len(given) == 3
    assert await ask(worker) == []


async def test_what_is_queued_is_evaluated_together(coin: WatchedCoin, worker: RuleWorker) -> None:
    held = await hold(coin, worker)
    await release(coin, held, ask(worker, 1, 2, group="a"), ask(worker, 3, group="b"))
    assert coin.batches[1:] == [[flips(1), flips(2), flips(3)]]
    assert coin.threads != {threading.get_ident()}
    assert len(coin.threads) == 1


async def test_interactive_questions_go_first_and_background_fills_the_pass(
    coin: WatchedCoin, worker: RuleWorker
) -> None:
    held = await hold(coin, worker)
    slow = ask(worker, *range(1, 201), group="slow", priority=BACKGROUND)
    await release(coin, held, slow, ask(worker, 7, group="quick"))
    assert coin.batches[1][0] == flips(7)
    assert sizes(coin)[1:] == [FILLED, 62, 62, 61]  # none longer than SHORT, and of one size


async def test_who_is_alone_is_evaluated_in_long_passes(
    coin: WatchedCoin, worker: RuleWorker
) -> None:
    coin.gate.clear()
    alone = ask(worker, *range(600), group="a")
    await release(coin, alone)
    assert sizes(coin)[0] == 200  # three passes of one size, not two full ones and a rest
    assert sum(sizes(coin)) == 600
    assert len(sizes(coin)) == 3


async def test_passes_are_short_as_long_as_there_is_company(
    coin: WatchedCoin, worker: RuleWorker
) -> None:
    await ask(worker, 1, group="quick")
    await ask(worker, *range(200), group="slow", priority=BACKGROUND)
    assert max(sizes(coin)) <= SHORT


async def test_every_group_gets_its_turn_however_many_there_are(
    coin: WatchedCoin, worker: RuleWorker
) -> None:
    held = await hold(coin, worker)
    many = [ask(worker, *[length] * 500, group=str(length)) for length in range(1, 11)]
    await release(coin, held, *many)
    first_rounds = [state for batch in coin.batches[1:4] for state in batch]
    assert {len(state) for state in first_rounds} == set(range(1, 11))


async def test_a_small_ask_is_not_kept_waiting_by_a_big_one(
    coin: WatchedCoin, worker: RuleWorker
) -> None:
    held = await hold(coin, worker)
    big = ask(worker, *[1] * 1000, group="big")
    small = ask(worker, *[2] * 30, group="small")
    await release(coin, held, big, small)
    assert coin.batches[1].count(flips(2)) == 30


async def test_a_long_state_is_read_a_pass_at_a_time_and_others_go_between(
    coin: WatchedCoin, worker: RuleWorker
) -> None:
    coin.reads = True
    held = await hold(coin, worker)
    long = ask(worker, 1000, group="long")
    await asyncio.sleep(0.01)
    quick = ask(worker, 3, group="quick")
    await release(coin, held, long, quick)
    assert coin.ahead[0] == (1000, SHORT)
    assert coin.batches[1] == [flips(3)]
    assert coin.batches[-1] == [flips(1000)]
    assert len(coin.ahead) == (1000 - SHORT) // SHORT + 1


async def test_a_state_that_never_gets_read_ahead_is_evaluated_in_the_end(
    coin: WatchedCoin, worker: RuleWorker
) -> None:
    coin.reads = True
    coin.forgets = True
    assert len(await ask(worker, 1000)) == 1


async def test_a_reading_that_fails_fails_that_ask_only(
    coin: WatchedCoin, worker: RuleWorker
) -> None:
    coin.reads = True
    coin.breaks_at = flips(900)
    with pytest.raises(Unavailable, match="failed inside"):
        await ask(worker, 900)
    assert len(await ask(worker, 3)) == 1


async def test_a_failure_fails_that_ask_only(coin: WatchedCoin, worker: RuleWorker) -> None:
    coin.breaks_at = flips(5)
    held = await hold(coin, worker)
    bad, good = ask(worker, 4, 5, group="bad"), ask(worker, 6, group="good")
    await release(coin, held, bad, good)
    with pytest.raises(Unavailable, match="failed inside") as refusal:
        bad.result()
    assert refusal.value.code == "rule-failed"
    assert len(good.result()) == 1
    assert len(await ask(worker, 8)) == 1


async def test_running_out_of_memory_says_so_and_the_thread_lives_on(
    coin: WatchedCoin, worker: RuleWorker
) -> None:
    coin.breaks_at, coin.error = flips(5), MemoryError()
    with pytest.raises(Unavailable, match="out of memory"):
        await ask(worker, 5)
    assert len(await ask(worker, 6)) == 1


async def test_what_is_too_much_at_once_is_asked_in_halves(
    coin: WatchedCoin, worker: RuleWorker
) -> None:
    coin.error, coin.most = MemoryError(), 3
    given = await ask(worker, *range(10))
    assert [len(batch) for batch in coin.batches] == [10, 5, 2, 3, 5, 2, 3]
    alone = [(await ask(worker, length))[0] for length in range(10)]
    assert [each.expansion.log_probs.tolist() for each in given] == [
        each.expansion.log_probs.tolist() for each in alone
    ]
    coin.most = 0
    with pytest.raises(Unavailable, match="out of memory"):
        await ask(worker, *range(10))


async def test_a_refusal_of_the_rule_comes_through_as_it_is(worker: RuleWorker) -> None:
    question = Question((7,))
    with pytest.raises(InvalidRequest, match="tokens are 0"):
        await worker.ask([question], IDENTITY, group="a")


async def test_what_is_cancelled_is_never_begun(coin: WatchedCoin, worker: RuleWorker) -> None:
    held = await hold(coin, worker)
    gone, kept = ask(worker, 5, group="gone"), ask(worker, 6, group="kept")
    await asyncio.sleep(0.01)
    gone.cancel()
    await release(coin, held, kept)
    assert flips(5) not in [state for batch in coin.batches for state in batch]
    assert len(kept.result()) == 1


async def test_cancelling_drops_the_chunks_that_are_left(
    coin: WatchedCoin, worker: RuleWorker
) -> None:
    coin.gate.clear()
    slow = ask(worker, *range(1000), group="slow")
    await asyncio.to_thread(coin.arrived.wait, 10)
    slow.cancel()
    await release(coin, slow)
    assert len(await ask(worker, 3)) == 1
    assert sizes(coin) == [250, 1]


async def test_a_pass_that_nobody_waits_for_any_more_is_broken_off(
    coin: WatchedCoin, worker: RuleWorker
) -> None:
    coin.looks_up = True
    coin.gate.clear()
    gone = ask(worker, 5, group="gone"), ask(worker, 6, group="gone too")
    await asyncio.to_thread(coin.arrived.wait, 10)
    kept = ask(worker, 7, group="kept")
    for each in gone:
        each.cancel()
    assert len(await asyncio.wait_for(kept, 10)) == 1  # nobody opened the gate
    assert coin.broken_off == 1


async def test_a_pass_goes_on_while_one_of_them_waits(
    coin: WatchedCoin, worker: RuleWorker
) -> None:
    held = await hold(coin, worker)
    gone, kept = ask(worker, 5, group="gone"), ask(worker, 6, group="kept")
    await release(coin, held)
    coin.looks_up = True
    await asyncio.gather(gone, kept)
    coin.gate.clear()
    coin.arrived.clear()
    gone, kept = ask(worker, 5, group="gone"), ask(worker, 6, group="kept")
    await asyncio.to_thread(coin.arrived.wait, 10)
    gone.cancel()
    await release(coin, gone, kept)
    assert len(kept.result()) == 1


async def test_closing_breaks_off_the_pass_in_hand(coin: WatchedCoin, worker: RuleWorker) -> None:
    coin.looks_up = True
    coin.gate.clear()
    held = ask(worker, 5)
    await asyncio.to_thread(coin.arrived.wait, 10)
    await asyncio.to_thread(worker.close)
    with pytest.raises(Unavailable, match="shut down"):
        await held


def until_closed(worker: RuleWorker) -> None:
    """The thread that closes it may be slow to begin."""
    while not worker._closed:
        time.sleep(0.001)


async def test_closing_fails_what_waits_and_what_comes_after(
    coin: WatchedCoin, worker: RuleWorker
) -> None:
    held = await hold(coin, worker)
    waiting = ask(worker, 5)
    await asyncio.sleep(0.01)
    closing = asyncio.create_task(asyncio.to_thread(worker.close))
    await asyncio.to_thread(until_closed, worker)
    coin.gate.set()
    await closing
    assert len(await held) == 1
    with pytest.raises(Unavailable, match="shut down"):
        await waiting
    with pytest.raises(Unavailable, match="shut down"):
        await ask(worker, 1)
    worker.close()
