"""The frozen projection and the axes of questions, against numpy's own decomposition."""

import numpy as np
import pytest

from semioscope.core.errors import InvalidRequest
from semioscope.physics.projection import fitted, question_axis


def states(seed: int, count: int = 50, width: int = 12) -> np.ndarray:
    rng = np.random.default_rng(seed)
    spread = np.concatenate([[9, 4], np.full(width - 2, 0.3)])
    turn, _ = np.linalg.qr(rng.normal(size=(width, width)))
    return (rng.normal(size=(count, width)) * spread) @ turn + rng.normal(size=width)


def test_the_axes_are_those_of_the_singular_value_decomposition() -> None:
    hidden = states(1)
    found = fitted(hidden)
    _, values, rows = np.linalg.svd(hidden - hidden.mean(axis=0), full_matrices=False)
    assert np.abs(found.components @ rows[:2].T) == pytest.approx(np.eye(2), abs=1e-9)
    assert found.explained == pytest.approx((values**2 / (values**2).sum())[:2])
    assert found.explained.sum() > 0.95
    assert found.of(hidden) == pytest.approx((hidden - hidden.mean(axis=0)) @ found.components.T)


def test_a_fit_is_the_same_every_time_and_does_not_move() -> None:
    hidden = states(2)
    one, other = fitted(hidden), fitted(hidden[::-1].copy())
    assert one.components == pytest.approx(other.components, abs=1e-9)
    later = states(3)
    assert one.of(np.concatenate([hidden, later]))[:50] == pytest.approx(one.of(hidden))


def test_the_table_says_how_much_the_plane_shows() -> None:
    hidden = states(4).astype(np.float32)
    table = fitted(hidden).table(hidden, np.arange(50))
    assert [column.label for column in table.columns] == ["theorem", "analogy", "analogy"]
    assert "of the variance" in table.assumptions[0]


def test_states_of_another_model_are_refused() -> None:
    with pytest.raises(InvalidRequest, match="another model's") as refused:
        fitted(states(1)).of(np.zeros((3, 5)))
    assert refused.value.code == "other-space"


@pytest.mark.parametrize("hidden", [np.ones((9, 4)), np.eye(2), np.zeros((0, 4))])
def test_too_few_states_are_refused(hidden: np.ndarray) -> None:
    with pytest.raises(InvalidRequest, match="three states at least that differ"):
        fitted(hidden)
    with pytest.raises(ValueError, match="finite"):
        fitted(np.full((5, 2), np.nan))


def test_a_question_has_yes_at_one_and_no_at_minus_one() -> None:
    rng = np.random.default_rng(5)
    direction = rng.normal(size=8)
    yes, no = rng.normal(size=(30, 8)) + 4 * direction, rng.normal(size=(20, 8))
    axis = question_axis("Is it day?", yes, no)
    assert axis.of(yes).mean() == pytest.approx(1)
    assert axis.of(no).mean() == pytest.approx(-1)
    assert np.linalg.norm(axis.unit) == pytest.approx(1)
    assert axis.unit @ direction / np.linalg.norm(direction) > 0.95
    assert axis.separation == 1
    assert axis.column(yes).label == "analogy"
    assert "+1 at the mean of yes" in axis.column(yes).about


def test_answers_that_have_nothing_to_do_with_the_states_separate_no_better_than_chance() -> None:
    found = []
    for seed in range(30):
        hidden = np.random.default_rng(seed).normal(size=(40, 6))
        found.append(question_axis("?", hidden[:20], hidden[20:]).separation)
    assert np.mean(found) < 0.6


def test_a_question_with_one_answer_makes_no_axis() -> None:
    some = np.ones((3, 4))
    for yes, no in ((some, some[:0]), (some, some)):
        with pytest.raises(InvalidRequest, match="makes no axis") as refused:
            question_axis("Is it?", yes, no)
        assert refused.value.code == "no-axis"
    with pytest.raises(InvalidRequest, match="another model's"):
        question_axis("Is it?", some, np.ones((2, 5)))
    assert np.isnan(question_axis("Is it?", some[:1], 2 * some).separation)
