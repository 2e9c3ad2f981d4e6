"""The trajectory tree: append-only columns, changed by events only (DESIGN.md section 3)."""

from collections.abc import Sequence
from typing import Any, Final, Self

import numpy as np

from semioscope.core import frame
from semioscope.core.annotations import Annotations
from semioscope.core.errors import InvalidRequest
from semioscope.core.events import WEIGHTS, Event, column, cut_nodes
from semioscope.core.known_tree import KnownTree
from semioscope.core.ledger import (
    CUT,
    EXPANDED,
    HIDDEN,
    NOTHING,
    TAIL,
    TERMINAL,
    child_sums,
    inherited,
    recut,
    shares,
    standing,
)
from semioscope.core.nodes import generations
from semioscope.core.origins import Origins
from semioscope.core.rule import RuleDescription
from semioscope.core.sampling import (
    IDENTITY,
    Procedure,
)
from semioscope.core.types import (
    ROOT,
    Columns,
    FloatArray,
    IdArray,
    Seq,
    State,
)
from semioscope.core.weighing import Weighing

MOST_WEIGHINGS: Final = 6
"""How many procedures a tree remembers beside the rule; the oldest give way, the default never."""
Since = Seq | IdArray
"""The event that made nodes visible: of all, or of each, u4[n]."""


class Tree(KnownTree):
    """A tree that things happen to. `apply` is the only way to change it, but for what puts
    several growths of a log together."""

    def __init__(
        self,
        rule: RuleDescription,
        prompt: State,
        max_length: int,
        prompt_pieces: Sequence[bytes] = (),
        procedure: Procedure = IDENTITY,
        name: str = "",
    ) -> None:
        super().__init__(rule, prompt, max_length, prompt_pieces, procedure, name)
        if self.prompt_length >= max_length:
            self.marks[ROOT] |= TERMINAL
        self._touch(procedure)
        self._refresh()

    # -- change

    def apply(self, event: Event) -> None:
        """Makes one event happen. Raises ValueError, changing nothing, if it is not the next one
        or does not fit the tree."""
        if event.seq != self.seq + 1:
            raise ValueError(f"event {event.seq} cannot follow event {self.seq}")
        payload, columns = event.payload, event.columns
        match event.kind:
            case "grow":
                self._grow([event], columns, event.seq, event.seq)
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

    def grow_many(self, events: Sequence[Event], columns: Columns) -> None:
        """As `apply` of each, of growths of the log that core/replay.py has put together."""
        since = column(columns, "node_since"), column(columns, "expanded_since")
        self._grow(events, columns, *since, are_new=True)
        self.seq = events[-1].seq

    def _grow(
        self,
        events: Sequence[Event],
        columns: Columns,
        since: Since,
        expanded_since: Since,
        *,
        are_new: bool = False,
    ) -> None:
        """Growths and all that they carry; the rest as `_take`."""
        payload = events[0].payload
        if payload["first_node"] != self.size:
            raise ValueError(f"node {payload['first_node']} is not the next one, {self.size}")
        shown = column(columns, "shown_node")
        needs_refresh = bool(shown.size) or self._expands_above_children(columns)
        before = self._shares(touched := self._touched(columns))
        added = self._take(columns, since, expanded_since, are_new=are_new)
        self._tell_origins(events, added)
        if "fingerprint" in payload:
            self._weigh(payload, columns)
        if needs_refresh:
            self._show(shown, events[-1].seq)
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

    def _tell_origins(self, events: Sequence[Event], added: IdArray) -> None:
        for event in events:
            own = len(column(event.columns, "node_parent"))
            self.origins.take(event, added[:own])
            added = added[own:]

    def _take(
        self, columns: Columns, since: Since, expanded_since: Since, *, are_new: bool = False
    ) -> IdArray:
        """Adds what a growth carries; returns the new nodes, u4[n]. Derived marks come later.

        since, expanded_since: the event of each, or of all; are_new: as `Nodes.append`.
        """
        size = self.size + len(column(columns, "node_parent"))
        for name in ("expanded_node", "tail_node", "visited_node", "shown_node"):
            if np.any(column(columns, name) >= size):
                raise ValueError(f"{name} names a node that is not there")
        nodes = self._nodes
        added = nodes.append(
            column(columns, "node_parent"),
            column(columns, "node_key"),
            column(columns, "node_log_prob"),
            are_new=are_new,
        )
        self.symbols.add_columns(columns)
        self.marks[added[self.ends_at(self.keys[added], self.depths[added])]] |= TERMINAL
        expanded, nothing = self._expansions.add(columns)
        nodes.since.values[added] = since
        self._show_expansions(expanded, expanded_since)
        self.marks[expanded[nothing]] |= NOTHING
        tails = column(columns, "tail_node")
        self.marks[tails] |= TAIL
        nodes.rank.values[tails] = column(columns, "tail_rank")
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

    def _show_expansions(self, nodes: IdArray, since: Since) -> None:
        is_hidden = (self.marks[nodes] & EXPANDED) == 0
        self.marks[nodes[is_hidden]] |= EXPANDED
        shown = np.broadcast_to(since, nodes.shape)[is_hidden]
        self._nodes.expanded_since.values[nodes[is_hidden]] = shown

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
        since = column(columns, "node_since"), column(columns, "expanded_since")
        self._take(columns, *since, are_new=True)
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
