"""What was read is kept within its budget, least recently used first out, and never torn."""

import torch

from semioscope.rules.causal_lm.kept import Kept, KeptPrefixes
from semioscope.rules.causal_lm.layer_memory import LayerMemory

ROW = 32
"""Bytes of what one token adds here."""


def memory() -> list[LayerMemory]:
    half = torch.zeros(1, 1, 1, ROW // 8)
    return [LayerMemory((half, half), {})]


def read(kept: KeptPrefixes, *tokens: int) -> Kept | None:
    kept.tick()
    kept.keep(tokens, kept.longest_within(tokens), memory())
    return kept.longest_within((*tokens, -1))


def test_a_state_goes_on_from_the_longest_prefix_shorter_than_itself() -> None:
    kept = KeptPrefixes(10 * ROW)
    for tokens in ((1,), (1, 2), (1, 2, 3), (1, 9)):
        read(kept, *tokens)
    found = kept.longest_within((1, 2, 3))
    assert found is not None
    assert found.tokens == (1, 2)
    assert [prefix.tokens for prefix in found.chain()] == [(1, 2), (1,)]
    assert found.row_size == 2 * ROW
    assert kept.longest_within((2, 3)) is None


def test_what_is_kept_never_exceeds_the_budget_and_what_others_need_stays() -> None:
    kept = KeptPrefixes(4 * ROW)
    read(kept, 1)
    for token in range(2, 40):
        read(kept, 1, token)
        assert kept.size <= 4 * ROW
        found = kept.longest_within((1, token, 0))
        assert found is not None
        assert found.tokens == (1, token)


def test_the_least_recently_used_goes_first() -> None:
    kept = KeptPrefixes(3 * ROW)
    for token in (1, 2, 3):
        read(kept, token)
    kept.tick()
    kept.longest_within((1, 0))
    read(kept, 4)
    assert kept.longest_within((1, 0)) is not None
    assert kept.longest_within((2, 0)) is None


def test_what_one_question_touches_is_not_given_up_for_its_other_states() -> None:
    kept = KeptPrefixes(2 * ROW)
    kept.tick()
    for token in (1, 2, 3):
        kept.keep((token,), None, memory())
    assert [kept.longest_within((token, 0)) is not None for token in (1, 2, 3)] == [
        True,
        True,
        False,
    ]


def test_a_prefix_larger_than_the_budget_is_not_kept() -> None:
    kept = KeptPrefixes(ROW - 1)
    assert read(kept, 1) is None
    assert kept.size == 0
