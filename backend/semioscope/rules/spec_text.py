"""A rule's spec as one writes it on a command line: JSON, or `kind:value`.

coin:0.7    coin:0.5?repeats=0.9    automaton:30    automaton:110?ring=false&noise=0.01
rewriting:A->AB,B->A    markov:to be or not to be?order=1&unit=words
"""

import json
from typing import Any, Final

from semioscope.core.errors import InvalidRequest

_MAIN: Final = {
    "coin": "heads",
    "automaton": "number",
    "rewriting": "rules",
    "markov": "text",
}
"""What the value after the colon is, of the kinds that can be written so."""
_TEXTS: Final = frozenset({"rules", "text", "unit", "base"})
"""Fields that are text, whatever they look like."""


def spec_from_text(text: str) -> dict[str, Any] | None:
    """The spec that a text writes down; None for what is the name of a rule.

    Only the writing is checked here, not what the fields say. Raises InvalidRequest "bad-spec".
    """
    text = text.strip()
    if text.startswith("{"):
        return _from_json(text)
    kind, colon, rest = text.partition(":")
    if not colon or kind not in _MAIN:
        return None
    value, _, options = rest.partition("?")
    if not value:
        raise _bad(f"“{text}” says nothing after the colon; it wants {_MAIN[kind]}.")
    spec = {"kind": kind, _MAIN[kind]: _value(_MAIN[kind], value)}
    for option in options.split("&") if options else ():
        name, equals, given = option.partition("=")
        if not equals or name in spec:
            raise _bad(f"“{option}” is no option of a rule: options are written name=value.")
        spec[name] = _value(name, given)
    return spec


def _from_json(text: str) -> dict[str, Any]:
    try:
        spec = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _bad(f"The rule is no JSON: {error}.") from None
    if not isinstance(spec, dict) or not isinstance(spec.get("kind"), str):
        raise _bad('The spec of a rule is an object with a "kind".')
    return spec


def _value(name: str, text: str) -> Any:
    if name in _TEXTS:
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _bad(sentence: str) -> InvalidRequest:
    return InvalidRequest(
        "bad-spec", sentence, "Write it as JSON, or in short, such as coin:0.7 or automaton:30."
    )
