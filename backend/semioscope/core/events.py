"""Events: every change of a tree, numbered, as a JSON payload and columns.

- `grow`: payload job, strategy, automatic, first_node, and procedure and fingerprint when it
  carries weights; columns node_*, tail_*, expanded_*, candidate_*, symbol_*, shown_node,
  visited_*, weight_*
- `weigh`: payload procedure, fingerprint; columns weight_*
- `prune`, `restore`: payload node; or, of several states at once, column cut_node, and payload
  kept (node ids) where all but their branches was pruned
- `hide`: columns hidden_node, hidden_expansion
- `show`: columns shown_node, shown_expansion
- `procedure`: payload procedure, fingerprint, previous (the steps before)
- `rename`: payload name, previous
- `bookmark`: payload node, on
- `note`, `label` (the name of the branch that begins at a state): payload node, text, previous;
  an empty text takes it away

Any payload may carry `undoes` or `redoes`, the id of a change. Columns that would be empty may
be left out; `COLUMN_DTYPES` names them all.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from semioscope.core import frame
from semioscope.core.errors import InvalidRequest
from semioscope.core.ledger import Ledger
from semioscope.core.types import Columns, IdArray, Seq

EventKind = Literal[
    "grow",
    "weigh",
    "prune",
    "restore",
    "hide",
    "show",
    "procedure",
    "rename",
    "bookmark",
    "note",
    "label",
]
KINDS: Final[tuple[EventKind, ...]] = get_args(EventKind)

COLUMN_DTYPES: Final = {
    "node_parent": "u4",  # ids run from payload.first_node
    "node_key": "u4",
    "node_log_prob": "f4",  # nats, given the parent
    "tail_node": "u4",  # nodes that are not among their parent's stored candidates
    "tail_rank": "u4",
    "tail_cum": "f8",  # F(t⁻) under the rule
    "expanded_node": "u4",
    "expanded_log_sum_exp": "f4",  # nats, of the raw logits
    "expanded_entropy": "f4",  # bits, of the whole distribution
    "expanded_count": "u4",  # candidates of each
    "expanded_complete": "u1",  # 1: the candidates are all there are
    "expanded_told": "f8",  # mass that the rule can tell apart; left out where it is 1 for all
    "expanded_sure": "u4",  # candidates sure to lead; left out where all of all are (ALL_KEPT)
    "candidate_key": "u4",  # expansion after expansion, most probable first
    "candidate_log_prob": "f4",
    "symbol_key": "u4",
    "symbol_length": "u4",
    "symbol_bytes": "u1",
    "symbol_state_length": "u4",  # rewriting rules only
    "symbol_state_bytes": "u1",
    "shown_node": "u4",
    "shown_expansion": "u4",
    "hidden_node": "u4",
    "hidden_expansion": "u4",
    "cut_node": "u4",  # of whole trees, and of a prune or restore of several states
    "node_since": "u4",  # this and the next: whole trees only
    "expanded_since": "u4",
    "origin_node": "u4",  # this and the next three: whole trees only, one row for each growth
    "origin_seq": "u4",
    "origin_at": "f8",  # Unix seconds
    "origin_by": "u4",  # a place in the header's "people", public ids
    "visited_node": "u4",
    "visited_count": "u4",  # to add
    "weight_node": "u4",
    "weight_log_z": "f8",  # nats
    "weight_kept": "u4",
    "weight_entropy": "f4",  # bits, under the procedure
    "weight_tail_node": "u4",
    "weight_tail_cum": "f8",  # F(t⁻) under the procedure
    "weight_tail_log_q": "f4",  # nats; only under a procedure that has rankings of its own
    "weight_own_node": "u4",  # states at which the procedure has a ranking of its own
    "weight_own_count": "u4",  # next states that each stores of it
    "weight_own_key": "u4",  # state after state, the most probable under the procedure first
    "weight_own_log_prob": "f4",  # nats, under the rule
    "weight_own_log_q": "f4",  # nats, under the procedure
    "weight_untold_node": "u4",  # states at which the procedure needs more than the rule tells
}
"""Every column an event may carry, with its dtype."""
WEIGHTS: Final = tuple(name for name in COLUMN_DTYPES if name.startswith("weight_"))


@dataclass(frozen=True, eq=False)
class Event:
    """One change of a tree, as it stands in the log.

    `at` is Unix time in seconds; `by` the public id of the identity; `change` the id of the
    user's action that this event belongs to (one action may take several events).
    """

    seq: Seq
    kind: EventKind
    at: float
    by: str
    change: str
    payload: dict[str, Any]
    columns: Columns = field(default_factory=dict)


def column(columns: Columns, name: str) -> NDArray[Any]:
    """The named column, empty where it was left out."""
    found = columns.get(name)
    return np.zeros(0, COLUMN_DTYPES[name]) if found is None else found


def cut_nodes(event: Event) -> IdArray:
    """The states that a prune or a restore is about, u4[n]."""
    node = event.payload.get("node")
    return column(event.columns, "cut_node") if node is None else np.array([node], np.uint32)


def encode_event(event: Event, ledger: Ledger) -> bytes:
    """The event frame; `ledger` is the tree's after the event."""
    header = {
        "type": "event",
        "seq": event.seq,
        "kind": event.kind,
        "at": event.at,
        "by": event.by,
        "change": event.change,
        "payload": event.payload,
        "ledger": ledger.to_json(),
    }
    return frame.encode(header, event.columns)


def encode_log(frames: Sequence[bytes]) -> bytes:
    """Event frames as one frame {type: "log", lengths} with the column frames: one after another,
    each of its length and padded with zeros to a multiple of 8."""
    padded = [each + bytes(-len(each) % 8) for each in frames]
    header = {"type": "log", "lengths": [len(each) for each in frames]}
    return frame.encode(header, {"frames": np.frombuffer(b"".join(padded), np.uint8)})


def decode_log(raw: bytes) -> list[bytes]:
    """The inverse of `encode_log`. Raises InvalidRequest "bad-frame"."""
    header, columns = frame.decode(raw)
    if header.get("type") != "log":
        raise InvalidRequest("bad-frame", "This frame does not hold a log.")
    joined = columns["frames"].tobytes()
    frames = []
    start = 0
    for length in header["lengths"]:
        frames.append(joined[start : start + length])
        start += length + -length % 8
    return frames


def decode_event(raw: bytes) -> tuple[Event, Ledger]:
    """The inverse of `encode_event`. Raises InvalidRequest "bad-frame"."""
    header, columns = frame.decode(raw)
    if header.get("type") != "event" or header.get("kind") not in KINDS:
        raise InvalidRequest("bad-frame", "This frame does not hold an event.")
    event = Event(
        seq=Seq(header["seq"]),
        kind=header["kind"],
        at=header["at"],
        by=header["by"],
        change=header["change"],
        payload=header["payload"],
        columns=columns,
    )
    return event, Ledger(**header["ledger"])
