"""Builds one `grow` event, and reads the tree as it will be after it.

A strategy runs under the tree's lock between its questions. In such a stretch it puts what it
learnt into a Growth, whose new nodes already have the ids that they will have once the event is
applied; the driver then takes the event, stores it and applies it. Between stretches others may
change the tree.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from semioscope.core.alphabet import Alphabet
from semioscope.core.distinct import Places, distinct, spread
from semioscope.core.distribution import Answer, Expansion, NextState, Question
from semioscope.core.errors import Conflict
from semioscope.core.events import COLUMN_DTYPES
from semioscope.core.ledger import (
    CUT,
    EXPANDED,
    GONE,
    HIDDEN,
    NOTHING,
    TERMINAL,
    UNDER,
    Marks,
    is_terminal,
)
from semioscope.core.new_nodes import Fan, NewNodes
from semioscope.core.rankings import ranking_columns
from semioscope.core.sampling import IDENTITY, IDENTITY_FINGERPRINT, Procedure, Weights
from semioscope.core.symbols import Symbols
from semioscope.core.tree import Tree
from semioscope.core.types import (
    ALL_KEPT,
    ROOT,
    Columns,
    Float32Array,
    IdArray,
    Key,
    NodeId,
    Seq,
    State,
)


class Growth:
    """What one stretch of a growth adds to its tree. Its readers have the names of the tree's
    and see both what is in the tree and what this adds."""

    def __init__(
        self, tree: Tree, alphabet: Alphabet | None = None, procedure: Procedure = IDENTITY
    ) -> None:
        """alphabet: of an appending rule, for the bytes of the keys. procedure: the one that
        the questions are asked under. Raises ValueError without the alphabet it needs."""
        if tree.rule.kind == "appending" and alphabet is None:
            raise ValueError("an appending rule's growth needs its alphabet")
        self.tree = tree
        self.procedure = procedure
        self._alphabet = alphabet
        self._hidden_before = (tree.marks & HIDDEN) != 0
        self.memory = None if procedure.reads_path else tree.rule.memory
        """How many of a state's last keys decide the answer about it; None: all may."""
        self.answered = 0
        """States that answers have been given about, over all stretches."""
        self._reset()

    # -- what is added

    def expand(self, node: int, answer: Answer, fingerprint: str) -> None:
        """Adds the expansion of a state and the procedure's weights there; what is known already
        stays as it is. A hidden expansion is shown again.

        fingerprint: of the procedure the answer was given under. Raises ValueError if that is not
        this growth's, Conflict "terminal-state" for a state that nothing can follow.
        """
        if fingerprint != self.procedure.fingerprint:
            raise ValueError(f"an answer under {fingerprint} is not one under this procedure")
        self._begin()
        self.answered += 1
        if not self.is_expanded(node):
            if self.is_terminal(node):
                raise Conflict("terminal-state", "This state is terminal: nothing follows it.")
            stored = self.tree.stored_expansion(node) if node < self.tree.size else None
            expansion = stored or self._with_own_keys(answer.expansion)
            self._expansions[node] = expansion
            if expansion.complete and not len(expansion.keys):
                self._nothing[node] = None
        if fingerprint != IDENTITY_FINGERPRINT and self.weights_at(node) is None:
            if answer.weights is None:
                self._untold[node] = None
            else:
                self._weights[node] = answer.weights
                if answer.weights.own is not None:
                    self._use(answer.weights.own.keys.tolist())

    def expand_all(
        self, nodes: IdArray, answers: Sequence[Answer], which: Places, fingerprint: str
    ) -> None:
        """As `expand`, of many states u4[n], each by the answer that `which` i8[n] says; one that
        several share is looked at once."""
        marks = self.marks_of(nodes)
        is_plain = ((marks & EXPANDED) == 0) & ~is_terminal(marks)
        in_tree = nodes[nodes < self.tree.size]
        if not is_plain.all() or self.tree.with_stored_expansion(in_tree).any():
            for node, place in zip(nodes.tolist(), which.tolist(), strict=True):
                self.expand(node, answers[place], fingerprint)
            return
        given, firsts = np.unique(which, return_index=True)
        first_of = dict(zip(given.tolist(), nodes[firsts].tolist(), strict=True))
        for place, node in first_of.items():
            self.expand(node, answers[place], fingerprint)
        self.answered += len(nodes) - len(first_of)
        learnt: tuple[dict[int, Any], ...]
        learnt = self._expansions, self._nothing, self._weights, self._untold
        for each in learnt:
            _share(each, nodes.tolist(), which.tolist(), first_of)

    def child(self, parent: int, following: NextState | int) -> NodeId:
        """The node of a next state: the one there is (shown again if it was hidden), else new.

        following: as an answer gave it, or the key of one of the parent's stored candidates or of
        those that lead under the procedure. Raises Conflict "not-expanded" when the parent is not
        expanded (any more), "not-a-candidate" when it has no such candidate.
        """
        self._begin()
        expansion = self.expansion(parent)
        if expansion is None:
            raise Conflict(
                "not-expanded", "The state before this one is not expanded.", retryable=True
            )
        key = self.key_of(following)
        if isinstance(following, NextState):
            log_prob = following.log_prob
        else:
            log_prob = self._stored_log_prob(parent, expansion, following)
        node = self.find_child(parent, key)
        if node is None:
            node = self._add(parent, key, log_prob)
        elif node < self.tree.size and self.tree.marks[node] & HIDDEN:
            self._shown[node] = None
        if isinstance(following, NextState):
            self._note_place(node, parent, expansion, key, following)
        return node

    def add_leading(self, parents: IdArray, k: int) -> IdArray | None:
        """Makes children of the k most probable stored candidates of each of these expanded
        states, state after state; their ids u4[n]. None, and nothing is made, where some of the
        states have children already: those are for `child`."""
        self._begin()
        if self.tree.with_children(parents[parents < self.tree.size]).any():
            return None
        expansions = [self.expansion(parent) for parent in parents.tolist()]
        each, which = distinct([expansion for expansion in expansions if expansion is not None])
        if len(which) < len(parents):
            return None
        counts = np.array([min(k, len(expansion.keys)) for expansion in each], np.int64)
        keys = _joined([expansion.keys[:k] for expansion in each])
        log_probs = _joined_log_probs([expansion.log_probs[:k] for expansion in each])
        places = spread(counts, which)
        many, added = counts[which], log_probs[places]
        depths = np.repeat(self.depths_of(parents) + 1, many)
        cum = self._at(parents, self.tree.cum_log_probs, self._nodes.cum_log_prob)
        fan = Fan(
            parents=np.repeat(parents, many),
            keys=keys[places],
            log_probs=added,
            depths=depths,
            cum_log_probs=np.repeat(cum, many) + added.astype(np.float64),
            ends=self.tree.ends_at(keys[places], depths),
        )
        if not self._nodes.is_free(fan.packed()):
            return None
        self._use(keys.tolist())
        return self._nodes.extend(fan)

    def key_of(self, following: NextState | int) -> int:
        """The tree's key of a next state; one of a rewriting rule gets its key now."""
        if not isinstance(following, NextState):
            return following
        if following.symbol is None:
            return following.key
        self._begin()
        return self._intern(*following.symbol)

    def visit(self, node: int, count: int = 1) -> None:
        """Counts random trajectories that went through the node."""
        self._begin()
        self._visits[node] += count

    def take(self) -> tuple[dict[str, Any], Columns] | None:
        """(payload, columns) of the `grow` event, None if there is nothing new; then begins anew.

        The payload has first_node, and procedure and fingerprint when it carries weights; the
        driver adds job, strategy and automatic. Raises RuntimeError if the tree changed meanwhile.
        """
        self._begin()
        payload: dict[str, Any] = {"first_node": self.tree.size}
        columns = self._node_columns() | self._expansion_columns() | self._weight_columns()
        columns |= self._symbols.to_columns() if len(self._symbols) else {}
        columns = {name: column for name, column in columns.items() if column.size}
        if self._weights or self._weight_tails or self._untold:
            payload["procedure"] = self.procedure.to_wire()
            payload["fingerprint"] = self.procedure.fingerprint
        self._reset()
        return (payload, columns) if columns else None

    # -- what is there, with what is added

    def question(
        self,
        node: int,
        *,
        draws: Sequence[float] = (),
        keys: Sequence[int] = (),
        above: float | None = None,
    ) -> Question:
        """A question about a node's state, which knows how much of it is the prompt."""
        return Question(
            self.state_of(node), tuple(draws), tuple(keys), above, given=len(self.tree.prompt)
        )

    def state_of(self, node: int) -> State:
        keys = []
        while (place := self._nodes.place(node)) is not None:
            keys.append(self._nodes.key[place])
            node = self._nodes.parent[place]
        state = self.tree.state_of(node)
        if isinstance(state, tuple):
            return (*state, *reversed(keys))
        return self._symbol_state(keys[0]) if keys else state

    def depth(self, node: int) -> int:
        place = self._nodes.place(node)
        return self.tree.depth(node) if place is None else self._nodes.depth[place]

    def cum_log_prob(self, node: int) -> float:
        place = self._nodes.place(node)
        return self.tree.cum_log_prob(node) if place is None else self._nodes.cum_log_prob[place]

    def depths_of(self, nodes: IdArray) -> IdArray:
        """Of many states, u4[n]."""
        return self._at(nodes, self.tree.depths, self._nodes.depth)

    def log_prob(self, node: int) -> float:
        place = self._nodes.place(node)
        return self.tree.log_prob(node) if place is None else self._nodes.log_prob[place]

    def is_open(self, node: int) -> bool:
        """Whether something may be grown there: not terminal, not under a cut, not hidden."""
        place = self._nodes.place(node)
        root = node if place is None else self._nodes.root[place]
        marks = int(self.tree.marks[root])
        is_end = is_terminal(marks) if place is None else self._nodes.ends[place]
        if is_end or marks & (CUT | UNDER) or node in self._nothing:
            return False
        return not self._is_gone(root)

    def is_expanded(self, node: int) -> bool:
        return node in self._expansions or (node < self.tree.size and self.tree.is_expanded(node))

    def is_terminal(self, node: int) -> bool:
        if node in self._nothing:
            return True
        place = self._nodes.place(node)
        return self.tree.is_terminal(node) if place is None else self._nodes.ends[place]

    def under_cut(self, node: int) -> bool:
        return self.tree.under_cut(self._rooted(node))

    def is_hidden(self, node: int) -> bool:
        """Whether it is hidden, or below something hidden, that this growth does not show."""
        return self._is_gone(self._rooted(node))

    def is_taken_back(self, node: int) -> bool:
        """Whether somebody has hidden it since this growth began. (What was hidden before, a
        growth shows again.)"""
        if node >= self.tree.size or not self.tree.marks[node] & HIDDEN:
            return False
        return node >= len(self._hidden_before) or not self._hidden_before[node]

    def marks_of(self, nodes: IdArray) -> Marks:
        """The marks (core/ledger.py) of many states u1[n], as they will be in the tree; what this
        growth shows is not GONE, nor is what it adds below that."""
        roots = self._nodes.roots(nodes)
        marks = self.tree.marks[roots]
        if self._shown or self._expansions:
            gone = np.flatnonzero(marks & GONE)
            stays = [self._is_gone(root) for root in roots[gone].tolist()]
            marks[gone[~np.array(stays, np.bool_)]] &= np.uint8(255 - GONE)
        if len(fresh := np.flatnonzero(roots != nodes)):
            under = np.where(marks[fresh] & (CUT | UNDER), UNDER, 0) | marks[fresh] & GONE
            ends = self._nodes.at(self._nodes.ends, nodes[fresh])
            marks[fresh] = under | np.where(ends, TERMINAL, 0)
        if self._expansions:
            added = map(self._expansions.__contains__, nodes.tolist())
            marks[np.fromiter(added, np.bool_, len(nodes))] |= EXPANDED
        for place in np.flatnonzero(np.isin(nodes, list(self._nothing))) if self._nothing else ():
            marks[place] |= NOTHING
        return marks

    def context_of(self, node: int) -> tuple[int, ...] | None:
        """The keys that decide what follows a state, the last first: two states are `alike` if they
        have the same. None where all may."""
        memory = self.memory
        if memory is None:
            return None
        keys: list[int] = []
        while len(keys) < memory and (place := self._nodes.place(node)) is not None:
            keys.append(self._nodes.key[place])
            node = self._nodes.parent[place]
        while len(keys) < memory and node != ROOT:
            keys.append(self.tree.key(node))
            node = int(self.tree.parents[node])
        if len(keys) < memory and isinstance(self.tree.prompt, tuple):
            keys += self.tree.prompt[: -1 - memory + len(keys) : -1]
        return tuple(keys)

    def alike(self, nodes: IdArray) -> tuple[list[int], Places]:
        """The places of the first of the states that the rule tells apart, and which of these each
        of the states is like, i8[n]."""
        memory = self.memory
        if memory is None:
            return list(range(len(nodes))), np.arange(len(nodes))
        codes = np.zeros(len(nodes), np.int64)
        at = nodes.astype(np.int64)  # below zero: a token of the prompt, −1 the last but one
        for _ in range(memory):
            keys, at = self._last_keys(at)
            _, codes = np.unique((codes << 33) + 1 + keys, return_inverse=True)
        _, firsts, which = np.unique(codes, return_index=True, return_inverse=True)
        return firsts.tolist(), which

    def find_child(self, parent: int, key: int) -> NodeId | None:
        """The child by that key, hidden ones too."""
        added = self._nodes.find(parent, key)
        if added is not None or parent >= self.tree.size:
            return added
        return self.tree.find_child(parent, key)

    def expansion(self, node: int) -> Expansion | None:
        added = self._expansions.get(node)
        if added is not None or node >= self.tree.size:
            return added
        return self.tree.expansion(node)

    def weights_at(self, node: int) -> Weights | None:
        """This growth's procedure at a state."""
        added = self._weights.get(node)
        if added is not None or node >= self.tree.size:
            return added
        return self.tree.weights_at(node, self.procedure.fingerprint)

    # -- inside

    def _reset(self) -> None:
        self._seq: Seq | None = None  # of the tree that this stretch began with
        self._nodes = NewNodes(self.tree.size)
        self._shown: dict[NodeId, None] = {}
        self._expansions: dict[int, Expansion] = {}
        self._nothing: dict[int, None] = {}  # those of them that nothing follows
        self._tails: dict[int, NextState] = {}
        self._weights: dict[int, Weights] = {}
        self._weight_tails: dict[int, NextState] = {}
        self._untold: dict[int, None] = {}
        self._visits: Counter[int] = Counter()
        self._symbols = Symbols(None)

    def _begin(self) -> None:
        if self._seq is None:
            self._seq, self._nodes = self.tree.seq, NewNodes(self.tree.size)
        elif self._seq != self.tree.seq:
            raise RuntimeError("the tree changed while this growth was being built")

    def _rooted(self, node: int) -> NodeId:
        """The last state on the way to a node that is in the tree already."""
        place = self._nodes.place(node)
        return NodeId(node if place is None else self._nodes.root[place])

    def _is_gone(self, node: int) -> bool:
        """GONE (core/ledger.py) of a node of the tree, as it will be: what this growth shows, and
        the expansions that it shows again, bring back what hangs below them."""
        marks = self.tree.marks
        if not marks[node] & GONE or not (self._shown or self._expansions):
            return bool(marks[node] & GONE)
        while marks[node] & GONE:
            if marks[node] & HIDDEN and node not in self._shown:
                return True
            if node == ROOT:
                return False
            node = int(self.tree.parents[node])
            if not self.is_expanded(node):
                return True
        return False

    def _at(self, nodes: IdArray, of_tree: NDArray[Any], of_new: Sequence[float]) -> NDArray[Any]:
        """A column at nodes of the tree and new ones, [n]."""
        if not len(self._nodes) or not (is_new := nodes >= self._nodes.first).any():
            return of_tree[nodes]
        found = np.empty(len(nodes), of_tree.dtype)
        found[~is_new] = of_tree[nodes[~is_new]]
        found[is_new] = self._nodes.at(of_new, nodes[is_new])
        return found

    def _last_keys(self, at: Places) -> tuple[Places, Places]:
        """The last key of each state, and the state before it; −1 where nothing comes before. A
        state of the prompt is named by minus the number of tokens that it lacks."""
        prompt = np.array([-1, *self.tree.prompt], np.int64)
        keys = prompt[np.maximum(len(prompt) - 1 + np.minimum(at, 0), 0)]
        before = at - 1
        if len(grown := np.flatnonzero(at > ROOT)):
            nodes = at[grown].astype(np.uint32)
            keys[grown] = self._at(nodes, self.tree.keys, self._nodes.key)
            before[grown] = self._at(nodes, self.tree.parents, self._nodes.parent)
        return keys, before

    def _add(self, parent: int, key: int, log_prob: float) -> NodeId:
        log_prob = float(np.float32(log_prob))
        depth = self.depth(parent) + 1
        ends = self.tree.ends(key, depth)
        cum = self.cum_log_prob(parent) + log_prob
        self._use([key])
        return self._nodes.append(parent, key, log_prob, depth, cum, ends)

    def _note_place(
        self, node: NodeId, parent: int, expansion: Expansion, key: int, following: NextState
    ) -> None:
        """Notes where a next state lies that is not among those stored, under the rule and under
        the procedure."""
        is_stored = key in expansion.keys
        if not is_stored and self._lacks_place(node, following):
            self._tails.setdefault(node, following)
        fingerprint = self.procedure.fingerprint
        if fingerprint == IDENTITY_FINGERPRINT or math.isnan(following.cum_procedure):
            return
        weights = self.weights_at(parent)
        if weights is not None and weights.own is not None:
            is_stored = key in weights.own.keys
        is_known = node < self.tree.size and not math.isnan(self.tree.tail_cum(node, fingerprint))
        if not is_stored and not is_known:
            self._weight_tails[node] = following

    def _lacks_place(self, node: NodeId, following: NextState) -> bool:
        """Whether this is new about where a node outside the stored candidates lies."""
        if self._nodes.place(node) is not None:
            return True
        return math.isnan(self.tree.tail_cum(node)) and not math.isnan(following.cum)

    def _stored_log_prob(self, parent: int, expansion: Expansion, key: int) -> float:
        """Of a next state that is stored, by its key, nats. Raises Conflict "not-a-candidate"."""
        weights = self.weights_at(parent)
        own = None if weights is None else weights.own
        for stored in (expansion,) if own is None else (expansion, own):
            keys = stored.keys.tolist()
            if key in keys:
                return float(stored.log_probs[keys.index(key)])
        raise Conflict("not-a-candidate", "This next state is not among the stored candidates.")

    def _with_own_keys(self, expansion: Expansion) -> Expansion:
        """The expansion with the tree's keys: a rewriting rule's next states are interned."""
        if self.tree.rule.kind == "appending":
            self._use(expansion.keys.tolist())
            return expansion
        keys = [self._intern(label, state) for label, state in expansion.symbols]
        return Expansion(
            keys=np.array(keys, np.uint32),
            log_probs=expansion.log_probs,
            log_sum_exp=expansion.log_sum_exp,
            entropy=expansion.entropy,
            complete=expansion.complete,
            told=expansion.told,
            sure=expansion.sure,
        )

    def _intern(self, label: bytes, state: bytes) -> Key:
        for symbols in (self.tree.symbols, self._symbols):
            if (known := symbols.find(label, state)) is not None:
                return known
        key = Key(len(self.tree.symbols) + len(self._symbols))
        self._symbols.add(key, label, state)
        return key

    def _symbol_state(self, key: int) -> bytes:
        symbols = self._symbols if key in self._symbols else self.tree.symbols
        return symbols.state(key)

    def _use(self, keys: Iterable[int]) -> None:
        if self._alphabet is None:
            return
        for key in keys:
            if key not in self.tree.symbols and key not in self._symbols:
                self._symbols.add(key, self._alphabet.bytes_of(key), None)

    def _node_columns(self) -> Columns:
        return self._nodes.to_columns() | _columns(
            {
                "tail_node": list(self._tails),
                "tail_rank": [each.rank for each in self._tails.values()],
                "tail_cum": [each.cum for each in self._tails.values()],
                "shown_node": list(self._shown),
                "visited_node": list(self._visits),
                "visited_count": list(self._visits.values()),
            }
        )

    def _expansion_columns(self) -> Columns:
        each, which = distinct(list(self._expansions.values()))
        counts = np.array([len(expansion.keys) for expansion in each], np.int64)
        columns = _columns(
            {
                "expanded_log_sum_exp": [expansion.log_sum_exp for expansion in each],
                "expanded_entropy": [expansion.entropy for expansion in each],
                "expanded_count": counts.tolist(),
                "expanded_complete": [expansion.complete for expansion in each],
            }
        )
        if any(expansion.told < 1 for expansion in each):
            columns |= _columns({"expanded_told": [expansion.told for expansion in each]})
        if any(expansion.sure != ALL_KEPT for expansion in each):
            columns |= _columns({"expanded_sure": [expansion.sure for expansion in each]})
        columns = {name: column[which] for name, column in columns.items()}
        columns |= _columns({"expanded_node": list(self._expansions)})
        places = spread(counts, which)
        columns["candidate_key"] = _joined([expansion.keys for expansion in each])[places]
        log_probs = _joined_log_probs([expansion.log_probs for expansion in each])
        columns["candidate_log_prob"] = log_probs[places]
        return columns

    def _weight_columns(self) -> Columns:
        each, tails = self._weights.values(), self._weight_tails.values()
        columns = _columns(
            {
                "weight_node": list(self._weights),
                "weight_log_z": [weights.log_z for weights in each],
                "weight_kept": [weights.kept for weights in each],
                "weight_entropy": [weights.entropy for weights in each],
                "weight_tail_node": list(self._weight_tails),
                "weight_tail_cum": [each.cum_procedure for each in tails],
                "weight_untold_node": list(self._untold),
            }
        )
        if self.procedure.reorders:
            columns |= _columns({"weight_tail_log_q": [each.log_q for each in tails]})
            columns |= ranking_columns(
                {
                    node: weights.own
                    for node, weights in self._weights.items()
                    if weights.own is not None
                }
            )
        return columns


def _columns(values: Mapping[str, Sequence[float]]) -> Columns:
    return {name: np.array(each, COLUMN_DTYPES[name]) for name, each in values.items()}


def _joined(arrays: Sequence[IdArray]) -> IdArray:
    return np.concatenate([np.zeros(0, np.uint32), *arrays])


def _joined_log_probs(arrays: Sequence[Float32Array]) -> Float32Array:
    return np.concatenate([np.zeros(0, np.float32), *arrays])


def _share(
    learnt: dict[int, Any], nodes: Sequence[int], which: Sequence[int], first_of: Mapping[int, int]
) -> None:
    """Each of the nodes gets what was learnt of the first of its kind, in the nodes' order."""
    known = {kind: learnt.pop(node) for kind, node in first_of.items() if node in learnt}
    if len(known) == len(first_of):
        learnt.update(zip(nodes, map(known.__getitem__, which), strict=True))
    elif known:
        pairs = zip(nodes, which, strict=True)
        learnt.update((node, known[kind]) for node, kind in pairs if kind in known)
