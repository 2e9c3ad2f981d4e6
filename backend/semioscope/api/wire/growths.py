"""Growth strategies and what a growth tells, as they cross the wire."""

from typing import Annotated, Literal

from pydantic import Field

from semioscope.api.wire.base import Asked, Told, documented


class LinePlace(Asked):
    """Where a line begins, for a view between two states."""

    node: int
    u: Annotated[float, documented("Of the state's interval.", minimum=0, exclusiveMaximum=1)]
    left: Annotated[float, documented("Good bits of u.", minimum=0, maximum=52)]
    line: Annotated[
        int, documented("Its random numbers are keyed by it.", minimum=0, maximum=4294967295)
    ]


class WorldsGrowth(Asked):
    """`lines` evenly spaced worlds between lo and hi of the state's interval, `steps` long."""

    kind: Literal["worlds"]
    lines: Annotated[int, documented(minimum=1, maximum=1024)]
    steps: Annotated[int, documented(minimum=1, maximum=1024)]
    lo: Annotated[float, documented(minimum=0, exclusiveMaximum=1)] = 0.0
    hi: Annotated[float, documented(exclusiveMinimum=0, maximum=1)] = 1.0
    offset: Annotated[
        float | None,
        documented("Of the lines, in spacings; the seed's (centred for 0) if left out."),
    ] = None
    seed: Annotated[int, documented(minimum=0, maximum=4294967295)] = 0
    conditioned: Annotated[
        bool, Field(description="In the interval of what is not pruned only, renormalised.")
    ] = False
    places: Annotated[
        list[LinePlace] | None,
        documented("Where each line begins, at the state or below it; then not by lo, hi, offset."),
    ] = None
    origin: Annotated[
        int, documented("With places: random numbers are counted from this depth.", minimum=0)
    ] = 0


class BreadthGrowth(Asked):
    """The k most probable children of every state, `depth` steps deep."""

    kind: Literal["breadth"]
    k: Annotated[int, documented(minimum=1, maximum=64)]
    depth: Annotated[int, documented(minimum=1, maximum=1024)]


class MassGrowth(Asked):
    """Every state whose probability (from the state grown) is at least epsilon."""

    kind: Literal["mass"]
    epsilon: Annotated[float, documented(minimum=1 / 4096, maximum=1)]


class BestFirstGrowth(Asked):
    """`states` evaluations, each of the most probable state there is; what ends is emitted in exact
    order of probability."""

    kind: Literal["best_first"]
    states: Annotated[int, documented(minimum=1, maximum=4096)]


class AncestralGrowth(Asked):
    """Independent rollouts under the procedure, merged into counted branches."""

    kind: Literal["ancestral"]
    rollouts: Annotated[int, documented(minimum=1, maximum=4096)]
    steps: Annotated[int, documented(minimum=1, maximum=4096)]
    seed: Annotated[int, documented(minimum=0, maximum=4294967295)] = 0


class GreedyGrowth(Asked):
    """The most probable trajectory, a step at a time (ties to the lowest id)."""

    kind: Literal["greedy"]
    steps: Annotated[int, documented(minimum=1, maximum=4096)]


class BeamGrowth(Asked):
    """The k most probable of the children of the k most probable, `steps` steps."""

    kind: Literal["beam"]
    k: Annotated[int, documented(minimum=1, maximum=1024)]
    steps: Annotated[int, documented(minimum=1, maximum=1024)]


class StochasticBeamGrowth(Asked):
    """k trajectories drawn without replacement under the procedure (arXiv 1903.06059)."""

    kind: Literal["stochastic_beam"]
    k: Annotated[int, documented(minimum=1, maximum=1024)]
    steps: Annotated[int, documented(minimum=1, maximum=1024)]
    seed: Annotated[int, documented(minimum=0, maximum=4294967295)] = 0


Growth = Annotated[
    WorldsGrowth
    | BreadthGrowth
    | MassGrowth
    | BestFirstGrowth
    | BeamGrowth
    | GreedyGrowth
    | AncestralGrowth
    | StochasticBeamGrowth,
    Field(discriminator="kind", title="Growth"),
]
Heights = Literal["procedure", "rule"]


class Stop(Asked):
    """When a growth ends before its strategy does; whatever is first. Nothing that looks at what
    was found (ended, resolved) may stop a growth that draws at random: that biases estimates."""

    ended: Annotated[int | None, documented("So many trajectories have ended.", minimum=1)] = None
    depth: Annotated[
        int | None,
        documented("No state more than so many steps below the one grown is evaluated.", minimum=1),
    ] = None
    resolved: Annotated[
        float | None,
        documented(
            "So much of the mass of the state grown has ended.", exclusiveMinimum=0, maximum=1
        ),
    ] = None


JobState = Literal["running", "done", "cancelled", "failed"]


class Allowance(Told):
    """What may still grow by itself into one person's views."""

    states: Annotated[int, Field(description="Evaluations left now.")]
    most: Annotated[int, Field(description="In an hour; it fills up again evenly.")]


class Job(Told):
    """A growth, running or just ended."""

    id: str
    strategy: Literal[
        "worlds",
        "breadth",
        "mass",
        "best_first",
        "beam",
        "greedy",
        "ancestral",
        "stochastic_beam",
        "typed",
        "reweigh",
    ]
    label: Annotated[str, Field(description="What it does, for people.")]
    by: Annotated[str, Field(description="The public id of who asked.")]
    automatic: bool
    state: JobState
    expanded: Annotated[int, Field(description="States evaluated so far.")]
    total: Annotated[int | None, Field(description="States planned, where that is known.")]
    resolved: Annotated[float, Field(description="Terminal mass of the tree.")]
    unexplored: Annotated[float, Field(description="Frontier and residual mass of the tree.")]
    rate: Annotated[float, Field(description="States a second.")]
    message: str | None
    started_at: float
    report: Annotated["Report | None", Field(description="What it found so far.")] = None
    allowance: Annotated[
        Allowance | None,
        Field(description="What is left to the person who asked, where this growth counts."),
    ] = None


class Found(Told):
    """A trajectory that a growth names, by its last state."""

    node: int
    log_prob: Annotated[float, Field(description="From the root, under the rule, nats.")]
    log_weight: Annotated[
        float | None,
        Field(description="Nats; of a draw that counts for more or less than one. Else null."),
    ]


class Figure(Told):
    """A number that a growth tells, with its unit and what it may be taken for."""

    name: str
    value: float
    unit: str
    guarantee: Literal["exact", "bound", "estimate"]
    standard_error: Annotated[
        float | None, Field(description="Of an estimate; null where none can be given.")
    ]


class Report(Told):
    """What a growth has found so far. Estimates of draws come when all of them are done."""

    figures: list[Figure]
    found: Annotated[list[Found], Field(description="In the strategy's order; the first 64.")]
    note: Annotated[
        str | None, Field(description="How the figures are to be read, where that needs saying.")
    ] = None
