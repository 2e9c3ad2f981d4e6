import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from semioscope.core.errors import InvalidRequest
from semioscope.core.frame import decode, encode

COLUMN = st.one_of(
    *(
        hnp.arrays(np.dtype(dtype), st.integers(0, 9))
        for dtype in ("u1", "<u4", "<i4", "<f4", "<f8")
    )
)
HEADER = st.dictionaries(st.sampled_from(["type", "é", "x"]), st.text() | st.integers())


@given(HEADER, st.dictionaries(st.text(min_size=1, max_size=8), COLUMN, max_size=5))
def test_a_frame_round_trips(header: dict[str, object], columns: dict[str, np.ndarray]) -> None:
    read, found = decode(encode(header, columns))
    assert read == header
    assert list(found) == list(columns)
    for name, column in columns.items():
        assert found[name].dtype == column.dtype
        assert found[name].tobytes() == column.tobytes()


def test_the_layout_is_the_documented_one() -> None:
    raw = encode({"a": 1}, {"x": np.array([7], "u1"), "y": np.array([2.5], "<f8")})
    assert raw[:8] == b"SEMI\x01\0\0\0"
    (length,) = struct.unpack("<I", raw[8:12])
    assert raw[12:16] == bytes(4)
    first = -(-(16 + length) // 8) * 8
    assert raw[first] == 7
    assert struct.unpack("<d", raw[first + 8 : first + 16]) == (2.5,)
    assert len(raw) == first + 16


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"SEMI",
        b"\0" * 64,
        b"SEMI\x02" + bytes(59),
        encode({}, {"x": np.arange(9, dtype="<u4")})[:-8],
        b"SEMI\x01\0\0\0" + struct.pack("<II", 2, 0) + b"[]",
        b"SEMI\x01\0\0\0" + struct.pack("<II", 4, 0) + b"{not",
    ],
)
def test_what_is_no_whole_frame_is_refused(raw: bytes) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        decode(raw)
    assert refusal.value.code == "bad-frame"


@pytest.mark.parametrize("column", [np.zeros(2, "i8"), np.zeros((2, 2), "f4"), np.zeros(1, ">u4")])
def test_columns_of_another_shape_or_dtype_are_not_framed(column: np.ndarray) -> None:
    if column.dtype == np.dtype(">u4"):
        assert decode(encode({}, {"x": column}))[1]["x"].tolist() == [0]
        return
    with pytest.raises(ValueError, match="cannot be framed"):
        encode({}, {"x": column})
