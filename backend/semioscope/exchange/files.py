"""A tree as a file: in which formats, under which name, and how it is written."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Final

from semioscope.core.errors import InvalidRequest
from semioscope.core.tree import Tree
from semioscope.exchange.about import about
from semioscope.exchange.csv_file import csv_lines
from semioscope.exchange.dot_file import dot_lines
from semioscope.exchange.graphml_file import graphml_lines
from semioscope.exchange.json_file import json_lines
from semioscope.exchange.nodes import Sheet
from semioscope.exchange.plain_text import plain

_CHUNK: Final = 1 << 16
"""Characters that are written at once."""


@dataclass(frozen=True)
class FileFormat:
    """suffixes: of file names, the usual one first."""

    name: str
    media_type: str
    suffixes: tuple[str, ...]
    lines: Callable[[Sheet, dict[str, Any]], Iterator[str]]


FORMATS: Final = {
    each.name: each
    for each in (
        FileFormat("json", "application/json", (".json",), json_lines),
        FileFormat("csv", "text/csv; charset=utf-8", (".csv",), csv_lines),
        FileFormat("graphml", "application/graphml+xml", (".graphml",), graphml_lines),
        FileFormat("dot", "text/vnd.graphviz", (".dot", ".gv"), dot_lines),
    )
}


class TreeFile:
    """A tree at one moment, about to be written. The visible states, pruned ones marked as such;
    what is hidden is left out. May be written on another thread."""

    def __init__(
        self,
        tree: Tree,
        format_: FileFormat,
        created_at: float | None = None,
        at: float | None = None,
    ) -> None:
        """created_at: when the tree was begun, if that is kept; at: now; Unix seconds."""
        self.format = format_
        self.name = f"{plain(tree.name)}{format_.suffixes[0]}"
        self._about = about(tree, time.time() if at is None else at, created_at)
        self._sheet = Sheet(tree)

    def chunks(self) -> Iterator[bytes]:
        """UTF-8, about 64 kB each."""
        held: list[str] = []
        size = 0
        for line in self.format.lines(self._sheet, self._about):
            held.append(line)
            size += len(line)
            if size >= _CHUNK:
                yield "".join(held).encode()
                held.clear()
                size = 0
        yield "".join(held).encode()


def format_of(path: Path) -> FileFormat:
    """By the suffix. Raises InvalidRequest "unknown-format"."""
    for each in FORMATS.values():
        if path.suffix.lower() in each.suffixes:
            return each
    listed = ", ".join(suffix for each in FORMATS.values() for suffix in each.suffixes)
    raise InvalidRequest(
        "unknown-format",
        f"The name of the file, “{path.name}”, does not say a format.",
        f"It has to end in one of {listed}.",
    )


def may_save(path: Path) -> FileFormat:
    """What a tree would be written as. Raises InvalidRequest "unknown-format", "no-folder"."""
    chosen = format_of(path)
    if not path.parent.is_dir() or path.is_dir():
        raise InvalidRequest("no-folder", f"There is no folder to write {path} into.")
    return chosen


def save(tree: Tree, path: Path) -> None:
    """Writes the file whole or not at all; one of that name is replaced. Raises as `may_save`, and
    InvalidRequest "not-saved" with what the system says."""
    written = TreeFile(tree, may_save(path))
    try:
        with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as part:
            try:
                for chunk in written.chunks():
                    part.write(chunk)
                part.close()
                Path(part.name).replace(path)
            except BaseException:
                with suppress(OSError):
                    Path(part.name).unlink()
                raise
    except OSError as error:
        raise InvalidRequest(
            "not-saved", f"{path} could not be written: {error.strerror}."
        ) from error
