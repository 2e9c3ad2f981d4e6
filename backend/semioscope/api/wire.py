"""What crosses the wire as JSON: immutable, tagged, without behaviour.

Bounds are documented in the schema; the core is what checks them, so that a person gets the
core's own sentence. Probabilities carry no unit; entropies and surprisals are in bits;
log-probabilities are natural logs; times are unix seconds.
"""

import re
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic.config import JsonDict

_HALF_CHARACTER: Final = re.compile("[\ud800-\udfff]")


def _documented(description: str | None = None, **bounds: float) -> Any:
    """A bound that the schema states and the core enforces."""
    extra: JsonDict = dict(bounds)
    return Field(description=description, json_schema_extra=extra)


_GREEDY: JsonDict = {"type": "number", "const": 0}
_TEMPERATURES: JsonDict = {"type": "number", "minimum": 0.01, "maximum": 100}


class _Asked(BaseModel):
    """Part of a request: nothing is converted, nothing unknown is let through."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)

    @field_validator("*")
    @classmethod
    def _whole_characters(cls, value: object) -> object:
        # JSON can spell half a surrogate pair, which is no text and can be stored nowhere.
        if isinstance(value, str) and _HALF_CHARACTER.search(value):
            raise ValueError("the text holds half of a surrogate pair")
        return value


class _Told(BaseModel):
    """Part of an answer."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


# Sampling procedures


class TemperatureStep(_Asked):
    """Divide log-probabilities by `value`; 0 is greedy (ties to the lowest id)."""

    kind: Literal["temperature"]
    value: Annotated[
        float,
        Field(json_schema_extra={"anyOf": [_GREEDY, _TEMPERATURES]}),
    ]


class TopKStep(_Asked):
    """Keep the k most probable next states."""

    kind: Literal["top_k"]
    k: Annotated[int, _documented(minimum=1, maximum=4294967294)]


class TopPStep(_Asked):
    """Keep the fewest leading next states whose mass reaches p (nucleus sampling)."""

    kind: Literal["top_p"]
    p: Annotated[float, _documented(exclusiveMinimum=0, maximum=1)]


class MinPStep(_Asked):
    """Keep next states at least p times as probable as the leading one."""

    kind: Literal["min_p"]
    p: Annotated[float, _documented(minimum=0, maximum=1)]


Step = Annotated[
    TemperatureStep | TopKStep | TopPStep | MinPStep, Field(discriminator="kind", title="Step")
]


# Growth strategies


class WorldsGrowth(_Asked):
    """`lines` evenly spaced worlds between lo and hi of the state's interval, `steps` long."""

    kind: Literal["worlds"]
    lines: Annotated[int, _documented(minimum=1, maximum=1024)]
    steps: Annotated[int, _documented(minimum=1, maximum=1024)]
    lo: Annotated[float, _documented(minimum=0, exclusiveMaximum=1)] = 0.0
    hi: Annotated[float, _documented(exclusiveMinimum=0, maximum=1)] = 1.0
    offset: Annotated[
        float | None,
        _documented("Of the lines, in spacings; the seed's (centred for 0) if left out."),
    ] = None
    seed: Annotated[int, _documented(minimum=0, maximum=4294967295)] = 0


class BreadthGrowth(_Asked):
    """The k most probable children of every state, `depth` steps deep."""

    kind: Literal["breadth"]
    k: Annotated[int, _documented(minimum=1, maximum=64)]
    depth: Annotated[int, _documented(minimum=1, maximum=1024)]


class MassGrowth(_Asked):
    """Every state whose probability (from the state grown) is at least epsilon."""

    kind: Literal["mass"]
    epsilon: Annotated[float, _documented(minimum=1 / 4096, maximum=1)]


class BestFirstGrowth(_Asked):
    """The n most probable trajectories, in exact order."""

    kind: Literal["best_first"]
    n: Annotated[int, _documented(minimum=1, maximum=4096)]


class AncestralGrowth(_Asked):
    """Independent rollouts under the procedure, merged into counted branches."""

    kind: Literal["ancestral"]
    rollouts: Annotated[int, _documented(minimum=1, maximum=4096)]
    steps: Annotated[int, _documented(minimum=1, maximum=4096)]
    seed: Annotated[int, _documented(minimum=0, maximum=4294967295)] = 0


Growth = Annotated[
    WorldsGrowth | BreadthGrowth | MassGrowth | BestFirstGrowth | AncestralGrowth,
    Field(discriminator="kind", title="Growth"),
]
Heights = Literal["procedure", "rule"]


# Requests


class StateRef(_Asked):
    """A node, or (with `key`) one of its next states, made a child on need."""

    node: Annotated[int, _documented(minimum=0, maximum=4294967295)]
    key: Annotated[int | None, Field(description="The next state's key.")] = None


class CreateTreeRequest(_Asked):
    rule: Annotated[str, Field(description="The id of an offered rule.", examples=["coin"])]
    prompt: Annotated[str, Field(description="The initial state, as raw text.")]
    chat: Annotated[bool, Field(description="Apply the model's own chat template.")] = False
    max_length: Annotated[int | None, Field(description="L; the rule's window if left out.")] = None
    procedure: list[Step] = []
    name: str | None = None
    growth: Annotated[
        WorldsGrowth | None, Field(description="Worlds to grow from the prompt, at once.")
    ] = None


class GrowRequest(_Asked):
    state: StateRef
    strategy: Growth
    heights: Annotated[Heights, Field(description="What worlds and rollouts are drawn under.")] = (
        "procedure"
    )
    automatic: Annotated[
        bool, Field(description="Asked for by a moving view: replaced by the next one, not undone.")
    ] = False
    client: Annotated[
        str | None,
        Field(
            description="The socket id of the page that asks. Automatic growths end with it; "
            "others some seconds after the last page of that person on the tree is gone."
        ),
    ] = None


class BranchRequest(_Asked):
    """One's own continuation of a node: text, or token ids (exactly one of the two)."""

    node: Annotated[int, _documented(minimum=0, maximum=4294967295)]
    text: str | None = None
    keys: list[int] | None = None


class PruneRequest(_Asked):
    state: StateRef


class RestoreRequest(_Asked):
    node: Annotated[int, _documented(minimum=0, maximum=4294967295)]


class RenameRequest(_Asked):
    name: str


class ProcedureRequest(_Asked):
    procedure: list[Step]


LinkKind = Literal["live", "frozen", "edit", "recovery"]


class CreateLinkRequest(_Asked):
    kind: LinkKind


class SecretRequest(_Asked):
    """The secret of an invitation or of a recovery link (the part after #)."""

    secret: str


# Answers


class Ledger(_Told):
    """Where the rule's probability is; the four add up to one."""

    terminal: float
    frontier: float
    residual: float
    pruned: float


class Rule(_Told):
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


class Offer(_Told):
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


class Limits(_Told):
    """The bounds of this server."""

    max_nodes: int
    max_budget: Annotated[int, Field(description="Expansions of one growth.")]
    max_prompt_tokens: int
    max_body_bytes: int
    growths_in_flight: int
    requests_per_minute: int


class Status(_Told):
    version: str
    ready: Annotated[bool, Field(description="The default rule is loaded.")]
    rules: list[Offer]
    limits: Limits


class RuleList(_Told):
    rules: list[Offer]


JobState = Literal["running", "done", "cancelled", "failed"]


class Job(_Told):
    """A growth, running or just ended."""

    id: str
    strategy: Literal["worlds", "breadth", "mass", "best_first", "ancestral", "typed", "reweigh"]
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


class Piece(_Told):
    """One token of the prompt."""

    key: int
    bytes: Annotated[str, Field(description="base64")]


class Prompt(_Told):
    text: str
    tokens: list[Piece]


Role = Literal["owner", "editor", "reader"]


class TreeView(_Told):
    ref: str
    kind: Literal["live", "frozen"]
    seq: int
    role: Role
    me: Annotated[str, Field(description="The caller's own public id.")]
    name: str
    rule: Rule
    rule_available: bool
    rule_state: RuleState
    rule_message: str | None
    prompt: Prompt
    max_length: int
    procedure: list[Step]
    fingerprint: Annotated[str, Field(description="Of the procedure.")]
    ledger: Ledger
    states: int
    expansions: int
    created_at: float
    jobs: list[Job]
    can_undo: bool
    can_redo: bool


class TreeSummary(_Told):
    ref: str
    name: str
    prompt: str
    rule_name: str
    states: int
    updated_at: float
    role: Role


class TreeList(_Told):
    trees: list[TreeSummary]


class Branched(_Told):
    node: Annotated[int, Field(description="The last state of the branch.")]
    path: Annotated[list[int], Field(description="Its new states, in order.")]
    seq: int


class Edited(_Told):
    """An edit that is stored: the tree is at `seq` now."""

    seq: int
    label: Annotated[str, Field(description="What happened, for people.")]
    node: int | None


class ProcedureSet(_Told):
    seq: int
    fingerprint: str
    job: Annotated[Job | None, Field(description="Evaluates what stored candidates do not give.")]


class Link(_Told):
    id: str
    kind: LinkKind
    url_path: str
    seq: Annotated[int | None, Field(description="The event a frozen link shows.")]
    created_at: float


class LinkList(_Told):
    links: list[Link]


class Admission(_Told):
    """What an invitation or a recovery gave."""

    ref: str
    role: Role


class Candidate(_Told):
    """A next state: under the rule, and under the tree's procedure where that is known."""

    key: int
    text: str
    bytes: Annotated[str, Field(description="base64")]
    log_prob: float
    probability: float
    procedure_probability: float | None
    surprisal: Annotated[float, Field(description="bits")]
    node: Annotated[int | None, Field(description="The child it was made, if it was.")]


class PathStep(_Told):
    node: int
    key: int
    text: str
    log_prob: float


class StateView(_Told):
    node: int
    parent: int | None
    key: int
    text: Annotated[str, Field(description="Of the whole path, without the prompt.")]
    depth: int
    log_prob: float
    cumulative_log_prob: float
    surprisal: Annotated[float, Field(description="bits")]
    terminal: bool
    expanded: bool
    cut: bool
    under_cut: bool
    residual: Annotated[float | None, Field(description="1 − Σ of its children.")]
    rest: Annotated[float | None, Field(description="1 − Σ of the stored candidates.")]
    untold: Annotated[
        float | None, Field(description="The mass whose contents the rule does not tell.")
    ]
    entropy: Annotated[
        float | None,
        Field(description="bits, of the whole distribution; null where the rule tells only a part"),
    ]
    procedure_entropy: Annotated[float | None, Field(description="bits")]
    procedure_kept: Annotated[int | None, Field(description="Next states the procedure keeps.")]
    path: list[PathStep]
    candidates: list[Candidate]


class EventView(_Told):
    seq: int
    kind: str
    at: float
    by: str
    change: str
    payload: dict[str, Any]
    columns: Annotated[
        dict[str, list[float | int | None]], Field(description="null: a number not known.")
    ]


class EventList(_Told):
    events: list[EventView]
    next: Annotated[int | None, Field(description="Ask again after this one; null at the end.")]


class Problem(_Told):
    """RFC 9457: one sentence that says what was wrong, and what to do about it."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    hint: str | None = None
    retryable: bool = False


# Text messages of the socket (binary messages are event frames)


class HelloMessage(_Told):
    """First: the socket's id, for automatic growths, and what runs now."""

    type: Literal["hello"] = "hello"
    client: str
    seq: int
    jobs: list[Job]
    people: int


class ProgressMessage(_Told):
    type: Literal["progress"] = "progress"
    job: Job


class PresenceMessage(_Told):
    type: Literal["presence"] = "presence"
    people: int


class RuleMessage(_Told):
    type: Literal["rule"] = "rule"
    offer: Offer


class RevokedMessage(_Told):
    """The link this page was opened by does not lead here any more."""

    type: Literal["revoked"] = "revoked"


class RolesMessage(_Told):
    """Rights have changed: ask for the tree again."""

    type: Literal["roles"] = "roles"


class HereMessage(_Asked):
    """The only message up: this page looks at a state."""

    type: Literal["here"]
    node: int | None = None


SOCKET_MESSAGES: tuple[type[BaseModel], ...] = (
    HelloMessage,
    ProgressMessage,
    PresenceMessage,
    RuleMessage,
    RevokedMessage,
    RolesMessage,
    HereMessage,
)
