"""A planted fork is found, and what the tree tells agrees with the formulas."""

import numpy as np
import pytest

from semioscope.core.errors import InvalidRequest
from semioscope.core.strategies import Breadth
from semioscope.physics.assignment import assigned
from semioscope.physics.basins import basins
from semioscope.physics.forks import Place, forks, forks_of_tree
from semioscope.physics.outcomes import Contains, Outcomes
from tests.unit.core_math.toys import Garden, ToyRule

FORK = 3
"""After how many tokens the one choice is made that decides."""
ENDS = Outcomes.of(good=Contains("4,"), bad=Contains("5,"))


def planted(state: tuple[int, ...]) -> list[int]:
    """Tokens 0 and 1 mean nothing, except the one after three of them: then 1 leads to 5, and 0 to
    4, with probability 9/10."""
    written = state[1:]
    if len(written) < 6:
        return [7, 3, 0, 0, 0, 0]
    return [0, 0, 0, 0, 1, 9] if written[FORK] == 1 else [0, 0, 0, 0, 9, 1]


def grown() -> Garden:
    garden = Garden(ToyRule(planted, 6), max_length=8)
    garden.grow(Breadth(k=2, depth=7))
    return garden


def test_one_planted_fork_is_found() -> None:
    garden = grown()
    tree = garden.tree
    base = 0
    for key in (0, 0, 0, 0, 0, 0, 4):
        base = tree.find_child(base, key)
    found = forks_of_tree(tree, base, basins(tree, ENDS, assigned(tree, ENDS)), threshold=0.3)
    # The last token is the outcome itself.
    assert found.top().tolist() == [FORK, 6]
    assert found.hazard[:6] == pytest.approx([0, 0, 0, 0.3, 0, 0], abs=1e-6)
    assert found.hazard[6] == pytest.approx(0.1, abs=1e-6)
    assert found.survival[[2, 3, 6]] == pytest.approx([1, 0.7, 0.63], abs=1e-6)
    before, after = 0.7 * 0.9 + 0.3 * 0.1, 0.9
    good = found.table().values("outcome:good")
    assert good == pytest.approx([before] * 4 + [after] * 3, abs=1e-5)
    assert found.drift[-1] == pytest.approx(after - before, abs=1e-5)
    assert found.table().column("hazard").label == "theorem"


def test_what_has_not_grown_is_an_outcome_of_its_own_and_no_theorem() -> None:
    garden = Garden(ToyRule(planted, 6), max_length=8)
    garden.grow(Breadth(k=1, depth=7))
    tree = garden.tree
    found = forks_of_tree(tree, tree.size - 1, basins(tree, ENDS, assigned(tree, ENDS)))
    assert found.names[-1] == "unresolved"
    assert (found.looked_at[:6] < 0.71).all()
    assert found.outcomes.sum(axis=1) == pytest.approx(np.ones(7), abs=1e-5)
    assert found.table().column("outcome:good").label == "estimate"
    assert found.top().tolist() == []
    garden.happen("prune", {"node": tree.size - 1}, {})
    given = basins(tree, ENDS, assigned(tree, ENDS), conditioned=True)
    with pytest.raises(ValueError, match="unpruned"):
        forks_of_tree(tree, tree.size - 1, given)


def test_tokens_that_were_not_looked_at_make_the_hazard_a_bound() -> None:
    two = np.array([[1.0, 0.0], [0.0, 1.0]])
    place = Place(np.arange(2), np.array([0.5, 0.2]), two, 0)
    found = forks([place], ("a", "b"), label="theorem").table()
    assert found.values("hazard").tolist() == [0.2]
    labels = [found.column(name).label for name in ("hazard", "survival", "drift", "outcome:a")]
    assert labels == ["bound", "bound", "estimate", "estimate"]


def test_the_formulas_place_by_place() -> None:
    rng = np.random.default_rng(1)
    places = [
        Place(np.arange(4), rng.dirichlet(np.ones(4)), rng.dirichlet(np.ones(3) / 2, 4), base)
        for base in (0, 2, 1, 3, 0)
    ]
    found = forks(places, ("a", "b", "c"), threshold=0.4)
    survival = 1.0
    first = places[0].weights @ places[0].outcomes
    for position, place in enumerate(places):
        mean = sum(p * o for p, o in zip(place.weights, place.outcomes, strict=True))
        hazard = sum(
            p
            for w, (p, o) in enumerate(zip(place.weights, place.outcomes, strict=True))
            if w != place.base and np.abs(o - place.outcomes[place.base]).sum() / 2 >= 0.4
        )
        survival *= 1 - hazard
        assert found.outcomes[position] == pytest.approx(mean)
        assert found.drift[position] == pytest.approx(np.abs(mean - first).sum() / 2)
        assert found.hazard[position] == pytest.approx(hazard)
        assert found.survival[position] == pytest.approx(survival)
    assert found.table().column("hazard").label == "estimate"
    assert len(found.top(2)) == 2


def test_no_steps_and_no_threshold_are_refused_in_one_sentence() -> None:
    tree = grown().tree
    with pytest.raises(InvalidRequest, match="nowhere to fork") as refused:
        forks_of_tree(tree, 0, basins(tree, ENDS, assigned(tree, ENDS)))
    assert refused.value.code == "no-steps"
    place = Place(np.arange(1), np.ones(1), np.ones((1, 1)), 0)
    with pytest.raises(InvalidRequest, match="a distance above 0"):
        forks([place], ("a",), threshold=0)
