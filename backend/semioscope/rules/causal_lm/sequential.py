"""The plain path: one whole forward pass for each state, no cache. Slow, and right by definition.

It is the oracle of the fast path, and what is used where the fast path is not right.
"""

import inspect
from collections.abc import Iterator, Sequence
from typing import Any

import torch

from semioscope.rules.causal_lm.logits import rows_of_logits
from semioscope.rules.protocol import Load, Row


class SequentialEngine:
    """`model` is a causal LM of transformers in evaluation mode."""

    def __init__(self, model: Any) -> None:
        self._model = model
        takes = inspect.signature(model.forward).parameters
        self._last_only = {"logits_to_keep": 1} if "logits_to_keep" in takes else {}

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

    @torch.inference_mode()
    def log_probs(self, states: Sequence[tuple[int, ...]]) -> Iterator[Row]:
        """One row for each state, in order."""
        for place, state in enumerate(states):
            tokens = torch.tensor([state], dtype=torch.int64, device=self._model.device)
            output = self._model(input_ids=tokens, use_cache=False, **self._last_only)
            yield from rows_of_logits(output.logits[0, -1:], [place])
