"""Re-weighting from what a tree stores is exact or refused, whatever the row."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from semioscope.core.ranking import LEADING, RankedRow
from semioscope.core.sampling import (
    Epsilon,
    Eta,
    MinP,
    Procedure,
    Step,
    Temperature,
    TopK,
    TopP,
    weigh_full,
    weigh_stored,
)
from semioscope.core.types import Float32Array


@st.composite
def rows(draw: st.DrawFn) -> Float32Array:
    """Rows with ties, impossible next states, and spreads of a million to one."""
    size = draw(st.integers(1, 200))
    seed = draw(st.integers(0, 2**32 - 1))
    spread = draw(st.sampled_from([0.0, 0.5, 3.0, 14.0]))
    steps = draw(st.sampled_from([1, 4, 1000]))
    impossible = draw(st.sampled_from([0.0, 0.3, 0.95]))
    rng = np.random.default_rng(seed)
    logits = np.round(rng.uniform(-spread, 0, size) * steps) / steps
    logits[rng.random(size) < impossible] = -np.inf
    logits[rng.integers(size)] = 0.0
    return (logits - np.log(np.exp(logits).sum())).astype(np.float32)


steps = st.one_of(
    st.builds(Temperature, st.sampled_from([0.0, 0.4, 0.9, 1.0, 1.6])),
    st.builds(TopK, st.integers(1, 220)),
    st.builds(TopP, st.floats(0.001, 1.0)),
    st.builds(MinP, st.floats(0.0, 1.0)),
    st.builds(Epsilon, st.floats(1e-4, 0.9)),
    st.builds(Eta, st.floats(1e-4, 0.9)),
)


def procedures() -> st.SearchStrategy[Procedure]:
    return st.builds(Procedure, st.lists(steps, max_size=4).map(tuple)).filter(
        lambda procedure: procedure.fingerprint != "rule"
    )


@settings(deadline=None)
@given(rows(), procedures())
def test_stored_equals_full_or_none(row: Float32Array, procedure: Procedure) -> None:
    ranked = np.sort(row[row > -np.inf])[::-1]
    complete = len(ranked) <= LEADING
    stored = weigh_stored(procedure, ranked[:LEADING], complete)
    full = weigh_full(procedure, row)
    if stored is None:
        assert not complete
        assert not procedure.is_greedy
        return
    assert stored.log_z == full.log_z
    assert stored.kept == full.kept
    if math.isnan(stored.entropy):  # the temperatures cancel: the rule, whose entropy is stored
        assert (stored.log_z, procedure.inverse_temperature) == (0.0, 1.0)
    else:
        assert stored.entropy == full.entropy


@settings(deadline=None)
@given(rows(), st.lists(steps, max_size=4))
def test_a_cut_only_ever_shortens(row: Float32Array, chosen: list[Step]) -> None:
    kept = [
        min(weigh_full(Procedure(tuple(chosen[:count])), row).kept, len(row))
        for count in range(len(chosen) + 1)
    ]
    assert kept == sorted(kept, reverse=True)
    assert kept[-1] >= 1


@settings(deadline=None)
@given(rows(), st.integers(1, 250))
def test_rank_order_is_by_probability_then_key(row: Float32Array, count: int) -> None:
    expected = np.argsort(-row, kind="stable")
    expected = expected[row[expected] > -np.inf][:count]
    ranked = RankedRow(row)
    assert ranked.keys(count).tolist() == expected.tolist()
    assert ranked.leading(count).tolist() == row[expected].tolist()
