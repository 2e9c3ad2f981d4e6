"""What there is to know of a trajectory tree: its columns, read."""

from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from semioscope.core.alphabet import pieces
from semioscope.core.annotations import Annotations
from semioscope.core.distribution import Expansion
from semioscope.core.expansions import Expansions
from semioscope.core.fan import Fan, Fans, fan_of
from semioscope.core.ledger import (
    CUT,
    EXPANDED,
    GONE,
    UNDER,
    Ledger,
    Marks,
    is_terminal,
    ledger_of,
)
from semioscope.core.nodes import Nodes
from semioscope.core.origins import Origins
from semioscope.core.rule import RuleDescription
from semioscope.core.sampling import (
    IDENTITY,
    IDENTITY_FINGERPRINT,
    Procedure,
    Weights,
    widths,
)
from semioscope.core.symbols import Symbols
from semioscope.core.types import (
    ALL_KEPT,
    ROOT,
    Float32Array,
    FloatArray,
    IdArray,
    NodeId,
    Seq,
    State,
)
from semioscope.core.weighing import Weighing


def prompt_length(prompt: State) -> int:
    """How much of L a prompt takes up: its tokens, or one for the first state of a rewriting."""
    return 1 if isinstance(prompt, bytes) else len(prompt)


class KnownTree:
    """Everything known of one initial state under one rule, to be asked; nothing here changes it.

    rule, prompt and max_length (L, in tokens, or in states of a rewriting trajectory; the prompt
    included) are fixed. "Visible" leaves out what is hidden; what is under a cut is visible.
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
        self._ledger = np.zeros(0)

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
        self._nodes.rank_by(self._expansions.ranks)
        return self._nodes.rank.values

    @property
    def visits(self) -> IdArray:
        """How many random trajectories have gone through each node."""
        return self._nodes.visits.values

    @property
    def entropies(self) -> Float32Array:
        """Of all that can follow each node, bits, under the rule; nan where it was never told."""
        return self._expansions.entropies(self.size)

    def entropies_under(self, fingerprint: str) -> Float32Array:
        """As `entropies`, under a procedure; nan where it has not been evaluated, too."""
        if fingerprint == IDENTITY_FINGERPRINT:
            return self.entropies
        weighing = self.weighings.get(fingerprint)
        if weighing is None:
            return np.full(self.size, np.nan, np.float32)
        return weighing.entropies(self.size)

    def log_probs_under(self, fingerprint: str) -> FloatArray:
        """log q of each node given its parent, nats, f8[size], under a procedure: −inf where it
        takes the node out, nan where it has not been evaluated or does not tell; 0 of the root."""
        if fingerprint == IDENTITY_FINGERPRINT:
            return self.log_probs.astype(np.float64)
        found = np.full(self.size, np.nan)
        found[ROOT] = 0.0
        weighing = self.weighings.get(fingerprint)
        if weighing is None or self.size == 1:
            return found
        nodes, parents = np.arange(1, self.size, dtype=np.uint32), self.parents[1:]
        log_z, kept = weighing.of(parents)
        if weighing.procedure.reorders:
            own = weighing.own_log_probs(parents, self.keys[1:])
            found[1:] = np.where(np.isnan(own), weighing.tail_log_qs(nodes), own)
            found[1:][np.isnan(log_z)] = np.nan
            return found
        found[1:] = weighing.procedure.inverse_temperature * self.log_probs[1:] - log_z
        is_out = (kept != ALL_KEPT) & (self.ranks[1:] >= kept) & ~np.isnan(log_z)
        found[1:][is_out] = -np.inf
        return found

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

    def fans(self, nodes: IdArray, fingerprint: str) -> Fans | None:
        """As `fan`, of many states; None under a procedure that has rankings of its own."""
        weighing, beta = self.weighings.get(fingerprint), 1.0
        log_z, kept = np.zeros(len(nodes)), np.full(len(nodes), ALL_KEPT, np.uint32)
        if weighing is not None:
            if weighing.procedure.reorders:
                return None
            (log_z, kept), beta = weighing.of(nodes), weighing.procedure.inverse_temperature
        elif fingerprint != IDENTITY_FINGERPRINT:
            kept[:] = 0
        kept[np.isnan(log_z) | ((self.marks[nodes] & EXPANDED) == 0)] = 0
        found = self._expansions.table(nodes, kept)
        lengths = widths(beta, np.nan_to_num(log_z)[:, np.newaxis], found.log_probs)
        return Fans(found.keys, lengths, found.counts, found.is_all)

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

    def find_children(self, parents: IdArray, keys: IdArray) -> IdArray:
        """As `find_child`, of each pair, u4[n]; NO_PARENT where there is none."""
        return self._nodes.find_many(parents, keys)

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
