"""Steps that keep the order of the next states: temperature, and cuts after some rank.

Ties at a cut by count or mass go to the lowest keys, so that it keeps a definite number.
"""

from dataclasses import dataclass
from typing import ClassVar, Final

from semioscope.core.errors import InvalidRequest
from semioscope.core.sampling import bounds
from semioscope.core.sampling.step import StepData
from semioscope.core.types import ALL_KEPT

LOWEST_TEMPERATURE: Final = 0.01
HIGHEST_TEMPERATURE: Final = 100.0


@dataclass(frozen=True, slots=True)
class Temperature(StepData):
    """p^(1/value), renormalised; 0 is greedy: the most probable next state, ties to the lowest key.

    Raises InvalidRequest unless value is 0 or within 0.01 … 100.
    """

    value: float
    kind: ClassVar[str] = "temperature"
    field: ClassVar[str] = "value"
    label: ClassVar[str] = "temperature"

    def __post_init__(self) -> None:
        value = bounds.number(self.value, "bad-temperature", "The temperature")
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
class TopK(StepData):
    """The k most probable next states. Raises InvalidRequest unless k is a whole number ≥ 1."""

    k: int
    kind: ClassVar[str] = "top_k"
    field: ClassVar[str] = "k"
    label: ClassVar[str] = "top-k"

    def __post_init__(self) -> None:
        object.__setattr__(self, "k", bounds.whole(self.k, ALL_KEPT - 1, "bad-top-k", "k of top-k"))


@dataclass(frozen=True, slots=True)
class TopP(StepData):
    """The fewest most probable next states whose mass reaches p (nucleus; arXiv 1904.09751).

    Raises InvalidRequest unless 0 < p ≤ 1.
    """

    p: float
    kind: ClassVar[str] = "top_p"
    field: ClassVar[str] = "p"
    label: ClassVar[str] = "top-p"

    def __post_init__(self) -> None:
        object.__setattr__(self, "p", bounds.mass(self.p, "bad-top-p", "p of top-p"))

    @property
    def changes_nothing(self) -> bool:
        return self.p == 1


@dataclass(frozen=True, slots=True)
class MinP(StepData):
    """The next states at least p times as probable as the leading one (arXiv 2407.01082).

    Raises InvalidRequest unless 0 ≤ p ≤ 1.
    """

    p: float
    kind: ClassVar[str] = "min_p"
    field: ClassVar[str] = "p"
    label: ClassVar[str] = "min-p"

    def __post_init__(self) -> None:
        value = bounds.number(self.p, "bad-min-p", "p of min-p")
        if not 0 <= value <= 1:
            raise InvalidRequest("bad-min-p", "p of min-p must be between 0 and 1.")
        object.__setattr__(self, "p", value)

    @property
    def changes_nothing(self) -> bool:
        return self.p == 0


@dataclass(frozen=True, slots=True)
class Epsilon(StepData):
    """The next states at least `epsilon` probable, and never fewer than those that lead
    (arXiv 2210.15191). Raises InvalidRequest unless 0 < epsilon < 1."""

    epsilon: float
    kind: ClassVar[str] = "epsilon"
    field: ClassVar[str] = "epsilon"
    label: ClassVar[str] = "epsilon"

    def __post_init__(self) -> None:
        value = bounds.threshold(self.epsilon, "bad-epsilon", "ε of epsilon sampling")
        object.__setattr__(self, "epsilon", value)


@dataclass(frozen=True, slots=True)
class Eta(StepData):
    """The next states at least min(ε, √ε·e^−H) probable, H the entropy in nats, and never fewer
    than those that lead (arXiv 2210.15191). Raises InvalidRequest unless 0 < epsilon < 1."""

    epsilon: float
    kind: ClassVar[str] = "eta"
    field: ClassVar[str] = "epsilon"
    label: ClassVar[str] = "eta"

    def __post_init__(self) -> None:
        value = bounds.threshold(self.epsilon, "bad-eta", "ε of eta sampling")
        object.__setattr__(self, "epsilon", value)
