"""From hidden states to rows of log-probabilities over the whole alphabet."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import torch
from torch import Tensor

from semioscope.rules.protocol import Row

ROWS: Final = 32
"""Rows of logits made at once: few enough to stay near the processor."""


def log_prob_rows(
    head: Callable[[Tensor], Tensor], hidden: Tensor, places: Sequence[int]
) -> Iterator[Row]:
    """One row for each of `hidden` f[A, hidden_size]; `places` says which states they are."""
    for start in range(0, len(places), ROWS):
        logits = head(hidden[start : start + ROWS])
        yield from rows_of_logits(logits, places[start : start + ROWS])


def rows_of_logits(logits: Tensor, places: Sequence[int]) -> Iterator[Row]:
    """Normalises logits f[A, N] in place (in float32) and yields each as a row."""
    logits = logits.float()
    log_sum_exp = torch.logsumexp(logits, dim=-1, keepdim=True)
    logits -= log_sum_exp
    rows = logits.cpu().numpy()
    for place, row, normaliser in zip(places, rows, log_sum_exp[:, 0].tolist(), strict=True):
        yield Row(place, row, normaliser)
