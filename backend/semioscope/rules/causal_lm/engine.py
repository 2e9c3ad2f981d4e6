"""Evaluates many states of a tree in one forward pass, and no prefix twice.

A batch is one sequence of all tokens that the model has not read in their context yet. Each has
its depth as its position, and attends to its own ancestors only: those in the batch, and those
whose keys and values are in the pool. The last hidden state of every token is kept as well, so
that a state that is asked about again costs no more than its logits.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from semioscope.rules.causal_lm.logits import log_prob_rows
from semioscope.rules.causal_lm.pool import HiddenPool, LayerPool, slots_for
from semioscope.rules.causal_lm.reader import Engine, Reader, TreePass
from semioscope.rules.causal_lm.trie import OutOfSlots, Prefix, PrefixTrie
from semioscope.rules.protocol import Row

PASS_TOKENS: Final = 256
"""The most tokens of one forward pass; longer prompts are read in chunks."""


@dataclass
class _Plan:
    """A part of a batch that fits the trie: what is asked, and what has to be read for it."""

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
        self._forget()

    def _forget(self) -> None:
        self._trie.clear()
        self._pools = [LayerPool() for _ in range(self._reader.layer_count)]
        self._hidden = HiddenPool()

    @torch.inference_mode()
    def log_probs(self, states: Sequence[tuple[int, ...]]) -> Iterator[Row]:
        """One row for each state, in any order; a row is valid until the next is asked for."""
        waiting, big, long = self._sorted_by_size(states)
        while waiting:
            plan, waiting = self._plan(states, waiting)
            self._read(plan.missing)
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
        plan = _Plan()
        shared = _common_length([states[place] for place in waiting])
        start, plan.missing = self._trie.common(states[waiting[0]][:shared])
        for done, place in enumerate(waiting):
            try:
                prefix, added = self._trie.extend(start, states[place][shared:])
            except OutOfSlots:
                return plan, list(waiting[done:])
            plan.missing += added
            plan.asked.append((place, prefix))
        return plan, []

    def _read(self, missing: Sequence[Prefix]) -> None:
        """Runs the model over the missing tokens, parents first."""
        try:
            for start in range(0, len(missing), self._pass_tokens):
                self._pass(missing[start : start + self._pass_tokens])
        except BaseException:
            self._forget()  # the trie holds prefixes that were never read
            raise

    def _pass(self, fresh: Sequence[Prefix]) -> None:
        past, seen = _attention(fresh)
        slots = [prefix.slot for prefix in fresh]
        tree_pass = TreePass(
            tokens=_indices([prefix.token for prefix in fresh]),
            positions=_indices([prefix.depth - 1 for prefix in fresh]),
            mask=additive(seen, self._reader.dtype),
            past=_indices(past),
            fresh=_indices(slots),
            size=slots_for(max(slots), self._trie.capacity),
        )
        hidden = self._reader.read(tree_pass, self._pools)
        self._hidden.store(tree_pass.fresh, tree_pass.size, hidden)

    def _rows(self, asked: Sequence[tuple[int, Prefix]]) -> Iterator[Row]:
        hidden = self._hidden.at(_indices([prefix.slot for _, prefix in asked]))
        return log_prob_rows(self._reader.logits, hidden, [place for place, _ in asked])


def _indices(numbers: Sequence[int]) -> Tensor:
    return torch.tensor(numbers, dtype=torch.int64)


def additive(seen: NDArray[np.bool_], dtype: torch.dtype) -> Tensor:
    """f[M, P + M] from bool[M, P + M]: 0 where a token is seen, the least number where not."""
    least = torch.tensor(torch.finfo(dtype).min, dtype=dtype)
    return torch.where(torch.from_numpy(seen), torch.zeros_like(least), least)


def _attention(
    fresh: Sequence[Prefix],
) -> tuple[list[int], NDArray[np.bool_]]:
    """(slots of the past tokens, bool[M, P + M]: which token sees which)."""
    row_of = {id(prefix): row for row, prefix in enumerate(fresh)}
    columns: dict[int, int] = {}
    past_of: list[list[int]] = []
    seen_past: dict[int, list[int]] = {}
    for prefix in fresh:
        parent = prefix.parent
        if parent is None or parent.parent is None or id(parent) in row_of:
            past_of.append([])
            continue
        if id(parent) not in seen_past:
            seen_past[id(parent)] = [
                columns.setdefault(past.slot, len(columns)) for past in parent.ancestors()
            ]
        past_of.append(seen_past[id(parent)])
    count = len(columns)
    mask = np.zeros((len(fresh), count + len(fresh)), np.bool_)
    for row, prefix in enumerate(fresh):
        before = row_of.get(id(prefix.parent))
        if before is not None:
            mask[row] = mask[before]
        else:
            mask[row, past_of[row]] = True
        mask[row, count + row] = True
    return list(columns), mask


def _common_length(states: Sequence[tuple[int, ...]]) -> int:
    """How many tokens all the states begin with."""
    least, greatest = min(states), max(states)
    for place, (one, other) in enumerate(zip(least, greatest, strict=False)):
        if one != other:
            return place
    return min(len(least), len(greatest))
