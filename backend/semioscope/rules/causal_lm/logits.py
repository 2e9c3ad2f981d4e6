"""From hidden states to rows of log-probabilities over the whole alphabet."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeVar

from torch import Tensor

from semioscope.rules.causal_lm.hands import FEWEST_TOKENS, hands
from semioscope.rules.causal_lm.reader import Reader
from semioscope.rules.causal_lm.survey import Survey, SurveyedRow
from semioscope.rules.protocol import Row

NEAR: Final = 1 << 22
"""Logits made at once by a processor: enough rows for an efficient product, few enough to stay
near it."""
AWAY: Final = 1 << 25
"""Logits made at once on another device: enough to keep it busy."""

T = TypeVar("T")


def log_prob_rows(reader: Reader, hidden: Tensor, places: Sequence[int]) -> Iterator[Row]:
    """One row for each of `hidden` f[A, hidden_size]; `places` says which states they are."""
    start = 0
    for surveyed in of_logits(Survey, reader, hidden):
        yield from _rows(surveyed, places[start : start + len(surveyed)])
        start += len(surveyed)


def of_logits(work: Callable[[Tensor], T], reader: Reader, hidden: Tensor) -> Iterator[T]:
    """What the work makes of the logits of each chunk of `hidden` f[A, hidden_size], in order."""
    is_near = reader.device.type == "cpu"
    count = math.ceil(len(hidden) * reader.alphabet_size / (NEAR if is_near else AWAY))
    if is_near and reader.is_thread_safe and len(hidden) >= 2 * FEWEST_TOKENS:
        count = math.ceil(count / hands().count) * hands().count
    chunks = hidden.tensor_split(count)

    def made(chunk: Tensor) -> T:
        return work(reader.logits(chunk))

    is_shared = reader.is_thread_safe and len(chunks) > 1
    return hands().map(made, chunks) if is_shared else map(made, chunks)


def rows_of_logits(logits: Tensor, places: Sequence[int]) -> Iterator[Row]:
    """Each of the logits f[A, N] as a row."""
    return _rows(Survey(logits), places)


def _rows(survey: Survey, places: Sequence[int]) -> Iterator[Row]:
    normalisers = survey.tempered(1.0).log_sum_exp.tolist()
    for index, (place, normaliser) in enumerate(zip(places, normalisers, strict=True)):
        yield Row(place, SurveyedRow(survey, index), normaliser)
