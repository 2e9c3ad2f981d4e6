"""Who asks, and what they may do on one tree (DESIGN.md section 5)."""

from dataclasses import dataclass
from typing import Literal

from semioscope.core.errors import Conflict, Forbidden
from semioscope.store.records import IdentityId, TreeId

Role = Literal["owner", "editor", "reader"]


@dataclass(frozen=True)
class Caller:
    """An anonymous identity. Its id is public: it names who made a change, and opens nothing."""

    id: IdentityId


@dataclass(frozen=True)
class Entry:
    """A read id that was let in: what it shows, and what the caller may do there.

    seq: the one event that a frozen id shows; None for a live id, which follows the tree.
    """

    ref: str
    tree: TreeId
    seq: int | None
    role: Role
    caller: Caller

    @property
    def is_frozen(self) -> bool:
        return self.seq is not None

    @property
    def may_write(self) -> bool:
        return not self.is_frozen and self.role != "reader"

    def must_write(self) -> None:
        """Raises Conflict "frozen" or Forbidden "read-only"."""
        if self.is_frozen:
            raise Conflict(
                "frozen",
                "This link shows a multiverse as it was; it cannot be changed.",
                "Fork this multiverse to go on.",
            )
        if self.role == "reader":
            raise Forbidden(
                "read-only",
                "This link is for reading; it gives no right to change the multiverse.",
                "Fork this multiverse to go on.",
            )

    def must_own(self) -> None:
        """Raises what `must_write` raises, or Forbidden "not-owner"."""
        self.must_write()
        if self.role != "owner":
            raise Forbidden("not-owner", "Only the owner of this multiverse may do this.")
