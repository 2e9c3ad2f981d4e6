"""Finite chains against linear algebra and against what is known of gambler's ruin."""

import numpy as np
import pytest

from semioscope.core.errors import InvalidRequest
from semioscope.rules.finite_chain import FiniteChain


def chain(rows: list[list[float]]) -> FiniteChain:
    return FiniteChain(tuple(map(str, range(len(rows)))), np.array(rows, np.float64))


def ruin(most: int) -> FiniteChain:
    """A gambler with 0 … `most` coins, who wins or loses one at each fair game."""
    matrix = np.zeros((most + 1, most + 1))
    matrix[0, 0] = matrix[most, most] = 1
    for coins in range(1, most):
        matrix[coins, [coins - 1, coins + 1]] = 0.5
    return FiniteChain(tuple(map(str, range(most + 1))), matrix)


def test_ruin_and_riches_are_the_closed_classes_of_the_gambler() -> None:
    gambler = ruin(10)
    assert gambler.closed_classes() == [[0], [10]]
    assert gambler.stationary() is None


def test_a_chain_that_flips_has_a_stationary_distribution() -> None:
    assert chain([[0, 1], [1, 0]]).stationary() == pytest.approx([0.5, 0.5])
    assert chain([[1]]).stationary() == pytest.approx([1])


def test_transient_states_have_no_stationary_probability() -> None:
    leaky = chain([[0.5, 0.25, 0.25], [0, 0.9, 0.1], [0, 0.3, 0.7]])
    assert leaky.closed_classes() == [[1, 2]]
    assert leaky.stationary() == pytest.approx([0, 0.75, 0.25])


def test_the_stationary_distribution_is_the_left_eigenvector() -> None:
    dice = np.random.Generator(np.random.PCG64(1))
    for size in (2, 5, 30):
        matrix = dice.dirichlet(np.full(size, 0.1), size)
        matrix[matrix < 1e-3] = 0
        matrix /= matrix.sum(axis=1, keepdims=True)
        found = FiniteChain(tuple(map(str, range(size))), matrix)
        stationary = found.stationary()
        if stationary is None:
            assert len(found.closed_classes()) > 1
            continue
        values, vectors = np.linalg.eig(matrix.T)
        vector = np.real(vectors[:, np.argmin(abs(values - 1))])
        assert stationary == pytest.approx(vector / vector.sum(), abs=1e-9)


def test_what_is_very_improbable_is_as_exact_as_the_rest() -> None:
    rare = 1e-12
    found = chain([[1 - rare, rare, 0], [0.5, 0, 0.5], [0, 1, 0]]).stationary()
    # π₀·rare = π₁/2 and π₂ = π₁/2.
    assert found is not None
    assert found[1] == pytest.approx(2 * rare / (1 + 3 * rare), rel=1e-12)
    assert found[2] == pytest.approx(rare / (1 + 3 * rare), rel=1e-12)


def test_probabilities_at_the_edge_of_numbers_are_no_trouble() -> None:
    assert chain([[1 - 1e-9, 1e-9], [1e-320, 1]]).stationary() == pytest.approx([0, 1])
    assert chain([[1, 1e-320], [1e-9, 1 - 1e-9]]).stationary() == pytest.approx([1, 0])
    tiny = 1e-200
    vanishing = chain([[1, tiny, 0], [tiny, 1, tiny], [0, tiny, 1]]).stationary()
    assert vanishing == pytest.approx([1 / 3] * 3)
    unlikely = chain([[0.5, 0.5, 0], [1, tiny, tiny], [tiny, 0, 1]]).stationary()
    assert unlikely is not None
    assert unlikely.sum() == pytest.approx(1)


def test_the_graph_has_what_the_matrix_says() -> None:
    graph = FiniteChain(("sun", "rain"), np.array([[0.9, 0.1], [1, 0]])).to_networkx()
    assert dict(graph.nodes(data="state")) == {0: "sun", 1: "rain"}
    assert list(graph.edges(data="probability")) == [(0, 0, 0.9), (0, 1, 0.1), (1, 0, 1.0)]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([[0.5, 0.4], [0, 1]], "The row of “0” sums to 0.9; probabilities sum to 1."),
        ([[1, 0], [1.5, -0.5]], "The row of “1” has -0.5 in place 2: no probability is that."),
        ([[1, 0], [float("nan"), 1]], "The row of “1” has nan in place 1"),
        ([[1, 0], [float("inf"), 1]], "The row of “1” has inf in place 1"),
        ([[1, 0], [0, 1.000002]], "The row of “1” sums to 1.000002"),
    ],
)
def test_rows_that_are_no_distributions_are_refused(rows: list[list[float]], message: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        chain(rows)
    assert refusal.value.code == "not-stochastic"
    assert refusal.value.message.startswith(message)


def test_a_matrix_of_another_size_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="not one of 2 states"):
        FiniteChain(("a", "b"), np.eye(3))
