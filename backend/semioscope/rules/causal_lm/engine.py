"""Evaluates many states of a tree in one forward pass, and no prefix twice.

A batch is one sequence of all tokens that the model has not read in their context yet. Each has
its depth as its position, and attends to its own ancestors only: those in the batch, and those
whose keys and values are in the pool. The last hidden state of every token is kept as well, so
that a state that is asked about again costs no more than its logits.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from semioscope.rules.causal_lm.logits import log_prob_rows
from semioscope.rules.causal_lm.pool import HiddenPool, LayerPool, slots_for
from semioscope.rules.causal_lm.sequential import SequentialEngine
from semioscope.rules.causal_lm.tree_cache import TreePass, tree_cache
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
    """The fast path. `model` is a causal LM of transformers in evaluation mode."""

    def __init__(
        self, model: Any, capacity: int, reach: int, pass_tokens: int = PASS_TOKENS
    ) -> None:
        """capacity: tokens whose keys and values are kept. reach: the longest state for which a
        tree mask is right; longer ones, and ones that do not fit, are evaluated one by one."""
        self._model = model
        self._body = model.base_model
        self._head = model.get_output_embeddings()
        self._device = model.device
        self._longest = min(reach, capacity)
        self._pass_tokens = pass_tokens
        self._trie = PrefixTrie(capacity)
        self._layers = [LayerPool() for _ in range(_layer_count(model))]
        self._hidden = HiddenPool()
        self._one_by_one = SequentialEngine(model)

    @torch.inference_mode()
    def log_probs(self, states: Sequence[tuple[int, ...]]) -> Iterator[Row]:
        """One row for each state, in any order; a row is valid until the next is asked for."""
        long = [place for place, state in enumerate(states) if len(state) > self._longest]
        waiting = [place for place, state in enumerate(states) if len(state) <= self._longest]
        while waiting:
            plan, waiting = self._plan(states, waiting)
            self._read(plan.missing)
            yield from self._rows(plan.asked)
        for row in self._one_by_one.log_probs([states[place] for place in long]):
            yield row._replace(place=long[row.place])

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
            self._trie.clear()  # it holds prefixes that were never read
            raise

    def _pass(self, fresh: Sequence[Prefix]) -> None:
        past, mask = _attention(fresh)
        tree_pass = TreePass(
            past=self._indices(past),
            fresh=self._indices([prefix.slot for prefix in fresh]),
            size=slots_for(max(prefix.slot for prefix in fresh), self._trie.capacity),
        )
        output = self._body(
            input_ids=self._indices([prefix.token for prefix in fresh])[None],
            position_ids=self._indices([prefix.depth - 1 for prefix in fresh])[None],
            attention_mask=self._additive(mask),
            past_key_values=tree_cache(self._layers, tree_pass),
            use_cache=True,
        )
        hidden = output.last_hidden_state[0]
        self._hidden.store(tree_pass.fresh, tree_pass.size, hidden)

    def _rows(self, asked: Sequence[tuple[int, Prefix]]) -> Iterator[Row]:
        hidden = self._hidden.at(self._indices([prefix.slot for _, prefix in asked]))
        return log_prob_rows(self._head, hidden, [place for place, _ in asked])

    def _indices(self, numbers: Sequence[int]) -> Tensor:
        return torch.tensor(numbers, dtype=torch.int64, device=self._device)

    def _additive(self, mask: "np.ndarray[Any, np.dtype[np.bool_]]") -> Tensor:
        """f[1, 1, M, P + M]: 0 where a token is seen, the least number where not."""
        dtype = self._model.dtype
        seen = torch.from_numpy(mask).to(self._device)
        hidden = torch.tensor(torch.finfo(dtype).min, dtype=dtype, device=self._device)
        return torch.where(seen, torch.zeros_like(hidden), hidden)[None, None]


def _attention(
    fresh: Sequence[Prefix],
) -> tuple[list[int], "np.ndarray[Any, np.dtype[np.bool_]]"]:
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


def _layer_count(model: Any) -> int:
    return int(model.config.get_text_config(decoder=True).num_hidden_layers)
