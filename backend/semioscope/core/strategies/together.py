"""States that a rule cannot tell apart, asked about together.

A coin with a memory of one flip has three answers, however many states there are: one question for
each of them is enough, and what it answers is shared by all the states that are alike.
"""

from collections.abc import Generator
from typing import Final

from semioscope.core.distinct import Places
from semioscope.core.distribution import Answer
from semioscope.core.growth import Growth
from semioscope.core.strategies.plan import Ask
from semioscope.core.types import IdArray, NodeId

MOST_CHILDREN: Final = 8192
"""About as many nodes as one step may add to a tree when its states are asked about together."""


def step_size(growth: Growth, batch: int, evaluated: int, children: int) -> int:
    """How many states to take at once: `batch`; where many are alike as many as have been evaluated
    before, so that growths that are stopped by what they find do not go far beyond it."""
    if growth.memory is None:
        return batch
    return max(batch, min(evaluated, MOST_CHILDREN // children))


def ask_together(
    growth: Growth, nodes: IdArray
) -> Generator[list[Ask], list[Answer], tuple[list[Answer], Places]]:
    """Answers about states u4[n], and which of them is about each state, i8[n]."""
    firsts, which = growth.alike(nodes)
    kinds = map(NodeId, nodes[firsts].tolist())
    answers = yield [Ask(node, growth.question(node)) for node in kinds]
    return answers, which
