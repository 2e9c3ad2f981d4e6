"""Another sampling procedure on a grown tree, as far as what is stored suffices."""

import numpy as np

from semioscope.core.distribution import past_of
from semioscope.core.errors import InvalidRequest
from semioscope.core.events import COLUMN_DTYPES
from semioscope.core.rankings import ranking_columns
from semioscope.core.sampling import EMPTIES, Past, Procedure, Weights, weigh_stored
from semioscope.core.tree import Tree
from semioscope.core.types import Columns, IdArray
from semioscope.service.open_tree import Change


def weigh_event(tree: Tree, procedure: Procedure, *, strict: bool = False) -> Change | None:
    """The `weigh` event for the states that lack the procedure and whose stored candidates
    suffice (DESIGN.md section 3); None when there is none. strict: as of `stored_weights`."""
    nodes = tree.not_weighed(procedure.fingerprint)
    columns = stored_weights(tree, procedure, nodes, strict=strict)
    if not columns["weight_node"].size:
        return None
    payload = {"procedure": procedure.to_wire(), "fingerprint": procedure.fingerprint}
    return Change("weigh", payload, columns)


def stored_weights(
    tree: Tree, procedure: Procedure, nodes: IdArray, *, strict: bool = False
) -> Columns:
    """The weight_* columns of those of the expanded states `nodes` at which the stored candidates
    suffice. (Nothing outside them is kept there, so that there are no weight_tail_* columns.)

    strict: raises InvalidRequest "procedure-empties" where it shows that the procedure leaves
    nothing at a state that is not pruned; else such states are left out.
    """
    known: dict[int, Weights] = {}
    for node in nodes.tolist():
        try:
            weights = _weights(tree, procedure, node)
        except InvalidRequest as refusal:
            if refusal.code != EMPTIES or (strict and not tree.under_cut(node)):
                raise
            continue
        if weights is not None:
            known[node] = weights
    each = list(known.values())
    values = {
        "weight_node": list(known),
        "weight_log_z": [weights.log_z for weights in each],
        "weight_kept": [weights.kept for weights in each],
        "weight_entropy": [weights.entropy for weights in each],
    }
    columns = {name: np.array(value, COLUMN_DTYPES[name]) for name, value in values.items()}
    own = {node: weights.own for node, weights in known.items() if weights.own is not None}
    return columns | ranking_columns(own) if procedure.reorders else columns


def _weights(tree: Tree, procedure: Procedure, node: int) -> Weights | None:
    expansion = tree.expansion(node)
    if expansion is None:
        return None
    past = Past()
    if procedure.reorders:
        state = tree.state_of(node)
        past = past_of(state, len(tree.prompt), expansion.log_sum_exp, procedure)
    sure = expansion.sure
    return weigh_stored(
        procedure,
        expansion.log_probs[:sure],
        expansion.complete,
        None if expansion.complete else expansion.entropy,
        expansion.keys[:sure],
        past,
    )


def all_weights(tree: Tree, procedure: Procedure) -> Columns:
    """The weight_* columns of a procedure: what the tree remembers, and what stored candidates
    suffice for beyond that. Raises InvalidRequest "procedure-empties"."""
    nodes = tree.not_weighed(procedure.fingerprint)
    columns = stored_weights(tree, procedure, nodes, strict=True)
    known = tree.weighings.get(procedure.fingerprint)
    if known is None:
        return columns
    remembered = known.to_columns()
    return remembered | {
        name: np.concatenate([remembered[name], column]) for name, column in columns.items()
    }
