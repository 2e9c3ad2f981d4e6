"""The prefixes whose reading is kept, within a budget of bytes, least recently used first out."""

import heapq
from collections import Counter
from collections.abc import Iterator, Sequence

from semioscope.rules.causal_lm.layer_memory import LayerMemory


class Kept:
    """A prefix that was read: what the layers remember of it beyond its parent, `memory`.

    size: its own bytes. row_size: bytes of all that a row needs which goes on from here.
    used: the tick when it was last part of a question. children: kept prefixes that need this one.
    """

    __slots__ = ("attended", "children", "memory", "parent", "row_size", "size", "tokens", "used")

    def __init__(
        self,
        tokens: tuple[int, ...],
        parent: "Kept | None",
        memory: Sequence[LayerMemory],
        used: int,
    ) -> None:
        self.tokens = tokens
        self.parent = parent
        self.memory = memory
        attention = sum(layer.attention_size for layer in memory)
        states = sum(layer.states_size for layer in memory)
        self.size = attention + states
        self.attended: int = attention + (0 if parent is None else parent.attended)
        self.row_size = self.attended + states
        self.used = used
        self.children = 0

    def chain(self) -> "Iterator[Kept]":
        """This prefix and those it goes on from, the longest first."""
        kept: Kept | None = self
        while kept is not None:
            yield kept
            kept = kept.parent


class KeptPrefixes:
    """What one tick touches is kept until the next; what does not fit beside it is not kept."""

    def __init__(self, budget: int) -> None:
        """budget: bytes."""
        self._budget = budget
        self._by_tokens: dict[tuple[int, ...], Kept] = {}
        self._lengths: Counter[int] = Counter()
        self._size = 0
        self._tick = 0

    @property
    def size(self) -> int:
        """Bytes of all that is kept."""
        return self._size

    def tick(self) -> None:
        """Begins a new question: what the last one touched may be given up from now on."""
        self._tick += 1

    def longest_within(self, state: tuple[int, ...]) -> Kept | None:
        """The longest kept prefix that is shorter than the state itself."""
        for length in sorted(self._lengths, reverse=True):
            if length < len(state) and (kept := self._by_tokens.get(state[:length])):
                for each in kept.chain():
                    each.used = self._tick
                return kept
        return None

    def keep(
        self, tokens: tuple[int, ...], parent: Kept | None, memory: Sequence[LayerMemory]
    ) -> None:
        """Keeps a prefix that goes on from `parent`, if there is room for it."""
        if tokens in self._by_tokens:
            return
        kept = Kept(tokens, parent, memory, self._tick)
        if self._size + kept.size > self._budget:
            # An eighth more than needed, so that what is kept is not searched at every row.
            self._give_up(self._size + kept.size - self._budget + self._budget // 8)
        if self._size + kept.size > self._budget:
            return
        self._by_tokens[tokens] = kept
        self._lengths[len(tokens)] += 1
        self._size += kept.size
        if parent is not None:
            parent.children += 1

    def _give_up(self, size: int) -> None:
        leaves = [
            (kept.used, -len(kept.tokens), kept.tokens)
            for kept in self._by_tokens.values()
            if not kept.children and kept.used < self._tick
        ]
        heapq.heapify(leaves)
        while leaves and size > 0:
            leaf = self._by_tokens.pop(heapq.heappop(leaves)[2])
            self._lengths[len(leaf.tokens)] -= 1
            self._lengths += Counter()  # lengths that nothing has any more are dropped
            self._size -= leaf.size
            size -= leaf.size
            if (parent := leaf.parent) is not None:
                parent.children -= 1
                if not parent.children and parent.used < self._tick:
                    heapq.heappush(leaves, (parent.used, -len(parent.tokens), parent.tokens))
