"""The prefixes a model has read so far, shared by every state that begins with them."""

import heapq
from collections.abc import Iterator, Sequence


class Prefix:
    """One token in its context: a node of the trie. The root is the empty prefix.

    slot: where its keys and values lie in the pool (−1: the root). depth: tokens up to and with
    this one. used: the tick when it was last part of a question.
    """

    __slots__ = ("children", "depth", "parent", "slot", "token", "used")

    def __init__(self, parent: "Prefix | None", token: int, slot: int, used: int) -> None:
        self.parent = parent
        self.token = token
        self.slot = slot
        self.depth: int = 0 if parent is None else parent.depth + 1
        self.used = used
        self.children: dict[int, Prefix] = {}

    def ancestors(self) -> "Iterator[Prefix]":
        """This prefix and those before it, the root left out, the longest first."""
        prefix = self
        while prefix.parent is not None:
            yield prefix
            prefix = prefix.parent


class PrefixTrie:
    """A trie of at most `capacity` tokens, the least recently used leaves given up first.

    All prefixes that one tick touches are kept until the next tick.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._clear()

    def _clear(self) -> None:
        self.root = Prefix(None, -1, -1, 0)
        self._free = list(range(self.capacity - 1, -1, -1))
        self._tick = 0

    def __len__(self) -> int:
        return self.capacity - len(self._free)

    def clear(self) -> None:
        """Forgets everything, as when a pass failed halfway."""
        self._clear()

    def tick(self) -> None:
        """Begins a new batch: what the last one touched may be given up from now on."""
        self._tick += 1

    def known(self, tokens: Sequence[int]) -> int:
        """How many of the tokens, from the first on, are there."""
        prefix = self.root
        for place, token in enumerate(tokens):
            following = prefix.children.get(token)
            if following is None:
                return place
            prefix = following
        return len(tokens)

    def common(self, tokens: Sequence[int]) -> tuple[Prefix, list[Prefix]]:
        """The trie's node for tokens that many states begin with, and what had to be added.

        Raises OutOfSlots when there is no room beside what this tick has touched.
        """
        return self.extend(self.root, tokens)

    def extend(self, start: Prefix, tokens: Sequence[int]) -> tuple[Prefix, list[Prefix]]:
        """From `start` along the tokens: (the last node, the added ones, parents first)."""
        prefix, place = start, 0
        while place < len(tokens) and (known := prefix.children.get(tokens[place])):
            known.used = self._tick
            prefix, place = known, place + 1
        added: list[Prefix] = []
        self._make_room(len(tokens) - place)
        for token in tokens[place:]:
            child = Prefix(prefix, token, self._free.pop(), self._tick)
            prefix.children[token] = child
            added.append(child)
            prefix = child
        return prefix, added

    def drop(self, prefixes: Sequence[Prefix]) -> None:
        """Takes back prefixes that were added and never read, parents first; nothing else may go
        on from them."""
        for prefix in reversed(prefixes):
            parent = prefix.parent
            if parent is None or prefix.children:
                raise AssertionError("only leaves can be dropped")
            del parent.children[prefix.token]
            prefix.parent = None
            self._free.append(prefix.slot)

    def _make_room(self, count: int) -> None:
        if count <= len(self._free):
            return
        # An eighth more than needed, so that a full trie is not searched at every question.
        self._give_up(count - len(self._free) + self.capacity // 8)
        if count > len(self._free):
            raise OutOfSlots

    def _give_up(self, count: int) -> None:
        leaves = [
            (prefix.used, prefix.slot, prefix)
            for prefix in self._all()
            if not prefix.children and prefix.used < self._tick
        ]
        heapq.heapify(leaves)
        while leaves and count > 0:
            _, slot, leaf = heapq.heappop(leaves)
            parent = leaf.parent
            if parent is None:
                continue
            del parent.children[leaf.token]
            leaf.parent = None
            self._free.append(slot)
            count -= 1
            if not parent.children and parent.parent is not None and parent.used < self._tick:
                heapq.heappush(leaves, (parent.used, parent.slot, parent))

    def _all(self) -> Iterator[Prefix]:
        waiting = list(self.root.children.values())
        while waiting:
            prefix = waiting.pop()
            yield prefix
            waiting += prefix.children.values()


class OutOfSlots(Exception):  # noqa: N818 -- not an error of anybody: the batch is split
    """One batch needs more prefixes than the trie may hold."""
