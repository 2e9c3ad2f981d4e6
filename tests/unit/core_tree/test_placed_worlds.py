"""Worlds told one by one, as a camera between two states has them."""

import pytest

from semioscope.core.errors import Conflict, InvalidRequest
from semioscope.core.strategies.placed import Place, places_of
from semioscope.core.strategies.worlds import Worlds
from semioscope.core.types import NodeId
from tests.unit.core_math.toys import Garden, toy


def grown(worlds: Worlds, anchor: int = 0) -> set[tuple[int, ...]]:
    """The states of a tree in which nothing else grew."""
    garden = Garden(toy(5, 9, (2,)))
    garden.grow(worlds, anchor=anchor)
    tree = garden.tree
    return {tuple(tree.state_of(node)) for node in range(tree.size)}


def test_places_of_even_lines_are_the_even_lines() -> None:
    even = Worlds(12, 6, seed=4, offset=0.25)
    placed = Worlds(
        12,
        6,
        seed=4,
        places=tuple(Place(NodeId(0), (i + 0.25) / 12, 52.0, i) for i in range(12)),
    )
    assert grown(placed) == grown(even)


def test_a_line_that_begins_further_down_goes_on_as_one_that_came_there() -> None:
    garden = Garden(toy(5, 9, (2,)))
    garden.grow(Worlds(1, 4, seed=3))
    tree = garden.tree
    child = tree.children(NodeId(0))[0]
    below = Worlds(1, 6, seed=3, places=(Place(child, 0.5, 52.0, 77),), origin=0)
    garden.grow(below)
    again = Garden(toy(5, 9, (2,)))
    again.grow(Worlds(1, 4, seed=3))
    again.grow(below, anchor=child)
    assert [tree.state_of(node) for node in range(tree.size)] == [
        again.tree.state_of(node) for node in range(again.tree.size)
    ]


@pytest.mark.parametrize(
    "place",
    [
        {"node": 0, "u": 1.0, "left": 52.0, "line": 0},
        {"node": 0, "u": -0.1, "left": 52.0, "line": 0},
        {"node": 0, "u": 0.5, "left": 53.0, "line": 0},
        {"node": 0, "u": 0.5, "left": 52.0, "line": 2**32},
        {"node": -1, "u": 0.5, "left": 52.0, "line": 0},
    ],
)
def test_a_place_that_is_none_is_refused(place: dict[str, float]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        places_of([place])
    assert refused.value.code == "bad-place"


def test_every_line_needs_a_place_and_a_state_that_is_there() -> None:
    place = Place(NodeId(0), 0.5, 52.0, 0)
    with pytest.raises(InvalidRequest):
        Worlds(2, 3, places=(place,))
    with pytest.raises(Conflict):
        grown(Worlds(1, 3, places=(Place(NodeId(99), 0.5, 52.0, 0),)))
