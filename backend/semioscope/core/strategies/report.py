"""What a growth tells of what it has found: figures with their guarantee, and trajectories."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np

from semioscope.core.growth import Growth
from semioscope.core.types import FloatArray, NodeId

Guarantee: TypeAlias = Literal["exact", "bound", "estimate"]

MOST_FOUND: Final = 64
"""Trajectories that a report names."""
LEDGER_ERROR: Final = 1e-6
"""By how much a ledger may fall short of what it should be: log-probabilities are float32."""
_PACE: Final = 8
"""One step of a growth that is watched evaluates this part of what has been evaluated before."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its unit and what it may be taken for; standard_error: of an estimate that
    has one."""

    name: str
    value: float
    unit: str
    guarantee: Guarantee
    standard_error: float | None = None

    @property
    def said(self) -> str:
        """The value and its error for a person; an exact share below LEDGER_ERROR is nothing."""
        is_dust = self.guarantee == "exact" and self.unit == "share" and self.value < LEDGER_ERROR
        error = "" if self.standard_error is None else f" ± {self.standard_error:.2g}"
        return f"{0 if is_dust else self.value:.6g}{error}"


@dataclass(frozen=True, slots=True)
class Found:
    """A trajectory by its last state. log_prob: from the root, under the rule, nats. log_weight:
    nats, of a draw that counts for more or less than one."""

    node: NodeId
    log_prob: float
    log_weight: float | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What a growth has found so far. found: in the strategy's order, the first 64."""

    figures: tuple[Figure, ...] = ()
    found: tuple[Found, ...] = ()
    note: str | None = None


class Findings:
    """A report in the making. The strategy writes it; whoever shows the growth reads it between
    two steps. ended: how many trajectories the strategy has led to their end. enough: with how many
    the growth is stopped. is_watched: whether what is found may stop it."""

    def __init__(self) -> None:
        self.ended = 0
        self.enough: int | None = None
        self.is_watched = False
        self.figures: tuple[Figure, ...] = ()
        self.found: list[Found] = []
        self.note: str | None = None

    @property
    def has_enough(self) -> bool:
        return self.enough is not None and self.ended >= self.enough

    def pace(self, size: int, evaluated: int) -> int:
        """How many states a strategy takes at once, of up to `size`: of one that is watched so few
        that it does not go far beyond where it is stopped."""
        return min(size, max(1, evaluated // _PACE)) if self.is_watched else size

    def end(self, growth: Growth, node: NodeId) -> None:
        """A further trajectory has ended, at that node."""
        self.ended += 1
        if len(self.found) < MOST_FOUND:
            self.found.append(Found(node, growth.cum_log_prob(node)))

    def name(self, found: Sequence[Found]) -> None:
        """These are the trajectories, in place of those named before."""
        self.found = list(found[:MOST_FOUND])

    def report(self, before: Sequence[Figure] = ()) -> Report:
        """before: figures that are told first."""
        return Report((*before, *self.figures), tuple(self.found), self.note)


@dataclass(frozen=True, slots=True)
class Traits:
    """What is estimated of trajectories, one value each, f64[n].

    ended: 1 for one that has ended. stopped: 1 for one that could not be followed as far as was
    asked: it came to a cut, or to where the rule does not tell what follows. surprisal: its mean
    from the anchor on under the rule, in bits a step; 0 for one that has no step.
    """

    ended: FloatArray
    stopped: FloatArray
    surprisal: FloatArray

    def named(self, growth: Growth) -> list[tuple[str, FloatArray, str]]:
        """(name, values, unit) of each; who could not be followed only where there is one."""
        unit = "bits/token" if growth.tree.rule.kind == "appending" else "bits/step"
        named = [
            ("ended", self.ended, "share"),
            ("surprisal under the rule", self.surprisal, unit),
            ("not followed to the end", self.stopped, "share"),
        ]
        return named if self.stopped.any() else named[:2]


def traits(growth: Growth, anchor: NodeId, ends: Sequence[NodeId], steps: int) -> Traits:
    """Of trajectories that were to go `steps` on from the anchor, by their last states."""
    begun, depth = growth.cum_log_prob(anchor), growth.depth(anchor)
    ended = np.array([growth.is_terminal(node) for node in ends], np.float64)
    length = np.array([growth.depth(node) - depth for node in ends], np.float64)
    bits = np.array([begun - growth.cum_log_prob(node) for node in ends]) / math.log(2)
    return Traits(
        ended=ended,
        stopped=((length < steps) & (ended == 0)).astype(np.float64),
        surprisal=bits / np.maximum(length, 1),
    )


def means(growth: Growth, of: Traits, *, are_independent: bool) -> tuple[Figure, ...]:
    """The mean of each trait over draws of one weight; its standard error s/√n where the draws are
    independent and differ (where all agree, s says nothing of how often others would not)."""
    figures = []
    for name, values, unit in of.named(growth):
        has_error = are_independent and float(values.min()) < float(values.max())
        error = float(values.std(ddof=1)) / math.sqrt(len(values)) if has_error else None
        figures.append(Figure(name, float(values.mean()), unit, "estimate", error))
    return tuple(figures)
