"""One pass: who sees whom, who does which part, and how much it takes on."""

import threading
import time

import numpy as np
import pytest

from semioscope.rules.causal_lm.attention import attention
from semioscope.rules.causal_lm.engine import shared_out
from semioscope.rules.causal_lm.hands import FEWEST_TOKENS, hands
from semioscope.rules.causal_lm.trie import Prefix, PrefixTrie
from semioscope.rules.pace import ALONE_S, COMPANY_S, FEWEST, FIRST, MOST, Pace


def seen_by_ancestry(
    fresh: list[Prefix], slots: list[int]
) -> "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]":
    """What a token sees, from its ancestors alone."""
    columns = [*slots, *(prefix.slot for prefix in fresh)]
    return np.array(
        [[column in {each.slot for each in prefix.ancestors()} for column in columns]
         for prefix in fresh]
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(20))
def test_every_token_sees_its_ancestors_and_nothing_else(seed: int) -> None:
    rng = np.random.default_rng(seed)
    trie = PrefixTrie(500)
    trunk, fresh = trie.common(rng.integers(0, 3, rng.integers(0, 12)).tolist())
    fresh = list(fresh)
    for _ in range(12):
        fresh += trie.extend(trunk, rng.integers(0, 3, rng.integers(0, 6)).tolist())[1]
    read = int(rng.integers(0, len(fresh)))  # before this pass
    for start in range(read, len(fresh), 7):
        part = fresh[start : start + 7]
        slots, seen = attention(part, trunk)
        assert len(set(slots)) == len(slots)
        assert np.array_equal(seen, seen_by_ancestry(part, slots))
        assert all(seen[row].sum() == prefix.depth for row, prefix in enumerate(part))


def grown(*texts: list[int]) -> list[Prefix]:
    """The tokens of all texts, which begin alike, as one pass reads them."""
    trie = PrefixTrie(10_000)
    return [prefix for text in texts for prefix in trie.common(text)[1]]


def test_parts_of_a_pass_need_nothing_of_each_other() -> None:
    fresh = grown(*([first, *range(length)] for first, length in enumerate([3, 1, 7] * 13)))
    parts = shared_out(fresh, 4)
    assert sorted(prefix.slot for part in parts for prefix in part) == sorted(
        prefix.slot for prefix in fresh
    )
    whose = {prefix.slot: place for place, part in enumerate(parts) for prefix in part}
    for prefix in fresh:
        if prefix.parent and prefix.parent.slot in whose:
            assert whose[prefix.slot] == whose[prefix.parent.slot]
    sizes = [len(part) for part in parts]
    assert max(sizes) - min(sizes) <= 8
    for part in parts:
        order = {prefix.slot: place for place, prefix in enumerate(part)}
        assert all(
            order.get(prefix.parent.slot, -1) < place
            for place, prefix in enumerate(part)
            if prefix.parent
        )


def test_one_long_text_and_few_tokens_are_not_shared_out() -> None:
    assert len(shared_out(grown(list(range(300))), 2)) == 1
    assert len(shared_out(grown(*([first] for first in range(2 * FEWEST_TOKENS - 1))), 2)) == 1
    assert len(shared_out(grown(*([first] for first in range(2 * FEWEST_TOKENS))), 2)) == 2


def taught(start_s: float, each_s: float) -> Pace:
    """After passes of all sizes on a machine that takes so long."""
    pace = Pace()
    for tokens in (1, 64, 2, 200, 1, 40, 500):
        pace.learn(tokens, start_s + each_s * tokens)
    return pace


def test_a_pass_is_long_enough_alone_and_short_in_company() -> None:
    start_s, each_s = 0.025, 0.002  # two cores
    pace = taught(start_s, each_s)
    alone, together = pace.tokens(has_company=False), pace.tokens(has_company=True)
    assert start_s / (start_s + each_s * alone) <= 0.08
    assert start_s + each_s * alone <= ALONE_S
    assert start_s + each_s * together <= COMPANY_S * 1.1
    assert together >= FEWEST


def test_a_fast_machine_takes_on_more_and_a_slow_one_less() -> None:
    assert taught(0.01, 1e-5).tokens(has_company=False) == MOST
    assert taught(0.5, 0.5).tokens(has_company=True) == FEWEST
    assert Pace().tokens(has_company=False) == FIRST


def test_the_pace_follows_a_machine_that_changes() -> None:
    pace = taught(0.02, 0.002)
    before = pace.tokens(has_company=True)
    for _ in range(30):
        pace.learn(50, 0.02 + 50 * 0.02)
    assert pace.tokens(has_company=True) < before / 4


def test_no_part_is_worked_on_when_a_failure_is_told() -> None:
    """What the others wrote to is given to somebody else next."""
    began, ended = threading.Event(), threading.Event()

    def work(part: int) -> None:
        if part == 0:
            began.wait(10)
            raise ValueError("broken")
        began.set()
        time.sleep(0.05)
        ended.set()

    if hands().count < 2:
        began.set()
    with pytest.raises(ValueError, match="broken"):
        list(hands().map(work, [0, 1]))
    assert ended.is_set()
