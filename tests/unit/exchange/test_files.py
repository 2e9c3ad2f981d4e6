"""Trees as files: another program reads back what the tree has."""

import csv
import io
import json
import math
import re
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import jsonschema_rs
import networkx as nx
import numpy as np
import pandas as pd
import pydot
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semioscope.core.alphabet import Alphabet
from semioscope.core.errors import InvalidRequest
from semioscope.core.sampling import Procedure, Temperature, TopP
from semioscope.core.strategies import Ancestral, BestFirst, Breadth
from semioscope.core.tree import Tree
from semioscope.exchange.files import FORMATS, TreeFile, format_of, save
from semioscope.exchange.graph import to_networkx
from semioscope.exchange.json_file import json_schema
from semioscope.exchange.nodes import node_rows
from semioscope.exchange.plain_text import one_line, plain, xml_text
from tests.unit.core_math.toys import Garden, ToyRule, toy

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC).timestamp()
NASTY = [
    b"<b>&amp;</b>",
    b'"quoted" \\',
    b"\x00\x07\x1b[31m",
    b"line\nfeed\r\nreturn\r",
    "\u2028\ufffe\u202e ".encode(),
    b"\xe2\x80",
    b"=1+1, 'x';",
    b"",
]


def written(tree: Tree, name: str) -> str:
    chunks = TreeFile(tree, FORMATS[name], NOON - 60, at=NOON).chunks()
    return b"".join(chunks).decode("utf-8")


def pruned_garden() -> Garden:
    garden = Garden(toy(3, 4, (3,)), max_length=5, procedure=Procedure((TopP(0.9),)))
    garden.grow(BestFirst(20))
    garden.grow(Ancestral(8, 3, 1))
    garden.happen("prune", {"node": 1}, {})
    return garden


NOTE = 'He said "no" & left;\n<b>twice</b>, \\N'
NAME = 'the & "other" one'


def annotated_garden() -> Garden:
    garden = pruned_garden()
    garden.happen("bookmark", {"node": 0, "on": True}, {})
    garden.happen("bookmark", {"node": 2, "on": True}, {})
    garden.happen("note", {"node": 2, "text": NOTE}, {})
    garden.happen("label", {"node": 3, "text": NAME}, {})
    return garden


def nasty_garden(tokens: list[bytes]) -> Garden:
    rule = ToyRule(lambda _: [1] * len(tokens), len(tokens))
    rule.alphabet = Alphabet(tokens, ())
    garden = Garden(rule, max_length=4)
    garden.tree = Tree(rule.description, (0,), 4, tokens[:1], name=tokens[0].decode("latin-1"))
    garden.grow(Breadth(len(tokens), 1))
    return garden


def unquoted(quoted: str) -> str:
    """What Graphviz shows of a quoted label: escapes and entities undone."""
    if quoted[0] != '"':
        return quoted
    assert quoted[-1] == '"'
    escapes = {'"': '"', "\\": "\\", "n": "\n"}
    assert "\n" not in quoted
    assert "\\" not in re.sub(r'\\["\\n]', "", quoted[1:-1]), "it would be read as an escape"
    return unescape(re.sub(r"\\(.)", lambda found: escapes[found[1]], quoted[1:-1]))


# -- JSON


def test_the_json_is_what_its_schema_says_and_says_where_it_comes_from() -> None:
    tree = pruned_garden().tree
    told = json.loads(written(tree, "json"))
    jsonschema_rs.Draft202012Validator(json_schema()).validate(told)
    assert told["prompt"]["text"] == "0,"
    assert told["prompt"]["tokens"] == [{"key": 0, "bytes": "302c", "text": "0,"}]
    assert told["procedure"]["steps"] == [{"kind": "top_p", "p": 0.9}]
    assert told["procedure"]["fingerprint"] == tree.fingerprint
    assert told["rule"]["fingerprint"] == "toy"
    assert told["seq"] == tree.seq
    assert told["exported_at"] == "2026-01-02T12:00:00Z"
    assert told["created_at"] == "2026-01-02T11:59:00Z"
    assert told["nodes"] == list(node_rows(tree))
    assert told["states"] == len(told["nodes"]) == tree.size


def test_the_schema_refuses_what_is_no_tree() -> None:
    jsonschema_rs.meta.validate(json_schema())
    schema = jsonschema_rs.Draft202012Validator(json_schema())
    told = json.loads(written(pruned_garden().tree, "json"))
    for spoilt in (
        told | {"version": 1},
        told | {"nodes": []},
        told | {"nodes": [told["nodes"][0] | {"status": "lost"}]},
        told | {"nodes": [told["nodes"][0] | {"note": ""}]},
        told | {"units": told["units"] | {"entropy": "nats"}},
        told | {"surplus": 1},
        {name: value for name, value in told.items() if name != "rule"},
    ):
        assert not schema.is_valid(spoilt)


def test_every_state_says_what_it_is() -> None:
    tree = pruned_garden().tree
    rows = list(node_rows(tree))
    assert {row["status"] for row in rows} == {"pruned", "terminal", "expanded", "frontier"}
    for row in rows:
        node = row["node"]
        expansion = tree.expansion(node)
        assert row["entropy"] == (None if expansion is None else expansion.entropy)
        assert row["cut"] == (row["status"] == "pruned") == tree.under_cut(node)
        if row["status"] == "frontier":
            assert node in tree.frontier()


def test_a_file_is_of_one_moment_whatever_happens_to_the_tree_meanwhile() -> None:
    garden = pruned_garden()
    file = TreeFile(garden.tree, FORMATS["csv"], NOON - 60, at=NOON)
    before = written(garden.tree, "csv")
    garden.happen("restore", {"node": 1}, {})
    garden.grow(BestFirst(10))
    assert b"".join(file.chunks()).decode() == before != written(garden.tree, "csv")


def test_what_is_hidden_is_in_no_file() -> None:
    garden = Garden(toy(3, 4))
    garden.grow(Breadth(2, 2))
    garden.happen("hide", {}, {"hidden_node": np.array([1], np.uint32)})
    shown = {node for node in range(garden.tree.size) if garden.tree.has(node)}
    assert 0 < len(shown) < garden.tree.size
    assert {row["node"] for row in json.loads(written(garden.tree, "json"))["nodes"]} == shown
    assert set(nx.parse_graphml(written(garden.tree, "graphml"), node_type=int)) == shown


# -- what people set down


def test_bookmarks_names_and_notes_are_in_the_json() -> None:
    told = json.loads(written(annotated_garden().tree, "json"))
    jsonschema_rs.Draft202012Validator(json_schema()).validate(told)
    nodes = {row["node"]: row for row in told["nodes"]}
    assert [node for node, row in nodes.items() if row["bookmarked"]] == [0, 2]
    assert {node: row["note"] for node, row in nodes.items() if row["note"]} == {2: NOTE}
    names = {node: row["branch_name"] for node, row in nodes.items() if row["branch_name"]}
    assert names == {3: NAME}
    assert nodes[0]["note"] is nodes[0]["branch_name"] is None


def test_bookmarks_names_and_notes_are_in_the_table() -> None:
    table = list(csv.DictReader(io.StringIO(written(annotated_garden().tree, "csv"), newline="")))
    assert [row["node"] for row in table if row["bookmarked"] == "True"] == ["0", "2"]
    assert {row["node"]: row["note"] for row in table if row["note"]} == {"2": NOTE}
    assert {row["node"]: row["branch_name"] for row in table if row["branch_name"]} == {"3": NAME}


def test_bookmarks_names_and_notes_are_in_the_graphml() -> None:
    read = nx.parse_graphml(written(annotated_garden().tree, "graphml"), node_type=int)
    assert [node for node, on in read.nodes(data="bookmarked") if on] == [0, 2]
    assert {node: note for node, note in read.nodes(data="note") if note} == {2: NOTE}
    assert {node: name for node, name in read.nodes(data="branch_name") if name} == {3: NAME}


def test_bookmarks_names_and_notes_are_in_the_dot() -> None:
    tree = annotated_garden().tree
    (graph,) = pydot.graph_from_dot_data(written(tree, "dot")) or ()
    nodes = {int(node.get_name()): node for node in graph.get_nodes() if node.get_name().isdigit()}
    assert [node for node, drawn in nodes.items() if drawn.get("penwidth")] == [0, 2]
    notes = {node: drawn.get("tooltip") for node, drawn in nodes.items() if drawn.get("tooltip")}
    assert {node: unquoted(note) for node, note in notes.items()} == {2: NOTE}
    assert unquoted(nodes[3].get("label")) == f"{tree.key(3)},\n{NAME}"


def test_what_is_set_down_meanwhile_or_on_a_hidden_state_is_in_no_file() -> None:
    garden = Garden(toy(3, 4))
    garden.grow(Breadth(2, 2))
    garden.happen("note", {"node": 1, "text": NOTE}, {})
    garden.happen("hide", {}, {"hidden_node": np.array([1], np.uint32)})
    file = TreeFile(garden.tree, FORMATS["json"], at=NOON)
    garden.happen("note", {"node": 2, "text": "later"}, {})
    garden.happen("bookmark", {"node": 2, "on": True}, {})
    nodes = json.loads(b"".join(file.chunks()))["nodes"]
    assert not any(row["note"] or row["bookmarked"] for row in nodes)


# -- units


def test_the_units_that_are_said_are_those_of_the_numbers() -> None:
    """Surprisal in bits is −log2 of the probability; half, half has an entropy of one bit."""
    garden = Garden(ToyRule(lambda _: [1, 1], 2), max_length=3)
    garden.grow(Breadth(2, 1))
    told = json.loads(written(garden.tree, "json"))
    assert told["units"] == {"log_prob": "nats", "cum_log_prob": "nats", "entropy": "bits"}
    assert told["nodes"][0]["entropy"] == pytest.approx(1)
    assert told["nodes"][1]["log_prob"] == pytest.approx(-math.log(2))
    read = nx.parse_graphml(written(garden.tree, "graphml"), node_type=int)
    assert json.loads(read.graph["units"]) == told["units"]


# -- CSV


def test_the_csv_is_a_table_with_units_in_its_header() -> None:
    tree = pruned_garden().tree
    table = pd.read_csv(io.StringIO(written(tree, "csv")))
    assert {"log_prob_nats", "cum_log_prob_nats", "entropy_bits"} <= set(table.columns)
    assert table.node.tolist() == list(range(tree.size))
    assert np.array_equal(table.cum_log_prob_nats, tree.cum_log_probs)
    assert table.parent.isna().sum() == 1
    assert np.array_equal(table.entropy_bits.notna(), table.expanded)


def test_the_csv_says_where_it_comes_from_and_stays_a_table_for_whoever_reads_it() -> None:
    tree = nasty_garden([b"#a, b", b'"#', b"\n# c\r\n", "é🌍".encode()]).tree
    text = written(tree, "csv")
    texts = [row["text"] for row in node_rows(tree)]
    whole = json.loads(written(tree, "json"))
    origin = {name: value for name, value in whole.items() if name not in ("nodes", "states")}
    assert {"prompt", "rule", "procedure", "units", "exported_at", "software"} <= set(origin)

    table = pd.read_csv(io.StringIO(text, newline=""), keep_default_na=False)
    assert table.text.tolist() == texts
    assert json.loads(table.about[0]) == origin
    assert set(table.about[1:]) == {""}

    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["text"] for row in rows] == texts
    assert json.loads(rows[0]["about"]) == origin
    assert {None} not in [set(row) for row in rows]

    # A tree in Excel's or R's hands is a table of one width.
    assert {len(row) for row in csv.reader(io.StringIO(text, newline=""))} == {len(rows[0])}


# -- GraphML


def test_networkx_reads_the_graphml_back_as_the_same_graph() -> None:
    tree = pruned_garden().tree
    read, graph = nx.parse_graphml(written(tree, "graphml"), node_type=int), to_networkx(tree)
    assert set(read) == set(graph)
    assert set(read.edges) == set(graph.edges)
    assert read.is_directed()
    for node, fields in graph.nodes(data=True):
        known = {
            name: value
            for name, value in fields.items()
            if value is not None and name not in ("node", "parent")
        }
        assert read.nodes[node] == known
    for parent, child, fields in graph.edges(data=True):
        assert read.edges[parent, child] == {
            name: fields[name] for name in ("log_prob", "probability")
        }
    assert read.graph["prompt"] == "0,"
    assert json.loads(read.graph["procedure"]) == tree.procedure.to_wire()
    assert read.graph["rule_fingerprint"] == "toy"


# -- DOT


def test_a_reader_of_dot_finds_the_states_the_steps_and_the_caption() -> None:
    tree = pruned_garden().tree
    (graph,) = pydot.graph_from_dot_data(written(tree, "dot")) or ()
    nodes = {int(node.get_name()): node for node in graph.get_nodes() if node.get_name().isdigit()}
    assert set(nodes) == set(range(tree.size))
    edges = {(int(edge.get_source()), int(edge.get_destination())) for edge in graph.get_edges()}
    assert edges == {(tree.parent(node), node) for node in range(1, tree.size)}
    for node, drawn in nodes.items():
        assert unquoted(drawn.get("label")) == ("0," if node == 0 else f"{tree.key(node)},")
        probability = float(drawn.get("probability").strip('"'))
        assert probability == pytest.approx(math.exp(tree.cum_log_prob(node)), rel=1e-5)
    assert nodes[1].get("color") == "gray60"
    caption = unquoted(graph.get_graph_defaults()[0]["label"])
    assert caption.split("\n")[:3] == ["0,", "toy (toy)", "top_p 0.9"]


# -- nasty text


def check_text_survives(tokens: list[bytes]) -> None:
    tree = nasty_garden(tokens).tree
    rows = list(node_rows(tree))
    told = json.loads(written(tree, "json"))
    jsonschema_rs.Draft202012Validator(json_schema()).validate(told)
    assert [row["text"] for row in told["nodes"]] == [row["text"] for row in rows]
    assert [bytes.fromhex(row["bytes"]) for row in told["nodes"][1:]] == [
        tokens[row["key"]] for row in rows[1:]
    ]
    table = list(csv.DictReader(io.StringIO(written(tree, "csv"), newline="")))
    assert [row["text"] for row in table] == [row["text"] for row in rows]
    read = nx.parse_graphml(written(tree, "graphml"), node_type=int)
    for row in rows:
        assert read.nodes[row["node"]].get("text", "") == xml_text(row["text"])
    (graph,) = pydot.graph_from_dot_data(written(tree, "dot")) or ()
    nodes = {node.get_name(): node for node in graph.get_nodes()}
    for row in rows:
        label = unquoted(nodes[str(row["node"])].get("label"))
        assert label == one_line(row["text"])


def test_text_of_every_kind_is_only_text() -> None:
    check_text_survives(NASTY)


TOKENS = st.one_of(
    st.binary(max_size=6),
    st.text(max_size=6).map(str.encode),
    st.text("<>&\"'\\\n\r\t\0;{}[]=", max_size=6).map(str.encode),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(TOKENS, min_size=1, max_size=4))
def test_text_of_any_kind_is_only_text(tokens: list[bytes]) -> None:
    check_text_survives(tokens)


def test_what_a_format_cannot_hold_is_shown_by_its_number() -> None:
    assert xml_text("a\x07b\rc\n\ud800\ufffe") == "a⟨07⟩b⟨0D⟩c\n⟨D800⟩⟨FFFE⟩"
    assert one_line(" the\n\x1b\u00a0x") == "␣the↵⟨1B⟩⍽x"


# -- names and places


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("The night call", "the-night-call"),
        ("../../etc/passwd", "etc-passwd"),
        ('a"\r\nSet-Cookie: b', "a-set-cookie-b"),
        ("Überlegung №1", "uberlegung-no1"),
        ("夜の電話", "multiverse"),
        ("x" * 300, "x" * 60),
    ],
)
def test_a_file_has_a_name_that_any_system_takes(name: str, safe: str) -> None:
    assert plain(name) == safe


def test_a_file_is_saved_whole_and_in_place_of_another(tmp_path: Path) -> None:
    tree = pruned_garden().tree
    for suffix in (".json", ".CSV", ".graphml", ".gv"):
        place = tmp_path / f"tree{suffix}"
        place.write_text("before")
        save(tree, place)
        start = {"json": "{", "csv": '"', "graphml": "<?xml", "dot": "digraph"}
        assert place.read_text("utf-8").startswith(start[format_of(place).name])
    assert len(list(tmp_path.iterdir())) == 4


@pytest.mark.parametrize("name", ["tree", "tree.txt", "missing/tree.json"])
def test_a_file_that_cannot_be_is_refused_and_nothing_is_written(name: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest):
        save(pruned_garden().tree, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_refuses_is_told_and_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "tree.json"
    place.write_text("before")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(InvalidRequest, match="No space left"):
        save(pruned_garden().tree, place)
    assert place.read_text() == "before"
    assert len(list(tmp_path.iterdir())) == 1


def test_the_procedure_is_said_as_the_tree_shows_it() -> None:
    garden = Garden(toy(3, 4), procedure=Procedure((Temperature(0.5), TopP(0.9))))
    assert "temperature 0.5 → top_p 0.9" in written(garden.tree, "dot")
