"""Proves, when a model is loaded, that the fast path gives what the model itself gives."""

import logging
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from semioscope.rules.causal_lm.engine import TreeEngine
from semioscope.rules.causal_lm.reader import Engine, Reader

TOLERANCE: Final = 1e-4
"""The greatest difference of a log-probability (nats) between the fast path and the plain one."""
PREFIX: Final = 12
PASS_TOKENS: Final = 8
"""Of the probe: less than its prefix, so that reading in chunks is part of the proof."""

_log = logging.getLogger(__name__)


def disproof(reader: Reader, plain: Engine, alphabet_size: int, reach: int) -> str | None:
    """Why a reader cannot be used for a model; None when it is proved on a small probe.

    plain: the model's own forward pass.

    The probe branches at several depths, asks for a state and for its own prefix at once, and
    goes on from what is cached.
    """
    batches = list(_batches(alphabet_size, reach))
    try:
        engine = TreeEngine(reader, 256, reach, plain, pass_tokens=PASS_TOKENS)
        for batch in batches:
            expected = {row.place: row.log_probs for row in plain.log_probs(batch)}
            for row in engine.log_probs(batch):
                off = float(np.max(np.abs(row.log_probs - expected[row.place])))
                if not off <= TOLERANCE:
                    return f"it is off by {off:.2g} in log-probability"
    except Exception as error:
        _log.info("the fast path raised on the probe", exc_info=error)
        return f"it raised {type(error).__name__}"
    return None


def _batches(alphabet_size: int, reach: int) -> Iterator[list[tuple[int, ...]]]:
    tokens = np.random.default_rng(0).integers(0, alphabet_size, 64).tolist()

    def state(*parts: Sequence[int]) -> tuple[int, ...]:
        return tuple(token for part in parts for token in part)[:reach]

    prefix = tokens[:PREFIX]
    yield [state(prefix)]
    yield [state(prefix, tokens[20:21]), state(prefix, tokens[21:24]), state(prefix, tokens[21:22])]
    yield [state(prefix, tokens[21:24], tokens[30:32]), state(tokens[40:43])]
