"""What a tree remembers of its transition rule, so that it can be read without it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

RuleKind = Literal["appending", "rewriting"]


@dataclass(frozen=True)
class RuleDescription:
    """A transition rule as data; fixed for the whole life of a tree.

    `window` is the greatest length L (tokens of a state, or states of a rewriting trajectory).
    `alphabet_size` is None where the alphabet is not a fixed finite set. `fingerprint` changes
    whenever the rule's numbers may. `revision` is what a person can ask for again: a commit of a
    hub, a version; None where a rule has none (trees that were stored before it was kept have none
    either). `spec`: of a rule that a visitor made, all that it takes to make it again; None for the
    rules that a server offers. `memory`: how many of a state's last keys decide what follows it (a
    state of fewer decides by itself); None where all may. It lets states that are alike be asked
    about together.
    """

    id: str
    name: str
    kind: RuleKind
    family: str
    fingerprint: str
    summary: str
    alphabet_size: int | None
    window: int
    end_keys: tuple[int, ...]
    whole_distribution: bool
    needs_prompt: bool
    notes: tuple[str, ...] = ()
    revision: str | None = None
    spec: dict[str, Any] | None = None
    memory: int | None = None

    def to_json(self) -> dict[str, Any]:
        """The description as plain JSON values."""
        return asdict(self) | {"end_keys": list(self.end_keys), "notes": list(self.notes)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        fields = dict(stored)
        fields["end_keys"] = tuple(fields["end_keys"])
        fields["notes"] = tuple(fields.get("notes", ()))
        return cls(**fields)
