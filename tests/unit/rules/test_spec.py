"""The spec of a rule: its canonical form, what it is made of, and what is none."""

from typing import Any

import pytest

from semioscope.core.errors import InvalidRequest
from semioscope.core.rule import RuleDescription
from semioscope.rules.catalogue import Catalogue
from semioscope.rules.recipes import derived_fingerprint, prepare
from semioscope.rules.spec import MOST_TEXT, canonical_spec, own_bases, with_bases
from semioscope.settings import Settings

COIN = {"kind": "coin", "heads": 0.5, "repeats": None}


def restricted(base: object) -> dict[str, Any]:
    return {"kind": "restricted", "base": base, "texts": ["H"], "keys": None}


def test_what_is_left_out_is_filled_in() -> None:
    assert canonical_spec({"kind": "coin"}) == COIN
    assert canonical_spec({"kind": "markov", "text": "a"}) == {
        "kind": "markov",
        "text": "a",
        "unit": "characters",
        "order": 2,
        "smoothing": 0.0,
        "base": None,
    }
    mixed = canonical_spec(
        {"kind": "interpolated", "first": {"rule": "a"}, "second": {"rule": "b"}}
    )
    assert mixed["first"] == {"rule": "a", "context": None, "replaces": None}
    assert mixed["weight"] == 0.5


def test_what_is_canonical_stays_as_it_is() -> None:
    once = canonical_spec(restricted({"kind": "coin"}))
    assert canonical_spec(once) == once
    assert once["base"] == COIN


def test_the_servers_own_rules_beneath_are_found_however_deep() -> None:
    spec = canonical_spec(
        {
            "kind": "interpolated",
            "first": {"rule": restricted("smollm2")},
            "second": {"rule": restricted(restricted("coin"))},
        }
    )
    assert own_bases(spec) == ("coin", "smollm2")
    assert own_bases(canonical_spec({"kind": "coin"})) == ()


def test_made_rules_are_put_in_for_their_ids() -> None:
    spec = canonical_spec(restricted("made-1"))
    whole = with_bases(spec, {"made-1": COIN}.get)
    assert whole == canonical_spec(restricted(COIN))
    assert spec["base"] == "made-1"
    within = with_bases(canonical_spec(restricted(restricted("made-1"))), {"made-1": COIN}.get)
    assert within["base"]["base"] == COIN


def nested(depth: int) -> list[Any]:
    return [] if depth == 0 else [nested(depth - 1)]


@pytest.mark.parametrize(
    ("given", "code", "says"),
    [
        (None, "bad-spec", "an object with a kind"),
        ("coin", "bad-spec", "an object with a kind"),
        ({}, "unknown-kind", "coin, markov"),
        ({"kind": ["coin"]}, "unknown-kind", "coin, markov"),
        ({"kind": "dream"}, "unknown-kind", "coin, markov"),
        ({"kind": "coin", "tails": 1}, "bad-spec", "no field “tails”"),
        ({"kind": "rewriting"}, "bad-spec", "needs the field “rules”"),
        ({"kind": "restricted", "base": 7}, "bad-spec", "an object with a kind"),
        ({"kind": "interpolated", "first": {}, "second": {}}, "bad-spec", "needs the field “rule”"),
        ({"kind": "interpolated", "first": "a", "second": "b"}, "bad-spec", "names a rule"),
        ({"kind": "rewriting", "rules": "A->\ud800"}, "bad-spec", "surrogate"),
        (restricted({"kind": "markov", "text": "\udfff"}), "bad-spec", "surrogate"),
        ({"kind": "restricted", "base": "a", "texts": nested(900)}, "bad-spec", "too deep"),
        (restricted(restricted(restricted(restricted(COIN)))), "bad-spec", "at most 4 deep"),
        ({"kind": "rewriting", "rules": "A" * MOST_TEXT}, "bad-spec", "2,000,000 characters"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_no_spec_is_refused(given: object, code: str, says: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        canonical_spec(given)
    assert refused.value.code == code
    assert says in refused.value.message


SPECS: list[dict[str, Any]] = [
    restricted("coin"),
    restricted({"kind": "coin", "heads": 1}),
    {"kind": "interpolated", "first": {"rule": "coin"}, "second": {"rule": "coin-sticky"}},
    {
        "kind": "interpolated",
        "first": {"rule": restricted("coin-biased"), "context": "H"},
        "second": {"rule": {"kind": "chain", "symbols": ["H", "T"], "matrix": [[1, 0], [0, 1]]}},
        "weight": 1,
    },
    {"kind": "markov", "text": "HTTH", "unit": "tokens", "base": "coin"},
    {"kind": "markov", "text": "HTTH", "unit": "tokens", "base": restricted("coin")},
    {"kind": "markov", "text": "HTTH", "unit": "tokens", "base": {"kind": "coin"}},
]


@pytest.mark.parametrize("given", SPECS, ids=lambda given: str(given)[:60])
async def test_a_description_makes_the_same_rule_again(given: dict[str, Any]) -> None:
    catalogue = Catalogue(Settings())
    recipe = await catalogue.recipe(given, "Name")
    known = recipe.description
    assert known.id == f"made-{known.fingerprint[:12]}"
    stored = RuleDescription.from_json(known.to_json())
    assert stored == known
    again = await catalogue.recipe(stored.spec, stored.name)
    assert again.description == known
    assert again.example == recipe.example
    if recipe.bases:
        assert derived_fingerprint(known.spec or {}, recipe.bases) == known.fingerprint
    catalogue.close()


def test_a_rule_that_needs_no_other_is_prepared_alone() -> None:
    recipe = prepare(canonical_spec({"kind": "automaton", "number": 30}), None, {})
    assert recipe.bases == {}
    assert recipe.description.kind == "rewriting"
