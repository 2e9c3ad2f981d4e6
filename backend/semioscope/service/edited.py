"""What an edit answers."""

from dataclasses import dataclass

from semioscope.core.types import NodeId, Seq


@dataclass(frozen=True)
class Edited:
    """The tree is at `seq` now; label: what happened, for people."""

    seq: Seq
    label: str
    node: NodeId | None
