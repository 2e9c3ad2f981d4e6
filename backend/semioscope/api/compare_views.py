"""Comparisons as they cross the wire."""

import math
from base64 import b64encode
from typing import Literal

from semioscope.api import wire
from semioscope.core.alphabet import text_of
from semioscope.core.divergence import Divergence
from semioscope.service.comparing import (
    Comparison,
    ComparisonOrder,
    Row,
    Shares,
    StateComparison,
)


def order(asked: wire.CompareRequest) -> ComparisonOrder:
    return ComparisonOrder(**asked.model_dump())


def comparison(found: Comparison) -> wire.Comparison:
    levels = found.levels
    return wire.Comparison(
        apart=found.apart,
        state=None if found.state is None else _state(found.state),
        levels=None
        if levels is None
        else [wire.CompareLevel.model_validate(level) for level in levels],
    )


def _state(found: StateComparison) -> wire.StateComparison:
    return wire.StateComparison(
        a=found.a,
        b=found.b,
        problem=found.problem,
        rule=_divergence(found.rule),
        procedure=_divergence(found.procedure),
        rows=[_row(row) for row in found.rows],
    )


def _divergence(found: Divergence | None) -> wire.Divergence | None:
    if found is None:
        return None
    return wire.Divergence(
        total_variation=found.total_variation,
        jensen_shannon=found.jensen_shannon,
        forward=_finite(found.forward),
        forward_infinite=math.isinf(found.forward),
        backward=_finite(found.backward),
        backward_infinite=math.isinf(found.backward),
        guarantee=found.guarantee,
    )


def _row(row: Row) -> wire.CompareRow:
    return wire.CompareRow(
        key=row.key,
        text=text_of(row.raw),
        bytes=b64encode(row.raw).decode("ascii"),
        rule=_share(row.rule),
        procedure=_share(row.procedure),
    )


def _share(shares: Shares) -> wire.PairShare:
    a, b = shares.a, shares.b
    ratio: float | None = None
    only: Literal["a", "b"] | None = None
    if a is not None and b is not None:
        ratio = _finite((a - b) / math.log(2)) if max(a, b) > -math.inf else None
        if (a > -math.inf) != (b > -math.inf):
            only = "a" if a > -math.inf else "b"
    return wire.PairShare(a=_probability(a), b=_probability(b), log_ratio=ratio, only=only)


def _probability(log_prob: float | None) -> float | None:
    return None if log_prob is None else math.exp(log_prob)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
