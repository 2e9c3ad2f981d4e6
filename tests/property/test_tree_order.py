"""The tree is a mathematical object: growing it only reveals it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.core_tree.toys import Logged, Portrait, portrait, reread

Growths = list[tuple[int, ...]]
"""States to expand, each as the ranks that lead to it from the root."""


@st.composite
def growths(draw: st.DrawFn) -> Growths:
    """States closed under "what comes before", in an order in which they can be expanded."""
    paths = draw(st.lists(st.lists(st.integers(0, 4), max_size=4).map(tuple), max_size=8))
    return sorted({path[:length] for path in [*paths, ()] for length in range(len(path) + 1)})


@st.composite
def orders(draw: st.DrawFn, states: Growths) -> Growths:
    """Another order in which every state still comes after the one before it."""
    waiting, ordered = list(states), []
    while waiting:
        ready = [state for state in waiting if not state or state[:-1] in ordered]
        state = draw(st.sampled_from(ready))
        waiting.remove(state)
        ordered.append(state)
    return ordered


def grown(states: Growths, batch: int, rewriting: bool) -> tuple[Logged, Portrait]:
    """A tree with these states expanded, in this order, `batch` of them an event."""
    logged = Logged(rewriting)
    nodes: dict[tuple[int, ...], int] = {(): 0}
    for start in range(0, len(states), batch):
        growth = logged.growth()
        for state in states[start : start + batch]:
            if state not in nodes:
                expansion = (
                    growth.expansion(nodes.get(state[:-1], -1)) if state[:-1] in nodes else None
                )
                if expansion is None or state[-1] >= len(expansion.keys):
                    continue
                parent = nodes[state[:-1]]
                nodes[state] = growth.child(parent, int(expansion.keys[state[-1]]))
            if not growth.is_terminal(nodes[state]):
                logged.expand_into(growth, nodes[state])
        if (taken := growth.take()) is not None:
            logged.append("grow", *taken)
    return logged, portrait(logged.tree)


@settings(max_examples=60, deadline=None)
@given(st.data(), growths(), st.integers(1, 5), st.integers(1, 5), st.booleans())
def test_another_order_and_other_batches_give_the_same_tree(
    data: st.DataObject, states: Growths, batch: int, other_batch: int, rewriting: bool
) -> None:
    one, one_portrait = grown(states, batch, rewriting)
    other, other_portrait = grown(data.draw(orders(states)), other_batch, rewriting)
    assert one_portrait == other_portrait
    assert abs(one.tree.ledger.total - other.tree.ledger.total) < 1e-12
    assert portrait(reread(one.tree)) == one_portrait
