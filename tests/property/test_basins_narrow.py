"""Bounds of basins only narrow as a tree grows, and always hold what is exact."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from semioscope.core.sampling import IDENTITY, Procedure, Temperature, TopK, TopP, Typical
from semioscope.core.strategies import Breadth
from semioscope.physics.assignment import assigned
from semioscope.physics.basins import basins
from semioscope.physics.chain_committor import chain_committors
from semioscope.physics.outcomes import NONE, Contains, Ends, EndsIn, Loops, Outcomes
from tests.unit.core_math.toys import Garden, ToyRule, toy

ROUNDING = 2e-6
OUTCOMES = [
    Outcomes.of(one=Contains("1,")),
    Outcomes.of(pair=Contains("0,2,"), ends=Ends()),
    Outcomes.of(loop=Loops(2), last=EndsIn("2,")),
]
PROCEDURES = [
    IDENTITY,
    Procedure((Temperature(0.5),)),
    Procedure((TopK(2),)),
    Procedure((Temperature(1.4), TopP(0.8))),
    Procedure((Typical(0.8),)),
]


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    ends=st.sampled_from([(), (3,)]),
    outcomes=st.sampled_from(OUTCOMES),
    procedure=st.sampled_from(PROCEDURES),
    grown=st.lists(st.tuples(st.integers(0, 2**16), st.integers(1, 4)), min_size=1, max_size=10),
    cuts=st.booleans(),
)
def test_unconditioned_bounds_only_narrow(
    seed: int,
    ends: tuple[int, ...],
    outcomes: Outcomes,
    procedure: Procedure,
    grown: list[tuple[int, int]],
    cuts: bool,
) -> None:
    garden = Garden(toy(seed, 4, ends), max_length=6, procedure=procedure)
    tree = garden.tree
    before = [(0.0, 1.0)] * len(outcomes)
    unresolved = 1.0
    for number, width in grown:
        open_nodes = [
            node
            for node in range(tree.size)
            if not tree.is_terminal(node) and not tree.under_cut(node)
        ]
        if not open_nodes:
            break
        garden.grow(
            Breadth(k=width, depth=1), procedure, anchor=open_nodes[number % len(open_nodes)]
        )
        found = basins(tree, outcomes, assigned(tree, outcomes), procedure.fingerprint)
        total = found.known[0].sum() + found.elsewhere[0] + found.undecided[0] + found.unresolved[0]
        assert abs(total - 1) < ROUNDING
        for place in range(len(outcomes)):
            low, high = (float(each[0]) for each in found.bounds(place))
            assert before[place][0] - ROUNDING <= low <= high <= before[place][1] + ROUNDING
            before[place] = low, high
        assert found.unresolved[0] <= unresolved + ROUNDING
        unresolved = float(found.unresolved[0])
        if cuts and number % 3 == 0 and tree.size > 1:
            garden.happen("prune", {"node": tree.size - 1}, {})


@settings(deadline=None, max_examples=40)
@given(
    weights=st.lists(
        st.lists(st.integers(0, 9), min_size=4, max_size=4).filter(any), min_size=4, max_size=4
    ),
    steps=st.integers(1, 6),
    grown=st.lists(st.tuples(st.integers(0, 2**16), st.integers(1, 4)), max_size=8),
)
def test_the_bounds_of_any_chain_hold_its_exact_committors(
    weights: list[list[int]], steps: int, grown: list[tuple[int, int]]
) -> None:
    rule = ToyRule(lambda state: weights[state[-1]], 4, memory=1)
    outcomes = Outcomes.of(two=Contains("2,"), three=Contains("3,"))
    garden = Garden(rule, max_length=steps + 1)
    tree = garden.tree
    for number, width in grown:
        open_nodes = [node for node in range(tree.size) if not tree.is_terminal(node)]
        garden.grow(Breadth(k=width, depth=2), anchor=open_nodes[number % len(open_nodes)])
    found = basins(tree, outcomes, assigned(tree, outcomes))
    matrix = np.array(weights, float)
    matrix /= matrix.sum(axis=1, keepdims=True)
    exact = chain_committors(matrix, np.array([NONE, NONE, 0, 1]), 2, steps)
    for node in range(tree.size):
        keys = garden.keys(node)
        if {2, 3} & set(keys):
            continue
        last, left = (0, *keys)[-1], steps - len(keys)
        there = chain_committors(matrix, np.array([NONE, NONE, 0, 1]), 2, left) if keys else exact
        for place in (0, 1):
            low, high = found.bounds(place)
            assert low[node] - ROUNDING <= there.known[last, place] <= high[node] + ROUNDING
