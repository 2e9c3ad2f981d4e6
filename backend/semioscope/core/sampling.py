"""Sampling procedures φ as data, and their exact effect on a next-state distribution.

A procedure is a list of steps, applied in order, each renormalising (the semantics of the logits
warpers of transformers). Every step here either sharpens the whole distribution by one power β
or cuts it after some rank, so the result at a state is given by three numbers (`Weights`).
Ties at a cut go to the lowest keys, so that a cut keeps a definite number of next states.
"""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Final, TypeAlias

import numpy as np

from semioscope.core.errors import InvalidRequest
from semioscope.core.ranking import RankedLogProbs, RankedRow, StoredRow, log_z_and_entropy
from semioscope.core.types import ALL_KEPT, Float32Array, FloatArray

LOWEST_TEMPERATURE: Final = 0.01
HIGHEST_TEMPERATURE: Final = 100.0
MOST_STEPS: Final = 8
IDENTITY_FINGERPRINT: Final = "rule"
_HUGE: Final = 1e300
_ROUNDING: Final = 1e-7
"""By how much float32 log-probabilities may fall short of a mass: heads of a fair coin, of 0.5."""


def _number(value: object, code: str, name: str) -> float:
    # A nan compares false.
    if isinstance(value, int | float) and not isinstance(value, bool) and -_HUGE < value < _HUGE:
        return float(value)
    raise InvalidRequest(code, f"{name} must be a finite number.")


@dataclass(frozen=True, slots=True)
class Temperature:
    """p^(1/value), renormalised; 0 is greedy: the most probable next state, ties to the lowest key.

    Raises InvalidRequest unless value is 0 or within 0.01 … 100.
    """

    value: float
    kind: ClassVar[str] = "temperature"
    field: ClassVar[str] = "value"

    def __post_init__(self) -> None:
        value = _number(self.value, "bad-temperature", "The temperature")
        if value != 0 and not LOWEST_TEMPERATURE <= value <= HIGHEST_TEMPERATURE:
            raise InvalidRequest(
                "bad-temperature",
                f"The temperature is {value:g}; it must be 0 (greedy) or between "
                f"{LOWEST_TEMPERATURE:g} and {HIGHEST_TEMPERATURE:g}.",
            )
        object.__setattr__(self, "value", value)

    @property
    def changes_nothing(self) -> bool:
        return self.value == 1


@dataclass(frozen=True, slots=True)
class TopK:
    """The k most probable next states. Raises InvalidRequest unless k is a whole number ≥ 1."""

    k: int
    kind: ClassVar[str] = "top_k"
    field: ClassVar[str] = "k"

    def __post_init__(self) -> None:
        value = _number(self.k, "bad-top-k", "k of top-k")
        if value != int(value) or value < 1 or value >= ALL_KEPT:
            raise InvalidRequest("bad-top-k", "k of top-k must be a whole number, 1 or more.")
        object.__setattr__(self, "k", int(value))

    @property
    def changes_nothing(self) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class TopP:
    """The fewest most probable next states whose mass reaches p (nucleus; arXiv 1904.09751).

    Raises InvalidRequest unless 0 < p ≤ 1.
    """

    p: float
    kind: ClassVar[str] = "top_p"
    field: ClassVar[str] = "p"

    def __post_init__(self) -> None:
        value = _number(self.p, "bad-top-p", "p of top-p")
        if not 0 < value <= 1:
            raise InvalidRequest("bad-top-p", "p of top-p must be above 0 and at most 1.")
        object.__setattr__(self, "p", value)

    @property
    def changes_nothing(self) -> bool:
        return self.p == 1


@dataclass(frozen=True, slots=True)
class MinP:
    """The next states at least p times as probable as the leading one (arXiv 2407.01082).

    Raises InvalidRequest unless 0 ≤ p ≤ 1.
    """

    p: float
    kind: ClassVar[str] = "min_p"
    field: ClassVar[str] = "p"

    def __post_init__(self) -> None:
        value = _number(self.p, "bad-min-p", "p of min-p")
        if not 0 <= value <= 1:
            raise InvalidRequest("bad-min-p", "p of min-p must be between 0 and 1.")
        object.__setattr__(self, "p", value)

    @property
    def changes_nothing(self) -> bool:
        return self.p == 0


Step: TypeAlias = Temperature | TopK | TopP | MinP
_STEPS: Final[dict[str, type[Step]]] = {step.kind: step for step in (Temperature, TopK, TopP, MinP)}


@dataclass(frozen=True)
class Procedure:
    """Steps in the order in which they apply; no steps: the rule itself.

    Raises InvalidRequest when there are more than 8 steps, or when several temperatures multiply
    to less than 0.01 or more than 100.
    """

    steps: tuple[Step, ...] = ()

    def __post_init__(self) -> None:
        if len(self.steps) > MOST_STEPS:
            raise InvalidRequest(
                "too-many-steps", f"A sampling procedure has at most {MOST_STEPS} steps."
            )
        product = self._temperature
        if product != 0 and not LOWEST_TEMPERATURE <= product <= HIGHEST_TEMPERATURE:
            raise InvalidRequest(
                "bad-temperature",
                f"The temperatures multiply to {product:g}; together they must be 0 or between "
                f"{LOWEST_TEMPERATURE:g} and {HIGHEST_TEMPERATURE:g}.",
            )

    @classmethod
    def from_wire(cls, steps: object) -> "Procedure":
        """From [{"kind": "temperature", "value": 0.9}, …]. Raises InvalidRequest."""
        if isinstance(steps, str | bytes | Mapping) or not isinstance(steps, Iterable):
            raise InvalidRequest("bad-procedure", "A sampling procedure is a list of steps.")
        return cls(tuple(_step_from_wire(step) for step in steps))

    def to_wire(self) -> list[dict[str, Any]]:
        return [{"kind": step.kind, step.field: getattr(step, step.field)} for step in self.steps]

    @cached_property
    def effective(self) -> tuple[Step, ...]:
        """The steps without those that change nothing at any state."""
        return tuple(step for step in self.steps if not step.changes_nothing)

    @cached_property
    def fingerprint(self) -> str:
        """12 hex digits that name what the procedure does; "rule" when it does nothing."""
        if not self.effective:
            return IDENTITY_FINGERPRINT
        wire = Procedure(self.effective).to_wire()
        canonical = json.dumps(wire, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:12]

    @property
    def is_identity(self) -> bool:
        return not self.effective

    @property
    def is_greedy(self) -> bool:
        return self._temperature == 0

    @property
    def inverse_temperature(self) -> float:
        """β = 1/ΠT; 0 when greedy (then one next state is kept and q = exp(0) = 1)."""
        return 0.0 if self.is_greedy else 1.0 / self._temperature

    @property
    def _temperature(self) -> float:
        return math.prod(step.value for step in self.steps if isinstance(step, Temperature))


IDENTITY: Final = Procedure()
"""The procedure that changes nothing: what is drawn is the rule."""


def _step_from_wire(wire: object) -> Step:
    kind = wire.get("kind") if isinstance(wire, Mapping) else None
    step = _STEPS.get(kind) if isinstance(kind, str) else None
    if step is None or not isinstance(wire, Mapping):
        raise InvalidRequest(
            "unknown-step",
            "A step of a sampling procedure has one of the kinds " + ", ".join(_STEPS) + ".",
        )
    if set(wire) != {"kind", step.field}:
        raise InvalidRequest(
            "bad-step", f'A step of kind {kind} has exactly the fields "kind" and "{step.field}".'
        )
    return step(wire[step.field])


@dataclass(frozen=True, slots=True)
class Weights:
    """The procedure at one state: q(r) = exp(β·log_p(r) − log_z) for rank r < kept, else 0.

    `kept` is ALL_KEPT when nothing is cut; `entropy` is that of q, in bits.
    """

    log_z: float
    kept: int
    entropy: float


def weigh_full(procedure: Procedure, log_probs: Float32Array) -> Weights:
    """The procedure at a state whose whole row of log-probabilities is at hand (f32[N], nats)."""
    return weigh_row(procedure, RankedRow(log_probs))


def weigh_row(procedure: Procedure, row: RankedRow, rule_entropy: float | None = None) -> Weights:
    """As `weigh_full`, for a row that is already partly sorted."""
    weights = _weigh(procedure, row, rule_entropy)
    if weights is None:
        raise AssertionError("a whole row suffices for every procedure")
    return weights


def weigh_stored(
    procedure: Procedure,
    log_probs: Float32Array,
    complete: bool,
    rule_entropy: float | None = None,
) -> Weights | None:
    """The procedure at a state of which only the leading candidates are stored.

    log_probs: f32[K], nats, descending; `complete` when no other next state is possible.
    rule_entropy: the stored entropy of the whole distribution, bits (nan in the result when it is
    needed and absent). Returns None where what is stored does not suffice (DESIGN.md section 3);
    what it returns is exact.
    """
    if not len(log_probs) and not complete:
        return _nothing_told(procedure)
    return _weigh(procedure, StoredRow(log_probs, complete), rule_entropy)


def _nothing_told(procedure: Procedure) -> Weights | None:
    """Where not one candidate is stored, only the rule itself can be said."""
    return Weights(0.0, ALL_KEPT, math.nan) if procedure.is_identity else None


def _weigh(procedure: Procedure, row: RankedLogProbs, rule_entropy: float | None) -> Weights | None:
    if row.size == 0:
        return Weights(0.0, 0, 0.0)
    if procedure.is_greedy:
        return Weights(0.0, 1, 0.0)
    beta, kept = 1.0, ALL_KEPT
    for step in procedure.effective:
        cut: int | None
        if isinstance(step, Temperature):
            beta /= step.value
            continue
        if isinstance(step, TopK):
            cut = step.k if row.size is None else min(step.k, row.size)
        elif isinstance(step, TopP):
            cut = _nucleus(row, beta, kept, step.p)
        else:
            cut = _within_ratio(row, beta, kept, step.p)
        if cut is None:
            return None
        kept = min(kept, cut)
    beta = procedure.inverse_temperature
    if beta == 1 and kept == ALL_KEPT:
        return Weights(0.0, kept, _entropy_of_rule(row, rule_entropy))
    found = _normaliser(row, beta, kept)
    return None if found is None else Weights(found[0], kept, found[1])


def _entropy_of_rule(row: RankedLogProbs, stored: float | None) -> float:
    if stored is not None:
        return stored
    found = row.normaliser(1.0)
    return math.nan if found is None else found[1]


def _normaliser(row: RankedLogProbs, beta: float, kept: int) -> tuple[float, float] | None:
    """(log Σ exp(β·log_p), entropy in bits) over what is kept; None when that is not known."""
    if kept == ALL_KEPT:
        return row.normaliser(beta)
    log_probs = row.leading(kept)
    return None if log_probs is None else log_z_and_entropy(beta, log_probs)


def _log_norm(row: RankedLogProbs, beta: float, kept: int) -> float | None:
    """log Σ exp(β·log_p) over what is kept so far; None when that is not known."""
    if beta == 1 and kept == ALL_KEPT:
        return 0.0
    found = _normaliser(row, beta, kept)
    return None if found is None else found[0]


def _nucleus(row: RankedLogProbs, beta: float, kept: int, p: float) -> int | None:
    """How many ranks r have F(r⁻) < p; None when the cut lies beyond what is known."""
    log_norm = _log_norm(row, beta, kept)
    if log_norm is None:
        return None
    reach = p - _ROUNDING
    limit = None if kept == ALL_KEPT else kept
    for log_probs in row.prefixes(limit):
        cumulative = np.cumsum(probabilities(beta, log_norm, log_probs))
        if cumulative[-1] >= reach:
            return 1 + int(np.searchsorted(cumulative, reach, side="left"))
    return _all_ranks(row, kept)


def _within_ratio(row: RankedLogProbs, beta: float, kept: int, ratio: float) -> int | None:
    """How many ranks r have q(r) ≥ ratio·q(0); None when the cut lies beyond what is known."""
    limit = None if kept == ALL_KEPT else kept
    for log_probs in row.prefixes(limit):
        ranked = log_probs.astype(np.float64)
        within = int(np.count_nonzero(beta * (ranked - ranked[0]) >= math.log(ratio)))
        if within < len(ranked):
            return within
    return _all_ranks(row, kept)


def _all_ranks(row: RankedLogProbs, kept: int) -> int | None:
    """`kept` if every kept rank has been seen in the longest prefix; else None."""
    if kept == ALL_KEPT:
        return None if row.size is None else row.size
    return None if row.leading(kept) is None else kept


def probabilities(beta: float, log_z: float, log_probs: Float32Array) -> FloatArray:
    """q = exp(β·log_p − log_z), f64, from float32 log-probabilities (nats)."""
    exponents = log_probs.astype(np.float64)
    exponents *= beta
    exponents -= log_z
    return np.exp(exponents, out=exponents)


def widths(beta: float, log_z: float, log_probs: Float32Array) -> FloatArray:
    """q of next states as the lengths of their intervals: rounded to float32, f64.

    Exponentials differ in the last bit from one library to the next, and a line magnifies such a
    bit by 2²² before it takes fresh ones. Rounded, they are the same here and in the page, and so
    is every sum, quotient and path that follows from them.
    """
    return probabilities(beta, log_z, log_probs).astype(np.float32).astype(np.float64)
