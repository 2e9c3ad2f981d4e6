"""The visible states of a tree, a row each: what every export has."""

import math
from collections.abc import Iterator
from typing import Final, Literal, TypedDict

import numpy as np

from semioscope.core.alphabet import text_of
from semioscope.core.ledger import CUT, EXPANDED, GONE, UNDER, is_terminal
from semioscope.core.tree import Tree
from semioscope.core.types import ROOT

Status = Literal["frontier", "expanded", "terminal", "pruned"]
UNITS: Final = {"log_prob": "nats", "cum_log_prob": "nats", "entropy": "bits"}
"""Of the fields of `NodeRow` that have one. A nat is log2(e) bits."""
_AT_ONCE: Final = 4096


class NodeRow(TypedDict):
    """parent: None of the root. key: the token that led here, or the step of a rewriting rule;
    None of the root. label: that token or step as text, bytes: as it is, in hexadecimal; of the
    root those of the prompt. text: the same as label, but of a rewriting rule the state. log_prob:
    given the parent; cum_log_prob: from the root; both in nats and under the rule. probability:
    from the root. entropy: of what can follow, in bits, under the rule; None where the state is not
    expanded. status: pruned where it or a state before it is cut, else what it is. visits: of
    random trajectories. bookmarked, branch_name, note: what people set down there; None where there
    is no name or note."""

    node: int
    parent: int | None
    key: int | None
    label: str
    bytes: str
    text: str
    depth: int
    log_prob: float
    cum_log_prob: float
    probability: float
    entropy: float | None
    status: Status
    terminal: bool
    expanded: bool
    cut: bool
    visits: int
    bookmarked: bool
    branch_name: str | None
    note: str | None


class Sheet:
    """The states of a tree at one moment. Its rows can be read at leisure and on another thread:
    what happens to the tree meanwhile does not reach them."""

    def __init__(self, tree: Tree) -> None:
        """Copies about 40 bytes a state, and the annotations. The table of symbols is only ever
        added to, and shared."""
        shown = np.flatnonzero((tree.marks & GONE) == 0)
        marks = tree.marks[shown]
        self._nodes = shown
        self._parents = tree.parents[shown]
        self._keys = tree.keys[shown]
        self._depths = tree.depths[shown]
        self._log_probs = tree.log_probs[shown].astype(np.float64)
        self._cum_log_probs = tree.cum_log_probs[shown]
        self._entropies = tree.entropies[shown].astype(np.float64)
        self._visits = tree.visits[shown]
        self._terminal = is_terminal(marks)
        self._expanded = (marks & EXPANDED) != 0
        self._cut = (marks & (CUT | UNDER)) != 0
        self._bookmarks = frozenset(tree.annotations.bookmarks)
        self._names = dict(tree.annotations.labels)
        self._notes = dict(tree.annotations.notes)
        self._symbols = tree.symbols
        self._rewrites = isinstance(tree.prompt, bytes)
        self._prompt = prompt_bytes(tree)
        self._said: dict[int, tuple[str, str, str]] = {}

    def __len__(self) -> int:
        return len(self._nodes)

    def rows(self) -> Iterator[NodeRow]:
        """By id: a parent comes before its children."""
        for start in range(0, len(self), _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            columns = (
                self._nodes,
                self._parents,
                self._keys,
                self._depths,
                self._log_probs,
                self._cum_log_probs,
                self._entropies,
                self._terminal,
                self._expanded,
                self._cut,
                self._visits,
            )
            for values in zip(*(column[part].tolist() for column in columns), strict=True):
                yield self._row(*values)

    def _row(
        self,
        node: int,
        parent: int,
        key: int,
        depth: int,
        log_prob: float,
        cum_log_prob: float,
        entropy: float,
        terminal: bool,
        expanded: bool,
        cut: bool,
        visits: int,
    ) -> NodeRow:
        is_root = node == ROOT
        label, raw, text = self._root() if is_root else self._symbol(key)
        return NodeRow(
            node=node,
            parent=None if is_root else parent,
            key=None if is_root else key,
            label=label,
            bytes=raw,
            text=text,
            depth=depth,
            log_prob=log_prob,
            cum_log_prob=cum_log_prob,
            probability=math.exp(cum_log_prob),
            entropy=entropy if expanded else None,
            status=_status(terminal, expanded, cut),
            terminal=terminal,
            expanded=expanded,
            cut=cut,
            visits=visits,
            bookmarked=node in self._bookmarks,
            branch_name=self._names.get(node),
            note=self._notes.get(node),
        )

    def _root(self) -> tuple[str, str, str]:
        text = text_of(self._prompt)
        return text, self._prompt.hex(), text

    def _symbol(self, key: int) -> tuple[str, str, str]:
        said = self._said.get(key)
        if said is None:
            raw = self._symbols.label(key)
            label = text_of(raw)
            text = text_of(self._symbols.state(key)) if self._rewrites else label
            said = self._said[key] = (label, raw.hex(), text)
        return said


def node_rows(tree: Tree) -> Iterator[NodeRow]:
    """By id: a parent comes before its children."""
    return Sheet(tree).rows()


def prompt_bytes(tree: Tree) -> bytes:
    """All of the prompt; of a rewriting rule the first state."""
    return tree.prompt if isinstance(tree.prompt, bytes) else b"".join(tree.prompt_pieces)


def _status(terminal: bool, expanded: bool, cut: bool) -> Status:
    if cut:
        return "pruned"
    if terminal:
        return "terminal"
    return "expanded" if expanded else "frontier"
