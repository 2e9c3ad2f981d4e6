"""The trajectory tree: append-only columns, changed by events only (DESIGN.md section 3)."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from semioscope.core import frame
from semioscope.core.alphabet import pieces
from semioscope.core.annotations import Annotations
from semioscope.core.distribution import Expansion
from semioscope.core.errors import InvalidRequest
from semioscope.core.events import WEIGHTS, Event, column, cut_nodes
from semioscope.core.expansions import Expansions
from semioscope.core.fan import Fan, fan_of
from semioscope.core.ledger import (
    CUT,
    EXPANDED,
    GONE,
    HIDDEN,
    NOTHING,
    TAIL,
    TERMINAL,
    UNDER,
    Ledger,
    Marks,
    child_sums,
    inherited,
    is_terminal,
    ledger_of,
    recut,
    shares,
    standing,
)
from semioscope.core.nodes import Nodes, generations
from semioscope.core.origins import Origins
from semioscope.core.rule import RuleDescription
from semioscope.core.sampling import IDENTITY, IDENTITY_FINGERPRINT, Procedure, Weights
from semioscope.core.symbols import Symbols
from semioscope.core.types import (
    ALL_KEPT,
    ROOT,
    Columns,
    Float32Array,
    FloatArray,
    IdArray,
    NodeId,
    Seq,
    State,
)
from semioscope.core.weighing import Weighing

MOST_WEIGHINGS: Final = 6
"""How many procedures a tree remembers beside the rule; the oldest give way, the default never."""


def prompt_length(prompt: State) -> int:
    """How much of L a prompt takes up: its tokens, or one for the first state of a rewriting."""
    return 1 if isinstance(prompt, bytes) else len(prompt)


class Tree:
    """Everything known of one initial state under one rule.

    rule, prompt and max_length (L, in tokens, or in states of a rewriting trajectory; the prompt
    included) are fixed. `apply` is the only way to change a tree. "Visible" leaves out what is
    hidden; what is under a cut is visible.
    """

    def __init__(
        self,
        rule: RuleDescription,
        prompt: State,
        max_length: int,
        prompt_pieces: Sequence[bytes] = (),
        procedure: Procedure = IDENTITY,
        name: str = "",
    ) -> None:
        """prompt_pieces: the bytes of each token of the prompt, for display."""
        self.rule = rule
        self.prompt = prompt
        self.max_length = max_length
        self.prompt_pieces = tuple(prompt_pieces)
        self.procedure = procedure
        self.name = name
        self.seq = Seq(0)
        self.symbols = Symbols(prompt if isinstance(prompt, bytes) else None)
        self.weighings: OrderedDict[str, Weighing] = OrderedDict()
        self.annotations = Annotations()
        self.origins = Origins()
        self._nodes = Nodes()
        self._expansions = Expansions()
        if self.prompt_length >= max_length:
            self.marks[ROOT] |= TERMINAL
        self._touch(procedure)
        self._refresh()

    # -- numbers of the whole tree; the arrays are views, valid until the next event

    @property
    def prompt_length(self) -> int:
        return prompt_length(self.prompt)

    @property
    def size(self) -> int:
        """Nodes, the root and hidden ones included: the id of the next node."""
        return self._nodes.size

    @property
    def expansion_count(self) -> int:
        """States ever expanded, hidden expansions included."""
        return self._expansions.size

    @property
    def fingerprint(self) -> str:
        """Of the default procedure."""
        return self.procedure.fingerprint

    @property
    def ledger(self) -> Ledger:
        return ledger_of(self._ledger)

    @property
    def parents(self) -> IdArray:
        return self._nodes.parent.values

    @property
    def keys(self) -> IdArray:
        return self._nodes.key.values

    @property
    def log_probs(self) -> Float32Array:
        """Given the parent, nats, under the rule."""
        return self._nodes.log_prob.values

    @property
    def depths(self) -> IdArray:
        return self._nodes.depth.values

    @property
    def cum_log_probs(self) -> FloatArray:
        """From the root, nats, under the rule."""
        return self._nodes.cum_log_prob.values

    @property
    def child_sums(self) -> FloatArray:
        """Σ of the probabilities of each node's visible children, given the node."""
        return self._nodes.child_sum.values

    @property
    def ranks(self) -> IdArray:
        """Among all next states of the parent, 0 the most probable; UNKNOWN_RANK where unknown."""
        return self._nodes.rank.values

    @property
    def visits(self) -> IdArray:
        """How many random trajectories have gone through each node."""
        return self._nodes.visits.values

    @property
    def entropies(self) -> Float32Array:
        """Of all that can follow each node, bits, under the rule; nan where it was never told."""
        return self._expansions.entropies(self.size)

    @property
    def since(self) -> IdArray:
        """The event that last made each node visible."""
        return self._nodes.since.values

    @property
    def expanded_since(self) -> IdArray:
        """The event that last made each node's expansion visible; 0 where there is none."""
        return self._nodes.expanded_since.values

    @property
    def marks(self) -> Marks:
        """The bits of core/ledger.py."""
        return self._nodes.marks.values

    # -- one node

    def has(self, node: int) -> bool:
        """Whether there is a visible node of this id."""
        return 0 <= node < self.size and not self.marks[node] & GONE

    def parent(self, node: int) -> NodeId | None:
        return None if node == ROOT else NodeId(int(self.parents[node]))

    def key(self, node: int) -> int:
        return int(self.keys[node])

    def log_prob(self, node: int) -> float:
        return float(self.log_probs[node])

    def depth(self, node: int) -> int:
        return int(self.depths[node])

    def cum_log_prob(self, node: int) -> float:
        return float(self.cum_log_probs[node])

    def tail_cum(self, node: int, fingerprint: str = IDENTITY_FINGERPRINT) -> float:
        """F(t⁻) of a node outside its parent's `fan`; nan where it is not known."""
        if fingerprint == IDENTITY_FINGERPRINT:
            return float(self._nodes.tail_cum.values[node])
        weighing = self.weighings.get(fingerprint)
        return float("nan") if weighing is None else weighing.tail_cum(node)

    def tail_scaled(self, node: int, fingerprint: str) -> float:
        """What `Fan.scaled` would have of a node outside its parent's `fan`, nats: the rule's
        log-probability or the procedure's own; nan where it is not known."""
        weighing = self.weighings.get(fingerprint)
        if weighing is None or not weighing.procedure.reorders:
            return self.log_prob(node)
        return weighing.tail_log_q(node)

    def is_terminal(self, node: int) -> bool:
        return bool(is_terminal(self.marks[node]))

    def is_expanded(self, node: int) -> bool:
        """Whether it has an expansion that is not hidden."""
        return bool(self.marks[node] & EXPANDED)

    def is_hidden(self, node: int) -> bool:
        """Whether it is hidden, or below something hidden."""
        return bool(self.marks[node] & GONE)

    def is_cut(self, node: int) -> bool:
        return bool(self.marks[node] & CUT)

    def under_cut(self, node: int) -> bool:
        """Whether it, or a state before it, is cut."""
        return bool(self.marks[node] & (CUT | UNDER))

    def expansion(self, node: int) -> Expansion | None:
        """Its expansion unless that is hidden. `symbols` is empty: keys index `tree.symbols`."""
        return self._expansions.at(node) if self.is_expanded(node) else None

    def stored_expansion(self, node: int) -> Expansion | None:
        """As `expansion`, but hidden ones too."""
        return self._expansions.at(node)

    def residual(self, node: int) -> float:
        """1 − Σ of its visible children's probabilities, at least 0; given the state itself."""
        return max(0.0, 1.0 - float(self._nodes.child_sum.values[node]))

    def weights_at(self, node: int, fingerprint: str) -> Weights | None:
        """The procedure at an expanded state; None where it has not been evaluated."""
        expansion = self.expansion(node)
        if expansion is None:
            return None
        if fingerprint == IDENTITY_FINGERPRINT:
            return Weights(0.0, ALL_KEPT, expansion.entropy)
        weighing = self.weighings.get(fingerprint)
        return None if weighing is None else weighing.at(node)

    def fan(self, node: int, fingerprint: str) -> Fan | None:
        """What divides an expanded state's interval under a procedure, as far as it is stored; None
        where the procedure has not been evaluated."""
        expansion, weights = self.expansion(node), self.weights_at(node, fingerprint)
        if expansion is None or weights is None:
            return None
        weighing = self.weighings.get(fingerprint)
        beta = 1.0 if weighing is None else weighing.procedure.inverse_temperature
        return fan_of(expansion, weights, beta)

    def is_untold(self, node: int, fingerprint: str) -> bool:
        """Whether the procedure needs more at an expanded state than the rule tells."""
        weighing = self.weighings.get(fingerprint)
        return weighing is not None and weighing.is_untold(node) and self.is_expanded(node)

    def ends_at(self, keys: IdArray, depths: IdArray) -> NDArray[np.bool_]:
        """Whether nodes of these keys and depths are terminal by themselves, bool[n]: an end
        token, or length L."""
        is_end = depths.astype(np.int64) + self.prompt_length >= self.max_length
        if self.rule.kind == "appending":
            is_end |= np.isin(keys, np.array(self.rule.end_keys, np.uint32))
        return is_end

    def ends(self, key: int, depth: int) -> bool:
        """As `ends_at`, of one node."""
        is_end_key = self.rule.kind == "appending" and key in self.rule.end_keys
        return is_end_key or depth + self.prompt_length >= self.max_length

    # -- from node to node

    def find_child(self, parent: int, key: int) -> NodeId | None:
        """The child by that key, hidden ones too."""
        return self._nodes.find(parent, key)

    def children(self, node: int) -> list[NodeId]:
        """The visible children, in the order in which they were added."""
        marks = self.marks
        return [child for child in self._nodes.children(node) if not marks[child] & GONE]

    def path(self, node: int) -> list[NodeId]:
        """From the root to the node, both included."""
        return self._nodes.path(node)

    def state_of(self, node: int) -> State:
        if isinstance(self.prompt, bytes):
            return self.prompt if node == ROOT else self.symbols.state(self.key(node))
        keys = self.keys
        return self.prompt + tuple(int(keys[step]) for step in self.path(node)[1:])

    def state_id(self, node: int) -> int:
        """Rewriting rules: a number that two nodes share iff their states are equal."""
        return 0 if node == ROOT else self.symbols.state_id(self.key(node))

    def pieces(self, node: int) -> list[str]:
        """What each token of the prompt and of the path shows, for display; under a rewriting
        rule each state of the path as text."""
        path = self.path(node)
        if isinstance(self.prompt, bytes):
            states = [self.prompt, *(self.symbols.state(self.key(step)) for step in path[1:])]
            return [pieces([state])[0] for state in states]
        labels = [self.symbols.label(self.key(step)) for step in path[1:]]
        return pieces([*self.prompt_pieces, *labels])

    def text_of(self, node: int) -> str:
        """What follows the prompt up to this node; under a rewriting rule its state."""
        shown = self.pieces(node)
        return shown[-1] if isinstance(self.prompt, bytes) else "".join(shown[len(self.prompt) :])

    # -- many nodes

    def expanded_nodes(self) -> IdArray:
        """The visible expanded states, ascending, u4[n]."""
        return np.flatnonzero((self.marks & (EXPANDED | GONE)) == EXPANDED).astype(np.uint32)

    def leaves(self) -> list[NodeId]:
        """The visible states with no visible child, the most probable first."""
        is_leaf = (self.marks & GONE) == 0
        is_leaf[self.parents[1:][is_leaf[1:]]] = False
        leaves = np.flatnonzero(is_leaf)
        order = np.lexsort((leaves, -self.cum_log_probs[leaves]))
        return [NodeId(node) for node in leaves[order].tolist()]

    def frontier(self) -> IdArray:
        """The states that can be expanded: visible, not under a cut, not terminal; u4[n]."""
        marks = self.marks
        excluded = (marks & (EXPANDED | GONE | CUT | UNDER)) != 0
        return np.flatnonzero(~excluded & ~is_terminal(marks)).astype(np.uint32)

    def not_weighed(self, fingerprint: str) -> IdArray:
        """The visible expanded states that this procedure has not been evaluated at, u4[n]."""
        expanded = self.expanded_nodes()
        if fingerprint == IDENTITY_FINGERPRINT:
            return expanded[:0]
        weighing = self.weighings.get(fingerprint)
        return expanded if weighing is None else expanded[weighing.lacking(expanded)]

    def with_children(self, nodes: IdArray) -> NDArray[np.bool_]:
        """Which of the nodes have any child, hidden or not, bool[n]."""
        return self._nodes.with_children(nodes)

    def with_stored_expansion(self, nodes: IdArray) -> NDArray[np.bool_]:
        """Which of the nodes have an expansion, hidden or not, bool[n]."""
        return self._expansions.has(nodes)

    # -- change

    def apply(self, event: Event) -> None:
        """Makes one event happen. Raises ValueError, changing nothing, if it is not the next one
        or does not fit the tree."""
        if event.seq != self.seq + 1:
            raise ValueError(f"event {event.seq} cannot follow event {self.seq}")
        payload, columns = event.payload, event.columns
        match event.kind:
            case "grow":
                self._grow(event)
            case "weigh":
                self._weigh(payload, columns)
            case "prune" | "restore":
                self._require(nodes := cut_nodes(event))
                self.marks[nodes] = recut(self.marks[nodes], is_cut=event.kind == "prune")
                self._refresh()
            case "hide":
                nodes, expansions = self._named(columns, "hidden_node", "hidden_expansion")
                self.marks[nodes] |= HIDDEN
                self.marks[expansions] &= np.uint8(255 - EXPANDED)
                self._refresh()
            case "show":
                nodes, expansions = self._named(columns, "shown_node", "shown_expansion")
                self._show(nodes, event.seq)
                self._show_expansions(expansions[self._expansions.has(expansions)], event.seq)
                self._refresh()
            case "procedure":
                self.procedure = Procedure.from_wire(payload["procedure"])
                self._touch(self.procedure)
            case "rename":
                self.name = payload["name"]
            case "bookmark" | "note" | "label":
                self._require(np.array([payload["node"]]))
                self.annotations.take(event.kind, payload)
        self.seq = event.seq

    def _grow(self, event: Event) -> None:
        payload, columns = event.payload, event.columns
        if payload["first_node"] != self.size:
            raise ValueError(f"node {payload['first_node']} is not the next one, {self.size}")
        shown = column(columns, "shown_node")
        needs_refresh = bool(shown.size) or self._expands_above_children(columns)
        before = self._shares(touched := self._touched(columns))
        added = self._take(columns, event.seq)
        self.origins.take(event, added)
        if "fingerprint" in payload:
            self._weigh(payload, columns)
        if needs_refresh:
            self._show(shown, event.seq)
            self._refresh()
            return
        for level, parents in generations(added, self.parents[added]):
            self.marks[level] |= inherited(self.marks[level], self.marks[parents])
        np.add.at(
            self._nodes.child_sum.values,
            self.parents[added],
            np.exp(self.log_probs[added].astype(np.float64)),
        )
        self._ledger += self._shares(np.concatenate([touched, added])) - before

    def _take(self, columns: Columns, seq: Seq) -> IdArray:
        """Adds what a growth carries; returns the new nodes, u4[n]. Derived marks come later."""
        size = self.size + len(column(columns, "node_parent"))
        for name in ("expanded_node", "tail_node", "visited_node", "shown_node"):
            if np.any(column(columns, name) >= size):
                raise ValueError(f"{name} names a node that is not there")
        nodes = self._nodes
        added = nodes.append(
            column(columns, "node_parent"),
            column(columns, "node_key"),
            column(columns, "node_log_prob"),
        )
        self.symbols.add_columns(columns)
        self.marks[added[self.ends_at(self.keys[added], self.depths[added])]] |= TERMINAL
        expanded, nothing = self._expansions.add(columns)
        nodes.since.values[added] = seq
        self._show_expansions(expanded, seq)
        self.marks[expanded[nothing]] |= NOTHING
        self.ranks[added] = self._expansions.ranks(self.parents[added], self.keys[added])
        tails = column(columns, "tail_node")
        self.marks[tails] |= TAIL
        self.ranks[tails] = column(columns, "tail_rank")
        nodes.tail_cum.values[tails] = column(columns, "tail_cum")
        np.add.at(self.visits, column(columns, "visited_node"), column(columns, "visited_count"))
        return added

    def _touched(self, columns: Columns) -> IdArray:
        """The nodes there before this growth whose share of the ledger it may change, u4[n]."""
        named = np.concatenate([column(columns, "node_parent"), column(columns, "expanded_node")])
        return np.unique(named[named < self.size])

    def _expands_above_children(self, columns: Columns) -> bool:
        nodes = column(columns, "expanded_node")
        nodes = nodes[nodes < self.size]
        hidden = (self.marks[nodes] & EXPANDED) == 0
        return bool(np.any(hidden & self._nodes.with_children(nodes)))

    def _weigh(self, payload: dict[str, Any], columns: Columns) -> None:
        weighing = self._touch(Procedure.from_wire(payload["procedure"]))
        if weighing is not None:
            weighing.add(columns)

    def _touch(self, procedure: Procedure) -> Weighing | None:
        """The weighing of a procedure, made the most recent; None for the rule itself."""
        if procedure.is_identity:
            return None
        weighing = self.weighings.setdefault(procedure.fingerprint, Weighing(procedure))
        self.weighings.move_to_end(procedure.fingerprint)
        oldest = (name for name in self.weighings if name != self.fingerprint)
        if len(self.weighings) > MOST_WEIGHINGS:
            del self.weighings[next(oldest)]
        return weighing

    def _named(self, columns: Columns, *names: str) -> list[IdArray]:
        named = [column(columns, name) for name in names]
        for nodes in named:
            self._require(nodes)
        return named

    def _require(self, nodes: IdArray) -> None:
        if np.any((nodes < 0) | (nodes >= self.size)):
            raise ValueError("a node that is not there cannot be marked")

    def _show(self, nodes: IdArray, seq: Seq) -> None:
        hidden = nodes[(self.marks[nodes] & HIDDEN) != 0]
        self.marks[hidden] &= np.uint8(255 - HIDDEN)
        self._nodes.since.values[hidden] = seq

    def _show_expansions(self, nodes: IdArray, seq: Seq) -> None:
        hidden = nodes[(self.marks[nodes] & EXPANDED) == 0]
        self.marks[hidden] |= EXPANDED
        self._nodes.expanded_since.values[hidden] = seq

    def _shares(self, nodes: IdArray) -> FloatArray:
        return shares(
            self.marks[nodes], self.cum_log_probs[nodes], self._nodes.child_sum.values[nodes]
        )

    def _refresh(self) -> None:
        """Works out anew what follows from the marks: what is gone or under a cut, the sums of
        the children, the ledger."""
        self.marks[:] = standing(self.parents, self.depths, self.marks)
        self._nodes.child_sum.values[:] = child_sums(self.parents, self.log_probs, self.marks)
        self._ledger = shares(self.marks, self.cum_log_probs, self._nodes.child_sum.values)

    # -- whole

    def to_frame(self, *, for_wire: bool = False) -> bytes:
        """The tree frame, see `whole`."""
        return frame.encode(*self.whole(for_wire=for_wire))

    def whole(self, *, for_wire: bool = False) -> tuple[dict[str, Any], Columns]:
        """Header and columns of the tree frame: all but the rule, the prompt and L, as it is now.

        The default procedure's weights stand in weight_*. The wire does without those of others
        (weight_*:<fingerprint>), node_since and expanded_since; a snapshot needs them.
        """
        expanded = self._expansions.node.values
        columns = self._nodes.to_columns() | self._expansions.to_columns()
        columns |= self.symbols.to_columns() | self.origins.to_columns()
        columns |= {
            "cut_node": np.flatnonzero(self.marks & CUT).astype(np.uint32),
            "hidden_node": np.flatnonzero(self.marks & HIDDEN).astype(np.uint32),
            "hidden_expansion": expanded[(self.marks[expanded] & EXPANDED) == 0],
        }
        if not for_wire:
            columns["node_since"] = self._nodes.since.values[1:]
            columns["expanded_since"] = self._nodes.expanded_since.values[expanded]
        weighings = [
            weighing
            for fingerprint, weighing in self.weighings.items()
            if not for_wire or fingerprint == self.fingerprint
        ]
        for weighing in weighings:
            suffix = self._suffix(weighing.procedure)
            columns |= {name + suffix: each for name, each in weighing.to_columns().items()}
        header = {
            "type": "tree",
            "version": frame.VERSION,
            "seq": self.seq,
            "name": self.name,
            "procedure": self.procedure.to_wire(),
            "fingerprint": self.fingerprint,
            "ledger": self.ledger.to_json(),
            "people": self.origins.people,
            "weighings": [
                {"procedure": each.procedure.to_wire(), "fingerprint": each.procedure.fingerprint}
                for each in weighings
            ],
        }
        header |= {"annotations": self.annotations.to_json()} if self.annotations else {}
        return header, {name: each for name, each in columns.items() if each.size}

    @classmethod
    def from_frame(
        cls,
        raw: bytes,
        rule: RuleDescription,
        prompt: State,
        max_length: int,
        prompt_pieces: Sequence[bytes] = (),
    ) -> Self:
        """The tree of a snapshot. Raises InvalidRequest "bad-frame" for another kind of frame."""
        header, columns = frame.decode(raw)
        if header.get("type") != "tree":
            raise InvalidRequest("bad-frame", "This frame does not hold a tree.")
        procedure = Procedure.from_wire(header["procedure"])
        tree = cls(rule, prompt, max_length, prompt_pieces, procedure, header["name"])
        tree.seq = Seq(header["seq"])
        tree.weighings.clear()
        tree.annotations = Annotations.from_json(header.get("annotations", {}))
        tree.origins = Origins.from_columns(columns, header.get("people", []))
        tree._restore(header, columns)
        return tree

    def _restore(self, header: dict[str, Any], columns: Columns) -> None:
        self._take(columns, self.seq)
        self._nodes.since.values[1:] = column(columns, "node_since")
        expanded = column(columns, "expanded_node")
        self._nodes.expanded_since.values[expanded] = column(columns, "expanded_since")
        hidden = self._named(columns, "cut_node", "hidden_node", "hidden_expansion")
        self.marks[hidden[0]] |= CUT
        self.marks[hidden[1]] |= HIDDEN
        self.marks[hidden[2]] &= np.uint8(255 - EXPANDED)
        self._refresh()
        for listed in header["weighings"]:
            suffix = self._suffix(Procedure.from_wire(listed["procedure"]))
            found = {name: columns[name + suffix] for name in WEIGHTS if name + suffix in columns}
            self._weigh(listed, found)

    def _suffix(self, procedure: Procedure) -> str:
        is_default = procedure.fingerprint == self.fingerprint
        return "" if is_default else f":{procedure.fingerprint}"
