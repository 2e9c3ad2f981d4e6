"""A sampling procedure φ: steps in the order in which they apply."""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, TypeAlias

from semioscope.core.errors import InvalidRequest
from semioscope.core.rule import RuleDescription
from semioscope.core.sampling.cuts import (
    HIGHEST_TEMPERATURE,
    LOWEST_TEMPERATURE,
    Epsilon,
    Eta,
    MinP,
    Temperature,
    TopK,
    TopP,
)
from semioscope.core.sampling.reordering import (
    Bias,
    Forbid,
    Force,
    Frequency,
    NoRepeat,
    Presence,
    Repetition,
    Typical,
)

MOST_STEPS: Final = 16
IDENTITY_FINGERPRINT: Final = "rule"

Step: TypeAlias = (
    Temperature
    | TopK
    | TopP
    | MinP
    | Typical
    | Epsilon
    | Eta
    | Repetition
    | Presence
    | Frequency
    | NoRepeat
    | Forbid
    | Force
    | Bias
)
STEPS: Final[dict[str, type[Step]]] = {
    step.kind: step
    for step in (
        Temperature,
        TopK,
        TopP,
        MinP,
        Typical,
        Epsilon,
        Eta,
        Repetition,
        Presence,
        Frequency,
        NoRepeat,
        Forbid,
        Force,
        Bias,
    )
}
"""The steps there are, by their kind on the wire."""


@dataclass(frozen=True)
class Procedure:
    """Steps in the order in which they apply; no steps: the rule itself.

    Raises InvalidRequest when there are more than 16 steps, when several temperatures multiply to
    less than 0.01 or more than 100, or when forced and forbidden tokens leave none.
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
        _refuse_contradiction(self.steps)

    @classmethod
    def from_wire(cls, steps: object) -> "Procedure":
        """From [{"kind": "temperature", "value": 0.9}, …]. Raises InvalidRequest."""
        if isinstance(steps, str | bytes | Mapping) or not isinstance(steps, Iterable):
            raise InvalidRequest("bad-procedure", "A sampling procedure is a list of steps.")
        return cls(tuple(_step_from_wire(step) for step in steps))

    def to_wire(self) -> list[dict[str, Any]]:
        return [step.to_wire() for step in self.steps]

    @cached_property
    def effective(self) -> tuple[Step, ...]:
        """The steps without those that change nothing at any state."""
        return tuple(step for step in self.steps if not step.changes_nothing)

    @cached_property
    def fingerprint(self) -> str:
        """12 hex digits that name what the procedure does; "rule" when it does nothing."""
        if not self.effective:
            return IDENTITY_FINGERPRINT
        wire = [step.to_wire() for step in self.effective]
        canonical = json.dumps(wire, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:12]

    @property
    def is_identity(self) -> bool:
        return not self.effective

    @cached_property
    def reorders(self) -> bool:
        """Whether it has, at each state, a ranking of its own (else it keeps leading ranks of the
        rule's)."""
        return any(step.reorders for step in self.effective)

    @cached_property
    def may_empty(self) -> bool:
        """Whether there may be states of which it leaves nothing."""
        return any(step.may_empty for step in self.effective)

    @cached_property
    def reads_path(self) -> bool:
        """Whether what it does at a state depends on the state's tokens, too."""
        return any(step.reads_path for step in self.effective)

    @property
    def is_greedy(self) -> bool:
        return self._temperature == 0

    @property
    def inverse_temperature(self) -> float:
        """β = 1/ΠT; 0 when greedy (then one next state is kept and q = exp(0) = 1). 1 where it
        reorders: then its own log-probabilities are stored, and nothing scales them."""
        if self.reorders:
            return 1.0
        return 0.0 if self.is_greedy else 1.0 / self._temperature

    @property
    def _temperature(self) -> float:
        return math.prod(step.value for step in self.steps if isinstance(step, Temperature))

    def must_suit(self, rule: RuleDescription) -> None:
        """Raises InvalidRequest where it has steps that this rule cannot be sampled by:
        "no-tokens" for a rewriting rule, "unknown-token" for a token that there is not."""
        if self.reorders and rule.kind == "rewriting":
            raise no_tokens(self)
        for place, step in enumerate(self.steps, 1):
            greatest = max(_named_keys(step), default=-1)
            size = rule.alphabet_size
            if size is not None and greatest >= size:
                raise InvalidRequest(
                    "unknown-token",
                    f"Step {place} ({step.label}) names token {greatest}, which does not exist: "
                    f"the alphabet has {size:,} tokens, numbered from 0.",
                )


def no_tokens(procedure: Procedure) -> InvalidRequest:
    """The refusal of a procedure that reorders, at a rewriting rule."""
    place, step = next(
        (place, step)
        for place, step in enumerate(procedure.steps, 1)
        if step.reorders and not step.changes_nothing
    )
    return InvalidRequest(
        "no-tokens",
        f"Step {place} ({step.label}) is about tokens, and the states of this rule have none.",
        "Take temperature, top-k, top-p, min-p, epsilon or eta.",
    )


def _named_keys(step: Step) -> tuple[int, ...]:
    match step:
        case Forbid(keys) | Force(keys):
            return keys
        case Bias(biases):
            return tuple(key for key, _ in biases)
        case _:
            return ()


def _refuse_contradiction(steps: Iterable[Step]) -> None:
    """Whatever comes between them: what is forced and not forbidden is all that may be left."""
    allowed: set[int] | None = None
    forbidden: set[int] = set()
    named: list[str] = []
    for place, step in enumerate(steps, 1):
        if isinstance(step, Force):
            allowed = set(step.keys) if allowed is None else allowed & set(step.keys)
        elif isinstance(step, Forbid):
            forbidden |= set(step.keys)
        else:
            continue
        named.append(f"{place} ({step.label})")
        if allowed is not None and allowed <= forbidden:
            raise InvalidRequest(
                "procedure-contradicts",
                f"Steps {' and '.join(named)} contradict each other: no token is left by all of "
                "them.",
                "Force a token that is not forbidden, or take one of the steps out.",
            )


def _step_from_wire(wire: object) -> Step:
    kind = wire.get("kind") if isinstance(wire, Mapping) else None
    step = STEPS.get(kind) if isinstance(kind, str) else None
    if step is None or not isinstance(wire, Mapping):
        raise InvalidRequest(
            "unknown-step",
            "A step of a sampling procedure has one of the kinds " + ", ".join(STEPS) + ".",
        )
    if set(wire) != {"kind", step.field}:
        raise InvalidRequest(
            "bad-step", f'A step of kind {kind} has exactly the fields "kind" and "{step.field}".'
        )
    return step(wire[step.field])


IDENTITY: Final = Procedure()
"""The procedure that changes nothing: what is drawn is the rule."""
