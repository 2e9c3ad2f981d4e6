"""The prefix trie holds what was read, within its bound, and gives up the least used."""

import pytest

from semioscope.rules.causal_lm.trie import OutOfSlots, Prefix, PrefixTrie


def read(trie: PrefixTrie, tokens: list[int]) -> list[int]:
    """One batch of one state: the tokens that had to be read for it."""
    trie.tick()
    _, added = trie.common(tokens)
    return [prefix.token for prefix in added]


def path(prefix: Prefix) -> list[int]:
    return [each.token for each in prefix.ancestors()][::-1]


def test_a_prefix_is_read_once() -> None:
    trie = PrefixTrie(10)
    assert read(trie, [1, 2, 3]) == [1, 2, 3]
    assert read(trie, [1, 2, 4]) == [4]
    assert read(trie, [1, 2]) == []
    assert len(trie) == 4


def test_states_go_on_from_what_they_share() -> None:
    trie = PrefixTrie(10)
    trie.tick()
    stem, _ = trie.common([1, 2])
    one, _ = trie.extend(stem, [3])
    other, added = trie.extend(stem, [4, 5])
    assert (path(one), path(other)) == ([1, 2, 3], [1, 2, 4, 5])
    assert [prefix.depth for prefix in added] == [3, 4]
    slots = [prefix.slot for prefix in (*other.ancestors(), one)]
    assert len(set(slots)) == 5


def test_what_was_added_and_never_read_is_taken_back() -> None:
    trie = PrefixTrie(10)
    assert read(trie, [1, 2]) == [1, 2]
    trie.tick()
    stem, added = trie.common([1, 2, 3])
    added += trie.extend(stem, [4, 5])[1]
    added += trie.extend(stem, [6])[1]
    with pytest.raises(AssertionError):
        trie.drop(added[:1])  # others go on from it
    trie.drop(added)
    assert len(trie) == 2
    assert read(trie, [1, 2, 3, 4]) == [3, 4]
    assert read(trie, list(range(10, 16))) == list(range(10, 16))  # every slot is there again


def test_the_least_recently_used_leaf_goes_first() -> None:
    trie = PrefixTrie(4)
    read(trie, [1, 2])
    read(trie, [1, 3])
    read(trie, [1, 2])
    read(trie, [1, 4])
    assert read(trie, [1, 5]) == [5]  # in the place of 3
    assert read(trie, [1, 2]) == []
    assert len(trie) <= 4


def test_what_a_batch_has_touched_stays_until_the_next() -> None:
    trie = PrefixTrie(4)
    trie.tick()
    stem, _ = trie.common([1, 2])
    trie.extend(stem, [3, 4])
    with pytest.raises(OutOfSlots):
        trie.extend(stem, [5])
    assert len(trie) == 4
    assert read(trie, [1, 2, 5]) == [5]


def test_a_whole_branch_is_given_up_for_a_state_that_shares_nothing() -> None:
    trie = PrefixTrie(4)
    read(trie, [1, 2, 3, 4])
    assert read(trie, [5, 6, 7, 8]) == [5, 6, 7, 8]
    assert read(trie, [1, 2, 3, 4]) == [1, 2, 3, 4]
    assert len(trie) == 4


def test_nothing_is_left_after_clearing() -> None:
    trie = PrefixTrie(4)
    read(trie, [1, 2, 3, 4])
    trie.clear()
    assert len(trie) == 0
    assert read(trie, [1]) == [1]
