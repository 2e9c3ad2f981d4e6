"""Transition rules as they cross the wire: on offer, remembered by a tree, or to be made."""

from typing import Annotated, Any, Literal

from pydantic import Field

from semioscope.api.wire.base import Asked, Told, documented


class Rule(Told):
    """A transition rule, as the tree remembers it."""

    id: str
    name: str
    kind: Literal["appending", "rewriting"]
    family: str
    fingerprint: str
    summary: str
    alphabet_size: int | None
    window: int
    end_keys: list[int]
    whole_distribution: bool
    needs_prompt: bool
    notes: list[str]
    revision: Annotated[
        str | None, Field(description="A commit of a hub or a version; null without one.")
    ]


RuleState = Literal["unloaded", "loading", "ready", "failed"]


class Offer(Told):
    """A rule of this server, loaded or not."""

    id: str
    name: str
    family: str
    summary: str
    state: RuleState
    progress: Annotated[float | None, Field(description="0 to 1 while loading.")]
    message: str | None
    hint: str | None
    description: Rule | None


class RuleList(Told):
    rules: list[Offer]


# Rules that visitors make: data, never code

Named = str | dict[str, Any]
"""Another rule, by its id or by its RuleSpec. (Not in the schema as such: it would be recursive,
and what is wrong within is told by the core.)"""


class CoinSpec(Asked):
    """Heads with probability `heads`; with `repeats`, the first flip has `heads` and every other
    repeats the one before with that probability."""

    kind: Literal["coin"]
    heads: Annotated[float, documented(minimum=0, maximum=1)] = 0.5
    repeats: Annotated[float | None, documented(minimum=0, maximum=1)] = None


class MarkovSpec(Asked):
    """An order-n chain fitted to a text, every count raised by `smoothing`."""

    kind: Literal["markov"]
    text: str
    unit: Annotated[
        Literal["characters", "words", "tokens"],
        Field(description="What a token is; `tokens` takes those of the rule `base`."),
    ] = "characters"
    order: Annotated[int, documented(minimum=0, maximum=8)] = 2
    smoothing: Annotated[float, documented(minimum=0, maximum=1000)] = 0.0
    base: Annotated[
        Named | None, Field(description="The rule whose tokens are counted: its id, or its spec.")
    ] = None


class ChainSpec(Asked):
    """A Markov chain by its matrix: row i has the probabilities of what follows symbol i."""

    kind: Literal["chain"]
    symbols: list[str]
    matrix: list[list[float]]
    initial: Annotated[
        list[float] | None, Field(description="Of the first symbol; uniform if left out.")
    ] = None


class AutomatonSpec(Asked):
    """An elementary cellular automaton: a state is a row of cells, 0 and 1."""

    kind: Literal["automaton"]
    number: Annotated[int, documented(minimum=0, maximum=255)]
    ring: Annotated[bool, Field(description="Else a line, with zeros beyond its ends.")] = True
    noise: Annotated[
        float, documented("That a cell is flipped after the step.", minimum=0, maximum=0.5)
    ] = 0.0


class RewritingSpec(Asked):
    """A multiway system, such as `A->AB, B->A`: uniform over the matches."""

    kind: Literal["rewriting"]
    rules: str


class RestrictedSpec(Asked):
    """Another rule that may say only these single tokens, renormalised. Exactly one of the two."""

    kind: Literal["restricted"]
    base: Annotated[Named, Field(description="The id of a rule, or its spec.")]
    texts: list[str] | None = None
    keys: list[int] | None = None


class Part(Asked):
    """A rule as a part of another. `context` is put before its states, or, with `replaces`, in
    place of that beginning of them."""

    rule: Annotated[Named, Field(description="The id of a rule, or its spec.")]
    context: str | None = None
    replaces: str | None = None


class InterpolatedSpec(Asked):
    """(1 − weight) · first + weight · second, of two rules with one alphabet."""

    kind: Literal["interpolated"]
    first: Part
    second: Part
    weight: Annotated[float, documented(minimum=0, maximum=1)] = 0.5


RuleSpec = Annotated[
    CoinSpec
    | MarkovSpec
    | ChainSpec
    | AutomatonSpec
    | RewritingSpec
    | RestrictedSpec
    | InterpolatedSpec,
    Field(discriminator="kind", title="RuleSpec"),
]


class RuleRequest(Asked):
    spec: RuleSpec
    name: str | None = None


class EncodeRequest(Asked):
    text: str


class Token(Told):
    key: int
    bytes: Annotated[str, Field(description="base64")]


class Encoded(Told):
    """The tokens of a text, under one rule."""

    tokens: list[Token]


class RuleDraft(Told):
    """A rule as it would be made of a spec: nothing is kept."""

    description: Rule
    example: Annotated[str, Field(description="A prompt to begin with; may be empty.")]


class TreeRule(Told):
    """The rule of a multiverse, and how to make it where a visitor made it."""

    description: Rule
    spec: Annotated[
        dict[str, Any] | None,
        Field(description="A RuleSpec; null for a rule of the server's own."),
    ]
    available: Annotated[bool, Field(description="The multiverse can be grown here.")]


class Chain(Told):
    """The finite Markov chain behind a rule, where it has one."""

    states: list[str]
    matrix: list[list[float]]
    stationary: Annotated[list[float] | None, Field(description="null where it is not unique.")]
    closed: Annotated[list[list[int]], Field(description="The closed classes of states.")]
