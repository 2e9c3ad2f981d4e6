"""The identities of the core: branded numbers, states and named columns."""

from typing import Any, Final, NewType, TypeAlias

import numpy as np
from numpy.typing import NDArray

NodeId = NewType("NodeId", int)
"""A node of one tree. The root is 0; a parent's id is smaller than its child's."""

Key = NewType("Key", int)
"""What leads from a parent to a child: a token id (appending rules) or an index in the
tree's symbol table (rewriting rules)."""

Seq = NewType("Seq", int)
"""The number of an event in its tree's log; the first event is 1, a fresh tree is at 0."""

State: TypeAlias = tuple[int, ...] | bytes
"""Appending rules: the prompt's token ids and then the path's. Rewriting rules: the bytes."""

Columns: TypeAlias = dict[str, NDArray[Any]]
"""Named one-dimensional arrays: the bulk part of an event or of a tree."""

ROOT: Final = NodeId(0)
NO_PARENT: Final = 0xFFFFFFFF
"""The parent of the root."""
UNKNOWN_RANK: Final = 0xFFFFFFFF
"""The rank of a node whose place among its siblings the tree does not know."""
ALL_KEPT: Final = 0xFFFFFFFF
"""`kept` of a procedure that cuts nothing at a state."""

FloatArray: TypeAlias = NDArray[np.float64]
Float32Array: TypeAlias = NDArray[np.float32]
IdArray: TypeAlias = NDArray[np.uint32]
