"""Curves along a trajectory against the rule's own tables."""

import numpy as np
import pytest

from semioscope.core.errors import InvalidRequest
from semioscope.core.ranking import RankedRow
from semioscope.core.sampling import (
    IDENTITY,
    Past,
    Procedure,
    Temperature,
    TopK,
    TopP,
    Typical,
)
from semioscope.core.sampling.applied import applied
from semioscope.core.strategies import Ancestral, Breadth, Greedy
from semioscope.physics.profile import equipartition, overlays, profile, varentropies
from tests.unit.core_math.toys import Garden, ToyRule, random_tables, toy

PROCEDURES = [
    IDENTITY,
    Procedure((Temperature(0.7), TopK(3))),
    Procedure((Temperature(1.3),)),
    Procedure((TopP(0.8),)),
    Procedure((Typical(0.7),)),
    Procedure((Temperature(0),)),
]


def grown(rule: ToyRule, procedure: Procedure, depth: int = 4) -> Garden:
    garden = Garden(rule, procedure=procedure)
    garden.grow(Breadth(k=4, depth=depth), procedure)
    return garden


def distribution(garden: Garden, node: int, procedure: Procedure) -> np.ndarray:
    """q over the whole alphabet, f64[N]."""
    state = tuple(garden.tree.state_of(node))
    keys, log_q = applied(procedure, RankedRow(garden.rule.row(state)), Past(state, 1, 0.0))
    q = np.zeros(garden.rule.alphabet.size)
    q[keys] = np.exp(log_q)
    return q / q.sum()


def moments(q: np.ndarray) -> tuple[float, float]:
    """(entropy in bits, varentropy in bits²)."""
    some = q[q > 0]
    entropy = -float(some @ np.log2(some))
    return entropy, float(some @ (np.log2(some) + entropy) ** 2)


@pytest.mark.parametrize("procedure", PROCEDURES, ids=str)
def test_every_column_is_what_the_tables_say(procedure: Procedure) -> None:
    garden = grown(toy(3, 5), procedure)
    tree, name = garden.tree, procedure.fingerprint
    whole = overlays(tree, name)
    assert len(whole) == tree.size
    for node in range(1, tree.size):
        parent = tree.parent(node)
        q = distribution(garden, parent, procedure)[tree.key(node)]
        row = garden.rule.row(tuple(tree.state_of(parent)))
        with np.errstate(divide="ignore"):
            assert whole.values("surprisal")[node] == pytest.approx(-np.log2(q), rel=1e-5, abs=1e-6)
        order = np.argsort(-row, kind="stable").tolist()
        assert whole.values("rank")[node] == order.index(tree.key(node))
        if tree.is_expanded(node):
            found = whole.values("entropy")[node], whole.values("varentropy")[node]
            expected = moments(distribution(garden, node, procedure))
            assert found == pytest.approx(expected, rel=1e-4, abs=1e-4)
        else:
            assert np.isnan(whole.values("entropy")[node])
    assert whole.column("varentropy").label == "theorem"


@pytest.mark.parametrize("procedure", PROCEDURES, ids=str)
def test_a_profile_is_the_overlay_along_its_path(procedure: Procedure) -> None:
    tree = grown(toy(8, 5), procedure).tree
    whole = overlays(tree, procedure.fingerprint)
    log_q = tree.log_probs_under(procedure.fingerprint)
    node = int(np.flatnonzero((tree.depths == 4) & (whole.values("log_prob") > -np.inf))[-1])
    path = tree.path(node)
    one = profile(tree, node, procedure.fingerprint)
    assert one.values("node").tolist() == path[1:]
    for name, at in (("surprisal", 1), ("rank", 1), ("log_prob", 1), ("entropy", 0)):
        expected = whole.values(name)[path[at:] if at else path[:-1]]
        assert one.values(name) == pytest.approx(expected, nan_ok=True), name
    assert one.values("log_prob")[-1] == pytest.approx(log_q[path].sum(), abs=1e-6)
    gap = (one.values("surprisal") - one.values("entropy")).sum() / 4
    assert one.values("gap")[-1] == pytest.approx(gap)


def test_of_many_next_states_the_varentropy_is_a_close_lower_bound() -> None:
    rule = toy(5, 300, spread=9.0)
    garden = grown(rule, IDENTITY, depth=3)
    nodes = garden.tree.expanded_nodes()
    found, exact = varentropies(garden.tree, nodes, "rule")
    assert not exact.any()
    for place, node in enumerate(nodes.tolist()):
        _, expected = moments(distribution(garden, node, IDENTITY))
        assert found[place] <= expected + 1e-4
        assert found[place] > 0.6 * expected
    assert overlays(garden.tree).column("varentropy").label == "bound"


def test_a_fair_die_has_no_varentropy() -> None:
    garden = grown(ToyRule(lambda _: [1] * 6, 6), IDENTITY, depth=2)
    found, exact = varentropies(garden.tree, np.array([0], np.uint32), "rule")
    assert exact.all()
    assert found == pytest.approx([0], abs=1e-6)


def test_what_the_procedure_was_not_evaluated_at_is_not_told() -> None:
    garden = grown(toy(3, 5), IDENTITY)
    other = Procedure((Temperature(0.5),)).fingerprint
    whole = overlays(garden.tree, other)
    for name in ("surprisal", "entropy", "varentropy", "log_prob"):
        assert np.isnan(whole.values(name)[1:]).all()
    assert np.isnan(profile(garden.tree, 7, other).values("gap")).all()


def test_what_is_hidden_is_not_told() -> None:
    procedure = Procedure((Typical(0.7),))
    garden = grown(toy(3, 5), procedure)
    hidden = np.arange(1, dtype=np.uint32)
    garden.happen("hide", {}, {"hidden_node": hidden[:0], "hidden_expansion": hidden})
    for name in ("rule", procedure.fingerprint):
        whole = overlays(garden.tree, name)
        assert np.isnan([whole.values(each)[0] for each in ("entropy", "varentropy")]).all()


def last_two(seed: int, size: int) -> ToyRule:
    """A rule that remembers two tokens, and is asked about each pair once."""
    tables = random_tables(seed, size)
    return ToyRule(lambda state: tables(state[-2:]), size, memory=2)


@pytest.mark.parametrize("procedure", [IDENTITY, Procedure((Temperature(1.6), TopK(5)))], ids=str)
def test_sampled_text_is_typical_of_what_it_was_sampled_from(procedure: Procedure) -> None:
    garden = Garden(last_two(2, 8), procedure=procedure, max_length=100)
    garden.grow(Ancestral(rollouts=100, steps=40, seed=4), procedure)
    tree = garden.tree
    ends = np.flatnonzero(tree.depths == 40)
    weights = tree.visits[ends]
    profiles = [profile(tree, int(end), procedure.fingerprint) for end in ends]
    gaps = np.array([each.values("gap")[-1] for each in profiles])
    bands = np.array([each.values("band")[-1] for each in profiles])
    within = float(weights @ (np.abs(gaps) <= bands)) / weights.sum()
    assert 0.88 <= within <= 0.99
    early = np.array([each.values("gap")[4] for each in profiles])
    assert np.abs(gaps).mean() < np.abs(early).mean() / 2


def test_greedy_text_is_more_probable_than_typical_and_the_gap_shows_it() -> None:
    garden = Garden(toy(6, 12), max_length=80)
    garden.grow(Greedy(steps=50))
    (end,) = np.flatnonzero(garden.tree.depths == 50)
    gap = profile(garden.tree, int(end)).values("gap")
    assert (gap <= 1e-6).all()
    assert gap[-1] < -0.5


def test_sampled_coldly_and_measured_hot_the_gap_lies_outside_its_band() -> None:
    cold = Procedure((Temperature(0.3),))
    garden = Garden(last_two(2, 8), procedure=cold, max_length=100)
    garden.grow(Ancestral(rollouts=4, steps=60, seed=4), cold)
    (end, *_) = np.flatnonzero(garden.tree.depths == 60)
    found = profile(garden.tree, int(end), "rule")
    assert found.values("gap")[-1] < -found.values("band")[-1]


def test_the_band_narrows_with_the_root_of_the_steps() -> None:
    ones = np.ones(400)
    gap, band = equipartition(ones * 3, ones * 2, ones)
    assert gap == pytest.approx(ones)
    assert band[[0, 99, 399]] == pytest.approx([1.96, 0.196, 0.098], rel=1e-3)


def test_at_the_initial_state_there_is_nothing_to_profile() -> None:
    with pytest.raises(InvalidRequest, match="no trajectory behind it") as refused:
        profile(grown(toy(1, 3), IDENTITY).tree, 0)
    assert refused.value.code == "no-steps"
