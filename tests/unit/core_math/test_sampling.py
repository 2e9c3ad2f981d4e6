"""Sampling procedures: what they refuse, how they are named, and what they do to a row."""

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from semioscope.core.errors import InvalidRequest
from semioscope.core.sampling import (
    IDENTITY,
    Bias,
    Epsilon,
    Eta,
    Forbid,
    Force,
    Frequency,
    MinP,
    NoRepeat,
    Presence,
    Procedure,
    Repetition,
    Step,
    Temperature,
    TopK,
    TopP,
    Typical,
    Weights,
    weigh_full,
    weigh_stored,
)
from semioscope.core.types import ALL_KEPT, Float32Array, FloatArray
from semioscope.rules.coin import offered_coins
from tests.unit.core_math.procedures import dense


def log_softmax(logits: FloatArray) -> Float32Array:
    finite = logits - logits.max()
    return (finite - np.log(np.exp(finite).sum())).astype(np.float32)


def rows() -> Iterator[tuple[str, Float32Array]]:
    rng = np.random.default_rng(7)
    for size in (1, 2, 63, 64, 65, 1000, 5000):
        yield f"random {size}", log_softmax(rng.normal(0, 3, size))
    yield "all tied", log_softmax(np.zeros(300))
    ties = np.repeat([3.0, 2.0, 1.0, 0.0], 50)
    yield "tied in blocks", log_softmax(rng.permutation(ties))
    impossible = rng.normal(0, 2, 200)
    impossible[rng.random(200) < 0.7] = -np.inf
    yield "mostly impossible", log_softmax(impossible)
    alone = np.full(200, -np.inf)
    alone[137] = 1.0
    yield "one survivor", log_softmax(alone)
    spread = rng.uniform(0, math.log(1e6), 500)
    yield "a million to one", log_softmax(spread)


ROWS = dict(rows())

# Uneven numbers, so that no tied row puts a cut exactly at a rounding error.
PROCEDURES: dict[str, tuple[Step, ...]] = {
    "cold": (Temperature(0.6),),
    "hot": (Temperature(1.7),),
    "greedy": (Temperature(0),),
    "top-k 1": (TopK(1),),
    "top-k 40": (TopK(40),),
    "top-k of more than there are": (TopK(10_000),),
    "top-p": (TopP(0.9013),),
    "top-p of nearly nothing": (TopP(1e-6),),
    "min-p": (MinP(0.05),),
    "min-p of everything": (MinP(1),),
    "all four": (Temperature(0.8), TopK(50), TopP(0.9013), MinP(0.02)),
    "cut, then hot, then cut": (TopK(30), Temperature(1.5), TopP(0.81)),
    "min-p before temperature": (MinP(0.1), Temperature(2.0), TopK(7)),
    "two nuclei": (TopP(0.9517), TopP(0.503)),
}


@pytest.mark.parametrize("steps", PROCEDURES.values(), ids=PROCEDURES)
@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_procedure_gives_a_distribution(steps: tuple[Step, ...], row: Float32Array) -> None:
    procedure = Procedure(steps)
    q = dense(procedure, row)
    assert q.sum() == pytest.approx(1, abs=1e-9)
    assert not np.any(q[row == -np.inf])
    positive = q[q > 0]
    entropy = -float((positive * np.log2(positive)).sum())
    assert weigh_full(procedure, row).entropy == pytest.approx(entropy, abs=1e-9)


def by_the_book(steps: tuple[Step, ...], row: Float32Array) -> FloatArray:
    """Step after step on the whole distribution, in float64, ties to the lowest key."""
    q = np.exp(row.astype(np.float64))
    q /= q.sum()
    for step in steps:
        order = np.argsort(-row, kind="stable")
        keep = np.zeros(len(q), bool)
        match step:
            case Temperature(0):
                keep[order[0]] = True
            case Temperature(value):
                with np.errstate(divide="ignore"):
                    q = np.exp(np.log(q) / value)
                keep[:] = True
            case TopK(k):
                keep[order[:k]] = True
            case TopP(p):
                before = np.concatenate(([0.0], np.cumsum(q[order])[:-1]))
                keep[order] = before < p - 1e-12
            case MinP(p):
                keep = q >= p * q.max() * (1 - 1e-12)
        q = np.where(keep, q, 0)
        q /= q.sum()
    return q


@pytest.mark.parametrize("steps", PROCEDURES.values(), ids=PROCEDURES)
@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_steps_apply_in_order_each_renormalising(
    steps: tuple[Step, ...], row: Float32Array
) -> None:
    np.testing.assert_allclose(dense(Procedure(steps), row), by_the_book(steps, row), atol=2e-6)


def test_the_rule_itself_is_left_alone() -> None:
    row = ROWS["random 1000"]
    weights = weigh_full(IDENTITY, row)
    p = np.exp(row.astype(np.float64))
    assert (weights.log_z, weights.kept) == (0.0, ALL_KEPT)
    assert weights.entropy == pytest.approx(-float((p * np.log2(p)).sum()), abs=1e-6)


def test_greedy_takes_the_lowest_key_of_the_most_probable() -> None:
    row = log_softmax(np.array([0.0, 2.0, 2.0, 1.0]))
    procedure = Procedure((Temperature(0),))
    assert weigh_full(procedure, row) == Weights(0.0, 1, 0.0)
    assert dense(procedure, row).tolist() == [0, 1, 0, 0]


def test_a_cut_gives_ties_to_the_lowest_keys() -> None:
    row = log_softmax(np.zeros(10))
    assert np.flatnonzero(dense(Procedure((TopK(3),)), row)).tolist() == [0, 1, 2]
    assert np.flatnonzero(dense(Procedure((TopP(0.35),)), row)).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("sides", "p", "kept"), [(2, 0.5, 1), (4, 0.75, 3), (4, 0.76, 4), (6, 0.5, 3)]
)
def test_a_nucleus_ends_where_its_mass_is_reached(sides: int, p: float, kept: int) -> None:
    row = log_softmax(np.zeros(sides))
    assert weigh_full(Procedure((TopP(p),)), row).kept == kept
    assert warm_and_back(row, p) == kept


def warm_and_back(row: Float32Array, p: float) -> int:
    """The same cut after temperatures that cancel, which is normalised by another way."""
    return weigh_full(Procedure((Temperature(2), TopK(50), Temperature(0.5), TopP(p))), row).kept


def test_nothing_to_choose_from_weighs_nothing() -> None:
    empty = np.empty(0, np.float32)
    for steps in PROCEDURES.values():
        assert weigh_full(Procedure(steps), empty) == Weights(0.0, 0, 0.0)
        assert weigh_stored(Procedure(steps), empty, True) == Weights(0.0, 0, 0.0)


@pytest.mark.parametrize("steps", PROCEDURES.values(), ids=PROCEDURES)
@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_what_is_stored_gives_the_whole_answer_or_none(
    steps: tuple[Step, ...], row: Float32Array
) -> None:
    procedure = Procedure(steps)
    possible = np.sort(row[row > -np.inf])[::-1]
    stored = weigh_stored(procedure, possible[:64], len(possible) <= 64)
    assert stored is None or stored == weigh_full(procedure, row)
    assert stored is not None or len(possible) > 64


LONG = np.sort(log_softmax(np.random.default_rng(3).normal(0, 2, 3000)))[::-1]


@pytest.mark.parametrize(
    "steps",
    [
        (),
        (Temperature(0),),
        (TopK(64),),
        (Temperature(1.4), TopK(64)),
        (TopP(0.3),),
        (TopK(50), Temperature(1.4), TopP(0.9)),
        (MinP(0.2),),
        (Temperature(1.3), MinP(0.2)),
        (TopK(200), MinP(0.2)),
    ],
)
def test_what_is_stored_suffices_where_the_cut_lies_inside(steps: tuple[Step, ...]) -> None:
    assert weigh_stored(Procedure(steps), LONG[:64], False, 1.0) is not None


@pytest.mark.parametrize(
    "steps",
    [
        (Temperature(1.1),),
        (TopK(65),),
        (TopP(0.9999),),
        (Temperature(0.9), TopP(0.1)),
        (MinP(0.0001),),
        (TopK(200), TopP(0.1)),
    ],
)
def test_what_is_stored_never_guesses(steps: tuple[Step, ...]) -> None:
    assert weigh_stored(Procedure(steps), LONG[:64], False, 1.0) is None


@pytest.mark.parametrize(
    ("wire", "code"),
    [
        ({"kind": "temperature", "value": -1}, "bad-temperature"),
        ({"kind": "temperature", "value": 0.001}, "bad-temperature"),
        ({"kind": "temperature", "value": 1e9}, "bad-temperature"),
        ({"kind": "temperature", "value": math.nan}, "bad-temperature"),
        ({"kind": "temperature", "value": math.inf}, "bad-temperature"),
        ({"kind": "temperature", "value": "hot"}, "bad-temperature"),
        ({"kind": "temperature", "value": True}, "bad-temperature"),
        ({"kind": "temperature", "value": 10**400}, "bad-temperature"),
        ({"kind": "top_k", "k": 0}, "bad-top-k"),
        ({"kind": "top_k", "k": -3}, "bad-top-k"),
        ({"kind": "top_k", "k": 1.5}, "bad-top-k"),
        ({"kind": "top_k", "k": math.nan}, "bad-top-k"),
        ({"kind": "top_k", "k": 2**40}, "bad-top-k"),
        ({"kind": "top_p", "p": 0}, "bad-top-p"),
        ({"kind": "top_p", "p": 1.01}, "bad-top-p"),
        ({"kind": "top_p", "p": None}, "bad-top-p"),
        ({"kind": "min_p", "p": -0.1}, "bad-min-p"),
        ({"kind": "min_p", "p": 2}, "bad-min-p"),
        ({"kind": "typical", "p": 0}, "bad-typical"),
        ({"kind": "typical", "p": 1.5}, "bad-typical"),
        ({"kind": "epsilon", "epsilon": 0}, "bad-epsilon"),
        ({"kind": "epsilon", "epsilon": 1}, "bad-epsilon"),
        ({"kind": "eta", "epsilon": -1}, "bad-eta"),
        ({"kind": "eta", "epsilon": math.inf}, "bad-eta"),
        ({"kind": "repetition", "penalty": 0}, "bad-repetition"),
        ({"kind": "repetition", "penalty": 101}, "bad-repetition"),
        ({"kind": "presence", "penalty": 101}, "bad-presence"),
        ({"kind": "presence", "penalty": "much"}, "bad-presence"),
        ({"kind": "frequency", "penalty": -101}, "bad-frequency"),
        ({"kind": "no_repeat", "n": 0}, "bad-no-repeat"),
        ({"kind": "no_repeat", "n": 65}, "bad-no-repeat"),
        ({"kind": "no_repeat", "n": 2.5}, "bad-no-repeat"),
        ({"kind": "forbid", "keys": 7}, "bad-forbidden"),
        ({"kind": "forbid", "keys": "7"}, "bad-forbidden"),
        ({"kind": "forbid", "keys": [-1]}, "bad-forbidden"),
        ({"kind": "forbid", "keys": [1.5]}, "bad-forbidden"),
        ({"kind": "forbid", "keys": [True]}, "bad-forbidden"),
        ({"kind": "forbid", "keys": [2**32]}, "bad-forbidden"),
        ({"kind": "forbid", "keys": list(range(1025))}, "bad-forbidden"),
        ({"kind": "force", "keys": []}, "bad-forced"),
        ({"kind": "force", "keys": [None]}, "bad-forced"),
        ({"kind": "bias", "biases": 3}, "bad-bias"),
        ({"kind": "bias", "biases": [{"key": 3}]}, "bad-bias"),
        ({"kind": "bias", "biases": [{"key": 3, "nats": 101}]}, "bad-bias"),
        ({"kind": "bias", "biases": [{"key": -3, "nats": 1}]}, "bad-bias"),
        ({"kind": "bias", "biases": [{"key": 3, "nats": 1}, {"key": 3, "nats": 2}]}, "bad-bias"),
        ({"kind": "bias", "biases": [{"key": k, "nats": 1} for k in range(1025)]}, "bad-bias"),
        ({"kind": "beam", "k": 2}, "unknown-step"),
        ({"kind": ["top_k"], "k": 2}, "unknown-step"),
        ("top_k", "unknown-step"),
        (None, "unknown-step"),
        ({"kind": "top_k"}, "bad-step"),
        ({"kind": "top_k", "k": 2, "p": 1}, "bad-step"),
    ],
)
def test_a_step_that_makes_no_sense_is_refused_in_one_sentence(wire: object, code: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        Procedure.from_wire([wire])
    assert refusal.value.code == code
    assert refusal.value.message.endswith(".")


def test_a_procedure_that_is_no_list_or_too_long_is_refused() -> None:
    for wire in ("rule", {"kind": "top_k", "k": 2}, 3, None):
        with pytest.raises(InvalidRequest) as refusal:
            Procedure.from_wire(wire)
        assert refusal.value.code == "bad-procedure"
    with pytest.raises(InvalidRequest) as refusal:
        Procedure((TopK(2),) * 17)
    assert refusal.value.code == "too-many-steps"
    with pytest.raises(InvalidRequest) as refusal:
        Procedure((Temperature(0.02), Temperature(0.02)))
    assert refusal.value.code == "bad-temperature"


def test_a_procedure_survives_the_wire() -> None:
    procedure = Procedure((Temperature(0.9), TopK(40), TopP(0.95), MinP(0.05)))
    assert procedure.to_wire() == [
        {"kind": "temperature", "value": 0.9},
        {"kind": "top_k", "k": 40},
        {"kind": "top_p", "p": 0.95},
        {"kind": "min_p", "p": 0.05},
    ]
    assert Procedure.from_wire(procedure.to_wire()) == procedure


def test_the_fingerprint_names_what_a_procedure_does() -> None:
    assert IDENTITY.fingerprint == "rule"
    nothing = Procedure((Temperature(1), TopP(1), MinP(0)))
    assert nothing.fingerprint == "rule"
    assert nothing.is_identity
    cold = Procedure((Temperature(0.9), TopK(40)))
    assert len(cold.fingerprint) == 12
    assert Procedure((Temperature(0.9), TopP(1), TopK(40))).fingerprint == cold.fingerprint
    assert Procedure((TopK(40), Temperature(0.9))).fingerprint != cold.fingerprint


def test_what_contradicts_itself_is_refused_when_it_is_made() -> None:
    for steps in (
        (Force((1, 2)), TopK(4), Forbid((2, 1, 3))),
        (Forbid((7,)), Force((7,))),
        (Force((1, 2)), Force((3,))),
        (Force((1, 2)), Force((2, 3)), Forbid((2,))),
    ):
        with pytest.raises(InvalidRequest) as refusal:
            Procedure(steps)
        assert refusal.value.code == "procedure-contradicts"
        assert refusal.value.message.endswith(".")
    with pytest.raises(InvalidRequest, match=r"^Steps 1 \(forced tokens\) and 3 \(forbidden"):
        Procedure((Force((1, 2)), TopK(4), Forbid((2, 1, 3))))
    assert Procedure((Force((1, 2)), Forbid((2,)))).may_empty


def test_every_step_survives_the_wire() -> None:
    steps = (
        Typical(0.95),
        Epsilon(0.001),
        Eta(0.002),
        Repetition(1.2),
        Presence(0.5),
        Frequency(-0.5),
        NoRepeat(3),
        Forbid((9, 4, 4)),
        Force((1, 2)),
        Bias({5: 1.5, 3: -2}),
    )
    procedure = Procedure(steps)
    assert Procedure.from_wire(procedure.to_wire()) == procedure
    assert procedure.to_wire()[7:] == [
        {"kind": "forbid", "keys": [4, 9]},
        {"kind": "force", "keys": [1, 2]},
        {"kind": "bias", "biases": [{"key": 3, "nats": -2.0}, {"key": 5, "nats": 1.5}]},
    ]
    assert procedure.reorders
    assert procedure.inverse_temperature == 1
    assert Procedure((Forbid((4, 9)),)).fingerprint == Procedure((Forbid((9, 4)),)).fingerprint


def test_steps_that_change_nothing_do_not_reorder() -> None:
    idle = (Repetition(1), Presence(0), Frequency(0), Forbid(()), Bias({3: 0}), Typical(1))
    procedure = Procedure((Temperature(0.9), *idle, TopK(40)))
    assert not procedure.reorders
    assert procedure.fingerprint == Procedure((Temperature(0.9), TopK(40))).fingerprint


def test_trees_stored_before_know_their_procedures_by_the_same_names() -> None:
    """Fingerprints that stand in stored trees."""
    assert Procedure((Temperature(0.9), TopK(40))).fingerprint == "4882b4fafba4"
    steps = (Temperature(0.7), TopK(50), TopP(0.95), MinP(0.05))
    assert Procedure(steps).fingerprint == "28ec5e934eda"
    assert Procedure((Temperature(0),)).fingerprint == "829c3dacc4cb"


def test_a_procedure_suits_a_rule_that_has_its_tokens() -> None:
    coin = offered_coins()[0].description
    Procedure((Force((0,)), Bias({1: 2.0}))).must_suit(coin)
    for steps in ((Force((0, 2)),), (Forbid((5,)),), (Bias({2: 1.0}),)):
        with pytest.raises(InvalidRequest, match="which does not exist"):
            Procedure(steps).must_suit(coin)
    rewriting = replace(coin, kind="rewriting", alphabet_size=None)
    Procedure((Temperature(0.5), TopK(3), TopP(0.9), MinP(0.1), Epsilon(0.1), Eta(0.1))).must_suit(
        rewriting
    )
    for step in (Typical(0.9), Repetition(2), NoRepeat(2), Forbid((1,))):
        with pytest.raises(InvalidRequest) as refusal:
            Procedure((TopK(3), step)).must_suit(rewriting)
        assert refusal.value.code == "no-tokens"


def test_temperatures_multiply() -> None:
    assert Procedure((Temperature(2), Temperature(0.25))).inverse_temperature == 2
    assert Procedure((Temperature(2), Temperature(0))).inverse_temperature == 0
    undone = Procedure((Temperature(2), Temperature(0.5)))
    assert weigh_full(undone, ROWS["random 1000"]).log_z == 0
