"""What a person gets wrong about a rule: one clear sentence, and nothing is made."""

from typing import Any

import pytest

from tests.integration.visitors import WORLDS, Visitor, refusal

HALF = [0.5, 0.5]
BAD: list[tuple[dict[str, Any], tuple[int, str], str]] = [
    # A matrix that is not stochastic: which row, and its sum
    (
        {"kind": "chain", "symbols": ["A", "B"], "matrix": [HALF, [0.5, 0.6]]},
        (422, "not-stochastic"),
        "Row 2 (“B”)|sums to 1.1",
    ),
    (
        {"kind": "chain", "symbols": ["A", "B"], "matrix": [[1.5, -0.5], HALF]},
        (422, "not-stochastic"),
        "Row 1 (“A”)|-0.5",
    ),
    (
        {"kind": "chain", "symbols": ["A", "B"], "matrix": [HALF]},
        (422, "bad-chain"),
        "1 rows for 2 symbols",
    ),
    (
        {"kind": "chain", "symbols": ["A", "B"], "matrix": [HALF, [1]]},
        (422, "bad-chain"),
        "Row 2 (“B”) has 1 number for 2 symbols",
    ),
    (
        {"kind": "chain", "symbols": ["A", "A"], "matrix": [HALF, HALF]},
        (422, "bad-chain"),
        "are both “A”",
    ),
    (
        {"kind": "chain", "symbols": [str(n) for n in range(300)], "matrix": []},
        (422, "bad-chain"),
        "1 to 256 symbols",
    ),
    (
        {"kind": "chain", "symbols": ["A", "B"], "matrix": [HALF, HALF], "initial": [0, 0]},
        (422, "not-stochastic"),
        "The initial distribution sums to 0",
    ),
    # Rule number 300
    ({"kind": "automaton", "number": 300}, (422, "bad-automaton"), "300|0 to 255"),
    ({"kind": "automaton", "number": -1}, (422, "bad-automaton"), "-1"),
    ({"kind": "automaton", "number": 90, "noise": 0.6}, (422, "bad-automaton"), "0 to 0.5"),
    # Rewriting
    ({"kind": "rewriting", "rules": ""}, (422, "bad-rewriting"), "no rewriting rule"),
    ({"kind": "rewriting", "rules": "A"}, (422, "bad-rewriting"), "no arrow"),
    ({"kind": "rewriting", "rules": "->A"}, (422, "bad-rewriting"), "before its arrow"),
    ({"kind": "rewriting", "rules": "A->B," * 65}, (422, "bad-rewriting"), "65 rules"),
    # An empty corpus
    ({"kind": "markov", "text": ""}, (422, "empty-text"), "The text is empty"),
    ({"kind": "markov", "text": "a" * 200_001}, (422, "bad-markov"), "200,001 characters"),
    ({"kind": "markov", "text": "ab", "order": 9}, (422, "bad-markov"), "0 to 8"),
    ({"kind": "markov", "text": "ab", "smoothing": -1}, (422, "bad-markov"), "0 to 1000"),
    ({"kind": "markov", "text": "ab", "unit": "tokens"}, (422, "bad-markov"), "needs a rule"),
    ({"kind": "markov", "text": "ab", "base": "coin"}, (422, "bad-markov"), "only such a chain"),
    (
        {"kind": "markov", "text": "HX", "unit": "tokens", "base": "coin"},
        (422, "not-a-flip"),
        "“X”",
    ),
    # Coins
    ({"kind": "coin", "heads": 1.5}, (422, "bad-coin"), "0 to 1"),
    ({"kind": "coin", "repeats": -0.1}, (422, "bad-coin"), "0 to 1"),
    # A restriction to something that is not one token
    (
        {"kind": "restricted", "base": "coin", "texts": ["HT"]},
        (422, "not-one-token"),
        "“HT” is not one token of Fair coin but 2: “H”, “T”.",
    ),
    ({"kind": "restricted", "base": "coin", "keys": [7]}, (422, "unknown-token"), "no token 7"),
    ({"kind": "restricted", "base": "coin"}, (422, "bad-restriction"), "one of the two"),
    ({"kind": "restricted", "base": "gpt-5", "keys": [0]}, (404, "unknown-rule"), "gpt-5"),
    ({"kind": "restricted", "base": "made-0", "keys": [0]}, (404, "unknown-rule"), "made-0"),
    (
        {"kind": "restricted", "base": {"kind": "automaton", "number": 90}, "keys": [0]},
        (422, "no-tokens"),
        "Rule 90 has no tokens",
    ),
    # Mixtures
    (
        {
            "kind": "interpolated",
            "first": {"rule": "coin"},
            "second": {"rule": {"kind": "markov", "text": "abc"}},
        },
        (422, "other-alphabet"),
        "2 and 3 tokens",
    ),
    (
        {
            "kind": "interpolated",
            "first": {"rule": "coin"},
            "second": {"rule": "coin"},
            "weight": 2,
        },
        (422, "bad-interpolation"),
        "from 0 to 1",
    ),
    # What is no spec
    ({"kind": "dream"}, (422, "invalid-field"), "kind"),
    ({"kind": "coin", "tails": 0.5}, (422, "invalid-field"), "tails"),
    ({"kind": "automaton", "number": "ninety"}, (422, "invalid-field"), "number"),
    ({"kind": "restricted", "base": 7, "keys": [0]}, (422, "invalid-field"), "base"),
]


def deep(levels: int) -> dict[str, Any]:
    spec: dict[str, Any] = {"kind": "coin"}
    for _ in range(levels):
        spec = {"kind": "restricted", "base": spec, "texts": ["H"]}
    return spec


@pytest.mark.parametrize(
    ("spec", "expected", "sentence"), BAD, ids=[f"{code}-{says[:30]}" for _, (_, code), says in BAD]
)
async def test_a_bad_spec_makes_no_rule(
    ada: Visitor, spec: dict[str, Any], expected: tuple[int, str], sentence: str
) -> None:
    before = await ada.get("/rules")
    for path in ("/rules", "/rules/check"):
        answer = await ada.call("POST", path, {"spec": spec})
        assert refusal(answer) == expected
        for part in sentence.split("|"):
            assert part in answer.json()["detail"]
    assert await ada.get("/rules") == before


async def test_rules_within_rules_have_a_bound(ada: Visitor) -> None:
    assert (await ada.call("POST", "/rules", {"spec": deep(3)})).status_code == 201
    for levels, says in ((4, "at most 4 deep"), (60, "nested too deep")):
        answer = await ada.call("POST", "/rules", {"spec": deep(levels)})
        assert refusal(answer) == (422, "bad-spec")
        assert says in answer.json()["detail"]


async def test_a_spec_that_is_wide_has_a_bound(ada: Visitor) -> None:
    def doubled(spec: dict[str, Any]) -> dict[str, Any]:
        return {"kind": "interpolated", "first": {"rule": spec}, "second": {"rule": spec}}

    four = doubled(doubled({"kind": "coin"}))
    assert (await ada.call("POST", "/rules", {"spec": four})).status_code == 201
    made = (await ada.post("/rules", {"spec": doubled(doubled(doubled({"kind": "coin"})))}))["id"]
    answer = await ada.call("POST", "/rules", {"spec": doubled({"kind": "coin"} | {"heads": 1})})
    assert answer.status_code == 201
    wide = doubled({"kind": "restricted", "base": made, "keys": [0]})
    answer = await ada.call("POST", "/rules", {"spec": wide})
    assert refusal(answer) == (422, "bad-spec")


@pytest.mark.parametrize("broken", [r"\ud800", r"\udfff H"], ids=["high", "low"])
async def test_half_a_character_is_no_text_of_a_rule(ada: Visitor, broken: str) -> None:
    for spec in (
        '{"kind": "restricted", "base": "coin", "texts": ["%s"]}',
        '{"kind": "restricted", "base": {"kind": "markov", "text": "%s"}, "keys": [0]}',
        '{"kind": "chain", "symbols": ["%s"], "matrix": [[1]]}',
    ):
        answer = await ada.call(
            "POST",
            "/rules",
            content='{"spec": %s}' % (spec % broken),
            headers={"content-type": "application/json"},
        )
        assert refusal(answer)[0] == 422
        assert "surrogate" in answer.json()["detail"]


async def test_a_name_is_checked_as_that_of_a_multiverse(ada: Visitor) -> None:
    for name, code in (("  ", "empty-name"), ("n" * 201, "long-name")):
        answer = await ada.call("POST", "/rules", {"spec": {"kind": "coin"}, "name": name})
        assert refusal(answer) == (422, code)


async def test_a_body_over_the_bound_is_refused_before_it_is_read(ada: Visitor) -> None:
    spec = {"kind": "markov", "text": "é" * 200_000 * 3}
    assert refusal(await ada.call("POST", "/rules", {"spec": spec})) == (413, "body-too-large")


async def test_what_is_asked_of_a_rule_that_has_it_not_is_refused(ada: Visitor) -> None:
    rows = (await ada.post("/rules", {"spec": {"kind": "automaton", "number": 30}}))["id"]
    big = {"kind": "markov", "text": "".join(map(chr, range(300, 700))), "order": 1}
    large = (await ada.post("/rules", {"spec": big}))["id"]
    for method, path, body, expected in (
        ("POST", f"/rules/{rows}/encode", {"text": "010"}, (422, "no-tokens")),
        ("POST", "/rules/coin/encode", {"text": "X"}, (422, "not-a-flip")),
        ("POST", "/rules/coin/encode", {"text": "H" * 600_000}, (422, "text-too-long")),
        ("POST", "/rules/made-000000000000/encode", {"text": ""}, (404, "unknown-rule")),
        ("GET", f"/rules/{rows}/chain", None, (422, "no-chain")),
        ("GET", "/rules/smollm2/chain", None, (422, "no-chain")),
        ("GET", "/rules/nothing/chain", None, (404, "unknown-rule")),
        ("GET", f"/rules/{large}/chain", None, (422, "chain-too-large")),
    ):
        assert refusal(await ada.call(method, path, body)) == expected


@pytest.mark.parametrize(
    ("spec", "asked", "expected", "sentence"),
    [
        (
            {"kind": "automaton", "number": 90},
            {"prompt": ""},
            (422, "empty-prompt"),
            "The prompt is empty",
        ),
        ({"kind": "automaton", "number": 90}, {"prompt": "012"}, (422, "unknown-symbol"), "“2”"),
        (
            {"kind": "automaton", "number": 90},
            {"prompt": "0" * 5000},
            (422, "state-too-long"),
            "5,000 cells",
        ),
        (
            {"kind": "automaton", "number": 90},
            {"prompt": "010", "chat": True},
            (422, "no-chat-template"),
            "Rule 90 does not chat.",
        ),
        (
            {"kind": "automaton", "number": 90},
            {"prompt": "010", "max_length": 1},
            (422, "bad-length"),
            "more than the prompt's 1 state",
        ),
        ({"kind": "rewriting", "rules": "A->B"}, {"prompt": "AC"}, (422, "unknown-symbol"), "“C”"),
        ({"kind": "markov", "text": "abc"}, {"prompt": "xyz"}, (422, "unknown-symbol"), "“x”"),
        (
            {
                "kind": "interpolated",
                "first": {"rule": "coin"},
                "second": {"rule": "coin-sticky", "context": "T", "replaces": "HH"},
            },
            {"prompt": "HTH"},
            (422, "not-replaceable"),
            "“HH”",
        ),
        (
            {
                "kind": "interpolated",
                "first": {"rule": "coin"},
                "second": {"rule": "coin-sticky", "context": "T", "replaces": "HH"},
            },
            {"prompt": ""},
            (422, "empty-prompt"),
            "The prompt is empty",
        ),
    ],
    ids=str,
)
async def test_a_prompt_that_a_rule_cannot_begin_from_makes_no_tree(
    ada: Visitor,
    spec: dict[str, Any],
    asked: dict[str, Any],
    expected: tuple[int, str],
    sentence: str,
) -> None:
    rule = (await ada.post("/rules", {"spec": spec}))["id"]
    answer = await ada.call("POST", "/trees", {"rule": rule} | asked)
    assert refusal(answer) == expected
    assert sentence in answer.json()["detail"]
    assert (await ada.get("/trees"))["trees"] == []


async def test_a_step_that_is_none_changes_nothing(ada: Visitor) -> None:
    rule = (await ada.post("/rules", {"spec": {"kind": "rewriting", "rules": "A->AB, B->A"}}))["id"]
    ref = await ada.begin("AB", rule=rule)
    noisy = await ada.post("/rules", {"spec": {"kind": "automaton", "number": 90, "noise": 0.1}})
    rows = await ada.begin("0" * 41, rule=noisy["id"])
    for tree, body, expected, sentence in (
        (ref, {"text": "BBB"}, (422, "no-such-step"), "No step leads from here to “BBB”."),
        (ref, {"text": ""}, (422, "empty-branch"), "Type the state"),
        (ref, {"text": "A" * 5000}, (422, "branch-too-long"), "4,096 bytes"),
        (ref, {"keys": [0]}, (422, "unknown-token"), "There is no next state 0 here."),
        (rows, {"text": "1" * 41}, (422, "untold-step"), "only the most probable steps"),
    ):
        answer = await ada.call("POST", f"/trees/{tree}/branches", {"node": 0} | body)
        assert refusal(answer) == expected
        assert sentence in answer.json()["detail"]
        assert (await ada.get(f"/trees/{tree}"))["states"] == 1


async def test_a_rewriting_that_never_stops_is_bounded(ada: Visitor) -> None:
    spec = {"kind": "rewriting", "rules": f"A->{'A' * 128}"}
    ref = await ada.begin("A" * 3600, rule=(await ada.post("/rules", {"spec": spec}))["id"])
    told = await ada.get(f"/trees/{ref}/rule")
    assert any("without end" in note for note in told["description"]["notes"])
    tree = await ada.grow(ref, WORLDS | {"lines": 1, "steps": 200})
    assert tree["states"] == 4  # 3,981 symbols; 127 more would be over the bound
    assert tree["ledger"]["frontier"] + tree["ledger"]["residual"] == pytest.approx(1)
