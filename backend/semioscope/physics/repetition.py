"""How much a sequence repeats itself.

rep-n = 1 − distinct n-grams / n-grams and diversity = Π (1 − rep-n), n = 2 … 4 (SCIENCE.md 3;
Su et al. 2022, arXiv 2202.06417); distinct-n = 1 − rep-n (Li et al. 2016, arXiv 1510.03055);
rep/w, the share of tokens that occur among the w before them, and seq-rep-4 = rep-4 (Welleck et
al. 2020, arXiv 1908.04319).
"""

import zlib
from collections.abc import Hashable, Sequence
from typing import Final

import numpy as np

from semioscope.physics.table import Column, Table

DIVERSITY_ORDERS: Final = (2, 3, 4)
NEAR: Final = 16
"""w of rep/w, tokens."""


def rep_n(tokens: Sequence[Hashable], n: int) -> float:
    """Share of n-grams that were there before, 0 … 1; nan where there is no n-gram."""
    count = len(tokens) - n + 1
    if count < 1:
        return float("nan")
    return 1 - len({tuple(tokens[start : start + n]) for start in range(count)}) / count


def diversity(tokens: Sequence[Hashable]) -> float:
    """Π (1 − rep-n) for n = 2 … 4, 0 … 1; nan of fewer than four tokens."""
    return float(np.prod([1 - rep_n(tokens, n) for n in DIVERSITY_ORDERS]))


def recurring(tokens: Sequence[Hashable], near: int = NEAR) -> float:
    """rep/w: share of tokens that occur among the w before them; nan of no tokens."""
    last: dict[Hashable, int] = {}
    found = 0
    for place, token in enumerate(tokens):
        found += token in last and place - last[token] <= near
        last[token] = place
    return found / len(tokens) if tokens else float("nan")


def compression_ratio(text: str) -> float:
    """Bytes of the text for each byte that zlib makes of it at level 9; nan of no text. Short
    texts do not compress: only texts of like length can be compared."""
    raw = text.encode("utf-8", "surrogatepass")
    return len(raw) / len(zlib.compress(raw, 9)) if raw else float("nan")


def repetition(tokens: Sequence[Hashable], text: str = "") -> Table:
    """Every measure of one sequence: a row each, with its `measure` and its `value`."""
    measures = [
        *((f"rep-{n}", rep_n(tokens, n)) for n in (1, *DIVERSITY_ORDERS)),
        *((f"distinct-{n}", 1 - rep_n(tokens, n)) for n in (1, 2)),
        ("diversity", diversity(tokens)),
        (f"rep/{NEAR}", recurring(tokens)),
        ("compression ratio", compression_ratio(text)),
    ]
    names, values = zip(*measures, strict=True)
    return Table(
        (
            Column("measure", "", "theorem", np.array(names), "What is measured."),
            Column("value", "", "theorem", np.array(values), "A share, or a ratio."),
        ),
        assumptions=("Counted in this one sequence; longer ones repeat more by themselves.",),
    )
