"""What the core costs: procedures on real logits, and the growth of toy rules.

`python -m tests.bench.core` prints a table and, last, one RESULT line. A procedure's figure is the
time to apply it to a batch of 256 states (what the rule's worker does after the pass: normaliser,
entropy, leading candidates, the procedure's weights, a draw at each state), as a share of the
forward pass of the default model that made the batch's logits; beside it stands the share of
transformers' own processors and draw. What is compared is measured in turn, round by round; the
medians are set against each other. Toy rules grow on one thread, in its own seconds.
"""

import argparse
import os
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import torch
from rich.console import Console
from rich.table import Table
from transformers import (
    LogitsProcessorList,
    MinPLogitsWarper,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
    TypicalLogitsWarper,
)

from semioscope.core.distribution import Question
from semioscope.core.random import uniform
from semioscope.core.sampling import Procedure
from semioscope.rules.answers import answer
from semioscope.rules.causal_lm import engine
from semioscope.rules.causal_lm.load import load_causal_lm
from semioscope.rules.causal_lm.logits import of_logits
from semioscope.rules.causal_lm.sources import DEFAULT_SOURCE
from semioscope.settings import Settings
from tests.bench.frontiers import BATCH, State, frontiers, prompt_of
from tests.bench.made import Made
from tests.bench.toys import toy_growths

PROCEDURES: dict[str, list[dict[str, Any]]] = {
    "top_k_first": [{"kind": "top_k", "k": 40}, {"kind": "temperature", "value": 0.8}],
    "temp_top_p_min_p": [
        {"kind": "temperature", "value": 0.9},
        {"kind": "top_p", "p": 0.95},
        {"kind": "min_p", "p": 0.02},
    ],
    "with_typical": [
        {"kind": "temperature", "value": 0.9},
        {"kind": "top_p", "p": 0.95},
        {"kind": "typical", "p": 0.9},
    ],
}
WARPERS: dict[str, Callable[[Any], Any]] = {
    "temperature": lambda step: TemperatureLogitsWarper(step["value"]),
    "top_k": lambda step: TopKLogitsWarper(step["k"]),
    "top_p": lambda step: TopPLogitsWarper(step["p"]),
    "min_p": lambda step: MinPLogitsWarper(step["p"]),
    "typical": lambda step: TypicalLogitsWarper(step["p"]),
}
AIMS = {
    "top_k_first": "≤ 0.15",
    "temp_top_p_min_p": "≤ 0.40",
    "with_typical": "≤ 1.1",
    "toy_states_per_s": "≥ 100,000",
}


class Bench:
    """The default model's logits, and what is made of them."""

    def __init__(self, rounds: int) -> None:
        self._rounds = rounds
        self._rule = load_causal_lm(DEFAULT_SOURCE, Settings())
        self._batches = frontiers(self._rule, prompt_of(self._rule, 21), 1)
        self._seconds: dict[str, list[float]] = defaultdict(list)

    def shares(self) -> dict[str, float]:
        """Of each procedure, and of transformers' chain for it, by name."""
        states = self._batches[-1]
        logits = torch.cat(self._forward())
        made = Made(self._rule, logits)
        questions = [
            Question(state, draws=(uniform(1, place, 0),)) for place, state in enumerate(states)
        ]
        asked = {name: Procedure.from_wire(steps) for name, steps in PROCEDURES.items()}
        chains = {
            name: LogitsProcessorList([WARPERS[step["kind"]](step) for step in steps])
            for name, steps in PROCEDURES.items()
        }
        for _ in range(self._rounds):
            self._forward()
            for name, procedure in asked.items():
                self._note(name, lambda p=procedure: answer(made, questions, p))
            self._forward()
            for name, chain in chains.items():
                self._note(f"{name} (transformers)", lambda c=chain: draw(c, states, logits))
        forward = self._median("forward")
        return {name: self._median(name) / forward for name in self._seconds if name != "forward"}

    def _forward(self) -> list[torch.Tensor]:
        """The engine's pass over the batch, and its logits f[…, N] in chunks, as it makes them."""
        self._rule.engine.forget()
        answer(self._rule, [Question(state) for state in self._batches[0]], Procedure())
        answer(self._rule, [Question(state) for state in self._batches[1]], Procedure())
        chunks: list[torch.Tensor] = []

        def logits_only(reader: Any, hidden: torch.Tensor, places: Any) -> Any:
            chunks.extend(of_logits(lambda logits: logits, reader, hidden))
            return iter(())

        with patch.object(engine, "log_prob_rows", logits_only):
            self._note("forward", lambda: list(self._rule.log_probs(self._batches[-1])))
        return chunks

    def _note(self, name: str, work: Callable[[], object]) -> None:
        began = time.perf_counter()
        work()
        self._seconds[name].append(time.perf_counter() - began)

    def _median(self, name: str) -> float:
        return statistics.median(self._seconds[name])


def draw(chain: Any, states: list[State], logits: torch.Tensor) -> torch.Tensor:
    """One token a state, as transformers' `generate` draws it."""
    with torch.inference_mode():
        scores = chain(torch.tensor([state[-1:] for state in states]), logits)
        return torch.multinomial(torch.softmax(scores, -1), 1)


def main() -> None:
    """Measures, prints the table and the line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    asked = parser.parse_args()
    growths = toy_growths(asked.rounds)
    found = Bench(asked.rounds).shares()
    found["toy_states_per_s"] = growths["breadth"]
    found |= {f"toy states/s, {name}": rate for name, rate in growths.items()}
    table = Table(title=f"Core: {os.cpu_count()} cores; shares of a pass of {BATCH} states")
    for heading in ("measure", "found", "aim"):
        table.add_column(heading, justify="left" if heading == "measure" else "right")
    for name, value in found.items():
        shown = f"{value:,.0f}" if value > 1000 else f"{value:.3g}"
        table.add_row(name, shown, AIMS.get(name, ""))
    console = Console()
    console.print(table)
    figures = " ".join(f"{name}={found[name]:.6g}" for name in AIMS)
    console.print(f"RESULT core {figures}", soft_wrap=True, highlight=False)


if __name__ == "__main__":
    main()
