"""Trees, what is asked of them, and what they answer."""

from typing import Annotated, Any, Literal

from pydantic import Field

from semioscope.api.wire.base import Asked, Told, documented
from semioscope.api.wire.growths import Growth, Heights, Job, Stop, WorldsGrowth
from semioscope.api.wire.procedures import Step
from semioscope.api.wire.rules import Offer, Rule, RuleState

FileFormat = Literal["json", "csv", "graphml", "dot"]
"""How a tree can be exported."""


class StateRef(Asked):
    """A node, or (with `key`) one of its next states, made a child on need."""

    node: Annotated[int, documented(minimum=0, maximum=4294967295)]
    key: Annotated[int | None, Field(description="The next state's key.")] = None


class CreateTreeRequest(Asked):
    rule: Annotated[str, Field(description="The id of an offered rule.", examples=["coin"])]
    prompt: Annotated[str, Field(description="The initial state, as raw text.")]
    chat: Annotated[bool, Field(description="Apply the model's own chat template.")] = False
    max_length: Annotated[int | None, Field(description="L; the rule's window if left out.")] = None
    procedure: Annotated[list[Step], Field(default_factory=list)]
    name: str | None = None
    growth: Annotated[
        WorldsGrowth | None, Field(description="Worlds to grow from the prompt, at once.")
    ] = None


class GrowRequest(Asked):
    state: StateRef
    strategy: Growth
    stop: Stop | None = None
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


class BranchRequest(Asked):
    """One's own continuation of a node: text, or token ids (exactly one of the two)."""

    node: Annotated[int, documented(minimum=0, maximum=4294967295)]
    text: str | None = None
    keys: list[int] | None = None


class PruneRequest(Asked):
    """One state, or several (exactly one of the two)."""

    state: StateRef | None = None
    states: list[StateRef] | None = None


class BookmarkRequest(Asked):
    on: bool
    key: Annotated[int | None, Field(description="The next state's key.")] = None


class NoteRequest(Asked):
    text: Annotated[
        str, Field(description="Plain text, at most 2,000 characters; empty takes it away.")
    ]
    key: Annotated[int | None, Field(description="The next state's key.")] = None


class LabelRequest(Asked):
    name: Annotated[str, Field(description="At most 80 characters; empty takes it away.")]
    key: Annotated[int | None, Field(description="The next state's key.")] = None


class RestoreRequest(Asked):
    node: Annotated[int, documented(minimum=0, maximum=4294967295)]


class RenameRequest(Asked):
    name: str


class ProcedureRequest(Asked):
    procedure: list[Step]


LinkKind = Literal["live", "frozen", "edit", "recovery"]


class CreateLinkRequest(Asked):
    kind: LinkKind


class SecretRequest(Asked):
    """The secret of an invitation or of a recovery link (the part after #)."""

    secret: str


class Ledger(Told):
    """Where the rule's probability is; the four add up to one."""

    terminal: float
    frontier: float
    residual: float
    pruned: float


class Piece(Told):
    """One token of the prompt."""

    key: int
    bytes: Annotated[str, Field(description="base64")]


class Prompt(Told):
    text: str
    tokens: list[Piece]


Role = Literal["owner", "editor", "reader"]


class TreeView(Told):
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
    undo_label: Annotated[str | None, Field(description="The change that undo takes back.")]
    redo_label: Annotated[str | None, Field(description="The change that redo does again.")]


class TreeSummary(Told):
    ref: str
    name: str
    prompt: str
    rule_name: str
    states: int
    updated_at: float
    role: Role


class TreeList(Told):
    trees: list[TreeSummary]


class Branched(Told):
    node: Annotated[int, Field(description="The last state of the branch.")]
    path: Annotated[list[int], Field(description="Its new states, in order.")]
    seq: int


class Edited(Told):
    """An edit that is stored: the tree is at `seq` now."""

    seq: int
    label: Annotated[str, Field(description="What happened, for people.")]
    node: int | None


class ProcedureSet(Told):
    seq: int
    fingerprint: str
    job: Annotated[Job | None, Field(description="Evaluates what stored candidates do not give.")]


class Link(Told):
    id: str
    kind: LinkKind
    url_path: str
    seq: Annotated[int | None, Field(description="The event a frozen link shows.")]
    created_at: float


class LinkList(Told):
    links: list[Link]


class Admission(Told):
    """What an invitation or a recovery gave."""

    ref: str
    role: Role


class Candidate(Told):
    """A next state: under the rule, and under the tree's procedure where that is known."""

    key: int
    text: str
    bytes: Annotated[str, Field(description="base64")]
    log_prob: float
    probability: float
    procedure_probability: float | None
    surprisal: Annotated[float, Field(description="bits")]
    node: Annotated[int | None, Field(description="The child it was made, if it was.")]


class PathStep(Told):
    node: int
    key: int
    text: str
    log_prob: float


class StateView(Told):
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
    bookmarked: bool
    note: str
    label: Annotated[str, Field(description="The name of the branch that begins here.")]
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
    procedure_kept: Annotated[
        int | None,
        Field(description="Next states the procedure keeps; null where it takes none out."),
    ]
    path: list[PathStep]
    candidates: list[Candidate]


class EventView(Told):
    seq: int
    kind: str
    at: float
    by: str
    change: str
    payload: dict[str, Any]
    columns: Annotated[
        dict[str, list[float | int | None]], Field(description="null: a number not known.")
    ]


class EventList(Told):
    events: list[EventView]
    next: Annotated[int | None, Field(description="Ask again after this one; null at the end.")]


class Problem(Told):
    """RFC 9457: one sentence that says what was wrong, and what to do about it."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    hint: str | None = None
    retryable: bool = False


class Limits(Told):
    """The bounds of this server."""

    max_nodes: int
    max_budget: Annotated[int, Field(description="Expansions of one growth.")]
    max_prompt_tokens: int
    max_body_bytes: int
    growths_in_flight: int
    requests_per_minute: int


class Status(Told):
    version: str
    ready: Annotated[bool, Field(description="The default rule is loaded.")]
    rules: list[Offer]
    limits: Limits
