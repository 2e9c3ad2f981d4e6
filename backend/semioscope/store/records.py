"""What the store gives and takes: rows as frozen dataclasses, and branded ids."""

from dataclasses import dataclass
from typing import Any, Literal, NewType

IdentityId = NewType("IdentityId", str)
"""The public id of an anonymous identity."""

TreeId = NewType("TreeId", str)
"""A tree's own id. Never leaves the server: people address a tree by its links."""

LinkKind = Literal["live", "frozen", "edit", "recovery"]
RefKind = Literal["live", "frozen"]
Role = Literal["owner", "editor", "reader"]


@dataclass(frozen=True)
class NewTree:
    """A tree about to be stored. `rule` and `prompt` are JSON that the store does not read."""

    name: str
    rule: dict[str, Any]
    rule_fingerprint: str
    prompt: dict[str, Any]
    max_length: int


@dataclass(frozen=True)
class TreeRow:
    """A stored tree, without its events. Times are Unix seconds.

    `seq` is the number of its last event, `states` its nodes after that event, the root
    included. `origin_ref` is the link a fork was made through: it opens that other tree, so it
    is for the owner of the fork only.
    """

    id: TreeId
    owner: IdentityId
    read_id: str
    name: str
    rule: dict[str, Any]
    rule_fingerprint: str
    prompt: dict[str, Any]
    max_length: int
    seq: int
    states: int
    created_at: float
    updated_at: float
    origin_ref: str | None
    origin_seq: int | None


@dataclass(frozen=True)
class TreeRef:
    """What a link in an address bar opens. `seq` is set for frozen links only."""

    tree: TreeRow
    kind: RefKind
    seq: int | None


@dataclass(frozen=True)
class NewEvent:
    """An event about to be stored, `frame` being all of it.

    The other fields are repeated from the frame so that the log can be listed without
    decoding. `states` is the number of nodes after it.
    """

    seq: int
    kind: str
    at: float
    by: str
    change: str
    states: int
    frame: bytes
    automatic: bool = False
    undoes: str | None = None
    redoes: str | None = None


@dataclass(frozen=True)
class EventSummary:
    """An event of the log without its frame."""

    seq: int
    kind: str
    at: float
    by: str
    change: str
    automatic: bool
    undoes: str | None
    redoes: str | None


@dataclass(frozen=True)
class StoredFrame:
    """A frame (one event, or a snapshot of the whole tree) and its sequence number."""

    seq: int
    frame: bytes


@dataclass(frozen=True)
class LinkRow:
    """A link as its owner may see it: never with its secret."""

    id: str
    kind: LinkKind
    seq: int | None
    created_at: float
    revoked_at: float | None
    used_at: float | None


@dataclass(frozen=True)
class NewLink:
    """A link just made. `secret` (edit, recovery) is shown this once and stored as a hash."""

    link: LinkRow
    secret: str | None
