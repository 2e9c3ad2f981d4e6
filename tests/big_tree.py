"""Large trees, grown without a server and put into a data folder as a server would have."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from semioscope.core.distribution import Expansion, Question
from semioscope.core.events import Event, encode_event
from semioscope.core.growth import Growth
from semioscope.core.sampling import IDENTITY
from semioscope.core.strategies.worlds import Worlds
from semioscope.core.tree import Tree
from semioscope.core.types import ROOT, Columns, IdArray, Seq
from semioscope.rules.answers import answer
from semioscope.rules.markov import Markov
from semioscope.service.stored_beginning import stored_beginning
from semioscope.settings import Settings
from semioscope.store.database import Database
from semioscope.store.identities import Identities
from semioscope.store.records import NewEvent, NewTree
from semioscope.store.trees import Trees

PAPERS: Final = ("README.md", "CONTRIBUTING.md")
ROOT_FOLDER: Final = Path(__file__).resolve().parents[1]
MOST_TEXT: Final = 40_000
BATCH: Final = 1024
"""States that one event expands, at most."""
LINES: Final = Worlds(lines=39, steps=96)
"""About what a page grows first."""


@dataclass(frozen=True)
class BigTree:
    """A stored tree: the link that opens it, and the cookie of who owns it."""

    ref: str
    token: str
    nodes: int


def chain(text: str | None = None) -> Markov:
    """A chain of characters, each after the three before it; by default of this repository's own
    papers, so that what it says can be read."""
    papers = "\n".join((ROOT_FOLDER / name).read_text(encoding="utf-8") for name in PAPERS)
    spec = {"kind": "markov", "text": text or papers[:MOST_TEXT], "order": 3}
    return Markov.from_spec(spec)


def grow(
    rule: Markov, prompt: str, nodes: int, width: int, take: Callable[[Tree, NewEvent], None]
) -> Tree:
    """A tree of at least `nodes` nodes: the worlds of a first screen, then the `width` most
    probable children of every state that has none, level by level. `take` is given every event."""
    state = rule.encode(prompt)
    known = rule.description
    pieces = [rule.alphabet.bytes_of(key) for key in state]
    tree = Tree(known, state, known.window, pieces, name=f"{nodes:,} states")

    def happen(payload: dict[str, Any], columns: Columns) -> None:
        event = Event(Seq(tree.seq + 1), "grow", time.time(), "", str(tree.seq), payload, columns)
        tree.apply(event)
        take(tree, _stored(event, tree))

    growth = Growth(tree, rule.alphabet)
    strategy = LINES.run(growth, ROOT, LINES.total)
    asks = next(strategy, None)
    while asks is not None and tree.size < nodes // 4:
        answers = answer(rule, [ask.question for ask in asks], IDENTITY)
        try:
            asks = strategy.send(answers)
        except StopIteration:
            asks = None
        grew = growth.take()
        if grew is not None:
            happen(*grew)
    strategy.close()
    rows = _Rows(rule)
    batch = min(BATCH, nodes // 64)
    while tree.size < nodes:
        for start in range(0, len(frontier := tree.frontier()), batch):
            happen(*_expanded(tree, rows, frontier[start : start + batch], width))
            if tree.size >= nodes:
                break
    return tree


class _Rows:
    """What follows each context of a chain, asked once: candidates context after context."""

    def __init__(self, rule: Markov) -> None:
        self.rule = rule
        self._row_of: dict[tuple[int, ...], int] = {}
        self._rows: list[Expansion] = []

    def of(self, states: Sequence[tuple[int, ...]]) -> list[Expansion]:
        order = self.rule.fit.order
        for state in states:
            context = state[-order:]
            if context not in self._row_of:
                self._row_of[context] = len(self._rows)
                asked = [Question(state)]
                self._rows.append(answer(self.rule, asked, IDENTITY)[0].expansion)
        return [self._rows[self._row_of[state[-order:]]] for state in states]


def _expanded(
    tree: Tree, rows: _Rows, nodes: IdArray, width: int
) -> tuple[dict[str, Any], Columns]:
    """The growth that expands states and makes the leading `width` of each its children."""
    order = rows.rule.fit.order
    found = rows.of([_last(tree, node, order) for node in nodes.tolist()])
    keys = np.concatenate([each.keys[:width] for each in found])
    used = np.unique(np.concatenate([each.keys for each in found])).tolist()
    fresh = [key for key in used if key not in tree.symbols]
    labels = [rows.rule.alphabet.bytes_of(key) for key in fresh]
    return {"job": "", "strategy": "breadth", "automatic": False, "first_node": tree.size}, {
        "node_parent": np.repeat(nodes, [min(width, len(each.keys)) for each in found]),
        "node_key": keys,
        "node_log_prob": np.concatenate([each.log_probs[:width] for each in found]),
        "expanded_node": nodes,
        "expanded_log_sum_exp": np.array([each.log_sum_exp for each in found], np.float32),
        "expanded_entropy": np.array([each.entropy for each in found], np.float32),
        "expanded_count": np.array([len(each.keys) for each in found], np.uint32),
        "expanded_complete": np.array([each.complete for each in found], np.uint8),
        "candidate_key": np.concatenate([each.keys for each in found]),
        "candidate_log_prob": np.concatenate([each.log_probs for each in found]),
        "symbol_key": np.array(fresh, np.uint32),
        "symbol_length": np.array([len(label) for label in labels], np.uint32),
        "symbol_bytes": np.frombuffer(b"".join(labels), np.uint8),
    }


def _last(tree: Tree, node: int, count: int) -> tuple[int, ...]:
    """The last tokens of a state."""
    found: list[int] = []
    parents, keys = tree.parents, tree.keys
    while node != ROOT and len(found) < count:
        found.append(int(keys[node]))
        node = int(parents[node])
    prompt = tree.prompt
    assert isinstance(prompt, tuple)
    return (*prompt, *found[::-1])[-count:]


async def store(
    folder: Path,
    rule: Markov,
    nodes: int,
    *,
    prompt: str = "the ",
    width: int = 3,
    snapshot_at: int | None = None,
) -> BigTree:
    """Puts a tree into the database of a data folder that no server uses at the moment.

    snapshot_at: nodes at which the last snapshot is taken, as a server takes one every 50,000.
    """
    database = await Database.open(Settings(data_folder=folder).database_path)
    try:
        identities, trees = Identities(database), Trees(database)
        owner = await identities.resolve(None)
        await identities.keep(owner.id)
        log: list[NewEvent] = []
        snapshot: list[tuple[int, bytes]] = []

        def take(tree: Tree, event: NewEvent) -> None:
            log.append(event)
            if snapshot_at is not None and not snapshot and tree.size >= snapshot_at:
                snapshot.append((tree.seq, tree.to_frame()))

        tree = await asyncio.to_thread(grow, rule, prompt, nodes, width, take)
        known = rule.description
        begun = NewTree(
            tree.name, known.to_json(), known.fingerprint, stored_beginning(tree), tree.max_length
        )
        row = await trees.create_tree(begun, owner.id)
        await trees.append_events(row.id, log)
        for seq, frame in snapshot:
            await trees.save_snapshot(row.id, seq, frame)
        return BigTree(row.read_id, owner.new_token or "", tree.size)
    finally:
        await database.close()


def _stored(event: Event, tree: Tree) -> NewEvent:
    return NewEvent(
        seq=event.seq,
        kind=event.kind,
        at=event.at,
        by=event.by,
        change=event.change,
        states=tree.size,
        frame=encode_event(event, tree.ledger),
        automatic=False,
    )
