"""Another sampling procedure on a grown tree, as far as what is stored suffices."""

import numpy as np

from semioscope.core.events import COLUMN_DTYPES
from semioscope.core.sampling import Procedure, Weights, weigh_stored
from semioscope.core.tree import Tree
from semioscope.core.types import Columns, IdArray
from semioscope.service.open_tree import Change


def weigh_event(tree: Tree, procedure: Procedure) -> Change | None:
    """The `weigh` event for the states that lack the procedure and whose stored candidates
    suffice (DESIGN.md section 3); None when there is none."""
    columns = stored_weights(tree, procedure, tree.not_weighed(procedure.fingerprint))
    if not columns["weight_node"].size:
        return None
    payload = {"procedure": procedure.to_wire(), "fingerprint": procedure.fingerprint}
    return Change("weigh", payload, columns)


def stored_weights(tree: Tree, procedure: Procedure, nodes: IdArray) -> Columns:
    """weight_node, weight_log_z, weight_kept, weight_entropy of those of the expanded states
    `nodes` at which the stored candidates suffice."""
    known: dict[int, Weights] = {}
    for node in nodes.tolist():
        expansion = tree.expansion(node)
        if expansion is None:
            continue
        leading = expansion.log_probs[: expansion.sure]
        weights = weigh_stored(procedure, leading, expansion.complete)
        if weights is not None:
            known[node] = weights
    each = list(known.values())
    columns = {
        "weight_node": list(known),
        "weight_log_z": [weights.log_z for weights in each],
        "weight_kept": [weights.kept for weights in each],
        "weight_entropy": [weights.entropy for weights in each],
    }
    return {name: np.array(values, COLUMN_DTYPES[name]) for name, values in columns.items()}


def all_weights(tree: Tree, procedure: Procedure) -> Columns:
    """The weight_* columns of a procedure: what the tree remembers, and what stored candidates
    suffice for beyond that."""
    columns = stored_weights(tree, procedure, tree.not_weighed(procedure.fingerprint))
    known = tree.weighings.get(procedure.fingerprint)
    if known is None:
        return columns
    remembered = known.to_columns()
    return remembered | {
        name: np.concatenate([remembered[name], column]) for name, column in columns.items()
    }
