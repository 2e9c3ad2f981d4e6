"""What every engine comes down to: chunks of logits, from which rows are made in one place."""

from collections.abc import Iterator, Sequence
from typing import TypeAlias

import torch
from torch import Tensor

from semioscope.rules.causal_lm.logits import rows_of_logits
from semioscope.rules.protocol import Row

LogitChunk: TypeAlias = tuple[Sequence[int], Tensor]
"""(A places of states, their raw logits f[A, N], on the model's device, to be used up)."""


@torch.inference_mode()
def rows_of_chunks(chunks: Iterator[LogitChunk]) -> Iterator[Row]:
    """One row for each place of each chunk; it is valid until the next is asked for."""
    for places, logits in chunks:
        yield from rows_of_logits(logits, places)
