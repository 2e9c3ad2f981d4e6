"""What the tests of the rules that are given as data have in common."""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from semioscope.core.distribution import Answer, Question
from semioscope.core.sampling import IDENTITY
from semioscope.rules.answers import answer
from semioscope.rules.protocol import RewritingRule, Successors
from semioscope.rules.tabular import TabularRule


def asked(rule: TabularRule, *states: tuple[int, ...]) -> list[Answer]:
    """As a worker asks: the axioms are checked on the way."""
    return answer(rule, [Question(state) for state in states], IDENTITY)


def probabilities(rule: TabularRule, state: Sequence[int]) -> np.ndarray:
    """p(t | s) f64[N]."""
    (row,) = rule.log_probs([tuple(state)])
    return np.exp(row.log_probs.astype(np.float64))


def paths(rule: TabularRule, length: int, state: tuple[int, ...] = ()) -> Iterator[float]:
    """The probabilities of all continuations of one length, impossible ones too."""
    if length == 0:
        yield 1.0
        return
    for key, probability in enumerate(probabilities(rule, state)):
        for rest in paths(rule, length - 1, (*state, key)):
            yield probability * rest


def next_states(rule: RewritingRule, state: bytes) -> Successors:
    """The next states, which obey the axioms and are each listed once."""
    found = rule.successors(state)
    assert len(found.labels) == len(found.states) == len(found.probs)
    assert len(set(zip(found.labels, found.states, strict=True))) == len(found.states)
    assert all(prob > 0 for prob in found.probs)
    assert list(found.probs) == sorted(found.probs, reverse=True)
    assert found.remainder >= 0
    if found.labels:
        assert abs(math.fsum((*found.probs, found.remainder)) - 1) < 1e-9
    else:
        assert found.remainder == 0
    return found
