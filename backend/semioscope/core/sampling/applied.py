"""A procedure as the whole distribution that it makes of another, at one state."""

import numpy as np

from semioscope.core.ranking import RankedRow, StoredRow
from semioscope.core.sampling.by_rank import weigh_by_rank
from semioscope.core.sampling.logits import Past
from semioscope.core.sampling.procedure import Procedure
from semioscope.core.sampling.weigh import Reordered, reorder_row, reorder_stored
from semioscope.core.types import ALL_KEPT, FloatArray, IdArray


def applied(
    procedure: Procedure, row: RankedRow | StoredRow, past: Past
) -> tuple[IdArray, FloatArray]:
    """(keys u32[M], log q f64[M] in nats) of all next states that the procedure leaves of a whole
    distribution, in no order. Raises InvalidRequest "procedure-empties"."""
    if procedure.reorders:
        reordered = _reordered(procedure, row, past)
        if reordered is not None:
            return reordered.keys, reordered.log_q.astype(np.float64)
    weights = None if procedure.reorders else weigh_by_rank(procedure, row, None)
    if weights is None:
        raise AssertionError("a whole row suffices for every procedure")
    if weights.kept == ALL_KEPT:
        keys, log_probs, _ = row.known()
    else:
        keys, leading = row.keys(weights.kept), row.leading(weights.kept)
        log_probs = np.zeros(0, np.float32) if leading is None else leading
    return keys, procedure.inverse_temperature * log_probs.astype(np.float64) - weights.log_z


def _reordered(procedure: Procedure, row: RankedRow | StoredRow, past: Past) -> Reordered | None:
    if isinstance(row, RankedRow):
        return reorder_row(procedure, row, None, past)
    keys, log_probs, complete = row.known()
    return reorder_stored(procedure, log_probs, complete, keys, past)
