"""Sampling procedures as they cross the wire: a list of steps, applied in order."""

from typing import Annotated, Literal

from pydantic import Field
from pydantic.config import JsonDict

from semioscope.api.wire.base import Asked, Told, documented

_GREEDY: JsonDict = {"type": "number", "const": 0}
_TEMPERATURES: JsonDict = {"type": "number", "minimum": 0.01, "maximum": 100}


class TemperatureStep(Asked):
    """Divide log-probabilities by `value`; 0 is greedy (ties to the lowest id)."""

    kind: Literal["temperature"]
    value: Annotated[
        float,
        Field(json_schema_extra={"anyOf": [_GREEDY, _TEMPERATURES]}),
    ]


class TopKStep(Asked):
    """Keep the k most probable next states."""

    kind: Literal["top_k"]
    k: Annotated[int, documented(minimum=1, maximum=4294967294)]


class TopPStep(Asked):
    """Keep the fewest leading next states whose mass reaches p (nucleus sampling)."""

    kind: Literal["top_p"]
    p: Annotated[float, documented(exclusiveMinimum=0, maximum=1)]


class MinPStep(Asked):
    """Keep next states at least p times as probable as the leading one."""

    kind: Literal["min_p"]
    p: Annotated[float, documented(minimum=0, maximum=1)]


class TypicalStep(Asked):
    """Keep the fewest next states nearest to the entropy, |H + log q|, whose mass reaches p
    (arXiv 2202.00666)."""

    kind: Literal["typical"]
    p: Annotated[float, documented(exclusiveMinimum=0, maximum=1)]


class EpsilonStep(Asked):
    """Keep next states at least `epsilon` probable; never none (arXiv 2210.15191)."""

    kind: Literal["epsilon"]
    epsilon: Annotated[float, documented(exclusiveMinimum=0, exclusiveMaximum=1)]


class EtaStep(Asked):
    """Keep next states at least min(ε, √ε·e^−H) probable; never none (arXiv 2210.15191)."""

    kind: Literal["eta"]
    epsilon: Annotated[float, documented(exclusiveMinimum=0, exclusiveMaximum=1)]


class RepetitionStep(Asked):
    """Logits of tokens that the state has, the prompt's too, are divided by `penalty` where they
    are positive and multiplied by it where they are negative (arXiv 1909.05858)."""

    kind: Literal["repetition"]
    penalty: Annotated[float, documented(minimum=0.01, maximum=100)]


class PresenceStep(Asked):
    """`penalty` nats less for every token that has been generated (not the prompt's)."""

    kind: Literal["presence"]
    penalty: Annotated[float, documented(minimum=-100, maximum=100)]


class FrequencyStep(Asked):
    """`penalty` nats less for each time that a token has been generated (not the prompt's)."""

    kind: Literal["frequency"]
    penalty: Annotated[float, documented(minimum=-100, maximum=100)]


class NoRepeatStep(Asked):
    """No n-gram of the state, the prompt included, comes a second time."""

    kind: Literal["no_repeat"]
    n: Annotated[int, documented(minimum=1, maximum=64)]


class ForbidStep(Asked):
    """These tokens never."""

    kind: Literal["forbid"]
    keys: list[int]


class ForceStep(Asked):
    """These tokens only."""

    kind: Literal["force"]
    keys: list[int]


class Bias(Asked):
    key: int
    nats: Annotated[float, documented("Added to the logit.", minimum=-100, maximum=100)]


class BiasStep(Asked):
    """Logits of these tokens are raised or lowered."""

    kind: Literal["bias"]
    biases: list[Bias]


Step = Annotated[
    TemperatureStep
    | TopKStep
    | TopPStep
    | MinPStep
    | TypicalStep
    | EpsilonStep
    | EtaStep
    | RepetitionStep
    | PresenceStep
    | FrequencyStep
    | NoRepeatStep
    | ForbidStep
    | ForceStep
    | BiasStep,
    Field(discriminator="kind", title="Step"),
]


class StagesRequest(Asked):
    """procedure: as if it were the tree's; the tree's own if left out."""

    node: Annotated[int, documented(minimum=0, maximum=4294967295)]
    key: Annotated[int | None, Field(description="A next state of the node.")] = None
    procedure: list[Step] | None = None


class Stage(Told):
    """What one step made of the distribution that it was given; the first stage is the rule."""

    step: Step | None
    kept: Annotated[int, Field(description="Next states of positive probability after it.")]
    removed: Annotated[int, Field(description="Next states that it took away.")]
    removed_mass: Annotated[float, Field(description="Their mass, before it.")]
    moved_mass: Annotated[float, Field(description="Total variation from the stage before.")]
    entropy: Annotated[float, Field(description="bits, after it")]


class StageRow(Told):
    """One next state through all stages."""

    key: int
    text: str
    bytes: Annotated[str, Field(description="base64")]
    probabilities: Annotated[list[float], Field(description="One for each stage.")]


class Stages(Told):
    stages: list[Stage]
    rows: Annotated[
        list[StageRow],
        Field(description="The most probable of any stage, by their probability under the rule."),
    ]
