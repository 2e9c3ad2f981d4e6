"""Sampling procedures φ as data, and their exact effect on a next-state distribution.

A procedure is a list of steps, applied in order, each renormalising (the semantics of the logits
processors of transformers). Steps that sharpen the whole distribution by one power β or cut it
after some rank (cuts.py) keep the rule's order: what they make of a state are three numbers. The
others (reordering.py) give every state a ranking of its own. Both are pure functions of (logits,
past).
"""

from semioscope.core.sampling.applied import applied
from semioscope.core.sampling.cuts import Epsilon, Eta, MinP, Temperature, TopK, TopP
from semioscope.core.sampling.logits import Past
from semioscope.core.sampling.procedure import (
    IDENTITY,
    IDENTITY_FINGERPRINT,
    MOST_STEPS,
    STEPS,
    Procedure,
    Step,
    no_tokens,
)
from semioscope.core.sampling.reordering import (
    Bias,
    Forbid,
    Force,
    Frequency,
    NoRepeat,
    Presence,
    Repetition,
    Typical,
)
from semioscope.core.sampling.stages import Stage, stages
from semioscope.core.sampling.weigh import (
    EMPTIES,
    Reordered,
    reorder_row,
    reorder_stored,
    weigh_full,
    weigh_row,
    weigh_stored,
)
from semioscope.core.sampling.weights import Ranking, Weights, probabilities, width, widths

__all__ = [
    "EMPTIES",
    "IDENTITY",
    "IDENTITY_FINGERPRINT",
    "MOST_STEPS",
    "STEPS",
    "Bias",
    "Epsilon",
    "Eta",
    "Forbid",
    "Force",
    "Frequency",
    "MinP",
    "NoRepeat",
    "Past",
    "Presence",
    "Procedure",
    "Ranking",
    "Reordered",
    "Repetition",
    "Stage",
    "Step",
    "Temperature",
    "TopK",
    "TopP",
    "Typical",
    "Weights",
    "applied",
    "no_tokens",
    "probabilities",
    "reorder_row",
    "reorder_stored",
    "stages",
    "weigh_full",
    "weigh_row",
    "weigh_stored",
    "width",
    "widths",
]
