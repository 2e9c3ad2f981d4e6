"""Evaluates states in rows of a batch, each going on from what the model's own cache remembers of
a prefix of it.

For architectures that take no tree mask or keep a recurrent state. Rows of one pass are equally
long, so that nothing is padded; what is kept is copied, so that no row sees what another did.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import groupby, takewhile
from typing import Any, Final, NamedTuple

import torch
from torch import Tensor
from transformers.cache_utils import Cache

from semioscope.rules.causal_lm.kept import Kept, KeptPrefixes
from semioscope.rules.causal_lm.layer_memory import (
    LayerMemory,
    filled_cache,
    memories,
)
from semioscope.rules.causal_lm.logit_chunks import LogitChunk, rows_of_chunks
from semioscope.rules.causal_lm.model_call import cache_name, last_only, takes_positions
from semioscope.rules.causal_lm.sequential import SequentialEngine
from semioscope.rules.interest import go_on
from semioscope.rules.protocol import Load, Row

PASS_TOKENS: Final = 64
"""The most new tokens of one pass, if they are of more than one row."""

State = tuple[int, ...]


class RowsEngine:
    """The path between the fast and the plain one."""

    def __init__(
        self, model: Any, plain: SequentialEngine, reach: int, budget: int, at_once: bool
    ) -> None:
        """model: a causal LM of transformers in evaluation mode. plain: evaluates states longer
        than `reach`, of which no prefix can be used. budget: bytes of what is kept, and of what
        the rows of a pass go on from. at_once: whether the model goes on from its cache by many
        tokens rightly; some recurrent ones do by one token only."""
        self._model = model
        self._plain = plain
        self._reach = reach
        self._budget = budget
        self._at_once = at_once
        self._last_only = last_only(model)
        self._cache_name = cache_name(model)
        self._takes_positions = takes_positions(model)
        self._kept = KeptPrefixes(budget)

    def forget(self) -> None:
        """Gives up everything that was read, and its memory."""
        self._kept = KeptPrefixes(self._budget)

    def within(self, states: Sequence[State], tokens: int) -> Load:
        """What the states share among themselves is counted once for each: an upper bound."""
        taken = 0
        for count, state in enumerate(states):
            more = self._unread(state)
            if taken + more > tokens:
                return Load(count, taken)
            taken += more
        return Load(len(states), taken)

    def read_ahead(self, state: State, tokens: int) -> None:
        """Reads up to that many tokens of a state, from the first that is not read yet."""
        known = len(state) - self._unread(state)
        if len(state) <= self._reach:
            for _ in self.log_probs([state[: known + tokens]]):
                pass

    def _unread(self, state: State) -> int:
        start = self._kept.longest_within(state) if len(state) <= self._reach else None
        return len(state) - (0 if start is None else len(start.tokens))

    def log_probs(self, states: Sequence[State]) -> Iterator[Row]:
        """One row for each state, in any order; a row is valid until the next is asked for."""
        return rows_of_chunks(self.logits(states))

    def logits(self, states: Sequence[State]) -> Iterator[LogitChunk]:
        """The states in chunks, in any order."""
        places: dict[State, list[int]] = defaultdict(list)
        for place, state in enumerate(states):
            places[state].append(place)
        for evaluated, logits in self._each_once(sorted(places, key=len)):
            rows = [(row, place) for row, state in enumerate(evaluated) for place in places[state]]
            chosen = torch.tensor([row for row, _ in rows], device=logits.device)
            yield [place for _, place in rows], logits.index_select(0, chosen)

    def _each_once(self, states: Sequence[State]) -> Iterator[tuple[Sequence[State], Tensor]]:
        """(some states, their logits) of different states, the shortest first."""
        near = [state for state in states if len(state) <= self._reach]
        self._kept.tick()
        self._read_what_is_shared(near)
        for _, equally_long in groupby(near, key=len):
            by_start: dict[int, list[_Asked]] = defaultdict(list)
            for state in equally_long:  # one that was read just now may be the start of another
                asked = _Asked(state, self._kept.longest_within(state))
                by_start[asked.past].append(asked)
            for rows in by_start.values():
                for part in self._parts(rows):
                    yield [asked.state for asked in part], self._read(part)
        far = states[len(near) :]
        for (place,), logits in self._plain.logits(far):
            yield [far[place]], logits

    def _read_what_is_shared(self, states: Sequence[State]) -> None:
        """What several states begin with is read once, if they would all read it otherwise; where
        it is a state itself, it is read before the others anyway."""
        shared = _common_prefix(states) if states else ()
        if not shared or shared == states[0]:
            return
        starts = [self._kept.longest_within(state) for state in states]
        if sum(start is None or len(start.tokens) < len(shared) for start in starts) > 1:
            self._read([_Asked(shared, self._kept.longest_within(shared))])

    def _parts(self, rows: "Sequence[_Asked]") -> "Iterator[Sequence[_Asked]]":
        """Rows that are equally long, go on from equally long starts, and fit in one pass."""
        new = len(rows[0].state) - rows[0].past
        size = max(asked.start.row_size if asked.start else 0 for asked in rows)
        count = max(1, min(PASS_TOKENS // new, self._budget // max(1, size)))
        for first in range(0, len(rows), count):
            yield rows[first : first + count]

    @torch.inference_mode()
    def _read(self, rows: "Sequence[_Asked]") -> Tensor:
        """The logits f[len(rows), N]; what was read is kept."""
        past = rows[0].past
        cache = filled_cache(self._model.config, [asked.memories() for asked in rows])
        fresh = [asked.state[past:] for asked in rows]
        tokens = torch.tensor(fresh, dtype=torch.int64, device=self._model.device)
        step = 1 if past and not self._at_once else tokens.shape[1]
        for each in torch.split(tokens, step, dim=1):
            logits = self._pass(each, cache, past)
            past += each.shape[1]
        for asked, memory in zip(rows, memories(cache, rows[0].past), strict=True):
            self._kept.keep(asked.state, asked.start, memory)
        return logits

    def _pass(self, tokens: Tensor, cache: Cache, past: int) -> Tensor:
        """The logits f[B, N] after the last of tokens i64[B, R]; the cache goes on by them."""
        go_on()
        told: dict[str, Any] = {**self._last_only, self._cache_name: cache, "use_cache": True}
        if self._takes_positions:
            positions = torch.arange(past, past + tokens.shape[1], device=tokens.device)
            told["position_ids"] = positions[None]
        logits: Tensor = self._model(input_ids=tokens, **told).logits[:, -1]
        return logits


class _Asked(NamedTuple):
    """A state, and the kept prefix that it goes on from."""

    state: State
    start: Kept | None

    @property
    def past(self) -> int:
        return 0 if self.start is None else len(self.start.tokens)

    def memories(self) -> list[Sequence[LayerMemory]]:
        """Of the chain of prefixes up to the start, the shortest first."""
        chain = [] if self.start is None else list(self.start.chain())
        return [kept.memory for kept in reversed(chain)]


def _common_prefix(states: Sequence[State]) -> State:
    least, greatest = min(states), max(states)
    pairs = takewhile(lambda pair: pair[0] == pair[1], zip(least, greatest, strict=False))
    return tuple(token for token, _ in pairs)
