"""Point 7: the sampling procedure changes heights and worlds, and never the tree."""

import pytest
from playwright.sync_api import expect

from tests.e2e.observatory import Observatory


def reshaped(visitor: Observatory) -> list[tuple[int, float, float]]:
    """The inspector's rows, once every one of them is weighed."""
    visitor.wait_for(
        lambda: (
            bool(visitor.next_states()) and all(q is not None for _, _, q in visitor.next_states())
        ),
        "every row under the procedure",
    )
    return [(key, p, q) for key, p, q in visitor.next_states() if q is not None]


def test_temperature_changes_what_follows_and_keeps_the_tree(visitor: Observatory) -> None:
    visitor.grow()
    visitor.settle()
    before = visitor.tree()
    lines = visitor.outline.inner_text()
    visitor.select_prompt()

    visitor.set_temperature(0.5)
    expect(visitor.page.get_by_test_id("reset")).to_be_visible()
    visitor.wait_for(lambda: visitor.tree()["procedure"] != [], "the procedure is set")
    visitor.settle()
    visitor.wait_until_filled()

    rows = reshaped(visitor)
    total = sum(q for _, _, q in rows)
    squares = sum(p * p for _, p, _ in rows)
    for _, p, q in rows:
        assert q / total == pytest.approx(p * p / squares, rel=1e-4)
    after = visitor.tree()
    assert after["procedure"] == [{"kind": "temperature", "value": 0.5}]
    assert after["states"] >= before["states"]
    assert visitor.outline.inner_text() != lines
    assert sum(visitor.ledger().values()) == pytest.approx(1, abs=1e-6)


def test_greedy_leaves_one_world(visitor: Observatory) -> None:
    visitor.grow()
    visitor.settle()

    visitor.set_temperature(0)
    visitor.wait_for(lambda: visitor.tree()["procedure"] != [], "the procedure is set")
    visitor.settle()
    visitor.wait_until_filled()

    worlds = visitor.outline.get_by_role("listitem").all_inner_texts()
    assert len(set(worlds)) == 1


@pytest.mark.parametrize(
    ("value", "step"),
    [
        (3, {"kind": "top_k", "k": 3}),
        (0.5, {"kind": "top_p", "p": 0.5}),
        (0.2, {"kind": "min_p", "p": 0.2}),
        (0.2, {"kind": "typical", "p": 0.2}),
        (0.01, {"kind": "epsilon", "epsilon": 0.01}),
    ],
)
def test_a_cut_keeps_some_of_the_states_and_renormalises(
    visitor: Observatory, value: float, step: dict[str, object]
) -> None:
    visitor.grow()
    visitor.settle()
    visitor.select_prompt()

    visitor.set_step(str(step["kind"]), value)
    visitor.wait_for(lambda: step in visitor.tree()["procedure"], f"{step} is set")
    visitor.settle()

    rows = reshaped(visitor)
    kept = [(p, q) for _, p, q in rows if q > 0]
    assert 1 <= len(kept) < len(rows)
    # Whatever is kept, listed or not, is renormalised by one factor.
    factors = [q / p for p, q in kept]
    assert factors == pytest.approx([factors[0]] * len(factors), rel=1e-4)
    assert factors[0] > 1
    assert sum(q for _, q in kept) == pytest.approx(1 - visitor.rest_under_procedure(), abs=1e-6)


def test_the_rule_itself_comes_back_at_one_click(visitor: Observatory) -> None:
    visitor.grow()
    visitor.settle()
    lines = visitor.outline.inner_text()
    visitor.set_temperature(0.3)
    visitor.wait_for(lambda: visitor.tree()["procedure"] != [], "the procedure is set")
    visitor.settle()

    visitor.page.get_by_test_id("reset").click()
    visitor.wait_for(lambda: visitor.tree()["procedure"] == [], "the rule itself is back")
    visitor.settle()

    assert visitor.outline.inner_text() == lines


def test_a_negative_temperature_is_explained_and_changes_nothing(visitor: Observatory) -> None:
    visitor.grow("", rule="Fair coin")
    visitor.set_temperature(-1)

    alert = visitor.page.get_by_test_id("procedure").get_by_role("alert")
    expect(alert).to_be_visible()
    visitor.page.wait_for_timeout(500)
    assert visitor.tree()["procedure"] == []
