"""A toy rule of random tables, and a driver that grows a tree with it."""

import hashlib
import math
from collections.abc import Callable, Iterator
from functools import cache

import numpy as np

from semioscope.core.alphabet import Alphabet
from semioscope.core.distribution import Answer, Question, answer_row
from semioscope.core.events import Event
from semioscope.core.growth import Growth
from semioscope.core.rule import RuleDescription
from semioscope.core.sampling import IDENTITY, Procedure
from semioscope.core.strategies import Plan, Strategy
from semioscope.core.strategies.report import Findings
from semioscope.core.tree import Tree
from semioscope.core.types import Columns, Float32Array, NodeId, Seq

Weigh = Callable[[tuple[int, ...]], list[int]]
"""Relative weights of all next states, by state."""


class ToyRule:
    """Appending; the probabilities are ratios of whole numbers, so that they are the same on
    every machine once rounded to float32."""

    def __init__(
        self,
        weigh: Weigh,
        size: int,
        end_keys: tuple[int, ...] = (),
        memory: int | None = None,
    ) -> None:
        self._weigh = cache(weigh)
        self._probabilities = cache(self._divide)
        self.alphabet = Alphabet([f"{key},".encode() for key in range(size)], end_keys)
        self.description = RuleDescription(
            id="toy",
            name="toy",
            kind="appending",
            family="toy",
            fingerprint="toy",
            summary="Random tables.",
            alphabet_size=size,
            window=1024,
            end_keys=end_keys,
            whole_distribution=True,
            needs_prompt=False,
            memory=memory,
        )

    def row(self, state: tuple[int, ...]) -> Float32Array:
        """Log-probabilities f32[N], nats."""
        weights = self._weigh(state)
        total = sum(weights)
        return np.array(
            [math.log(weight / total) if weight else -math.inf for weight in weights], np.float32
        )

    def probability(self, state: tuple[int, ...], key: int) -> float:
        return self._probabilities(state)[key]

    def _divide(self, state: tuple[int, ...]) -> list[float]:
        weights = self._weigh(state)
        total = sum(weights)
        return [weight / total for weight in weights]

    def answer(self, questions: list[Question], procedure: Procedure) -> list[Answer]:
        return [
            answer_row(question, self.row(tuple(question.state)), 0.0, procedure)
            for question in questions
        ]


def random_tables(seed: int, size: int, spread: float = 6.0) -> Weigh:
    """Weights that depend on the whole state and differ by up to `spread` doublings."""

    def weigh(state: tuple[int, ...]) -> list[int]:
        digest = hashlib.sha256(f"{seed}:{state}".encode()).digest()
        rng = np.random.Generator(np.random.PCG64(int.from_bytes(digest[:8], "big")))
        return [1 + int(2 ** (spread * step / 997)) for step in rng.integers(0, 998, size)]

    return weigh


def coin(heads: int = 1, tails: int = 1) -> ToyRule:
    """Key 0 is heads, key 1 is tails."""
    return ToyRule(lambda _: [heads, tails], 2)


def toy(seed: int, size: int, end_keys: tuple[int, ...] = (), spread: float = 6.0) -> ToyRule:
    return ToyRule(random_tables(seed, size, spread), size, end_keys)


class Garden:
    """A tree under a toy rule, with everything that was asked on the way."""

    def __init__(
        self,
        rule: ToyRule,
        max_length: int = 64,
        prompt: tuple[int, ...] = (0,),
        procedure: Procedure = IDENTITY,
    ) -> None:
        self.rule = rule
        self.tree = Tree(rule.description, prompt, max_length, [b"0,"] * len(prompt), procedure)
        self.asked: list[tuple[NodeId, Question]] = []
        self.between: Callable[[], None] = lambda: None

    def growth(self, procedure: Procedure = IDENTITY) -> Growth:
        return Growth(self.tree, self.rule.alphabet, procedure)

    def grow(
        self, plan: Plan, procedure: Procedure = IDENTITY, anchor: int = 0, **options: object
    ) -> None:
        growth = self.growth(procedure)
        run = plan.run(growth, NodeId(anchor), **options)
        self.drive(run, growth)

    def drive(self, run: Strategy, growth: Growth) -> None:
        """As the service does: questions, answers without the lock, then one event."""
        try:
            asks = next(run)
            while True:
                self.commit(growth)
                for ask in asks:
                    assert self.tree.has(ask.node)
                    assert not self.tree.is_terminal(ask.node)
                    assert not self.tree.under_cut(ask.node)
                    self.asked.append((ask.node, ask.question))
                answers = self.rule.answer([ask.question for ask in asks], growth.procedure)
                self.between()
                asks = run.send(answers)
        except StopIteration:
            self.commit(growth)

    def commit(self, growth: Growth) -> None:
        taken = growth.take()
        if taken is not None:
            self.happen("grow", *taken)

    def happen(self, kind: str, payload: dict[str, object], columns: Columns) -> None:
        event = Event(Seq(self.tree.seq + 1), kind, 0.0, "me", "c", payload, columns)
        self.tree.apply(event)

    def keys(self, node: int) -> tuple[int, ...]:
        """The keys that lead from the root to a node."""
        return tuple(self.tree.key(step) for step in self.tree.path(node)[1:])

    def paths(self) -> set[tuple[int, ...]]:
        """All visible nodes."""
        return {self.keys(node) for node in range(self.tree.size) if self.tree.has(node)}

    def expanded(self) -> set[tuple[int, ...]]:
        return {self.keys(node) for node in self.tree.expanded_nodes().tolist()}

    def probability(self, path: tuple[int, ...]) -> float:
        """Exactly, from the tables."""
        state = tuple(self.tree.state_of(0))
        product = 1.0
        for key in path:
            product *= self.rule.probability(state, key)
            state = (*state, key)
        return product


class Emitting(Findings):
    """Findings that keep every trajectory, not only the first."""

    def __init__(self) -> None:
        super().__init__()
        self.nodes: list[NodeId] = []

    def end(self, growth: Growth, node: NodeId) -> None:
        super().end(growth, node)
        self.nodes.append(node)


def all_paths(rule: ToyRule, state: tuple[int, ...], length: int) -> Iterator[tuple[int, ...]]:
    """Every trajectory of positive probability that has ended after `length` steps or earlier."""
    if length == 0:
        yield ()
        return
    for key, weight in enumerate(np.exp(rule.row(state))):
        if weight == 0:
            continue
        if key in rule.description.end_keys:
            yield (key,)
        else:
            for rest in all_paths(rule, (*state, key), length - 1):
                yield (key, *rest)
