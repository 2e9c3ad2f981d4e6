"""Two trees aligned where their tokens agree, and compared by depth, against brute force."""

import math
from itertools import product

import numpy as np
import pytest

from semioscope.core.alignment import NOT_ALIGNED, Outcomes, align, counterpart, same_alphabet
from semioscope.core.alphabet import Alphabet
from semioscope.core.comparison import by_depth, log_masses
from semioscope.core.sampling import IDENTITY, Procedure, Temperature, TopK
from semioscope.core.strategies import Breadth
from tests.unit.core_math.toys import Garden, ToyRule, coin, toy
from tests.unit.core_tree.toys import Logged


def garden(
    rule: ToyRule, depth: int, k: int = 4, procedure: Procedure = IDENTITY, prompt: int = 1
) -> Garden:
    grown = Garden(rule, prompt=(0,) * prompt, procedure=procedure)
    grown.grow(Breadth(k=k, depth=depth), procedure)
    return grown


def paths_of(one: Garden, other: Garden) -> dict[tuple[int, ...], tuple[int, ...] | None]:
    found = align(one.tree, other.tree, Outcomes())
    return {
        one.keys(node): None if at == NOT_ALIGNED else other.keys(at)
        for node, at in enumerate(found.tolist())
    }


def test_states_are_the_same_where_all_their_tokens_are() -> None:
    narrow, wide = garden(toy(1, 4), 4, k=2), garden(toy(2, 4), 3, k=3)
    aligned = paths_of(narrow, wide)
    shared = narrow.paths() & wide.paths()
    assert shared
    assert {path: to for path, to in aligned.items() if to is not None} == {p: p for p in shared}
    assert set(aligned) == narrow.paths()


def test_the_two_prompts_may_differ() -> None:
    short, long = garden(toy(1, 3), 2, k=3), garden(toy(1, 3), 2, k=3, prompt=3)
    assert paths_of(short, long) == {path: path for path in short.paths()}


def test_one_state_is_found_as_all_are() -> None:
    one, other = garden(toy(1, 4), 3, k=2), garden(toy(2, 4), 3, k=3)
    all_found = align(one.tree, other.tree, Outcomes()).tolist()
    for node in range(one.tree.size):
        found = counterpart(one.tree, other.tree, node, Outcomes())
        assert (NOT_ALIGNED if found is None else found) == all_found[node]


def test_what_was_undone_is_aligned_with_nothing() -> None:
    one, other = Logged(), Logged()
    for logged in (one, other):
        logged.expand(0)
        logged.branch(0, 1)
    other.undo()
    assert align(one.tree, other.tree, Outcomes()).tolist() == [0, NOT_ALIGNED]
    assert align(other.tree, one.tree, Outcomes()).tolist()[1:] == [NOT_ALIGNED]


def test_rewriting_trees_are_aligned_by_their_states() -> None:
    one, other = Logged(rewriting=True), Logged(rewriting=True)
    for logged in (one, other):
        logged.expand(0)
        logged.branch(0, 0)
        logged.expand(1)
    first, second = one.tree.expansion(1).keys.tolist()
    one.branch(1, first)
    other.branch(1, second)
    other.branch(1, first)
    found = align(one.tree, other.tree, Outcomes()).tolist()
    assert [other.tree.state_of(at) for at in found] == [
        one.tree.state_of(node) for node in range(one.tree.size)
    ]
    levels = by_depth(one.tree, other.tree, "rule", Outcomes())
    assert [level.jensen_shannon for level in levels] == [0, 0, None]
    assert [level.only_b for level in levels] == [0, 0, 1]


def test_one_alphabet_is_known_by_the_rule_the_tokens_or_what_is_stored() -> None:
    fair, unfair = garden(coin(), 1, k=2), garden(coin(7, 3), 1, k=2)
    assert same_alphabet(fair.tree, unfair.tree)
    die = ToyRule(lambda _: [1] * 6, 6)
    other = Garden(die)
    object.__setattr__(other.tree.rule, "fingerprint", "die")
    assert not same_alphabet(fair.tree, other.tree)
    sides = Alphabet([b"h", b"t"], ())
    object.__setattr__(unfair.tree.rule, "fingerprint", "unfair")
    assert same_alphabet(fair.tree, unfair.tree)
    assert not same_alphabet(fair.tree, unfair.tree, (fair.rule.alphabet, sides))
    assert same_alphabet(fair.tree, unfair.tree, (sides, Alphabet([b"h", b"t"], (1,))))
    assert not same_alphabet(fair.tree, Logged(rewriting=True).tree)


def by_brute_force(
    one: ToyRule, other: ToyRule, depth: int, size: int
) -> tuple[float, float, float]:
    """(mean TV, mean JS in bits, mass under the first) over all states of a depth."""
    total = variation = shannon = mass = 0.0
    for path in product(range(size), repeat=depth):
        p = math.prod(one.probability((0, *path[:i]), key) for i, key in enumerate(path))
        q = math.prod(other.probability((0, *path[:i]), key) for i, key in enumerate(path))
        rows = [[rule.probability((0, *path), key) for key in range(size)] for rule in (one, other)]
        weight = (p + q) / 2
        tv = sum(abs(x - y) for x, y in zip(*rows, strict=True)) / 2
        middle = [(x + y) / 2 for x, y in zip(*rows, strict=True)]
        js = sum(
            x * math.log2(x / m) / 2
            for row in rows
            for x, m in zip(row, middle, strict=True)
            if x > 0
        )
        total, mass = total + weight, mass + p
        variation, shannon = variation + weight * tv, shannon + weight * js
    return variation / total, shannon / total, mass


def test_depths_follow_the_definition() -> None:
    one, other = toy(3, 3), toy(4, 3)
    a, b = garden(one, 3, k=3), garden(other, 3, k=3)
    levels = by_depth(a.tree, b.tree, "rule", Outcomes())
    assert [level.depth for level in levels] == [0, 1, 2, 3]
    for level in levels[:3]:
        tv, js, mass = by_brute_force(one, other, level.depth, 3)
        assert level.compared == 3**level.depth
        assert level.total_variation == pytest.approx(tv, abs=1e-6)
        assert level.jensen_shannon == pytest.approx(js, abs=1e-6)
        assert level.mass_a == pytest.approx(mass, abs=1e-6)
        assert level.guarantee == "exact"
        assert (level.only_a, level.only_b, level.left_out) == (0, 0, 0)
    assert levels[3].compared == 0
    assert levels[3].total_variation is None


def test_depths_count_what_only_one_has() -> None:
    a, b = garden(toy(1, 4), 2, k=4), garden(toy(1, 4), 1, k=2)
    levels = by_depth(a.tree, b.tree, "rule", Outcomes())
    assert [level.only_a for level in levels] == [0, 2, 16]
    assert [level.only_b for level in levels] == [0, 0, 0]
    assert [level.compared for level in levels] == [1, 0, 0]


def test_depths_under_the_procedures_weigh_by_what_they_draw() -> None:
    cut = Procedure((TopK(2),))
    rule = toy(5, 4)
    a, b = garden(rule, 3, k=4), garden(rule, 3, k=4, procedure=cut)
    level = by_depth(a.tree, b.tree, "procedure", Outcomes())[1]
    expected, total, mass = 0.0, 0.0, 0.0
    leading = sorted(range(4), key=lambda key: -rule.probability((0,), key))[:2]
    kept = sum(rule.probability((0,), key) for key in leading)
    for key in range(4):
        p = rule.probability((0,), key)
        q = p / kept if key in leading else 0.0
        row = sorted((rule.probability((0, key), each) for each in range(4)), reverse=True)
        tv = 1 - row[0] - row[1]
        expected, total, mass = expected + (p + q) / 2 * tv, total + (p + q) / 2, mass + q
    assert level.total_variation == pytest.approx(expected / total, abs=1e-6)
    assert level.mass_b == pytest.approx(mass, abs=1e-6)
    assert level.guarantee == "exact"


def test_a_procedure_that_is_not_evaluated_somewhere_is_left_out() -> None:
    warm = Procedure((Temperature(2.0),))
    rule = toy(5, 80)
    a, b = garden(rule, 1, k=3), garden(rule, 1, k=3)
    b.tree.procedure = warm
    (level, _) = by_depth(a.tree, b.tree, "procedure", Outcomes())
    assert (level.compared, level.left_out) == (0, 1)
    assert level.jensen_shannon is None


def test_depths_of_more_tokens_than_are_stored_are_bounds() -> None:
    a, b = garden(toy(1, 90), 1, k=3), garden(toy(2, 90), 1, k=3)
    (level, _) = by_depth(a.tree, b.tree, "rule", Outcomes())
    true = 0.5 * np.abs(np.exp(a.rule.row((0,))) - np.exp(b.rule.row((0,)))).sum()
    assert level.guarantee == "bound"
    assert level.total_variation is not None
    assert 0 < level.total_variation < float(true)


def test_masses_under_a_procedure_are_the_product_of_its_shares() -> None:
    hot = Procedure((Temperature(2.0), TopK(3)))
    grown = garden(toy(6, 5), 2, k=5, procedure=hot)
    nodes = [0, *(node for node in grown.tree.expanded_nodes().tolist() if node)]
    masses = dict(zip(nodes, np.exp(log_masses(grown.tree, nodes, "procedure")), strict=True))
    assert masses[0] == 1
    assert sum(masses[node] for node in nodes[1:]) == pytest.approx(1, abs=1e-6)
    row = np.exp(grown.rule.row((0,)).astype(np.float64) / 2)
    row[np.argsort(-row)[3:]] = 0
    for node in nodes[1:]:
        assert masses[node] == pytest.approx(row[grown.tree.key(node)] / row.sum(), abs=1e-6)
