"""A Markov chain that is given by its matrix."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Self

import numpy as np

from semioscope.core.alphabet import Alphabet
from semioscope.core.errors import InvalidRequest
from semioscope.core.rule import RuleDescription
from semioscope.core.types import Float32Array, FloatArray
from semioscope.rules.finite_chain import (
    MOST_STATES,
    FiniteChain,
    chain_too_large,
    check_distribution,
)
from semioscope.rules.made import fingerprint_of, made_id
from semioscope.rules.naming import listed, named_character
from semioscope.rules.spec_fields import SpecFields, as_number, shown
from semioscope.rules.tabular import WINDOW, TabularRule, log_row

MOST_SYMBOLS: Final = 256
LONGEST_SYMBOL: Final = 64
"""Characters."""
_FEW: Final = 4


class MatrixChain(TabularRule):
    """An AppendingRule whose next symbol depends on the last one. Context 0 is the empty state,
    context 1 + i comes after symbol i."""

    def __init__(
        self,
        symbols: Sequence[str],
        matrix: FloatArray,
        initial: FloatArray,
        spec: Mapping[str, Any],
        name: str | None = None,
    ) -> None:
        """matrix f64[k, k] and initial f64[k] are stochastic; spec: the canonical one."""
        self._symbols = tuple(symbols)
        self._keys = {symbol: key for key, symbol in enumerate(symbols)}
        self._lengths = sorted({len(symbol) for symbol in symbols}, reverse=True)
        self._chain = FiniteChain(self._symbols, matrix)
        self._rows = log_row(np.concatenate([initial[None], matrix]))
        likely = np.flatnonzero(initial == initial.max()).tolist()
        self.example = self._symbols[min(likely, key=lambda place: (matrix[place, place], place))]
        """Of the most probable beginnings the one that stays the least as it is."""
        fingerprint = fingerprint_of(spec)
        description = RuleDescription(
            id=made_id(fingerprint),
            name=name or _name(symbols),
            kind="appending",
            family="chain",
            fingerprint=fingerprint,
            summary=(
                f"A Markov chain over {len(symbols):,} symbols ({_named(symbols)}), given "
                "by its matrix: what follows depends on the last symbol alone."
            ),
            alphabet_size=len(symbols),
            window=WINDOW,
            end_keys=(),
            whole_distribution=True,
            needs_prompt=False,
            memory=1,
            notes=_notes(self._symbols, matrix, initial),
            spec=dict(spec),
        )
        super().__init__(description, Alphabet([symbol.encode() for symbol in symbols], ()))

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any], name: str | None = None) -> Self:
        """The chain of a ChainSpec: `symbols`, `matrix` (row i: what follows symbol i), `initial`
        (of the first symbol; uniform). Rows are divided by their sum, which is 1 but for the
        rounding of their numbers to six digits.

        Raises InvalidRequest "bad-chain", "not-stochastic".
        """
        fields = SpecFields(spec, "chain", ("symbols", "matrix", "initial"))
        symbols = _symbols(fields)
        rows = _listed(fields, fields.value("matrix"), "“matrix”")
        if len(rows) != len(symbols):
            raise fields.refusal(
                f"The matrix has {len(rows):,} rows for {len(symbols):,} symbols: it needs one "
                "for each."
            )
        matrix = [
            _distribution(fields, row, f"Row {place} (“{symbol}”)", len(symbols))
            for place, (symbol, row) in enumerate(zip(symbols, rows, strict=True), 1)
        ]
        given = fields.value("initial")
        initial = None
        if given is not None:
            initial = _distribution(fields, given, "The initial distribution", len(symbols))
        canonical = {"kind": "chain", "symbols": symbols, "matrix": matrix, "initial": initial}
        exact = np.array(matrix)
        first = np.full(len(symbols), 1.0) if initial is None else np.array(initial)
        return cls(
            symbols,
            exact / exact.sum(axis=1, keepdims=True),
            first / first.sum(),
            canonical,
            name,
        )

    @property
    def contexts(self) -> int:
        return len(self._rows)

    def context_of(self, state: Sequence[int]) -> int:
        return 1 + state[-1] if state else 0

    def row(self, context: int) -> Float32Array:
        row: Float32Array = self._rows[context]
        return row

    def finite_chain(self, most_states: int = MOST_STATES) -> FiniteChain:
        """The chain of the last symbol. Raises InvalidRequest "chain-too-large"."""
        if len(self._symbols) > most_states:
            raise chain_too_large(f"This chain has {len(self._symbols):,} states", most_states)
        return self._chain

    def encode(self, text: str) -> tuple[int, ...]:
        """The text as symbols, one after another with nothing between; where it can be read in
        more than one way, each symbol is the longest that leaves the rest readable.

        Raises InvalidRequest "unknown-symbol".
        """
        lengths = [0] * len(text)  # of the symbol to take at a place; 0 where none leads to the end
        for start in reversed(range(len(text))):
            for length in self._lengths:
                end = start + length
                readable = end == len(text) or (end < len(text) and lengths[end] > 0)
                if readable and text[start:end] in self._keys:
                    lengths[start] = length
                    break
        keys, place = [], 0
        while place < len(text):
            if not lengths[place]:
                raise self._unreadable(text)
            keys.append(self._keys[text[place : place + lengths[place]]])
            place += lengths[place]
        return tuple(keys)

    def _unreadable(self, text: str) -> InvalidRequest:
        """Names the character before which every reading of the text ends."""
        reached = {0}
        for start in range(len(text)):
            if start in reached:
                reached |= {
                    start + length
                    for length in self._lengths
                    if text[start : start + length] in self._keys
                }
        place = max(reached)
        found = "the text ends there" if place == len(text) else named_character(text[place])
        return InvalidRequest(
            "unknown-symbol",
            f"No symbol of this chain reads on from character {place + 1:,} ({found}).",
            f"It has {_named(self._symbols)}, written without anything between.",
        )


def _symbols(fields: SpecFields) -> list[str]:
    given = _listed(fields, fields.value("symbols"), "“symbols”")
    if not 0 < len(given) <= MOST_SYMBOLS:
        raise fields.refusal(f"A chain has 1 to {MOST_SYMBOLS} symbols, not {len(given):,}.")
    symbols = [
        fields.checked_text(each, f"Symbol {place}", LONGEST_SYMBOL)
        for place, each in enumerate(given, 1)
    ]
    for place, symbol in enumerate(symbols):
        if not symbol:
            raise fields.refusal(f"Symbol {place + 1} is empty; a symbol has a character at least.")
        if symbol in symbols[:place]:
            raise fields.refusal(
                f"Symbols {symbols.index(symbol) + 1} and {place + 1} are both {shown(symbol)}."
            )
    return symbols


def _distribution(fields: SpecFields, given: object, what: str, size: int) -> list[float]:
    row = _listed(fields, given, what)
    if len(row) != size:
        amount = "number" if len(row) == 1 else "numbers"
        symbols = "symbol" if size == 1 else "symbols"
        raise fields.refusal(f"{what} has {len(row):,} {amount} for {size:,} {symbols}.")
    numbers: list[float] = []
    for place, value in enumerate(row, 1):
        number = as_number(value)
        if number is None:
            raise fields.refusal(f"{what} has {shown(value)} in place {place}, which is no number.")
        numbers.append(number + 0.0)  # −0.0 is 0.0
    check_distribution(numbers, what)
    return numbers


def _listed(fields: SpecFields, given: object, what: str) -> list[Any]:
    if isinstance(given, str | bytes | Mapping) or not isinstance(given, Iterable):
        raise fields.refusal(f"{what} is a list, not {shown(given)}.")
    return list(given)


def _name(symbols: Sequence[str]) -> str:
    few = len(symbols) <= _FEW
    return f"Markov chain of {_named(symbols) if few else f'{len(symbols)} symbols'}"


def _named(symbols: Sequence[str]) -> str:
    return listed([shown(symbol) for symbol in symbols])


def _notes(symbols: tuple[str, ...], matrix: FloatArray, initial: FloatArray) -> tuple[str, ...]:
    first = "uniform" if (initial == initial[0]).all() else "as given"
    notes = [f"From the empty state the first symbol is {first}."]
    absorbing = [symbols[place] for place in np.flatnonzero(matrix.diagonal() == 1)]
    if absorbing:
        notes.append(f"Absorbing: {_named(absorbing)}. There it repeats itself until length L.")
    return tuple(notes)
