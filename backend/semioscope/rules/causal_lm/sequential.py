"""The plain path: one whole forward pass for each state, no cache. Slow, and right by definition.

It is the oracle of the faster paths, and what is used where none of them is right.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from semioscope.rules.causal_lm.logit_chunks import LogitChunk, rows_of_chunks
from semioscope.rules.causal_lm.model_call import last_only
from semioscope.rules.interest import go_on
from semioscope.rules.protocol import Load, Row


class SequentialEngine:
    """`model` is a causal LM of transformers in evaluation mode."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._last_only = last_only(model)

    @property
    def dtype(self) -> torch.dtype:
        dtype: torch.dtype = self._model.dtype
        return dtype

    def forget(self) -> None:
        """Nothing to do: what is read is not kept."""

    def within(self, states: Sequence[tuple[int, ...]], tokens: int) -> Load:
        """At least one: what is read is not kept."""
        taken = 0
        for count, state in enumerate(states):
            if count and taken + len(state) > tokens:
                return Load(count, taken)
            taken += len(state)
        return Load(len(states), taken)

    def read_ahead(self, state: tuple[int, ...], tokens: int) -> None:
        """Nothing to do: what is read is not kept."""

    def log_probs(self, states: Sequence[tuple[int, ...]]) -> Iterator[Row]:
        """One row for each state, in order."""
        return rows_of_chunks(self.logits(states))

    def logits(self, states: Sequence[tuple[int, ...]]) -> Iterator[LogitChunk]:
        """A chunk for each state, in order."""
        for place, state in enumerate(states):
            yield [place], self._last_logits(state)

    @torch.inference_mode()
    def log_probs_otherwise(self, states: Sequence[tuple[int, ...]]) -> Iterator[Row]:
        """The same of states of equal length, all in one batch and each followed by more: in exact
        arithmetic nothing would change."""
        tokens = torch.tensor([state + state for state in states], device=self._model.device)
        logits = self._model(input_ids=tokens, use_cache=False).logits[:, len(states[0]) - 1]
        yield from rows_of_chunks(iter([(range(len(states)), logits)]))

    @torch.inference_mode()
    def _last_logits(self, state: tuple[int, ...]) -> Tensor:
        """f[1, N]."""
        go_on()
        tokens = torch.tensor([state], dtype=torch.int64, device=self._model.device)
        output = self._model(input_ids=tokens, use_cache=False, **self._last_only)
        logits: Tensor = output.logits[:, -1]
        return logits
