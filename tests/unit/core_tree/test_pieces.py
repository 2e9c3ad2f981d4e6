"""A large tree in pieces: together they are the whole tree, whatever the first of them holds."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semioscope.core import frame, pieces
from semioscope.core.pieces import Pieces
from semioscope.core.sight import Sight, in_sight
from semioscope.core.tree import Tree
from semioscope.core.types import Columns
from tests import big_tree

NODES = 3000


@pytest.fixture(scope="module")
def tree() -> Tree:
    """A tree with bookmarks, cuts and hidden states in it."""
    grown = big_tree.grow(big_tree.chain(), "the ", NODES, 3, lambda *_: None)
    happen(grown, "prune", {"node": 40})
    happen(grown, "prune", {"node": 2500})
    happen(grown, "bookmark", {"node": 2222, "on": True})
    hidden = np.arange(1200, 1300, dtype=np.uint32)
    happen(grown, "hide", {}, {"hidden_node": hidden, "hidden_expansion": hidden[:0]})
    return grown


def happen(tree: Tree, kind: Any, payload: dict[str, Any], columns: Columns | None = None) -> None:
    tree.apply(big_tree.Event(tree.seq + 1, kind, 0.0, "ann", "c", payload, columns or {}))


def together(tree: Tree, head: Any) -> tuple[dict[str, Any], Columns]:
    """The header, and every column put together again, in the order of its nodes."""
    header: dict[str, Any] = {}
    found: dict[str, list[Any]] = {}
    nodes: dict[int, tuple[int, int, float]] = {}
    for raw in Pieces(*tree.whole(for_wire=True), head).frames():
        told, columns = frame.decode(raw)
        header = header or told
        parents, *beside = (columns.get(name, np.zeros(0)).tolist() for name in pieces._NODES)
        ids = columns.get("node_id", np.arange(len(parents)) + told.get("first", 0))
        rows = zip(parents, *beside, strict=True)
        for node, row in zip(ids.tolist(), rows, strict=True):
            assert nodes.setdefault(node, row) == row
        for name, each in columns.items():
            if name not in {"node_id", *pieces._NODES}:
                found.setdefault(name, []).append(each)
    assert sorted(nodes) == list(range(1, tree.size))
    return header, {name: np.concatenate(each) for name, each in found.items()}


def by_node(columns: Columns, name: str) -> dict[int, tuple[Any, ...]]:
    """What the columns beside one that names nodes say of each of them."""
    beside = [columns[each].tolist() for each in pieces._ROWS[name] if each in columns]
    found: dict[int, tuple[Any, ...]] = {
        node: row
        for node, *row in zip(columns[name].tolist(), *beside, strict=True)  # type: ignore[misc]  # of any length
    }
    if name in pieces._RUNS:
        counts, runs = pieces._RUNS[name]
        ends = np.cumsum(columns[counts])[:-1]
        parts = [np.split(columns[each], ends) for each in runs if each in columns]
        for node, *entries in zip(columns[name].tolist(), *parts, strict=True):
            found[node] = (found[node], *(each.tolist() for each in entries))
    return found


def must_be_whole(tree: Tree, head: Any) -> None:
    whole, columns = tree.whole(for_wire=True)
    header, again = together(tree, head)
    assert header == whole | {"type": "tree", "states": tree.size}
    assert again.keys() == columns.keys() - set(pieces._NODES)
    for name in columns:
        if name in pieces._ROWS:
            assert by_node(again, name) == by_node(columns, name), name
            assert len(again[name]) == len(columns[name]), name
        elif name not in pieces._OF_NODES:
            assert again[name].tobytes() == columns[name].tobytes(), name


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "SMALLEST", 100)
    monkeypatch.setattr(pieces, "PIECE_NODES", 256)
    monkeypatch.setattr(pieces, "PIECE_ENTRIES", 500)


@settings(deadline=None, max_examples=20)
@given(st.data())
def test_the_pieces_are_the_whole_tree_whatever_is_in_the_first(tree: Tree, data: Any) -> None:
    some = data.draw(st.lists(st.integers(0, tree.size - 1), max_size=20))
    head = sorted({0, *(above for node in some for above in tree.path(node))})
    must_be_whole(tree, np.array(head, np.uint32))


def test_the_first_has_what_is_seen_and_all_that_leads_to_it(tree: Tree) -> None:
    head = in_sight(tree, Sight(selected=2800, lines=39))
    held = set(head.tolist())
    assert {0, 40, 2222, 2500, 2800} <= held, "cuts, bookmarks, the selected state"
    assert all(tree.parent(node) in held for node in held - {0})
    assert 40 * 20 < len(held) < tree.size
    must_be_whole(tree, head)


def test_what_happens_meanwhile_is_in_no_piece(tree: Tree) -> None:
    frames = pieces.pieces_of(tree, Sight())
    first, seq = frame.decode(next(frames)), tree.seq
    happen(tree, "prune", {"node": 100})
    rest = [frame.decode(raw) for raw in frames]
    cuts = [columns["cut_node"].tolist() for _, columns in (first, *rest) if "cut_node" in columns]
    happen(tree, "restore", {"node": 100})
    assert first[0]["seq"] == seq
    assert 100 not in {node for each in cuts for node in each}


def test_a_small_tree_comes_whole(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "SMALLEST", 10**6)
    (raw,) = pieces.pieces_of(tree, Sight())
    header, columns = frame.decode(raw)
    assert header["states"] == tree.size
    assert "node_id" not in columns


def test_a_snapshot_finds_its_children_before_and_after_it_grows() -> None:
    grown = big_tree.grow(big_tree.chain(), "the ", 40_000, 3, lambda *_: None)
    again = Tree.from_frame(grown.to_frame(), grown.rule, grown.prompt, grown.max_length)
    nodes = range(1, grown.size, 97)
    found = [again.find_child(int(grown.parents[node]), grown.key(node)) for node in nodes]
    assert found == list(nodes)
    assert again.find_child(0, 10**6) is None
    parent, key = int(grown.parents[7]), grown.key(7)
    twice = {
        "node_parent": np.array([parent], np.uint32),
        "node_key": np.array([key], np.uint32),
        "node_log_prob": np.array([-1.0], np.float32),
    }
    with pytest.raises(ValueError, match="only once"):
        happen(again, "grow", {"first_node": again.size}, twice)
    assert again.find_child(parent, key) == 7
    columns, known = again.whole()[1], grown.whole()[1]
    assert {name: each.tobytes() for name, each in columns.items()} == {
        name: each.tobytes() for name, each in known.items()
    }
