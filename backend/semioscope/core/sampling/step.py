"""What every step of a sampling procedure has."""

from typing import Any, ClassVar


class StepData:
    """A step as data: one parameter, named by `field`, checked when it is made.

    kind: on the wire. label: in sentences. reorders: whether it may change the order of the next
    states (else it keeps leading ranks of the order it is given). may_empty: whether there are
    states of which it leaves nothing. reads_path: whether what it does depends on the tokens of the
    state, not on the distribution there alone.
    """

    __slots__ = ()
    kind: ClassVar[str]
    field: ClassVar[str]
    label: ClassVar[str]
    reorders: ClassVar[bool] = False
    may_empty: ClassVar[bool] = False
    reads_path: ClassVar[bool] = False

    @property
    def changes_nothing(self) -> bool:
        """Whether it leaves every distribution as it is."""
        return False

    def to_wire(self) -> dict[str, Any]:
        """As JSON, the inverse of `Procedure.from_wire` for one step."""
        value = getattr(self, self.field)
        return {"kind": self.kind, self.field: list(value) if isinstance(value, tuple) else value}
