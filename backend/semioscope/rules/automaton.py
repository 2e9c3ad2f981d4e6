"""Wolfram's elementary cellular automata: a state is a row of cells, each 0 or 1.

Bit v of the rule's number is what a cell becomes whose neighbourhood (left, itself, right), read
as a binary number, is v (Wolfram, Rev. Mod. Phys. 55, 1983). With noise η every cell is then
flipped with probability η, independently of the others: a row of w cells with k flips has
probability η^k (1 − η)^(w − k).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, islice
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from semioscope.core.errors import InvalidRequest
from semioscope.core.rule import RuleDescription
from semioscope.rules.made import fingerprint_of, made_id
from semioscope.rules.naming import named_character
from semioscope.rules.protocol import Successors
from semioscope.rules.spec_fields import SpecFields, shown

MOST_CELLS: Final = 4096
MOST_NOISY_CELLS: Final = 1000
"""With noise, so that the probability of a single row is never below what a number can hold."""
MOST_SUCCESSORS: Final = 4096
"""Rows that are listed of one step; the others are the remainder."""
WINDOW: Final = 2 * MOST_CELLS
"""States of one trajectory, at most."""

_CELLS: Final = {"0": "0", ".": "0", " ": "0", "1": "1", "#": "1", "█": "1"}
_EXAMPLE: Final = f"{'0' * 20}1{'0' * 20}"


@dataclass(frozen=True)
class AutomatonLaw:
    """The rule's number 0 … 255; ring: the last cell is the first one's left neighbour, else zeros
    lie beyond both ends; noise η, 0 … ½."""

    number: int
    ring: bool = True
    noise: float = 0.0

    def after(self, row: int, width: int) -> int:
        """The next row without noise; a row is a number in binary, its first cell the highest of
        `width` bits."""
        lowest, highest = (row & 1, row >> (width - 1)) if self.ring else (0, 0)
        left = row >> 1 | lowest << (width - 1)
        right = row << 1 | highest
        after = 0
        for neighbourhood in range(8):
            if self.number >> neighbourhood & 1:
                after |= (
                    (left if neighbourhood & 4 else ~left)
                    & (row if neighbourhood & 2 else ~row)
                    & (right if neighbourhood & 1 else ~right)
                )
        return after & ((1 << width) - 1)


class Automaton:
    """A RewritingRule on rows written as bytes b"0" and b"1"."""

    example = _EXAMPLE
    """One black cell in a white row."""

    def __init__(self, law: AutomatonLaw, name: str | None = None) -> None:
        self.law = law
        spec = {
            "kind": "automaton",
            "number": law.number,
            "ring": law.ring,
            "noise": law.noise,
        }
        fingerprint = fingerprint_of(spec)
        self._description = RuleDescription(
            id=made_id(fingerprint),
            name=name or f"Rule {law.number}",
            kind="rewriting",
            family="automaton",
            fingerprint=fingerprint,
            summary=_summary(law),
            alphabet_size=None,
            window=WINDOW,
            end_keys=(),
            whole_distribution=True,
            needs_prompt=True,
            notes=_notes(law),
            spec=spec,
        )

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any], name: str | None = None) -> Self:
        """The automaton of an AutomatonSpec: `number`, `ring` (true), `noise` (0).

        Raises InvalidRequest "bad-automaton".
        """
        fields = SpecFields(spec, "automaton", ("number", "ring", "noise"))
        number = fields.value("number")
        if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= 255:
            raise fields.refusal(
                f"There is no elementary rule {shown(number)}: they are numbered from 0 to 255."
            )
        law = AutomatonLaw(number, fields.flag("ring", True), fields.number("noise", 0, 0.5, 0.0))
        return cls(law, name)

    @property
    def description(self) -> RuleDescription:
        return self._description

    def encode(self, text: str) -> bytes:
        """A row of cells: 0 . or a space is white, 1 # or █ is black.

        Raises InvalidRequest "unknown-symbol", "empty-prompt", "state-too-long".
        """
        self._check_width(len(text))
        for place, character in enumerate(text, 1):
            if character not in _CELLS:
                raise InvalidRequest(
                    "unknown-symbol",
                    f"A cell is 0 or 1; character {place:,} is {named_character(character)}.",
                    "Write the row as 00100, or as ..#.. .",
                )
        return "".join(_CELLS[character] for character in text).encode()

    def successors(self, state: bytes) -> Successors:
        """The next rows, by the number of flips from the noiseless one, then by the cells that
        are flipped, from the left; at most MOST_SUCCESSORS of them.

        Labels name the flipped cells, numbered from 1. Raises InvalidRequest as `encode` does.
        """
        self._check_width(len(state))
        if state.translate(None, b"01"):
            place = next(place for place, cell in enumerate(state, 1) if cell not in b"01")
            raise InvalidRequest(
                "unknown-symbol", f"A cell is 0 or 1; cell {place:,} of this row is neither."
            )
        after = self.law.after(int(state, 2), len(state))
        noiseless = f"{after:0{len(state)}b}".encode()
        if not self.law.noise:
            return Successors((f"rule {self.law.number}".encode(),), (noiseless,), (1.0,))
        return _noisy(noiseless, self.law.noise)

    def _check_width(self, cells: int) -> None:
        most = MOST_NOISY_CELLS if self.law.noise else MOST_CELLS
        if cells > most:
            noisy = " with noise" if self.law.noise else ""
            raise InvalidRequest(
                "state-too-long", f"The row has {cells:,} cells; it may have {most:,}{noisy}."
            )
        if not cells:
            raise InvalidRequest(
                "empty-prompt",
                "The prompt is empty; an automaton begins from a row of cells.",
                "Write one, such as 0001000.",
            )


def _noisy(noiseless: bytes, noise: float) -> Successors:
    width = len(noiseless)
    cells = np.frombuffer(noiseless, np.uint8)
    rows: list[bytes] = []
    probs: list[float] = []
    for flips in _flips(width):
        prob = _probability(width, flips.shape[1], noise)
        if prob == 0:  # too small for a number; more flips are less probable still
            break
        block = np.repeat(cells[None], len(flips), axis=0)
        block[np.arange(len(flips))[:, None], flips] ^= 1  # of "0" and "1", the last bit
        together = block.tobytes()
        rows += [together[place : place + width] for place in range(0, len(together), width)]
        probs += [prob] * len(flips)
    remainder, ceiling = _beyond(width, noise, len(rows))
    labels = _labels(width)[: len(rows)]
    return Successors(labels, tuple(rows), tuple(probs), remainder, ceiling)


def _probability(width: int, flips: int, noise: float) -> float:
    """Of one row with so many flips."""
    return float(noise**flips * (1 - noise) ** (width - flips))


def _beyond(width: int, noise: float, listed: int) -> tuple[float, float]:
    """The mass of the rows beyond the first `listed`, and the most that one of them has. The mass
    is a sum of positive terms, so that a small one is as exact as a large one."""
    terms: list[float] = []
    ceiling = 0.0
    for flips in range(width + 1):
        count = math.comb(width, flips)
        taken = min(count, listed)
        listed -= taken
        if count > taken:
            prob = _probability(width, flips, noise)
            ceiling = max(ceiling, prob)
            terms.append((count - taken) * prob)
    return math.fsum(terms), ceiling


@lru_cache(8)
def _flips(width: int) -> list[NDArray[np.intp]]:
    """The cells to flip, intp[n, k] for k = 0, 1, …: MOST_SUCCESSORS sets of them together."""
    found: list[NDArray[np.intp]] = []
    left = MOST_SUCCESSORS
    for flips in range(width + 1):
        sets = list(islice(combinations(range(width), flips), left))
        found.append(np.array(sets, np.intp).reshape(len(sets), flips))
        left -= len(sets)
        if not left:
            break
    return found


@lru_cache(8)
def _labels(width: int) -> tuple[bytes, ...]:
    """What each of these sets is called."""
    return tuple(
        _label((cells + 1).tolist()).encode() for flips in _flips(width) for cells in flips
    )


def _label(cells: list[int]) -> str:
    if not cells:
        return "no flip"
    return f"{'flip' if len(cells) == 1 else 'flips'} {' '.join(map(str, cells))}"


def _summary(law: AutomatonLaw) -> str:
    where = "on a ring" if law.ring else "on a line, with zeros beyond its ends"
    noisy = f"; then each cell is flipped with probability {law.noise:g}" if law.noise else ""
    return f"Wolfram’s elementary cellular automaton {law.number} {where}{noisy}."


def _notes(law: AutomatonLaw) -> tuple[str, ...]:
    becomes = ", ".join(f"{v:03b} → {law.number >> v & 1}" for v in range(7, -1, -1))
    notes = [f"A cell and its two neighbours make the cell below: {becomes}."]
    if law.noise:
        notes.append(
            f"Of the next rows those with the fewest flips are listed, {MOST_SUCCESSORS:,} at "
            "most; the probability of all others together is exact."
        )
    return tuple(notes)
