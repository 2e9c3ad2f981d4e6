"""Evaluates many states of a tree in one forward pass, and no prefix twice.

A batch is one sequence of all tokens that the model has not read in their context yet. Each has
its depth as its position, and attends to its own ancestors only: those in the batch, and those
whose keys and values are in the pool. The last hidden state of every token is kept as well, so
that a state that is asked about again costs no more than its logits.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from semioscope.rules.causal_lm.attention import attention
from semioscope.rules.causal_lm.hands import FEWEST_TOKENS, hands
from semioscope.rules.causal_lm.logits import log_prob_rows
from semioscope.rules.causal_lm.pool import HiddenPool, LayerPool, slots_for
from semioscope.rules.causal_lm.reader import Engine, Reader, TreePass
from semioscope.rules.causal_lm.trie import OutOfSlots, Prefix, PrefixTrie
from semioscope.rules.interest import NobodyWaits, interest
from semioscope.rules.protocol import Load, Row

PASS_TOKENS: Final = 256
"""The most tokens of one forward pass; longer prompts are read in chunks."""


@dataclass
class _Plan:
    """A part of a batch that fits the trie: what is asked, and what has to be read for it.

    trunk: what all the states begin with.
    """

    trunk: Prefix
    asked: list[tuple[int, Prefix]] = field(default_factory=list)
    missing: list[Prefix] = field(default_factory=list)


class TreeEngine:
    """The fast path."""

    def __init__(
        self,
        reader: Reader,
        capacity: int,
        reach: int,
        one_by_one: Engine | None = None,
        pass_tokens: int = PASS_TOKENS,
    ) -> None:
        """capacity: tokens whose keys and values are kept. reach: the longest state for which a
        tree mask is right; `one_by_one` evaluates longer ones, if the model has such."""
        self._reader = reader
        self._reach = reach
        self._pass_tokens = pass_tokens
        self._one_by_one = one_by_one
        self._trie = PrefixTrie(capacity)
        self.forget()

    def forget(self) -> None:
        """Gives up everything that was read, and its memory."""
        self._trie.clear()
        self._pools = [LayerPool() for _ in range(self._reader.layer_count)]
        self._hidden = HiddenPool()
        self._size = 0

    @property
    def tokens_kept(self) -> int:
        """How many tokens' keys and values it holds."""
        return len(self._trie)

    def within(self, states: Sequence[tuple[int, ...]], tokens: int) -> Load:
        """How many of the states, in order, can be answered by reading at most that many tokens,
        and how many they take."""
        unread = _Unread(self._trie, _common_length(states) if states else 0)
        taken = 0
        for count, state in enumerate(states):
            far = len(state) > self._reach or len(state) > self._trie.capacity
            more = len(state) if far else unread.count(state)
            if taken + more > tokens:
                return Load(count, taken)
            taken += more
        return Load(len(states), taken)

    @torch.inference_mode()
    def read_ahead(self, state: tuple[int, ...], tokens: int) -> None:
        """Reads up to that many tokens of a state, from the first that is not read yet, so that
        it takes fewer of them to answer."""
        if len(state) > self._reach or len(state) > self._trie.capacity:
            return
        self._trie.tick()
        known = self._trie.known(state)
        start, missing = self._trie.common(state[: known + tokens])
        self._read(missing, start)

    @torch.inference_mode()
    def log_probs(self, states: Sequence[tuple[int, ...]]) -> Iterator[Row]:
        """One row for each state, in any order; a row is valid until the next is asked for."""
        waiting, big, long = self._sorted_by_size(states)
        while waiting:
            plan, waiting = self._plan(states, waiting)
            self._read(plan.missing, plan.trunk)
            yield from self._rows(plan.asked)
        for place in big:
            yield self._row_of_a_big_state(place, states[place])
        if long and self._one_by_one is None:
            raise AssertionError("no state is longer than the window")
        if self._one_by_one is not None:
            for row in self._one_by_one.log_probs([states[place] for place in long]):
                yield row._replace(place=long[row.place])

    def _sorted_by_size(
        self, states: Sequence[tuple[int, ...]]
    ) -> tuple[list[int], list[int], list[int]]:
        """Places of states that the trie has room for, has not, and that are out of reach."""
        waiting: list[int] = []
        big: list[int] = []
        long: list[int] = []
        for place, state in enumerate(states):
            if len(state) > self._reach:
                long.append(place)
            else:
                (waiting if len(state) <= self._trie.capacity else big).append(place)
        return waiting, big, long

    def _row_of_a_big_state(self, place: int, state: tuple[int, ...]) -> Row:
        """By an engine of its own, made as large as the state."""
        apart = TreeEngine(self._reader, len(state), self._reach, None, self._pass_tokens)
        (row,) = apart.log_probs([state])
        return row._replace(place=place)

    def _plan(
        self, states: Sequence[tuple[int, ...]], waiting: Sequence[int]
    ) -> tuple[_Plan, list[int]]:
        """As many of the waiting states as fit at once, and the others."""
        self._trie.tick()
        shared = _common_length([states[place] for place in waiting])
        trunk, missing = self._trie.common(states[waiting[0]][:shared])
        plan = _Plan(trunk, missing=missing)
        for done, place in enumerate(waiting):
            try:
                prefix, added = self._trie.extend(trunk, states[place][shared:])
            except OutOfSlots:
                return plan, list(waiting[done:])
            plan.missing += added
            plan.asked.append((place, prefix))
        return plan, []

    def _read(self, missing: Sequence[Prefix], trunk: Prefix) -> None:
        """Runs the model over the missing tokens, parents first."""
        try:
            for start in range(0, len(missing), self._pass_tokens):
                self._pass(missing[start : start + self._pass_tokens], trunk)
        except NobodyWaits:
            self._trie.drop(missing[start:])  # what was read before is kept
            raise
        except BaseException:
            self.forget()  # the trie holds prefixes that were never read
            raise

    def _pass(self, fresh: Sequence[Prefix], trunk: Prefix) -> None:
        size = slots_for(max(prefix.slot for prefix in fresh), self._trie.capacity)
        wanted = interest()
        parts: Sequence[Sequence[Prefix]] = [fresh]
        # Where the pools have to grow first, one thread does it.
        if self._reader.is_thread_safe and size <= self._size:
            parts = shared_out(fresh, hands().count)

        def read(part: Sequence[Prefix]) -> None:
            past, seen = attention(part, trunk)
            slots = [prefix.slot for prefix in part]
            device = self._reader.device
            tree_pass = TreePass(
                tokens=_indices([prefix.token for prefix in part], device),
                positions=_indices([prefix.depth - 1 for prefix in part], device),
                mask=additive(seen, self._reader.dtype).to(device),
                seen=_indices(past + slots, device),
                fresh=_indices(slots, device),
                size=size,
                interest=wanted,
            )
            hidden = self._reader.read(tree_pass, self._pools)
            self._hidden.store(tree_pass.fresh, size, hidden)

        if len(parts) == 1:
            read(fresh)
        else:
            for _ in hands().map(read, parts):
                pass
        self._size = max(self._size, size)

    def _rows(self, asked: Sequence[tuple[int, Prefix]]) -> Iterator[Row]:
        slots = _indices([prefix.slot for _, prefix in asked], self._reader.device)
        places = [place for place, _ in asked]
        return log_prob_rows(self._reader, self._hidden.at(slots), places)


def shared_out(fresh: Sequence[Prefix], most: int) -> list[list[Prefix]]:
    """The new tokens of a pass in at most `most` parts of about the same size, none of which
    needs what another reads; parents before children in each."""
    most = min(most, len(fresh) // FEWEST_TOKENS)
    if most < 2:
        return [list(fresh)]
    family: dict[int, int] = {}
    sizes: Counter[int] = Counter()
    for prefix in fresh:
        parent = prefix.parent
        first = prefix.slot if parent is None else family.get(parent.slot, prefix.slot)
        family[prefix.slot] = first
        sizes[first] += 1
    if max(sizes.values()) * most > 2 * len(fresh):
        return [list(fresh)]  # most of it is one long text
    parts: list[list[Prefix]] = [[] for _ in range(most)]
    loads = [0] * most
    part_of: dict[int, int] = {}
    for first, size in sizes.items():
        part_of[first] = least = loads.index(min(loads))
        loads[least] += size
    for prefix in fresh:
        parts[part_of[family[prefix.slot]]].append(prefix)
    return [part for part in parts if part]


class _Unread:
    """Counts what a batch would have to read, every prefix once."""

    def __init__(self, trie: PrefixTrie, shared: int) -> None:
        self._trie = trie
        self._shared = shared
        self._planned: dict[tuple[int, int], int] = {}
        self._trunk: tuple[Prefix | None, int] | None = None

    def count(self, state: tuple[int, ...]) -> int:
        before = len(self._planned)
        if self._trunk is None:
            self._trunk = self._walk(self._trie.root, 0, state[: self._shared])
        self._walk(*self._trunk, state[self._shared :])
        return len(self._planned) - before

    def _walk(
        self, prefix: Prefix | None, number: int, tokens: Sequence[int]
    ) -> tuple[Prefix | None, int]:
        """From a known prefix, or a planned one by its number, along the tokens."""
        place = 0
        if prefix is not None:
            while place < len(tokens) and (known := prefix.children.get(tokens[place])):
                prefix, place = known, place + 1
            if place == len(tokens):
                return prefix, 0
            number = -1 - prefix.slot
        for token in tokens[place:]:
            number = self._planned.setdefault((number, token), len(self._planned) + 1)
        return None, number


def _indices(numbers: Sequence[int], device: torch.device) -> Tensor:
    return torch.tensor(numbers, dtype=torch.int64, device=device)


def additive(seen: NDArray[np.bool_], dtype: torch.dtype) -> Tensor:
    """f[M, P + M] from bool[M, P + M]: 0 where a token is seen, the least number where not."""
    least = torch.tensor(torch.finfo(dtype).min, dtype=dtype)
    return torch.where(torch.from_numpy(seen), torch.zeros_like(least), least)


def _common_length(states: Sequence[tuple[int, ...]]) -> int:
    """How many tokens all the states begin with."""
    least, greatest = min(states), max(states)
    for place, (one, other) in enumerate(zip(least, greatest, strict=False)):
        if one != other:
            return place
    return min(len(least), len(greatest))
