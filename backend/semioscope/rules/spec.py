"""Rules given as data: what a spec may say, and its canonical form.

A spec is JSON: {"kind": …} and the fields of that kind, as in `api/wire/rules.py`. What a rule is
made of (base, first, second) is named by the id of a rule of this server, or is a spec itself.
What the values have to be is said by the `from_spec` of each rule.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias

from semioscope.core.errors import InvalidRequest

Spec: TypeAlias = dict[str, Any]

MOST_DEEP: Final = 4
"""Made rules within made rules."""
MOST_PARTS: Final = 16
"""Specs in a spec, itself included."""
MOST_TEXT: Final = 2_000_000
"""Characters of a spec, with all that it is made of: every tree that grows by it keeps it."""

_HALF_CHARACTER: Final = re.compile("[\ud800-\udfff]")
_DEEPEST: Final = 32
"""Objects and lists within each other."""
_NEEDED: Final = object()
_FIELDS: Final[dict[str, dict[str, Any]]] = {
    "coin": {"heads": 0.5, "repeats": None},
    "markov": {
        "text": _NEEDED,
        "unit": "characters",
        "order": 2,
        "smoothing": 0.0,
        "base": None,
    },
    "chain": {"symbols": _NEEDED, "matrix": _NEEDED, "initial": None},
    "automaton": {"number": _NEEDED, "ring": True, "noise": 0.0},
    "rewriting": {"rules": _NEEDED},
    "restricted": {"base": _NEEDED, "texts": None, "keys": None},
    "interpolated": {"first": _NEEDED, "second": _NEEDED, "weight": 0.5},
}
"""The fields of every kind, with what they are where they are left out."""
_PART_FIELDS: Final[dict[str, Any]] = {"rule": _NEEDED, "context": None, "replaces": None}


def canonical_spec(given: object) -> Spec:
    """The spec with every field of its kind, in their order; the values as they are given.

    Raises InvalidRequest "unknown-kind" or "bad-spec".
    """
    _check_json(given)
    spec = _canonical(given, 1)
    if sum(1 for _ in _specs(spec)) > MOST_PARTS:
        raise InvalidRequest("bad-spec", f"A rule is made of at most {MOST_PARTS} rules.")
    if text_length(spec) > MOST_TEXT:
        raise InvalidRequest(
            "bad-spec", f"A rule is written in at most {MOST_TEXT:,} characters, all in all."
        )
    return spec


def with_bases(spec: Spec, spec_of: Callable[[str], Spec | None]) -> Spec:
    """The spec with the made rules that it names by id put in as specs.

    spec_of: the canonical spec of a made rule, None for a rule of the server's own. Raises
    InvalidRequest "bad-spec" when that makes it too deep.
    """

    def of(name: str | Spec) -> str | Spec:
        if isinstance(name, dict):
            return with_bases(name, spec_of)
        return spec_of(name) or name

    return canonical_spec(_mapped(spec, of))


def own_bases(spec: Spec) -> tuple[str, ...]:
    """The ids of the server's own rules that it is made of, sorted."""
    return tuple(sorted({name for name in _names(spec) if isinstance(name, str)}))


def text_length(spec: Spec) -> int:
    """About how many characters the spec has: what it costs to keep."""
    return len(str(spec))


def _check_json(given: object) -> None:
    """That it is JSON which can be walked, hashed and stored. JSON can spell half of a surrogate
    pair, which is no text."""
    waiting = [(given, 0)]
    while waiting:
        each, depth = waiting.pop()
        if depth > _DEEPEST:
            raise InvalidRequest("bad-spec", "The spec of this rule is nested too deep.")
        if isinstance(each, str) and _HALF_CHARACTER.search(each):
            raise InvalidRequest("bad-spec", "A text of this rule holds half of a surrogate pair.")
        if isinstance(each, Mapping):
            waiting += [(within, depth + 1) for within in (*each.keys(), *each.values())]
        elif isinstance(each, list | tuple):
            waiting += [(within, depth + 1) for within in each]


def _canonical(given: object, depth: int) -> Spec:
    if not isinstance(given, Mapping):
        raise InvalidRequest("bad-spec", "The spec of a rule is an object with a kind.")
    kind = given.get("kind")
    fields = _FIELDS.get(kind) if isinstance(kind, str) else None
    if fields is None:
        raise InvalidRequest("unknown-kind", f"A rule is of the kind {', '.join(_FIELDS)}.")
    if depth > MOST_DEEP:
        raise InvalidRequest(
            "bad-spec", f"Rules may be made of made rules, at most {MOST_DEEP} deep."
        )
    spec = {"kind": kind} | _filled(given, fields, f"A rule of the kind {kind}")
    for field in ("first", "second"):
        if field in spec:
            spec[field] = _part(spec[field], field)
    return _mapped(
        spec, lambda name: name if isinstance(name, str) else _canonical(name, depth + 1)
    )


def _part(given: object, which: str) -> Spec:
    if not isinstance(given, Mapping):
        raise InvalidRequest("bad-spec", f"“{which}” is an object that names a rule.")
    return _filled(given, _PART_FIELDS, f"“{which}”")


def _filled(given: Mapping[str, Any], fields: Mapping[str, Any], what: str) -> Spec:
    for name in given:
        if name not in fields and name != "kind":
            raise InvalidRequest("bad-spec", f"{what} has no field “{name}”.")
    filled = {name: given.get(name, default) for name, default in fields.items()}
    for name, value in filled.items():
        if value is _NEEDED:
            raise InvalidRequest("bad-spec", f"{what} needs the field “{name}”.")
    return filled


def _mapped(spec: Spec, change: Callable[[Any], Any]) -> Spec:
    """The spec, with what names another rule changed."""
    mapped = dict(spec)
    if mapped.get("base") is not None:
        mapped["base"] = change(mapped["base"])
    for field in ("first", "second"):
        if field in mapped:
            mapped[field] = mapped[field] | {"rule": change(mapped[field]["rule"])}
    return mapped


def _names(spec: Spec) -> Iterator[Any]:
    """What names another rule, here and within."""
    here = [spec["base"]] if spec.get("base") is not None else []
    here += [spec[field]["rule"] for field in ("first", "second") if field in spec]
    for name in here:
        yield name
        if isinstance(name, dict):
            yield from _names(name)


def _specs(spec: Spec) -> Iterator[Spec]:
    yield spec
    yield from (name for name in _names(spec) if isinstance(name, dict))
