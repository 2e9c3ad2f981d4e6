"""A language model whose logits are there already: what remains is what a worker does after."""

from collections.abc import Iterator, Sequence

import torch

from semioscope.core.alphabet import Alphabet
from semioscope.core.rule import RuleDescription
from semioscope.rules.causal_lm.logits import log_prob_rows
from semioscope.rules.causal_lm.rule import CausalLM
from semioscope.rules.protocol import Row


class Made:
    """As a model that has read the states of one batch and made its logits f[A, N]."""

    is_thread_safe = True

    def __init__(self, rule: CausalLM, logits: torch.Tensor) -> None:
        self._rule = rule
        self._logits = logits
        self.device = logits.device
        self.alphabet_size = logits.shape[1]

    @property
    def description(self) -> RuleDescription:
        """The model's."""
        return self._rule.description

    @property
    def alphabet(self) -> Alphabet:
        """The model's."""
        return self._rule.alphabet

    def log_probs(self, states: Sequence[tuple[int, ...]]) -> Iterator[Row]:
        """One row for each of the states, which are those of the batch."""
        rows = torch.arange(len(states))
        with torch.inference_mode():
            yield from log_prob_rows(self, rows, range(len(states)))  # type: ignore[arg-type]  # the parts of a Reader that are needed

    def logits(self, rows: torch.Tensor) -> torch.Tensor:
        """Those made before."""
        return self._logits[int(rows[0]) : int(rows[-1]) + 1]
