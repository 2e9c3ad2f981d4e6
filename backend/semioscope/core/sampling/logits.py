"""Every step as a pure function of (logits, past), as transformers' logits processors are.

What a step sees are the current logits of the next states that are still possible, not normalised
(temperature scales them, penalties shift them); a step that needs probabilities normalises them.
"""

import math
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from semioscope.core.ranking import PREFIXES
from semioscope.core.sampling.by_rank import MASS_ROUNDING, NATS_ROUNDING, eta_threshold
from semioscope.core.sampling.cuts import Epsilon, Eta, MinP, Temperature, TopK, TopP
from semioscope.core.sampling.procedure import Step
from semioscope.core.sampling.reordering import (
    Bias,
    Forbid,
    Force,
    Frequency,
    NoRepeat,
    Presence,
    Repetition,
    Typical,
)
from semioscope.core.types import FloatArray, IdArray

Mask: TypeAlias = NDArray[np.bool_]
Places: TypeAlias = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Past:
    """What the next state follows: the state's tokens, of which the first `given` are the prompt,
    and the log-sum-exp of the raw logits there, nats (0 for a rule that has none, nan where it is
    not told), rounded to float32 as a tree stores it."""

    tokens: Sequence[int] = ()
    given: int = 0
    log_sum_exp: float = 0.0

    @property
    def shift(self) -> float:
        """What turns log-probabilities into raw logits."""
        return float(np.float32(self.log_sum_exp))


@dataclass(frozen=True, slots=True)
class Scores:
    """The next states that are possible still, as far as they are known.

    keys u32[M] ascending, logits f64[M], finite. whole: there are no others. leading: the others
    (unless whole) come behind these.
    """

    keys: IdArray
    logits: FloatArray
    whole: bool = True
    leading: bool = True

    def only(self, kept: Mask) -> "Scores":
        return replace(self, keys=self.keys[kept], logits=self.logits[kept])

    @property
    def log_q(self) -> FloatArray:
        """Normalised, nats, f64[M]; meaningful where `whole`."""
        return self.logits - log_sum_exp(self.logits)


def apply(step: Step, scores: Scores, past: Past) -> Scores | None:
    """The step's result: empty where it leaves nothing, None where what is known of the next
    states does not suffice. `scores` has at least one."""
    match step:
        case Temperature(0):
            return _cut(scores, _first(scores.logits, 1), scores.leading)
        case Temperature(value):
            return replace(scores, logits=scores.logits / value)
        case TopK(k):
            # Fewer known than are to be kept: others may be among them.
            return _cut(scores, _first(scores.logits, k), scores.leading and k <= len(scores.keys))
        case MinP(p):
            kept = scores.logits - scores.logits.max() >= (math.log(p) if p else -math.inf)
            return _cut(scores, kept, scores.leading and not kept.all())
        case TopP() | Typical() | Epsilon() | Eta():
            return scores.only(_by_mass(step, scores.log_q)) if scores.whole else None
        case Repetition(penalty):
            return _repetition(scores, past, penalty)
        case Presence(penalty):
            seen = dict.fromkeys(past.tokens[past.given :], -penalty)
            return _shift(scores, seen)
        case Frequency(penalty):
            counted = Counter(past.tokens[past.given :])
            return _shift(scores, {key: -penalty * count for key, count in counted.items()})
        case Bias(biases):
            return _shift(scores, dict(biases))
        case NoRepeat(n):
            return _without(scores, repeating(past.tokens, n))
        case Forbid(keys):
            return _without(scores, keys)
        case Force(keys):
            return _force(scores, keys)


def repeating(tokens: Sequence[int], n: int) -> set[int]:
    """The tokens that would make an n-gram of the state come a second time."""
    last = tuple(tokens[len(tokens) - n + 1 :])
    return {
        tokens[end] for end in range(n - 1, len(tokens)) if tuple(tokens[end - n + 1 : end]) == last
    }


def log_sum_exp(logits: FloatArray) -> float:
    """log Σ exp, nats, of finite logits."""
    greatest = float(logits.max())
    return greatest + math.log(float(np.exp(logits - greatest).sum()))


def entropy_bits(log_q: FloatArray) -> float:
    """Of normalised finite log-probabilities."""
    return max(0.0, -float(np.dot(np.exp(log_q), log_q)) / math.log(2))


def _cut(scores: Scores, kept: Mask, is_known: bool) -> Scores | None:
    """What a cut by rank keeps; None where others than the known may be kept too."""
    if scores.whole:
        return scores.only(kept)
    return replace(scores.only(kept), whole=True) if is_known else None


def _by_mass(step: TopP | Typical | Epsilon | Eta, log_q: FloatArray) -> Mask:
    """What a cut keeps that needs the whole distribution."""
    match step:
        case TopP(p):
            return _fewest(log_q, log_q, p)
        case Typical(p):
            surprise = entropy_bits(log_q) * math.log(2) + log_q
            return _fewest(-np.abs(surprise), log_q, p)
        case Epsilon(epsilon):
            least = math.log(epsilon)
        case Eta(epsilon):
            least = eta_threshold(epsilon, entropy_bits(log_q))
    kept: Mask = log_q >= min(least - NATS_ROUNDING, float(log_q.max()))
    return kept


def _fewest(order_by: FloatArray, log_q: FloatArray, mass: float) -> Mask:
    """The fewest that come first in descending `order_by`, ties by the lowest key, and have the
    mass together."""
    size = len(order_by)
    for count in (*(prefix for prefix in PREFIXES if prefix < size), size):
        places = np.flatnonzero(_first(order_by, count))
        places = places[np.argsort(-order_by[places], kind="stable")]
        cumulative = np.cumsum(np.exp(log_q[places]))
        if cumulative[-1] >= mass - MASS_ROUNDING:
            places = places[: 1 + int(np.searchsorted(cumulative, mass - MASS_ROUNDING))]
            break
    return _mask(size, places)


def _first(order_by: FloatArray, count: int) -> Mask:
    """The `count` greatest, ties by the lowest key."""
    size = len(order_by)
    if count >= size:
        return np.ones(size, np.bool_)
    border = np.partition(order_by, size - count)[size - count]
    kept: Mask = order_by > border
    tied = np.flatnonzero(order_by == border)
    kept[tied[: count - int(np.count_nonzero(kept))]] = True
    return kept


def _repetition(scores: Scores, past: Past, penalty: float) -> Scores | None:
    places = _places(scores, set(past.tokens))
    if len(places) and math.isnan(past.shift):
        return None
    logits = scores.logits.copy()
    seen = logits[places]
    logits[places] = np.where(seen < 0, seen * penalty, seen / penalty)
    return replace(scores, logits=logits, leading=False)


def _shift(scores: Scores, by_key: dict[int, float]) -> Scores:
    """Logits raised by the nats of their keys."""
    places = _places(scores, by_key.keys())
    logits = scores.logits.copy()
    logits[places] += [by_key[key] for key in scores.keys[places].tolist()]
    return replace(scores, logits=logits, leading=False)


def _without(scores: Scores, keys: Collection[int]) -> Scores:
    kept = np.ones(len(scores.keys), np.bool_)
    kept[_places(scores, keys)] = False
    return scores.only(kept)


def _force(scores: Scores, keys: Sequence[int]) -> Scores | None:
    places = _places(scores, keys)
    if len(places) < len(keys) and not scores.whole:
        return None  # the others may be possible
    return replace(scores.only(_mask(len(scores.keys), places)), whole=True)


def _places(scores: Scores, keys: Collection[int]) -> Places:
    """Where those of the keys stand that are there, ascending."""
    wanted = np.array(sorted(keys), np.int64)
    places = np.searchsorted(scores.keys, wanted)
    there = places < len(scores.keys)
    places, wanted = places[there], wanted[there]
    found: Places = places[scores.keys[places] == wanted]
    return found


def _mask(size: int, places: Places) -> Mask:
    kept = np.zeros(size, np.bool_)
    kept[places] = True
    return kept
