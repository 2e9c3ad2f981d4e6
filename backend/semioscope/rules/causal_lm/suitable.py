"""Chooses, for a model of transformers, the fastest path that is proved right for it."""

import logging
from collections.abc import Callable
from typing import Any

from semioscope.rules.causal_lm.engine import TreeEngine
from semioscope.rules.causal_lm.proof import Probe, probed_engine
from semioscope.rules.causal_lm.reach import objection, reach_of, shrunk_windows
from semioscope.rules.causal_lm.reader import Engine, Reader
from semioscope.rules.causal_lm.sequential import SequentialEngine
from semioscope.settings import DEFAULT_CACHE_BYTES

_log = logging.getLogger(__name__)


def suitable_engine(
    model: Any, alphabet_size: int, cache_bytes: int = DEFAULT_CACHE_BYTES
) -> tuple[Engine, tuple[str, ...]]:
    """(the engine, notes that say of the rule what is not as fast or as exact as usual).

    The first of these that is proved: one pass for many states with a tree mask; rows that go on
    from the model's own cache, by many tokens or by one; each state alone in a pass of its own.
    """
    # Here and not above: they import transformers, which a start mostly does not need.
    from semioscope.rules.causal_lm.rows import RowsEngine
    from semioscope.rules.causal_lm.transformers_reader import TransformersReader

    plain, reach = SequentialEngine(model), reach_of(model.config)
    reader = TransformersReader(model)
    # What is proved is put aside afterwards: what it keeps was read under windows that are not so.
    with shrunk_windows(model.config):
        probe = Probe(plain, alphabet_size, reach)
        probe.must_give_numbers()
        notes = (probe.precision.note,) if probe.precision.note else ()
        no_tree = objection(model.config) or probe.disproof(probed_engine(reader, reach))
        if no_tree is None:
            _pack_if_right(model, lambda: probe.disproof(probed_engine(reader, reach)))
            return TreeEngine(reader, capacity_of(reader, cache_bytes), reach, plain), notes
        for at_once in (True, False):
            rows = RowsEngine(model, plain, reach, cache_bytes, at_once)
            no_rows = probe.disproof(rows)
            if no_rows is None:
                why = f"no tree mask fits this architecture ({no_tree})"
                note = _said(model, f"Evaluated in rows that go on from kept prefixes: {why}.")
                rows = RowsEngine(model, plain, reach, cache_bytes, at_once)
                return rows, (note, *notes)
    why = f"no tree mask fits this architecture ({no_tree}), nor do rows ({no_rows})"
    return plain, (_said(model, f"Evaluated one state at a time: {why}."), *notes)


def _pack_if_right(model: Any, disproof: Callable[[], str | None]) -> None:
    """The same model with faster products, if it is proved right with them as well."""
    from semioscope.rules.causal_lm.packed_model import can_be_packed, pack

    if can_be_packed(model):
        unpack = pack(model)
        if why := disproof():
            _log.info("the matrices of %s stay as they are: %s", model.config.model_type, why)
            unpack()


def capacity_of(reader: Reader, cache_bytes: int) -> int:
    """Of how many tokens the keys and values may be kept."""
    return max(1, cache_bytes // reader.token_bytes)


def _said(model: Any, note: str) -> str:
    _log.warning("%s: %s", model.config.model_type, note)
    return note
