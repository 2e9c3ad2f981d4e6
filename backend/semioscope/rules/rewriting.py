"""String rewriting: multiway systems such as `A->AB, B->A`.

A match is a rule together with a place where its left side stands in the string. One step
replaces one match, each of the m matches with probability 1/m; matches that give the same string
are one next state with their summed probability. A string without a match is terminal.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple, Self

from semioscope.core.errors import InvalidRequest
from semioscope.core.rule import RuleDescription
from semioscope.rules.made import fingerprint_of, made_id
from semioscope.rules.naming import listed, named_character
from semioscope.rules.protocol import Successors
from semioscope.rules.spec_fields import SpecFields, shown

MOST_RULES: Final = 64
LONGEST_SIDE: Final = 256
"""Characters."""
MOST_TEXT: Final = MOST_RULES * (2 * LONGEST_SIDE + 8)
MOST_BYTES: Final = 4096
"""Of a string, in UTF-8."""
MOST_MATCHES: Final = 4096
"""In one string."""
WINDOW: Final = 2 * MOST_BYTES
"""Bytes of the first string and steps together, at most."""

_NAMED_MATCHES: Final = 3
_LONGEST_NAME: Final = 60
_SHOWN: Final = 24
_BETWEEN: Final = re.compile(r"[,;\n]")
_ARROW: Final = re.compile(r"->|→")


class Rewrite(NamedTuple):
    """One rule: `left`, not empty, may be replaced by `right`."""

    left: str
    right: str

    def __str__(self) -> str:
        return f"{_cut(self.left)}→{_cut(self.right) or '∅'}"


def _cut(side: str) -> str:
    return side if len(side) <= _SHOWN else f"{side[:_SHOWN]}…"


class _Match(NamedTuple):
    rule: Rewrite
    start: int


class Rewriting:
    """A RewritingRule on strings in UTF-8."""

    def __init__(self, rules: tuple[Rewrite, ...], name: str | None = None) -> None:
        self.rules = rules
        self.example = rules[0].left
        """The shortest string that the first rule applies to."""
        self._symbols = frozenset(symbol for rule in rules for side in rule for symbol in side)
        written = ", ".join(f"{rule.left}->{rule.right}" for rule in rules)
        spec = {"kind": "rewriting", "rules": written}
        fingerprint = fingerprint_of(spec)
        self._description = RuleDescription(
            id=made_id(fingerprint),
            name=name or _name(rules),
            kind="rewriting",
            family="rewriting",
            fingerprint=fingerprint,
            summary=(
                f"The multiway system {listed([str(rule) for rule in rules])}: one match is "
                "replaced at a step, each with the same probability."
            ),
            alphabet_size=None,
            window=WINDOW,
            end_keys=(),
            whole_distribution=True,
            needs_prompt=True,
            notes=_notes(rules),
            spec=spec,
        )

    @classmethod
    def from_spec(cls, spec: Mapping[str, Any], name: str | None = None) -> Self:
        """The system of a RewritingSpec: `rules`, each LEFT->RIGHT, with commas, semicolons or
        line breaks between. An empty right side deletes. A rule that is written twice counts
        twice. Raises InvalidRequest "bad-rewriting"."""
        fields = SpecFields(spec, "rewriting", ("rules",))
        return cls(_parse(fields, fields.text("rules", MOST_TEXT)), name)

    @property
    def description(self) -> RuleDescription:
        return self._description

    def encode(self, text: str) -> bytes:
        """The string. Raises InvalidRequest "unknown-symbol" for a character that no rule has,
        "empty-prompt", "state-too-long"."""
        if not text:
            raise InvalidRequest(
                "empty-prompt",
                "The prompt is empty, and no rule applies to an empty string.",
                f"Write a string to begin with, such as {self.example}.",
            )
        if len(text) > MOST_BYTES:
            raise _too_long(f"{len(text):,} characters")
        for place, symbol in enumerate(text, 1):
            if symbol not in self._symbols:
                raise InvalidRequest(
                    "unknown-symbol",
                    f"Character {place:,} is {named_character(symbol)}, which no rule has.",
                    f"The rules have {listed(sorted(self._symbols))}.",
                )
        state = text.encode()
        if len(state) > MOST_BYTES:
            raise _too_long(f"{len(state):,} bytes")
        return state

    def successors(self, state: bytes) -> Successors:
        """The next strings, the most probable first, ties by their first match; none where no
        rule applies. Labels name the matches: A→AB at 1, counting characters from 1.

        Raises InvalidRequest "too-many-matches", or "state-too-long" if a next string would be.
        """
        text = _text(state)
        found: dict[str, list[_Match]] = {}
        count = 0
        for match in self._matches(text):
            count += 1
            if count > MOST_MATCHES:
                raise InvalidRequest(
                    "too-many-matches",
                    f"The rules apply to this string at more than {MOST_MATCHES:,} places.",
                    "Begin from a shorter string, or with a smaller length L.",
                )
            found.setdefault(self._replaced(text, match), []).append(match)
        ranked = sorted(found.items(), key=lambda item: -len(item[1]))
        return Successors(
            tuple(_label(matches).encode() for _, matches in ranked),
            tuple(string.encode() for string, _ in ranked),
            tuple(len(matches) / count for _, matches in ranked),
        )

    def _matches(self, text: str) -> Iterator[_Match]:
        for rule in self.rules:
            start = text.find(rule.left)
            while start >= 0:
                yield _Match(rule, start)
                start = text.find(rule.left, start + 1)

    def _replaced(self, text: str, match: _Match) -> str:
        (left, right), start = match
        string = f"{text[:start]}{right}{text[start + len(left) :]}"
        size = len(string) if string.isascii() else len(string.encode())
        if size > MOST_BYTES:
            raise InvalidRequest(
                "state-too-long",
                f"{match.rule} would make this string longer than {MOST_BYTES:,} bytes.",
                "Begin from a shorter string, or with a smaller length L.",
            )
        return string


def _parse(fields: SpecFields, text: str) -> tuple[Rewrite, ...]:
    parts = [part for part in _BETWEEN.split(text) if part.strip()]
    if not parts:
        raise fields.refusal("There is no rewriting rule.", "Write one, such as A->AB, B->A.")
    if len(parts) > MOST_RULES:
        raise fields.refusal(f"{len(parts):,} rules are too many: a system has {MOST_RULES}.")
    return tuple(_rewrite(fields, part.strip(), place) for place, part in enumerate(parts, 1))


def _rewrite(fields: SpecFields, part: str, place: int) -> Rewrite:
    which = f"Rule {place}, {shown(part)},"
    sides = [side.strip() for side in _ARROW.split(part)]
    if len(sides) != 2:
        arrows = "no arrow" if len(sides) == 1 else f"{len(sides) - 1} arrows"
        raise fields.refusal(f"{which} has {arrows}.", "Write one arrow: A->AB.")
    left, right = sides
    if not left:
        raise fields.refusal(
            f"{which} has nothing before its arrow, and so would apply everywhere without end.",
            "Write the symbols that it replaces.",
        )
    for side in sides:
        if len(side) > LONGEST_SIDE:
            raise fields.refusal(f"{which} has a side of more than {LONGEST_SIDE} characters.")
        blank = next((symbol for symbol in side if symbol.isspace()), None)
        if blank is not None:
            raise fields.refusal(
                f"{which} has {named_character(blank)} inside a side; a symbol is never blank."
            )
    return Rewrite(left, right)


def _too_long(size: str) -> InvalidRequest:
    return InvalidRequest(
        "state-too-long", f"The string has {size}; it may have {MOST_BYTES:,} bytes.", "Shorten it."
    )


def _text(state: bytes) -> str:
    if len(state) > MOST_BYTES:
        raise _too_long(f"{len(state):,} bytes")
    try:
        return state.decode()
    except UnicodeDecodeError as error:
        raise InvalidRequest(
            "unknown-symbol", f"Byte {error.start + 1:,} of the string is no part of a character."
        ) from None


def _label(matches: list[_Match]) -> str:
    """A→AB at 1, 4; B→A at 2: the first few of them, and how many more there are."""
    told = matches[:_NAMED_MATCHES]
    places: dict[Rewrite, list[str]] = {}
    for rule, start in told:
        places.setdefault(rule, []).append(str(start + 1))
    label = "; ".join(f"{rule} at {', '.join(starts)}" for rule, starts in places.items())
    more = len(matches) - len(told)
    return f"{label} and {more:,} more" if more else label


def _name(rules: tuple[Rewrite, ...]) -> str:
    whole = ", ".join(str(rule) for rule in rules)
    return whole if len(whole) <= _LONGEST_NAME else f"{whole[: _LONGEST_NAME - 1]}…"


def _notes(rules: tuple[Rewrite, ...]) -> tuple[str, ...]:
    endless = [str(rule) for rule in rules if rule.left in rule.right]
    notes = ["A string to which no rule applies is terminal."]
    if endless:
        many = "applies" if len(endless) == 1 else "apply"
        notes.append(
            f"{listed(endless)} {many} again to what it makes, without end: length L and "
            f"{MOST_BYTES:,} bytes bound it."
        )
    return tuple(notes)
