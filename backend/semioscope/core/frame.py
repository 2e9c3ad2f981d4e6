"""The binary frame: a JSON header and named columns; in the database, in snapshots, on the wire.

Layout, version 1, everything little-endian:

    0   4 bytes  "SEMI"
    4   u8       version (1)
    5   3 bytes  zero
    8   u32      length of the header in bytes, before padding
    12  u32      zero
    16  UTF-8 JSON header, zero-padded to a multiple of 8
    …   the columns, each beginning at a multiple of 8 bytes from the start of the frame

The header's "columns" lists {"name", "dtype": u1|u4|i4|f4|f8, "length" in elements, "offset" in
bytes from the first byte after the padded header}.

Where frames follow one another in one body, each comes after its length in bytes, a u64.
"""

import json
import struct
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from semioscope.core.errors import InvalidRequest
from semioscope.core.types import Columns

VERSION: Final = 1
_MAGIC: Final = b"SEMI"
_PREAMBLE: Final = struct.Struct("<4sB3xII")
_LENGTH: Final = struct.Struct("<Q")
_DTYPES: Final = {
    name: np.dtype(kind)
    for name, kind in {"u1": "u1", "u4": "<u4", "i4": "<i4", "f4": "<f4", "f8": "<f8"}.items()
}


def encode(header: Mapping[str, Any], columns: Columns) -> bytes:
    """One frame. `header` is any JSON object; its "columns" is written here.

    Raises ValueError for a column that is not one-dimensional or of another dtype, or a header
    that holds a NaN.
    """
    listed = []
    parts = []
    offset = 0
    for name, column in columns.items():
        dtype = column.dtype.str[1:]
        if dtype not in _DTYPES or column.ndim != 1:
            raise ValueError(f"column {name} cannot be framed: {column.dtype}, {column.ndim}-d")
        raw = column.astype(_DTYPES[dtype], copy=False).tobytes()
        listed.append({"name": name, "dtype": dtype, "length": column.size, "offset": offset})
        padded = _padded(raw)
        parts.append(padded)
        offset += len(padded)
    text = json.dumps(
        {**header, "columns": listed}, ensure_ascii=False, allow_nan=False, separators=(",", ":")
    ).encode()
    return b"".join([_PREAMBLE.pack(_MAGIC, VERSION, len(text), 0), _padded(text), *parts])


def decode(frame: bytes) -> tuple[dict[str, Any], Columns]:
    """(header without "columns", columns), the columns as read-only views of the frame.

    Raises InvalidRequest "bad-frame" for anything that is not a whole frame of this version.
    """
    try:
        magic, version, length, _ = _PREAMBLE.unpack_from(frame)
        if magic != _MAGIC or version != VERSION:
            raise _refusal()
        start = _PREAMBLE.size
        header = json.loads(frame[start : start + length])
        first = start + length + -length % 8
        columns = {
            column["name"]: np.frombuffer(
                frame, _DTYPES[column["dtype"]], column["length"], first + column["offset"]
            )
            if column["length"]
            else np.zeros(0, _DTYPES[column["dtype"]])
            for column in header.pop("columns")
        }
    except (struct.error, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _refusal() from error
    return header, columns


def follow_up(frame: bytes) -> bytes:
    """A frame as it stands in a body of several."""
    return _LENGTH.pack(len(frame)) + frame


def split(body: bytes) -> list[bytes]:
    """The frames of a body of several. Raises InvalidRequest "bad-frame" for one that is cut."""
    frames = []
    start = 0
    while start < len(body):
        first = start + _LENGTH.size
        if first > len(body) or (end := first + _LENGTH.unpack_from(body, start)[0]) > len(body):
            raise _refusal()
        frames.append(body[first:end])
        start = end
    return frames


def _padded(raw: bytes) -> bytes:
    return raw + bytes(-len(raw) % 8)


def _refusal() -> InvalidRequest:
    return InvalidRequest("bad-frame", f"This is not a whole Semioscope frame, version {VERSION}.")
