"""Small exact rules, a tree with its log, and an oracle for the ledger."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import networkx as nx
import numpy as np

from semioscope.core.alphabet import Alphabet
from semioscope.core.distribution import Answer, Expansion, NextState, Question, answer_row
from semioscope.core.events import Event, EventKind, encode_event
from semioscope.core.growth import Growth
from semioscope.core.history import compensate, history_of
from semioscope.core.rule import RuleDescription
from semioscope.core.sampling import IDENTITY, Procedure, Weights, weigh_full
from semioscope.core.tree import Tree
from semioscope.core.types import Columns, Float32Array, Seq

N = 70
"""Tokens of the appending toy: six more than an expansion stores."""
END = 3
L = 9
PROMPT = (5, 6)

APPENDING = RuleDescription(
    id="toy",
    name="Toy",
    kind="appending",
    family="toy",
    fingerprint="toy-1",
    summary="Seventy tokens, skewed, depending on the last two.",
    alphabet_size=N,
    window=L,
    end_keys=(END,),
    whole_distribution=True,
    needs_prompt=True,
)
REWRITING = RuleDescription(
    id="toy-rewriting",
    name="A to AB, B to A",
    kind="rewriting",
    family="rewriting",
    fingerprint="toy-2",
    summary="One letter is rewritten at a time, each place equally probable.",
    alphabet_size=None,
    window=12,
    end_keys=(),
    whole_distribution=True,
    needs_prompt=True,
)
ALPHABET = Alphabet([bytes([33 + key]) for key in range(N)], (END,))


def toy_row(state: Sequence[int]) -> Float32Array:
    """log p, nats, f32[N]: skewed, and different after every pair of tokens."""
    last, before = state[-1], state[-2]
    places = np.arange(N)
    logits = 3.0 * np.sin(1.7 * places + 0.9 * last + 0.31 * before) - 0.02 * places
    return (logits - np.log(np.exp(logits).sum())).astype(np.float32)


def appending_answer(
    state: Sequence[int],
    draws: Sequence[float] = (),
    keys: Sequence[int] = (),
    procedure: Procedure = IDENTITY,
) -> Answer:
    question = Question(tuple(state), draws=tuple(draws), keys=tuple(keys))
    return answer_row(question, toy_row(state), 0.0, procedure)


def rewriting_answer(state: bytes) -> Answer:
    """All single rewritings by A → AB and B → A, equally probable; none for the empty state."""
    symbols = []
    for place, letter in enumerate(state):
        new = b"AB" if letter == ord("A") else b"A"
        symbols.append((b"%d" % place, state[:place] + new + state[place + 1 :]))
    log_probs = np.full(len(symbols), -math.log(max(1, len(symbols))), np.float32)
    expansion = Expansion(
        keys=np.arange(len(symbols), dtype=np.uint32),
        log_probs=log_probs,
        log_sum_exp=0.0,
        entropy=math.log2(max(1, len(symbols))),
        complete=True,
        symbols=tuple(symbols),
    )
    scored = tuple(
        NextState(
            i, float(log_probs[i]), i, i / len(symbols), i / len(symbols), 1 / len(symbols), symbol
        )
        for i, symbol in enumerate(symbols)
    )
    weights = weigh_full(IDENTITY, log_probs) if symbols else Weights(0.0, 0, 0.0)
    return Answer(expansion, weights, (), scored, ())


class Logged:
    """A tree, and the log that made it."""

    def __init__(self, rewriting: bool = False) -> None:
        self.tree = (
            Tree(REWRITING, b"A", 12, (b"A",))
            if rewriting
            else Tree(APPENDING, PROMPT, L, tuple(ALPHABET.bytes_of(key) for key in PROMPT))
        )
        self.log: list[LogEntry] = []
        self._changes = 0

    def growth(self, procedure: Procedure = IDENTITY) -> Growth:
        alphabet = ALPHABET if self.tree.rule.kind == "appending" else None
        return Growth(self.tree, alphabet, procedure)

    def append(
        self,
        kind: EventKind,
        payload: Mapping[str, Any] | None = None,
        columns: Columns | None = None,
        *,
        by: str = "ann",
        change: str | None = None,
    ) -> str:
        """Appends and applies one event; returns the id of its change."""
        change = change or self.new_change()
        event = Event(
            seq=Seq(self.tree.seq + 1),
            kind=kind,
            at=1.5,
            by=by,
            change=change,
            payload=dict(payload or {}),
            columns=columns or {},
        )
        self.tree.apply(event)
        self.log.append(LogEntry(event, encode_event(event, self.tree.ledger)))
        return change

    def new_change(self) -> str:
        self._changes += 1
        return f"c{self._changes}"

    def take(
        self,
        growth: Growth,
        *,
        by: str = "ann",
        change: str | None = None,
        automatic: bool = False,
    ) -> str:
        """Appends what a growth built."""
        taken = growth.take()
        assert taken is not None
        payload, columns = taken
        payload |= {"job": "j", "strategy": "toy", "automatic": automatic}
        return self.append("grow", payload, columns, by=by, change=change)

    def expand(self, node: int, *, by: str = "ann", automatic: bool = False) -> str:
        """Expands one state."""
        growth = self.growth()
        self.expand_into(growth, node)
        return self.take(growth, by=by, automatic=automatic)

    def expand_into(self, growth: Growth, node: int) -> None:
        state = growth.state_of(node)
        answer = rewriting_answer(state) if isinstance(state, bytes) else appending_answer(state)
        growth.expand(node, answer, "rule")

    def branch(self, node: int, *keys: int, by: str = "ann", automatic: bool = False) -> list[int]:
        """Expands one state and makes children of some of its candidates; returns them."""
        growth = self.growth()
        self.expand_into(growth, node)
        children: list[int] = [growth.child(node, key) for key in keys]
        self.take(growth, by=by, automatic=automatic)
        return children

    def undo(self, by: str = "ann") -> None:
        step = history_of(self.log, by).next_undo()
        self._compensate(step.last, {"undoes": step.change}, by)

    def redo(self, by: str = "ann") -> None:
        step = history_of(self.log, by).next_redo()
        self._compensate(step.last, {"redoes": step.change}, by)

    def _compensate(self, last: str, mark: dict[str, str], by: str) -> None:
        events = [entry.event for entry in self.log if entry.change == last]
        change = self.new_change()
        for each in compensate(self.tree, events, self.log):
            self.append(each.kind, each.payload | mark, each.columns, by=by, change=change)


class LogEntry:
    """An event with its frame, and what the store's index would tell of it."""

    def __init__(self, event: Event, frame: bytes) -> None:
        self.event = event
        self.frame = frame
        self.seq: int = event.seq
        self.kind: str = event.kind
        self.by = event.by
        self.change = event.change
        self.automatic: bool = event.payload.get("automatic", False)
        self.undoes: str | None = event.payload.get("undoes")
        self.redoes: str | None = event.payload.get("redoes")


def graph_of(tree: Tree) -> nx.DiGraph:
    """What is visible of a tree, as a networkx graph; probabilities given the parent."""
    graph = nx.DiGraph()
    if not tree.has(0):
        return graph
    graph.add_node(0)
    waiting = [0]
    while waiting:
        node = waiting.pop()
        for child in tree.children(node):
            graph.add_edge(node, child, probability=math.exp(tree.log_prob(child)))
            waiting.append(child)
    return graph


def oracle_ledger(tree: Tree) -> tuple[float, float, float, float]:
    """(terminal, frontier, residual, pruned) by walking the graph from the root."""
    graph = graph_of(tree)
    mass = dict.fromkeys(graph, 0.0)
    mass[0] = 1.0
    terminal = frontier = residual = pruned = 0.0
    cut = set()
    for node in nx.topological_sort(graph):
        for parent, _, edge in graph.in_edges(node, data=True):
            mass[node] = mass[parent] * edge["probability"]
            if parent in cut:
                cut.add(node)
        if node in cut:
            continue
        if tree.is_cut(node):
            cut.add(node)
            pruned += mass[node]
        elif tree.is_terminal(node):
            terminal += mass[node]
        elif tree.is_expanded(node):
            taken = sum(edge["probability"] for *_, edge in graph.out_edges(node, data=True))
            residual += mass[node] * max(0.0, 1.0 - taken)
        else:
            frontier += mass[node]
    return terminal, frontier, residual, pruned


Portrait = dict[tuple[object, ...], dict[str, Any]]


def portrait(tree: Tree, *, hidden: bool = False) -> Portrait:
    """A tree without its ids: every node by the labels and states of its path."""
    names: dict[int, tuple[object, ...]] = {0: ()}
    found: Portrait = {}
    for node in range(tree.size):
        if node:
            parent = tree.parent(node)
            assert parent is not None
            key = tree.key(node)
            names[node] = (*names[parent], _name(tree, key))
        if hidden or tree.has(node):
            found[names[node]] = _likeness(tree, node, hidden)
    return found


def _likeness(tree: Tree, node: int, hidden: bool) -> dict[str, Any]:
    expansion = tree.stored_expansion(node) if hidden else tree.expansion(node)
    likeness: dict[str, Any] = {
        "log_prob": tree.log_prob(node),
        "cum_log_prob": tree.cum_log_prob(node),
        "rank": int(tree.ranks[node]),
        "depth": tree.depth(node),
        "state": tree.state_of(node),
        "text": tree.text_of(node),
        "terminal": tree.is_terminal(node),
        "cut": tree.is_cut(node),
        "bookmarked": node in tree.annotations.bookmarks,
        "note": tree.annotations.text("note", node),
        "label": tree.annotations.text("label", node),
        "tail_cum": str(tree.tail_cum(node)),
        "visits": int(tree.visits[node]),
        "residual": round(tree.residual(node), 12) if tree.is_expanded(node) else None,
        "weights": {name: tree.weights_at(node, name) for name in ("rule", *tree.weighings)},
        "weight_tails": {
            name: (str(tree.tail_cum(node, name)), str(tree.tail_scaled(node, name)))
            for name in tree.weighings
        },
    }
    if hidden:
        likeness["marks"] = int(tree.marks[node])
        likeness["since"] = int(tree.since[node]), int(tree.expanded_since[node])
    if expansion is not None:
        likeness["candidates"] = [_name(tree, key) for key in expansion.keys.tolist()]
        likeness["log_probs"] = expansion.log_probs.tolist()
        likeness["numbers"] = expansion.log_sum_exp, expansion.entropy, expansion.complete
    return likeness


def _name(tree: Tree, key: int) -> object:
    if tree.rule.kind == "rewriting":
        return tree.symbols.label(key), tree.symbols.state(key)
    return key


def reread(tree: Tree) -> Tree:
    """The tree of this tree's snapshot."""
    return Tree.from_frame(
        tree.to_frame(), tree.rule, tree.prompt, tree.max_length, tree.prompt_pieces
    )
