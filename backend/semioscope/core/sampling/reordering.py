"""Steps that change the order of the next states, or take some out from between others."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from semioscope.core.errors import InvalidRequest
from semioscope.core.sampling import bounds
from semioscope.core.sampling.step import StepData

LEAST_PENALTY: Final = 0.01
MOST_PENALTY: Final = 100.0
LONGEST_NGRAM: Final = 64


@dataclass(frozen=True, slots=True)
class Typical(StepData):
    """The fewest next states nearest to the entropy, by |H + log q|, whose mass reaches p (arXiv
    2202.00666); ties to the lowest key. Raises InvalidRequest unless 0 < p ≤ 1."""

    p: float
    kind: ClassVar[str] = "typical"
    field: ClassVar[str] = "p"
    label: ClassVar[str] = "typical"
    reorders: ClassVar[bool] = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "p", bounds.mass(self.p, "bad-typical", "p of typical sampling"))

    @property
    def changes_nothing(self) -> bool:
        return self.p == 1


@dataclass(frozen=True, slots=True)
class Repetition(StepData):
    """Raw logits of tokens that the state has, the prompt's too, are divided by `penalty` where
    they are positive and multiplied by it where they are negative (arXiv 1909.05858).

    Raises InvalidRequest unless penalty is within 0.01 … 100.
    """

    penalty: float
    kind: ClassVar[str] = "repetition"
    field: ClassVar[str] = "penalty"
    label: ClassVar[str] = "repetition penalty"
    reorders: ClassVar[bool] = True
    reads_path: ClassVar[bool] = True

    def __post_init__(self) -> None:
        value = bounds.number(self.penalty, "bad-repetition", "The repetition penalty")
        if not LEAST_PENALTY <= value <= MOST_PENALTY:
            raise InvalidRequest(
                "bad-repetition",
                f"The repetition penalty is {value:g}; it must be between {LEAST_PENALTY:g} and "
                f"{MOST_PENALTY:g}.",
            )
        object.__setattr__(self, "penalty", value)

    @property
    def changes_nothing(self) -> bool:
        return self.penalty == 1


@dataclass(frozen=True, slots=True)
class Presence(StepData):
    """`penalty` nats less for every token that has been generated (OpenAI's formula; not the
    prompt's tokens). Raises InvalidRequest unless penalty is within −100 … 100."""

    penalty: float
    kind: ClassVar[str] = "presence"
    field: ClassVar[str] = "penalty"
    label: ClassVar[str] = "presence penalty"
    reorders: ClassVar[bool] = True
    reads_path: ClassVar[bool] = True

    def __post_init__(self) -> None:
        value = bounds.nats(self.penalty, "bad-presence", "The presence penalty")
        object.__setattr__(self, "penalty", value)

    @property
    def changes_nothing(self) -> bool:
        return self.penalty == 0


@dataclass(frozen=True, slots=True)
class Frequency(StepData):
    """`penalty` nats less for each time that a token has been generated (OpenAI's formula; not the
    prompt's tokens). Raises InvalidRequest unless penalty is within −100 … 100."""

    penalty: float
    kind: ClassVar[str] = "frequency"
    field: ClassVar[str] = "penalty"
    label: ClassVar[str] = "frequency penalty"
    reorders: ClassVar[bool] = True
    reads_path: ClassVar[bool] = True

    def __post_init__(self) -> None:
        value = bounds.nats(self.penalty, "bad-frequency", "The frequency penalty")
        object.__setattr__(self, "penalty", value)

    @property
    def changes_nothing(self) -> bool:
        return self.penalty == 0


@dataclass(frozen=True, slots=True)
class NoRepeat(StepData):
    """No n-gram of the state, the prompt included, comes a second time (arXiv 1705.04304).

    Raises InvalidRequest unless n is a whole number from 1 to 64.
    """

    n: int
    kind: ClassVar[str] = "no_repeat"
    field: ClassVar[str] = "n"
    label: ClassVar[str] = "no repeated n-gram"
    reorders: ClassVar[bool] = True
    reads_path: ClassVar[bool] = True
    may_empty: ClassVar[bool] = True

    def __post_init__(self) -> None:
        value = bounds.whole(self.n, LONGEST_NGRAM, "bad-no-repeat", "n of no-repeat n-gram")
        object.__setattr__(self, "n", value)


@dataclass(frozen=True, slots=True)
class Forbid(StepData):
    """These tokens never: at most 1,024. Raises InvalidRequest."""

    keys: tuple[int, ...]
    kind: ClassVar[str] = "forbid"
    field: ClassVar[str] = "keys"
    label: ClassVar[str] = "forbidden tokens"
    reorders: ClassVar[bool] = True
    may_empty: ClassVar[bool] = True

    def __post_init__(self) -> None:
        keys = bounds.keys(self.keys, "bad-forbidden", "The forbidden tokens")
        object.__setattr__(self, "keys", keys)

    @property
    def changes_nothing(self) -> bool:
        return not self.keys


@dataclass(frozen=True, slots=True)
class Force(StepData):
    """These tokens only: at least one, at most 1,024. Raises InvalidRequest."""

    keys: tuple[int, ...]
    kind: ClassVar[str] = "force"
    field: ClassVar[str] = "keys"
    label: ClassVar[str] = "forced tokens"
    reorders: ClassVar[bool] = True
    may_empty: ClassVar[bool] = True

    def __post_init__(self) -> None:
        keys = bounds.keys(self.keys, "bad-forced", "The forced tokens")
        if not keys:
            raise InvalidRequest(
                "bad-forced",
                "To force no token at all would leave nothing.",
                "Name at least one token, or take the step out.",
            )
        object.__setattr__(self, "keys", keys)


@dataclass(frozen=True, slots=True)
class Bias(StepData):
    """Logits of tokens are raised or lowered, by −100 … 100 nats; at most 1,024 tokens.

    biases: {key: nats}, pairs, or as on the wire; kept as pairs, ascending. Raises InvalidRequest.
    """

    biases: tuple[tuple[int, float], ...]
    kind: ClassVar[str] = "bias"
    field: ClassVar[str] = "biases"
    label: ClassVar[str] = "logit bias"
    reorders: ClassVar[bool] = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "biases", tuple(sorted(_biases(self.biases))))

    @property
    def changes_nothing(self) -> bool:
        return all(nats == 0 for _, nats in self.biases)

    def to_wire(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "biases": [{"key": key, "nats": nats} for key, nats in self.biases],
        }


def _biases(given: object) -> list[tuple[int, float]]:
    if isinstance(given, Mapping):
        given = given.items()
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise InvalidRequest("bad-bias", "Biases are a list of tokens, each with its nats.")
    found = [_bias(each) for each in given]
    keys = [key for key, _ in found]
    bounds.keys(keys, "bad-bias", "The tokens with a bias")
    for key in keys:
        if keys.count(key) > 1:
            raise InvalidRequest("bad-bias", f"Token {key} has more than one bias in one step.")
    return found


def _bias(given: object) -> tuple[int, float]:
    if isinstance(given, Mapping) and set(given) == {"key", "nats"}:
        key, nats = given["key"], given["nats"]
    elif isinstance(given, tuple) and len(given) == 2:
        key, nats = given
    else:
        raise InvalidRequest("bad-bias", 'A bias has exactly the fields "key" and "nats".')
    return bounds.key(key, "bad-bias"), bounds.nats(nats, "bad-bias", "A bias")
