"""Restrictions and mixtures are distributions, and just those of their formulas, on any rows."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from semioscope.core.distribution import Question
from semioscope.core.partial import MASS_TOLERANCE
from semioscope.core.sampling import IDENTITY
from semioscope.core.types import Float32Array
from semioscope.rules.coin import Coin, CoinLaw
from semioscope.rules.derived.interpolated import mixture
from semioscope.rules.derived.restricted import Restricted
from semioscope.rules.derived.rule import WholeRow
from semioscope.rules.loaded import LoadedRule
from semioscope.rules.protocol import Successors
from semioscope.rules.successors_worker import answer_successors

COIN = Coin("coin", "Coin", "", CoinLaw())


class NoWorker:
    """Nobody is asked here."""

    async def ask(self, *_: object, **__: object) -> list[object]:
        raise AssertionError

    def close(self) -> None:
        """Nothing."""


@st.composite
def rows(draw: st.DrawFn, size: int) -> Float32Array:
    """log p f32[size], normalised; some impossible, some a million times rarer than others."""
    logits = draw(
        st.lists(
            st.one_of(st.floats(-40, 20), st.just(-math.inf)), min_size=size, max_size=size
        ).filter(lambda found: max(found) > -math.inf)
    )
    wide = np.array(logits)
    top = wide.max()
    normalised: Float32Array = (wide - top - math.log(np.exp(wide - top).sum())).astype(np.float32)
    return normalised


@given(rows(12), rows(12), st.floats(0, 1))
def test_a_mixture_is_a_distribution_and_the_weighted_mean(
    first: Float32Array, second: Float32Array, weight: float
) -> None:
    mixed = np.exp(mixture(first, second, weight).astype(np.float64))
    expected = (1 - weight) * np.exp(first.astype(np.float64)) + weight * np.exp(
        second.astype(np.float64)
    )
    assert np.max(np.abs(mixed - expected)) <= 1e-6
    assert abs(mixed.sum() - 1) <= 1e-5


@given(rows(12), st.floats(0, 1))
def test_a_rule_mixed_with_itself_is_itself(row: Float32Array, weight: float) -> None:
    possible = row > -np.inf
    mixed = mixture(row, row, weight)
    assert np.array_equal(mixed > -np.inf, possible)
    assert np.allclose(mixed[possible], row[possible], atol=1e-5)


@given(rows(12), st.sets(st.integers(0, 11), min_size=1))
def test_a_restriction_is_the_conditional_distribution(row: Float32Array, keys: set[int]) -> None:
    chosen = tuple(sorted(keys))
    rule = Restricted(LoadedRule(COIN, NoWorker()), chosen, COIN.description)
    found = rule.combined([WholeRow(row, 3.0)])
    mass = np.exp(row[list(chosen)].astype(np.float64)).sum()
    if not np.any(row[list(chosen)] > -np.inf):
        assert np.all(found.log_probs == -np.inf)
        return
    probs = np.exp(found.log_probs.astype(np.float64))
    assert abs(probs.sum() - 1) <= 1e-6
    expected = np.exp(row[list(chosen)].astype(np.float64)) / mass
    assert np.max(np.abs(probs[list(chosen)] - expected)) <= 1e-6
    assert np.count_nonzero(probs) <= len(chosen)
    raw = found.log_probs[list(chosen)] + found.log_sum_exp
    kept = row[list(chosen)] > -np.inf
    assert np.allclose(raw[kept], row[list(chosen)][kept] + 3.0, atol=1e-4)


@st.composite
def successors(draw: st.DrawFn) -> Successors:
    """Next states with probabilities that sum to one with the remainder."""
    weights = draw(st.lists(st.floats(0.01, 10), min_size=1, max_size=90))
    beyond = draw(st.one_of(st.just(0.0), st.floats(0.01, 10)))
    total = math.fsum((*weights, beyond))
    names = tuple(b"%d" % place for place in range(len(weights)))
    ceiling = draw(st.floats(0, 1))
    return Successors(names, names, tuple(w / total for w in weights), beyond / total, ceiling)


@given(successors(), st.lists(st.floats(0, 1, exclude_max=True), max_size=5))
def test_what_is_told_of_a_rewriting_and_what_is_not_sum_to_one(
    found: Successors, draws: list[float]
) -> None:
    told = answer_successors(Question(b"s", draws=tuple(draws)), found, IDENTITY)
    listed = dict(zip(found.states, found.probs, strict=True))
    probs = np.exp(told.expansion.log_probs.astype(np.float64))
    assert np.all(np.diff(probs) <= 0)
    for (_, state), prob in zip(told.expansion.symbols, probs, strict=True):
        assert math.isclose(listed[state], prob, rel_tol=1e-5)
    assert math.isclose(told.expansion.told, 1 - found.remainder, abs_tol=MASS_TOLERANCE)
    assert told.expansion.complete == (len(listed) <= 64 and not found.remainder)
    for u, drawn in zip(draws, told.drawn, strict=True):
        if drawn is None:
            assert u >= 1 - found.remainder - 1e-5
        else:
            assert drawn.symbol is not None
            assert drawn.cum <= u + 1e-9
            assert u <= drawn.cum + listed[drawn.symbol[1]] + 1e-5
