"""Semioscope in a notebook or a script."""

import ast
import asyncio
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import semioscope
from semioscope import (
    Ancestral,
    BestFirst,
    Breadth,
    SemioscopeError,
    StochasticBeam,
    Stop,
    Temperature,
    Worlds,
    grow,
    rule,
)


def test_importing_the_package_costs_nothing_and_gives_all_it_lists() -> None:
    script = (
        "import sys, semioscope\n"
        "print([n for n in ('numpy', 'pydantic', 'torch', 'pandas') if n in sys.modules])"
    )
    told = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert told.stdout.strip() == "[]"
    assert all(getattr(semioscope, name) is not None for name in semioscope.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'tensor'"):
        _ = semioscope.tensor  # type: ignore[attr-defined]  # that is what is tested


def test_what_type_checkers_are_told_is_what_there_is() -> None:
    stub = ast.parse(Path(semioscope.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    imports = [node for node in stub.body if isinstance(node, ast.ImportFrom)]
    told = {(node.module, alias.name) for node in imports for alias in node.names}
    there = {(place, name) for place, names in semioscope._PLACES.items() for name in names}
    assert told == there


def test_a_tree_shows_what_it_is() -> None:
    tree = grow(rule("coin:0.7"), "HT", BestFirst(20), max_length=5)
    shown = repr(tree)
    for part in ("15 states", "'HT'", "Coin", "what is drawn is the rule", "terminal 1.0000"):
        assert part in shown
    assert "unexplored" in shown
    assert tree.prompt == "HT"
    assert len(tree) == 15
    assert [one.text for one in tree.found[:2]] == ["HHH", "HTH"] or len(tree.found) == 8
    assert tree.found[0].probability == pytest.approx(0.7**3)
    assert tree.probability(tree.found[0].node) == tree.found[0].probability
    assert [one.node for one in tree.trajectories()] == [one.node for one in tree.found]


async def test_it_works_where_a_loop_is_running() -> None:
    assert asyncio.get_running_loop().is_running()
    counts: list[int] = []
    tree = grow("coin", "", Breadth(2, 3), progress=counts.append)
    assert len(tree) == 15
    assert counts == sorted(counts)
    assert counts[-1] == 7


def test_a_tree_grows_on() -> None:
    tree = grow("coin-biased", "", Breadth(1, 2), procedure=[Temperature(0.5)])
    end = tree.trajectories()[0]
    tree.grow(Ancestral(10, 3, 4), end.node).grow(Worlds(4, 2))
    assert tree.tree.visits[end.node] == 10
    assert tree.report.note is not None
    assert "temperature 0.5" in repr(tree)
    assert len(tree.to_pandas()) == len(tree.to_networkx()) == len(tree)


def test_weights_come_with_what_was_drawn() -> None:
    tree = grow("coin-sticky", "", StochasticBeam(4, 6, 9))
    assert len(tree.found) == 4
    assert all(one.log_weight is not None for one in tree.found)


def test_a_rewriting_rule_grows_as_any_other() -> None:
    tree = grow({"kind": "rewriting", "rules": "A->AB, B->A"}, "A", Breadth(5, 5))
    by_depth = [
        {one["text"] for _, one in tree.to_networkx().nodes(data=True) if one["depth"] == depth}
        for depth in range(6)
    ]
    assert [len(states) for states in by_depth] == [1, 1, 2, 3, 5, 8]


def test_equal_states_of_a_rewriting_rule_are_one_node_of_its_multiway_graph() -> None:
    tree = grow({"kind": "rewriting", "rules": "A->AB, B->A"}, "A", Breadth(20, 6))
    graph = tree.to_networkx(merged=True)
    steps = Counter(step for _, step in graph.nodes(data="first_step"))
    assert [steps[step] for step in range(7)] == [1, 1, 2, 3, 5, 8, 13]
    assert len(tree) > len(graph)
    assert sorted(node for _, nodes in graph.nodes(data="nodes") for node in nodes) == list(
        range(len(tree))
    )
    for state, edges in graph.adjacency():
        if edges:
            assert sum(edge["probability"] for edge in edges.values()) == pytest.approx(1), state
    turning = grow({"kind": "rewriting", "rules": "A->B, B->A"}, "A", Breadth(2, 4))
    assert set(turning.to_networkx(merged=True).edges) == {("A", "B"), ("B", "A")}
    with pytest.raises(SemioscopeError, match="appends tokens"):
        grow(rule("coin"), "", Breadth(2, 2)).to_networkx(merged=True)


def test_draws_of_a_rewriting_rule_do_not_depend_on_what_is_there_already() -> None:
    made, plan = rule("rewriting:A->AB,B->A,AB->BA"), StochasticBeam(6, 5, 3)
    fresh = grow(made, "ABA", plan)
    after = grow(made, "ABA", Breadth(3, 3)).grow(plan)
    assert [one.text for one in after.found] == [one.text for one in fresh.found]
    assert [one.log_weight for one in after.found] == [one.log_weight for one in fresh.found]
    assert len({one.node for one in fresh.found}) == 6


@pytest.mark.parametrize(
    ("by", "prompt", "sentence"),
    [
        ("dice", "", "offers no rule “dice”"),
        ("coin:1.5", "", "0 to 1"),
        ("coin", "HX", "A coin knows H and T only"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(by: str, prompt: str, sentence: str) -> None:
    with pytest.raises(SemioscopeError, match=sentence):
        grow(by, prompt, Breadth(2, 2))


def test_a_stop_is_kept_to() -> None:
    tree = grow("coin", "", BestFirst(500), stop=Stop(depth=2), max_length=8)
    assert max(tree.tree.depths) == 3
    with pytest.raises(SemioscopeError, match="would bias its estimates"):
        grow("coin", "", Ancestral(5, 5), stop=Stop(ended=1))


def test_a_tree_is_saved_as_what_its_name_says(tmp_path: Path) -> None:
    tree = grow(rule("coin:0.7"), "HT", BestFirst(20), max_length=5)
    place = tree.save(tmp_path / "flips.json")
    told = json.loads(place.read_text(encoding="utf-8"))
    assert told["states"] == len(told["nodes"]) == len(tree)
    assert told["rule"]["spec"] == {"kind": "coin", "heads": 0.7, "repeats": None}
    assert told["created_at"] is None
    with pytest.raises(SemioscopeError, match="does not say a format"):
        tree.save(str(tmp_path / "flips.docx"))
    assert [one.name for one in tmp_path.iterdir()] == ["flips.json"]
