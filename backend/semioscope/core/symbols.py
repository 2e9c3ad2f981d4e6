"""The symbol table of a tree: the bytes behind every key it uses.

It makes a stored tree readable without its rule. Under a rewriting rule a symbol is a pair
(label, next state), and equal states have one state id, so that they are known to be equal.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from semioscope.core.events import column
from semioscope.core.types import Columns, Key


class Symbols:
    """Keys and what they stand for; only ever added to."""

    def __init__(self, root_state: bytes | None) -> None:
        """root_state: the prompt of a rewriting rule (state id 0), None for an appending one."""
        self._labels: dict[int, bytes] = {}
        self._state_of: dict[int, int] = {}
        self._states: list[bytes] = []
        self._state_ids: dict[bytes, int] = {}
        self._keys: dict[tuple[bytes, bytes], Key] = {}
        if root_state is not None:
            self._intern(root_state)

    def __contains__(self, key: int) -> bool:
        return key in self._labels

    def __iter__(self) -> Iterator[int]:
        return iter(self._labels)

    def __len__(self) -> int:
        return len(self._labels)

    def label(self, key: int) -> bytes:
        """The token's bytes, or the label of a rewriting step; b"" for a key never used."""
        return self._labels.get(key, b"")

    def state(self, key: int) -> bytes:
        """The state that a rewriting symbol leads to. Raises KeyError for an unknown key."""
        return self._states[self._state_of[key]]

    def state_id(self, key: int) -> int:
        """The interned id of that state: equal for two keys iff their states are equal."""
        return self._state_of[key]

    def find(self, label: bytes, state: bytes) -> Key | None:
        """The key of a rewriting symbol, if the tree has it."""
        return self._keys.get((label, state))

    def add(self, key: int, label: bytes, state: bytes | None) -> None:
        """Adds one symbol; adding the same again changes nothing."""
        if key in self._labels:
            return
        self._labels[key] = label
        if state is not None:
            self._state_of[key] = self._intern(state)
            self._keys[label, state] = Key(key)

    def add_columns(self, columns: Columns) -> None:
        """Takes the symbol_* columns of an event."""
        keys = column(columns, "symbol_key").tolist()
        labels = _split(columns, "symbol_length", "symbol_bytes")
        states = _split(columns, "symbol_state_length", "symbol_state_bytes")
        for place, key in enumerate(keys):
            self.add(key, labels[place], states[place] if states else None)

    def to_columns(self, keys: Sequence[int] | None = None) -> Columns:
        """The symbol_* columns of these keys, or of all."""
        keys = list(self._labels) if keys is None else keys
        columns: Columns = {"symbol_key": np.array(keys, np.uint32)}
        columns |= _joined("symbol", [self._labels[key] for key in keys])
        if self._states:
            columns |= _joined("symbol_state", [self.state(key) for key in keys])
        return columns

    def _intern(self, state: bytes) -> int:
        known = self._state_ids.setdefault(state, len(self._states))
        if known == len(self._states):
            self._states.append(state)
        return known


def _split(columns: Columns, lengths: str, joined: str) -> list[bytes]:
    raw = column(columns, joined).tobytes()
    ends = np.cumsum(column(columns, lengths), dtype=np.int64).tolist()
    return [raw[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def _joined(prefix: str, each: Sequence[bytes]) -> Columns:
    return {
        f"{prefix}_length": np.array([len(part) for part in each], np.uint32),
        f"{prefix}_bytes": np.frombuffer(b"".join(each), np.uint8),
    }
