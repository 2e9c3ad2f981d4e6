"""Procedures on whole rows, and what transformers makes of the same logits."""

from collections import Counter

import numpy as np
import torch
from transformers import (
    EpsilonLogitsWarper,
    EtaLogitsWarper,
    MinPLogitsWarper,
    NoRepeatNGramLogitsProcessor,
    PrefixConstrainedLogitsProcessor,
    RepetitionPenaltyLogitsProcessor,
    SequenceBiasLogitsProcessor,
    SuppressTokensLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
    TypicalLogitsWarper,
)

from semioscope.core.ranking import RankedRow
from semioscope.core.sampling import (
    Bias,
    Epsilon,
    Eta,
    Forbid,
    Force,
    Frequency,
    MinP,
    NoRepeat,
    Past,
    Presence,
    Procedure,
    Repetition,
    Step,
    Temperature,
    TopK,
    TopP,
    Typical,
    probabilities,
    reorder_row,
    weigh_full,
)
from semioscope.core.types import Float32Array, FloatArray

NO_PAST = Past()


def dense(procedure: Procedure, row: Float32Array, past: Past = NO_PAST) -> FloatArray:
    """The procedure's distribution by key, f64[N]."""
    q = np.zeros(len(row))
    if procedure.reorders:
        reordered = reorder_row(procedure, RankedRow(row), None, past)
        q[reordered.keys] = np.exp(reordered.log_q.astype(np.float64))
        return q
    weights = weigh_full(procedure, row)
    order = np.argsort(-row, kind="stable")[: weights.kept]
    q[order] = probabilities(procedure.inverse_temperature, weights.log_z, row[order])
    return q


def warped(
    steps: tuple[Step, ...], row: Float32Array, tokens: tuple[int, ...] = (0,), given: int = 0
) -> FloatArray:
    """What transformers would sample from, f64[N]; row: raw logits. (It has no presence and no
    frequency penalty: those follow OpenAI's formula, logit − α·[c > 0] − β·c over the counts c of
    generated tokens.)"""
    scores = torch.from_numpy(row.astype(np.float64))[None]
    ids = torch.tensor([tokens], dtype=torch.long)
    counts = torch.zeros_like(scores)
    for token, count in Counter(tokens[given:]).items():
        counts[0, token] = count
    for step in steps:
        match step:
            case Temperature(value):
                scores = TemperatureLogitsWarper(value)(ids, scores)
            case TopK(k):
                scores = TopKLogitsWarper(k)(ids, scores)
            case TopP(p):
                scores = TopPLogitsWarper(p)(ids, scores)
            case MinP(p):
                scores = MinPLogitsWarper(p)(ids, scores)
            case Typical(p):
                scores = TypicalLogitsWarper(p)(ids, scores)
            case Epsilon(epsilon):
                scores = EpsilonLogitsWarper(epsilon)(ids, scores)
            case Eta(epsilon):
                scores = EtaLogitsWarper(epsilon)(ids, scores)
            case Repetition(penalty):
                scores = RepetitionPenaltyLogitsProcessor(penalty)(ids, scores)
            case Presence(penalty):
                scores = scores - penalty * (counts > 0)
            case Frequency(penalty):
                scores = scores - penalty * counts
            case NoRepeat(n):
                scores = NoRepeatNGramLogitsProcessor(n)(ids, scores)
            case Forbid(keys):
                scores = SuppressTokensLogitsProcessor(list(keys))(ids, scores)
            case Force(keys):
                allowed = list(keys)
                scores = PrefixConstrainedLogitsProcessor(lambda *_, found=allowed: found, 1)(
                    ids, scores
                )
            case Bias(biases):
                sequences = [[[key], nats] for key, nats in biases]
                scores = SequenceBiasLogitsProcessor(sequences)(ids, scores)
    whole: FloatArray = torch.softmax(scores, -1)[0].numpy()
    return whole
