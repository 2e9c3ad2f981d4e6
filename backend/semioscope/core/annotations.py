"""What people set down on the states of a tree: bookmarks, notes, and names of branches."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Self

AnnotationKind = Literal["bookmark", "note", "label"]

MOST_NOTE: Final = 2000
"""Characters of one note."""
MOST_LABEL: Final = 80
"""Characters of a branch's name."""
MOST_ANNOTATED: Final = 10_000
"""States of one tree with a bookmark; so many again with a note, and with a name."""
MOST_NOTES_TEXT: Final = 1_000_000
"""Characters of all notes of one tree together: whoever opens it reads them all."""


@dataclass(eq=True)
class Annotations:
    """By node id; hidden nodes keep theirs. A note and a name are never empty."""

    bookmarks: set[int] = field(default_factory=set)
    notes: dict[int, str] = field(default_factory=dict)
    labels: dict[int, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.bookmarks or self.notes or self.labels)

    def text(self, kind: Literal["note", "label"], node: int) -> str:
        """A state's note or name; empty where it has none."""
        return self.texts(kind).get(node, "")

    def texts(self, kind: Literal["note", "label"]) -> dict[int, str]:
        return self.notes if kind == "note" else self.labels

    def take(self, kind: AnnotationKind, payload: Mapping[str, Any]) -> None:
        """Makes one event of that kind happen; an empty text takes the note or the name away."""
        node = int(payload["node"])
        if kind == "bookmark":
            if payload["on"]:
                self.bookmarks.add(node)
            else:
                self.bookmarks.discard(node)
            return
        texts, text = self.texts(kind), str(payload["text"])
        if text:
            texts[node] = text
        else:
            texts.pop(node, None)

    def to_json(self) -> dict[str, Any]:
        """As a tree frame's header has them: node ids, and [node, text], ascending by node."""
        return {
            "bookmarks": sorted(self.bookmarks),
            "notes": [[node, text] for node, text in sorted(self.notes.items())],
            "labels": [[node, text] for node, text in sorted(self.labels.items())],
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`; empty for a frame that tells of none."""
        return cls(
            set(told.get("bookmarks", ())),
            dict(told.get("notes", ())),
            dict(told.get("labels", ())),
        )
