"""A tree as a pandas table."""

from typing import TYPE_CHECKING

from semioscope.core.tree import Tree
from semioscope.exchange.nodes import NodeRow, node_rows

if TYPE_CHECKING:
    import pandas as pd  # type: ignore[import-untyped]  # pandas has no types


def to_pandas(tree: Tree) -> "pd.DataFrame":
    """A row for every visible state, by its id; columns: the other fields of `NodeRow`, with
    numbers that may be missing (parent and key of the root) as nullable integers."""
    import pandas as pd

    table = pd.DataFrame(list(node_rows(tree)), columns=list(NodeRow.__annotations__))
    return table.astype({"parent": "Int64", "key": "Int64"}).set_index("node")
