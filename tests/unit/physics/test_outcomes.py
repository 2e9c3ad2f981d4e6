"""Which outcome a trajectory has reached, and what is refused."""

import time

import numpy as np
import pytest

from semioscope.core.distribution import Answer, Expansion, NextState
from semioscope.core.errors import InvalidRequest
from semioscope.core.events import Event
from semioscope.core.growth import Growth
from semioscope.core.sampling import Weights
from semioscope.core.strategies import Breadth
from semioscope.core.tree import Tree
from semioscope.core.types import Seq
from semioscope.physics.assignment import assigned, ends
from semioscope.physics.clusters import cluster_texts, cluster_vectors
from semioscope.physics.outcomes import (
    NONE,
    Condition,
    Contains,
    Ends,
    EndsIn,
    InCluster,
    Loops,
    Matches,
    Outcomes,
    Trajectory,
    reached,
)
from semioscope.rules.rewriting import Rewriting
from tests.unit.core_math.toys import Garden, ToyRule
from tests.unit.core_tree.toys import Logged


def said(text: str, *, is_end: bool = False, cluster: int = NONE) -> Trajectory:
    tokens = tuple(ord(letter) for letter in text)
    return Trajectory(tokens, tuple(bytes([t]) for t in tokens), True, is_end, cluster)


@pytest.mark.parametrize(
    ("condition", "held", "not_held"),
    [
        (Contains("cat"), said("a cat sat"), said("a dog sat")),
        (Contains("CAT", ignore_case=True), said("a Cat sat"), said("a dog sat")),
        (Matches(r"\bca+t\b"), said("a caaat sat"), said("scat")),
        (Matches("(?i)HELLO|bye"), said("Hello"), said("hell")),
        (EndsIn("sat."), said("a cat sat.\n"), said("sat. a cat")),
        (Loops(), said("no no no no "), said("no no yes")),
        (Ends(), said("over", is_end=True), said("over")),
        (InCluster(1), said("x", cluster=1), said("x", cluster=0)),
    ],
    ids=str,
)
def test_each_kind_holds_where_it_should(
    condition: Condition, held: Trajectory, not_held: Trajectory
) -> None:
    outcomes = Outcomes.of(it=condition)
    assert reached(outcomes, held) == 0
    assert reached(outcomes, not_held) == NONE


def test_the_first_to_hold_counts_and_of_two_at_once_the_first_listed() -> None:
    outcomes = Outcomes.of(late=Contains("later"), early=Contains("soon"))
    assert reached(outcomes, said("soon and later")) == 1
    both = Outcomes.of(one=Contains("abc"), other=Contains("c"))
    assert reached(both, said("abc")) == 0


def test_a_rewriting_tree_loops_where_its_states_do() -> None:
    rule = Rewriting.from_spec({"rules": "A->B, B->A"})
    tree = Tree(rule.description, b"A", 9, (b"A",))
    growth = Growth(tree, None)
    node = 0
    for _ in range(6):
        symbols = rule.successors(growth.state_of(node))
        expansion = Expansion(
            np.array([0], np.uint32),
            np.zeros(1, np.float32),
            0.0,
            0.0,
            True,
            ((symbols.labels[0], symbols.states[0]),),
        )
        scored = NextState(0, 0.0, 0, 0.0, 0.0, 1.0, (symbols.labels[0], symbols.states[0]))
        growth.expand(node, Answer(expansion, Weights(0.0, 1, 0.0), (), (scored,), ()), "rule")
        node = growth.child(node, scored)
    payload, columns = growth.take()
    tree.apply(Event(Seq(1), "grow", 0.0, "me", "c", payload, columns))
    assert [tree.state_of(each) for each in range(7)] == [b"A", b"B"] * 3 + [b"A"]
    assert assigned(tree, Outcomes.of(it=Loops())).tolist() == [NONE] * 5 + [0, 0]


def tree_of(size: int = 3, end: int = 2, depth: int = 5) -> Garden:
    garden = Garden(ToyRule(lambda _: [3, 2, 1], size, (end,)), max_length=depth + 1)
    garden.grow(Breadth(k=size, depth=depth))
    return garden


@pytest.mark.parametrize(
    "outcomes",
    [
        Outcomes.of(ones=Contains("1,1,"), ends=Ends()),
        Outcomes.of(regex=Matches("(1,0,){2}"), last=EndsIn("0,0,")),
        Outcomes.of(loop=Loops(3), two=Contains("0,1,")),
        Outcomes.of(pairs=Loops(2, longest=2), shout=Contains("1,2,", ignore_case=True)),
        Outcomes.of(anchored=Matches("^0,1,$"), space=EndsIn("1,  ")),
    ],
    ids=lambda each: each.names[0],
)
def test_a_tree_is_assigned_as_each_of_its_trajectories_is(outcomes: Outcomes) -> None:
    garden = tree_of()
    tree = garden.tree
    found = assigned(tree, outcomes)
    assert {*range(len(outcomes))} <= set(found.tolist())
    over = ends(tree)
    for node in range(tree.size):
        keys = garden.keys(node)
        is_end = bool(keys) and keys[-1] == 2
        trajectory = Trajectory(
            keys,
            tuple(f"{key},".encode() for key in keys),
            tree.is_terminal(node),
            is_end,
            prompt=(0,),
        )
        assert found[node] == reached(outcomes, trajectory), keys
        assert over[node] == is_end


def test_clusters_are_told_of_the_nodes_that_were_put_into_one() -> None:
    tree = tree_of(depth=2).tree
    leaves = [node for node in range(tree.size) if tree.is_terminal(node)]
    clusters = {node: place % 2 for place, node in enumerate(leaves)}
    found = assigned(tree, Outcomes.of(a=InCluster(0), b=InCluster(1)), clusters)
    assert {node: int(found[node]) for node in leaves} == clusters
    assert found[0] == NONE


def test_a_rewriting_tree_is_known_by_its_states() -> None:
    logged = Logged(rewriting=True)
    children = logged.branch(0, 0)
    found = assigned(logged.tree, Outcomes.of(b=Contains("AB")))
    assert found.tolist() == [NONE] + [0] * len(children)


def test_an_expression_that_would_explode_is_searched_in_time_or_refused_at_once() -> None:
    text = said("a" * 300 + "!")
    began = time.perf_counter()
    assert reached(Outcomes.of(it=Matches("(a+)+$")), text) == 0
    assert reached(Outcomes.of(it=Matches("(a|a)*b")), text) == NONE
    for pattern in ("((a{1,100}){1,100}){1,100}", "(x{1000}){1000}", r"\pL{500}"):
        with pytest.raises(InvalidRequest, match="cannot be searched for"):
            Matches(pattern)
    assert time.perf_counter() - began < 2


@pytest.mark.parametrize("pattern", ["(", r"(a)\1", "(?=a)b", "", "a" * 501])
def test_what_re2_does_not_take_is_refused_in_one_sentence(pattern: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        Matches(pattern)
    assert refused.value.code == "bad-pattern"
    assert refused.value.message.endswith(".")


def test_outcomes_have_names_and_bounds() -> None:
    for make in (
        lambda: Outcomes((), ()),
        lambda: Outcomes(("a", "a"), (Ends(), Ends())),
        lambda: Outcomes(tuple(map(str, range(17))), (Ends(),) * 17),
        lambda: Contains(""),
        lambda: EndsIn("x" * 501),
        lambda: Loops(1),
    ):
        with pytest.raises(InvalidRequest) as refused:
            make()
        assert refused.value.code == "bad-outcome"


def test_endings_that_speak_of_two_things_make_two_clusters() -> None:
    rng = np.random.default_rng(1)
    words = [["cat", "dog", "mouse", "horse"], ["stock", "market", "bank", "money"]]
    kinds = [int(kind) for kind in rng.random(40) < 0.4]
    texts = ["the " + " ".join(rng.choice(words[kind], 3, replace=False)) for kind in kinds]
    found = cluster_texts(texts, 2)
    assert (found.of == kinds).all()  # the larger one is the first
    assert set(found.names[0].split()) <= set(words[0])
    assert set(found.names[1].split()) <= set(words[1])
    assert found.table().values("size").tolist() == np.bincount(kinds).tolist()
    assert (cluster_texts(texts, 2).of == found.of).all()


def test_the_number_of_clusters_is_found() -> None:
    rng = np.random.default_rng(2)
    centres = np.array([[0, 0, 0], [9, 0, 0], [0, 9, 0], [0, 0, 9]])
    kinds = rng.integers(0, 4, 80)
    found = cluster_vectors(centres[kinds] + rng.normal(0, 0.5, (80, 3)))
    assert len(found.names) == 4
    assert found.silhouette > 0.8
    pairs = set(zip(kinds.tolist(), found.of.tolist(), strict=True))
    assert len(pairs) == 4


def test_too_few_endings_make_no_clusters() -> None:
    for texts in (["same words"] * 9, ["...", "!"], ["one"]):
        with pytest.raises(InvalidRequest, match="Too few") as refused:
            cluster_texts(texts)
        assert refused.value.code == "too-few-endings"
    with pytest.raises(InvalidRequest, match="from 2 to 8"):
        cluster_vectors(np.eye(20), 9)
