"""The golden walks that the page's tests read are those that the server takes."""

import base64
import json
from typing import Any

import numpy as np
import pytest

from semioscope.core import frame
from semioscope.core.random import mix, uniform
from semioscope.core.rule import RuleDescription
from semioscope.core.tree import Tree
from semioscope.core.walk import Line, advance
from tests.contract.make_golden import ABOUT, GOLDEN, golden, walk

Json = dict[str, Any]


@pytest.fixture
def written() -> Json:
    return json.loads(GOLDEN.read_text())


def test_random_numbers_are_the_golden_ones(written: Json) -> None:
    assert [[word, mix(word)] for word, _ in written["mix"]] == written["mix"]
    assert [[*each[:3], uniform(*each[:3])] for each in written["uniform"]] == written["uniform"]


def test_lines_advance_as_the_golden_ones(written: Json) -> None:
    for chain in written["advance"]:
        line = Line(chain["start"])
        for before, width, fresh, u, left in chain["steps"]:
            line = advance(line, before, width, fresh)
            assert line.u == u
            assert line.left == pytest.approx(left, abs=1e-9)


def test_a_frozen_tree_is_walked_to_the_golden_states(written: Json) -> None:
    for entry in written["trees"]:
        tree = Tree.from_frame(
            base64.b64decode(entry["frame"]),
            RuleDescription.from_json(entry["rule"]),
            tuple(entry["prompt"]),
            entry["max_length"],
        )
        for wanted in entry["walks"]:
            for walked, expected in zip(walk(tree, wanted), wanted["walked"], strict=True):
                assert walked["keys"] == expected["keys"]
                assert walked["nodes"] == expected["nodes"]
                assert walked["u"] == expected["u"]


def test_golden_walks_reach_every_kind_of_ending(written: Json) -> None:
    wide = written["trees"][0]
    walked = [(wanted, line) for wanted in wide["walks"] for line in wanted["walked"]]
    ends = set(wide["rule"]["end_keys"])
    assert any(line["keys"] and line["keys"][-1] in ends for _, line in walked)
    assert any(len(line["keys"]) == wanted["steps"] for wanted, line in walked)
    assert any(-1 in line["nodes"] for _, line in walked)
    short = [line for wanted, line in walked if len(line["keys"]) < wanted["steps"]]
    assert any(-1 not in line["nodes"] for line in short)


def test_golden_walks_go_where_only_a_ranking_of_the_procedures_own_leads(written: Json) -> None:
    entry = written["trees"][2]
    tree = Tree.from_frame(
        base64.b64decode(entry["frame"]),
        RuleDescription.from_json(entry["rule"]),
        tuple(entry["prompt"]),
        entry["max_length"],
    )
    own = entry["fingerprint"]
    passed = {
        node
        for wanted in entry["walks"]
        if wanted["fingerprint"] == own
        for line in wanted["walked"]
        for node in line["nodes"]
        if node > 0
    }
    steps = [(tree.parent(node), tree.key(node), node) for node in passed]
    candidates = {node: tree.expansion(node).keys for node in tree.expanded_nodes().tolist()}
    rankings = {node: tree.fan(node, own) for node in candidates}
    in_own_only = [
        node
        for parent, key, node in steps
        if key in rankings[parent].keys and key not in candidates[parent]
    ]
    beyond = [node for parent, key, node in steps if key not in rankings[parent].keys]
    assert in_own_only
    assert beyond
    assert all(tree.tail_cum(node, own) > 0 for node in beyond)
    assert any(fan.kept > len(fan.keys) for fan in rankings.values())


def test_the_written_file_is_what_the_code_makes(written: Json) -> None:
    made = golden()
    assert written["about"] == ABOUT
    for was, now in zip(written["trees"], made["trees"], strict=True):
        header, columns = frame.decode(base64.b64decode(was.pop("frame")))
        new_header, new_columns = frame.decode(base64.b64decode(now.pop("frame")))
        header.pop("ledger")
        new_header.pop("ledger")
        assert header == new_header
        assert columns.keys() == new_columns.keys()
        for name, column in columns.items():
            # Logarithms and exponentials may differ in the last bit on another machine.
            np.testing.assert_allclose(new_columns[name], column, rtol=3e-7, err_msg=name)
        for one in (was, now):
            for wanted in one["walks"]:
                for line in wanted["walked"]:
                    line["left"] = round(line["left"], 9)
        assert json.loads(json.dumps(now)) == was
