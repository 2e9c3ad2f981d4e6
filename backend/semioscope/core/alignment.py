"""Which state of one tree is which of another: the same tokens from the two initial states on.

Trees of one alphabet can be aligned: equal keys mean equal bytes (appending), or every next state
is known by its bytes (rewriting). Prompts may differ: the two initial states are aligned.
"""

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from semioscope.core.alphabet import Alphabet
from semioscope.core.ledger import GONE
from semioscope.core.tree import Tree
from semioscope.core.types import ROOT, IdArray, NodeId

NOT_ALIGNED: Final = -1
_KEY_BITS: Final = 32


def same_alphabet(
    a: Tree, b: Tree, alphabets: tuple[Alphabet | None, Alphabet | None] = (None, None)
) -> bool:
    """Whether equal keys mean equal bytes in both trees, or both rewrite states of one kind.

    alphabets: those of the rules, where they are at hand. Without them the tokens that both trees
    store have to agree, and there has to be one at least.
    """
    if a.rule.kind != b.rule.kind:
        return False
    if a.rule.kind == "rewriting":
        return a.rule.family == b.rule.family
    if a.rule.fingerprint == b.rule.fingerprint:
        return True
    first, second = alphabets
    if first is not None and second is not None:
        return first.has_tokens_of(second)
    if a.rule.alphabet_size != b.rule.alphabet_size:
        return False
    ours, theirs = _token_bytes(a), _token_bytes(b)
    shared = ours.keys() & theirs.keys()
    return bool(shared) and all(ours[key] == theirs[key] for key in shared)


def _token_bytes(tree: Tree) -> dict[int, bytes]:
    stored = {key: tree.symbols.label(key) for key in tree.symbols}
    if isinstance(tree.prompt, tuple):
        stored |= dict(zip(tree.prompt, tree.prompt_pieces, strict=True))
    return stored


class Outcomes:
    """Numbers for the next states of two trees of one alphabet: equal iff they are the same.

    Appending: the keys themselves. Rewriting: one for each state, however it is reached.
    """

    def __init__(self) -> None:
        self._numbers: dict[bytes, int] = {}
        self._states: list[bytes] = []

    def of_keys(self, tree: Tree, keys: IdArray) -> NDArray[np.int64]:
        """Of keys that the tree has a symbol of, i64[…]."""
        if tree.rule.kind == "appending":
            return keys.astype(np.int64)
        return self.of_states(tree.symbols.state(key) for key in keys.tolist())

    def of_states(self, states: Iterable[bytes]) -> NDArray[np.int64]:
        """Of the states of a rewriting rule, i64[…]."""
        return np.array([self._number(state) for state in states], np.int64)

    def state(self, number: int) -> bytes:
        """The state of that number."""
        return self._states[number]

    def _number(self, state: bytes) -> int:
        number = self._numbers.setdefault(state, len(self._states))
        if number == len(self._states):
            self._states.append(state)
        return number


def align(a: Tree, b: Tree, outcomes: Outcomes) -> NDArray[np.int64]:
    """The node of b that is each node of a, i64[size of a]; NOT_ALIGNED where there is none.

    Visible nodes only; what is pruned in either is aligned like all else.
    """
    found = np.full(a.size, NOT_ALIGNED, np.int64)
    found[ROOT] = ROOT
    ours, theirs = _visible(a), _visible(b)
    our_depths, their_depths = a.depths[ours], b.depths[theirs]
    for depth in range(1, 1 + int(min(our_depths.max(), their_depths.max()))):
        nodes, others = ours[our_depths == depth], theirs[their_depths == depth]
        nodes = nodes[found[a.parents[nodes]] != NOT_ALIGNED]
        if not len(nodes) or not len(others):
            break
        wanted = (found[a.parents[nodes]] << _KEY_BITS) + outcomes.of_keys(a, a.keys[nodes])
        offered = (b.parents[others].astype(np.int64) << _KEY_BITS) + outcomes.of_keys(
            b, b.keys[others]
        )
        order = np.argsort(offered)
        places = np.minimum(np.searchsorted(offered, wanted, sorter=order), len(order) - 1)
        candidates = order[places]
        hit = offered[candidates] == wanted
        found[nodes[hit]] = others[candidates[hit]]
    return found


def counterpart(a: Tree, b: Tree, node: NodeId, outcomes: Outcomes) -> NodeId | None:
    """The node of b that is one node of a, or None."""
    at = ROOT
    for step in a.path(node)[1:]:
        (wanted,) = outcomes.of_keys(a, a.keys[step : step + 1]).tolist()
        children = b.children(at)
        numbers = outcomes.of_keys(b, b.keys[children]).tolist() if children else []
        if wanted not in numbers:
            return None
        at = children[numbers.index(wanted)]
    return at


def _visible(tree: Tree) -> NDArray[np.int64]:
    return np.flatnonzero((tree.marks & GONE) == 0)
