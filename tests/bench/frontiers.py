"""Real frontiers of the default model, and the same batches as others would evaluate them."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from transformers import DynamicCache, PreTrainedModel

from semioscope.core.distribution import Question
from semioscope.core.sampling import IDENTITY
from semioscope.rules.answers import answer
from semioscope.rules.causal_lm.rule import CausalLM

State = tuple[int, ...]
PROMPT = (
    "The old lighthouse keeper climbed the stairs every evening at dusk, and tonight he noticed"
    " that the lamp had gone"
)
BATCH = 256


@dataclass(frozen=True)
class Frontier:
    """States to evaluate, and the prefixes that were read before."""

    states: list[State]
    past: list[State]


def prompt_of(rule: CausalLM, tokens: int) -> State:
    """A prompt of that many tokens: the sentence, after as much of other text as it takes."""
    keys = rule.encode(PROMPT)
    if tokens < len(keys):
        raise ValueError("the sentence is longer")
    filler = rule.encode(" The sea was calm, and the lamp had burned for three hundred years.")
    before = (filler * (tokens // len(filler) + 1))[: tokens - len(keys)]
    return (*before, *keys)


def text_of_state(rule: CausalLM, state: State) -> str:
    """Its text."""
    return b"".join(map(rule.alphabet.bytes_of, state)).decode()


def frontiers(rule: CausalLM, prompt: State, count: int, size: int = BATCH) -> list[list[State]]:
    """Batches of the most probable states, the first two smaller: [prompt], [64], then `count`
    of `size`."""
    batches: list[list[State]] = [[prompt]]
    waiting: list[tuple[float, State]] = []
    costs = {prompt: 0.0}
    while True:
        batch = batches[-1]
        for state, given in zip(
            batch, answer(rule, [Question(s) for s in batch], IDENTITY), strict=True
        ):
            for key, log_prob in zip(
                given.expansion.keys.tolist(), given.expansion.log_probs.tolist(), strict=True
            ):
                heapq.heappush(waiting, (costs[state] - log_prob, (*state, key)))
        if len(batches) == count + 2:
            return batches
        wanted = 64 if len(batches) == 1 else size
        chosen = [heapq.heappop(waiting) for _ in range(wanted)]
        costs = costs | {state: cost for cost, state in chosen}
        batches.append([state for _, state in chosen])


class BareForward:
    """transformers' own forward pass of a frontier, the past being in its cache already."""

    def __init__(self, model: PreTrainedModel, states: Sequence[State]) -> None:
        self._model = model
        past = sorted({state[:end] for state in states for end in range(1, len(state))}, key=len)
        self._past = len(past)
        self._cache = DynamicCache(config=model.config)
        self._evaluate(past, past)
        self._fresh = self._inputs(states, [*past, *states])

    def run(self) -> torch.Tensor:
        """Logits f[1, M, N]; the cache is as before afterwards."""
        with torch.inference_mode():
            logits: torch.Tensor = self._model(
                **self._fresh, past_key_values=self._cache, use_cache=True
            ).logits
        self._cache.crop(-len(self._fresh["input_ids"][0]))
        return logits

    def _evaluate(self, states: Sequence[State], seen: Sequence[State]) -> None:
        with torch.inference_mode():
            self._model.base_model(
                **self._inputs(states, seen), past_key_values=self._cache, use_cache=True
            )

    def _inputs(self, states: Sequence[State], seen: Sequence[State]) -> dict[str, torch.Tensor]:
        column = {state: place for place, state in enumerate(seen)}
        mask = np.full((len(states), len(seen)), np.finfo(np.float32).min, np.float32)
        for row, state in enumerate(states):
            mask[row, [column[state[:end]] for end in range(1, len(state) + 1)]] = 0
        return {
            "input_ids": torch.tensor([[state[-1] for state in states]]),
            "position_ids": torch.tensor([[len(state) - 1 for state in states]]),
            "attention_mask": torch.from_numpy(mask)[None, None],
        }


class BareProducts:
    """The matrix products of a pass of M tokens, and nothing else, in the fastest of the ways
    tried: as torch multiplies, or with matrices laid out once."""

    def __init__(self, model: PreTrainedModel, size: int = BATCH) -> None:
        from semioscope.rules.causal_lm.matrix import product_with

        weights = [
            module.weight.detach()
            for module in model.modules()
            if isinstance(module, torch.nn.Linear)
        ]
        self._inputs = {
            width: torch.randn(size, width) for width in {weight.shape[1] for weight in weights}
        }
        self._plain = weights
        self._laid_out = [(weight.shape[1], product_with(weight)) for weight in weights]

    def run_plain(self) -> None:
        """By torch.nn.functional.linear."""
        with torch.inference_mode():
            for weight in self._plain:
                torch.nn.functional.linear(self._inputs[weight.shape[1]], weight)

    def run_laid_out(self) -> None:
        """By matrices laid out for the processor."""
        with torch.inference_mode():
            for width, product in self._laid_out:
                product(self._inputs[width])
