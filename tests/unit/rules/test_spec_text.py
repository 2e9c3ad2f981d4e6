"""Specs as one writes them on a command line."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semioscope.core.errors import InvalidRequest
from semioscope.rules.spec_text import spec_from_text


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("coin:0.7", {"kind": "coin", "heads": 0.7}),
        ("coin:0.5?repeats=0.9", {"kind": "coin", "heads": 0.5, "repeats": 0.9}),
        ("automaton:30", {"kind": "automaton", "number": 30}),
        (
            "automaton:110?ring=false&noise=0.01",
            {"kind": "automaton", "number": 110, "ring": False, "noise": 0.01},
        ),
        ("rewriting:A->AB,B->A", {"kind": "rewriting", "rules": "A->AB,B->A"}),
        ("rewriting:1->2", {"kind": "rewriting", "rules": "1->2"}),
        (
            "markov:to be: or not?order=1&unit=words",
            {"kind": "markov", "text": "to be: or not", "order": 1, "unit": "words"},
        ),
        (' {"kind": "coin"} ', {"kind": "coin"}),
    ],
)
def test_short_forms_and_json_are_read(text: str, spec: dict[str, Any]) -> None:
    assert spec_from_text(text) == spec


@pytest.mark.parametrize("name", ["smollm2", "coin", "owner/model", "dice:6", "made-0123456789ab"])
def test_names_are_no_specs(name: str) -> None:
    assert spec_from_text(name) is None


@pytest.mark.parametrize(
    "text",
    ["coin:", "automaton:30?noise", "coin:0.5?heads=0.7", "{", "{}", '{"kind": 3}', "{" * 100_000],
)
def test_what_is_written_wrongly_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        spec_from_text(text)
    assert refusal.value.code == "bad-spec"


@given(st.text(max_size=60))
def test_any_text_is_a_spec_a_name_or_refused(text: str) -> None:
    for written in (text, "{" + text, "coin:" + text):
        try:
            spec = spec_from_text(written)
        except InvalidRequest:
            continue
        assert spec is None or isinstance(spec["kind"], str)
