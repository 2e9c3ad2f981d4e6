"""Two multiverses side by side, as JSON."""

from typing import Annotated, Literal

from pydantic import Field

from semioscope.api.wire.base import Asked, Told, documented
from semioscope.api.wire.growths import Heights


class CompareRequest(Asked):
    """a, b: refs, of one and the same tree too. node: of the tree that `side` names."""

    a: Annotated[str, Field(min_length=1, max_length=64)]
    b: Annotated[str, Field(min_length=1, max_length=64)]
    side: Literal["a", "b"] = "a"
    node: Annotated[int, documented(minimum=0, maximum=4294967295)] = 0
    key: Annotated[int | None, Field(description="A next state of the node.")] = None
    heights: Annotated[
        Heights, Field(description="What orders the rows, and weighs the depths.")
    ] = "procedure"
    by_depth: Annotated[bool, Field(description="Whether the depths are wanted.")] = True


class Divergence(Told):
    """Of the next states in a from those in b. `bound`: each is at least this; some next states
    are not stored, and are counted together."""

    total_variation: Annotated[float, Field(description="0 to 1")]
    jensen_shannon: Annotated[float, Field(description="bits, 0 to 1")]
    forward: Annotated[float | None, Field(description="KL(a‖b), bits; null where it is infinite.")]
    forward_infinite: bool
    backward: Annotated[
        float | None, Field(description="KL(b‖a), bits; null where it is infinite.")
    ]
    backward_infinite: bool
    guarantee: Literal["exact", "bound"]


class PairShare(Told):
    """One next state in both, under the rules or under the procedures."""

    a: Annotated[float | None, Field(description="Null where it is not known.")]
    b: Annotated[float | None, Field(description="Null where it is not known.")]
    log_ratio: Annotated[
        float | None,
        Field(description="log₂(a/b), bits; null where it is infinite or not known."),
    ]
    only: Annotated[
        Literal["a", "b"] | None, Field(description="Where alone it is possible, if that is so.")
    ]


class CompareRow(Told):
    """key: the token; null under rewriting rules, whose next states are known by their bytes."""

    key: int | None
    text: str
    bytes: Annotated[str, Field(description="base64")]
    rule: PairShare
    procedure: PairShare


class StateComparison(Told):
    """a, b: the node in each tree; null where the state is none. problem: why there is nothing to
    compare here; then there is nothing else. procedure: null where a procedure has not been
    evaluated, or leaves nothing."""

    a: int | None
    b: int | None
    problem: str | None
    rule: Divergence | None
    procedure: Divergence | None
    rows: Annotated[list[CompareRow], Field(description="Those that lead in either.")]


class CompareLevel(Told):
    """The states at one depth, counted from the prompts."""

    depth: int
    compared: Annotated[int, Field(description="States grown in both, tokens agreeing.")]
    mass_a: Annotated[float, Field(description="Their probability in a.")]
    mass_b: float
    total_variation: Annotated[
        float | None, Field(description="Mean over them, weighted by ½(p_a + p_b).")
    ]
    jensen_shannon: Annotated[float | None, Field(description="bits; mean, weighted likewise.")]
    guarantee: Annotated[
        Literal["exact", "bound"],
        Field(description="`bound`: both are at least this; what is not stored counts as one."),
    ]
    left_out: Annotated[
        int, Field(description="Grown in both, but not yet under the procedure, or too many.")
    ]
    only_a: Annotated[int, Field(description="States that are nodes of a only.")]
    only_b: int


class Comparison(Told):
    """apart: why the two have no alphabet in common; then there is nothing else."""

    apart: str | None
    state: StateComparison | None
    levels: Annotated[list[CompareLevel] | None, Field(description="Null unless asked for.")]
