"""From hidden states to rows of log-probabilities over the whole alphabet."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from torch import Tensor

from semioscope.rules.causal_lm.survey import Survey, SurveyedRow
from semioscope.rules.protocol import Row

CHUNK_NUMBERS: Final = 1 << 21
"""Logits made at once: few enough to stay near the processor."""


def log_prob_rows(
    head: Callable[[Tensor], Tensor], hidden: Tensor, places: Sequence[int], alphabet_size: int
) -> Iterator[Row]:
    """One row for each of `hidden` f[A, hidden_size]; `places` says which states they are."""
    rows = max(1, CHUNK_NUMBERS // alphabet_size)
    for start in range(0, len(places), rows):
        logits = head(hidden[start : start + rows])
        yield from rows_of_logits(logits, places[start : start + rows])


def rows_of_logits(logits: Tensor, places: Sequence[int]) -> Iterator[Row]:
    """Each of the logits f[A, N] as a row."""
    survey = Survey(logits)
    normalisers = survey.tempered(1.0).log_sum_exp.tolist()
    for index, (place, normaliser) in enumerate(zip(places, normalisers, strict=True)):
        yield Row(place, SurveyedRow(survey, index), normaliser)
