"""Two multiverses side by side: exact where the rules may be asked, bounds for readers."""

import math
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytest_asyncio

from tests.integration.visitors import EIGHT_FLIPS, Visitor, refusal, running
from tests.integration.wide_rules import TOKENS, Die

WARM = [{"kind": "temperature", "value": 2.0}]
NUCLEUS = [{"kind": "top_p", "p": 0.5}]


async def made(visitor: Visitor, **spec: Any) -> str:
    return str((await visitor.post("/rules", {"spec": spec}))["id"])


async def two_coins(visitor: Visitor) -> tuple[str, str]:
    biased = await made(visitor, kind="coin", heads=0.7)
    refs = await visitor.begin(), await visitor.begin(rule=biased)
    for ref in refs:
        await visitor.grow(ref, EIGHT_FLIPS)
    return refs


async def compare(visitor: Visitor, a: str, b: str, **more: Any) -> Any:
    return await visitor.post("/compare", {"a": a, "b": b, **more})


def js(p: "np.ndarray", q: "np.ndarray") -> float:
    m = (p + q) / 2
    terms = [x[x > 0] @ np.log2(x[x > 0] / m[x > 0]) for x in (p, q)]
    return float(sum(terms)) / 2


@pytest_asyncio.fixture(loop_scope="session")
async def eve(tmp_path: Path) -> AsyncIterator[Visitor]:
    async with running(tmp_path, Die()) as app, Visitor(app) as visitor:
        yield visitor


def die() -> "np.ndarray":
    row = np.exp(-np.arange(TOKENS) / 100)
    return np.asarray(row / row.sum())


async def test_a_fair_coin_and_a_biased_one(ada: Visitor) -> None:
    a, b = await two_coins(ada)
    found = await compare(ada, a, b)
    state = found["state"]
    assert found["apart"] is None
    assert (state["a"], state["b"], state["problem"]) == (0, 0, None)
    fair, biased = np.array([0.5, 0.5]), np.array([0.7, 0.3])
    for measure in ("rule", "procedure"):
        assert state[measure]["total_variation"] == pytest.approx(0.2, abs=1e-6)
        assert state[measure]["jensen_shannon"] == pytest.approx(js(fair, biased), abs=1e-6)
        assert state[measure]["forward"] == pytest.approx(0.5 * math.log2(0.25 / 0.21), abs=1e-6)
        assert state[measure]["guarantee"] == "exact"
        assert not state[measure]["forward_infinite"]
    heads, tails = state["rows"]
    assert (heads["text"], tails["text"]) == ("H", "T")
    assert heads["rule"]["b"] == pytest.approx(0.7, abs=1e-6)
    assert heads["rule"]["log_ratio"] == pytest.approx(math.log2(5 / 7), abs=1e-6)
    assert heads["rule"]["only"] is None


async def test_the_depths_of_two_coins_are_all_alike(ada: Visitor) -> None:
    a, b = await two_coins(ada)
    levels = (await compare(ada, a, b))["levels"]
    assert [level["depth"] for level in levels] == [0, 1, 2, 3]
    for level in levels[:3]:
        assert level["compared"] == 2 ** level["depth"]
        assert level["total_variation"] == pytest.approx(0.2, abs=1e-6)
        assert (level["mass_a"], level["mass_b"]) == pytest.approx((1, 1), abs=1e-6)
        assert level["guarantee"] == "exact"
    assert levels[3]["total_variation"] is None


async def test_depths_are_told_only_where_they_are_asked_for(ada: Visitor) -> None:
    a, b = await two_coins(ada)
    assert (await compare(ada, a, b, by_depth=False))["levels"] is None


async def test_comparing_writes_nothing(ada: Visitor) -> None:
    a, b = await ada.begin(), await ada.begin()
    before = await ada.get(f"/trees/{a}"), await ada.get(f"/trees/{b}")
    await compare(ada, a, b, key=1)
    assert (await ada.get(f"/trees/{a}"), await ada.get(f"/trees/{b}")) == before


async def test_one_tree_is_no_way_from_itself(ada: Visitor) -> None:
    ref = await ada.begin()
    await ada.grow(ref, EIGHT_FLIPS)
    found = await compare(ada, ref, ref)
    assert found["state"]["rule"]["jensen_shannon"] == 0
    assert [level["only_a"] for level in found["levels"]] == [0, 0, 0, 0]


async def test_a_state_may_be_named_in_either_and_be_grown_in_one(ada: Visitor) -> None:
    biased = await made(ada, kind="coin", heads=0.9)
    a, b = await ada.begin(), await ada.begin(rule=biased)
    await ada.grow(b, EIGHT_FLIPS)
    in_b = await compare(ada, a, b, side="b", node=1)
    assert in_b["state"]["a"] is None
    assert in_b["state"]["b"] == 1
    assert in_b["state"]["rule"]["total_variation"] == pytest.approx(0.4, abs=1e-6)
    as_key = await compare(ada, a, b, key=0)
    assert as_key["state"]["rule"] == in_b["state"]["rule"]


async def test_all_next_states_are_compared_where_the_rules_may_be_asked(eve: Visitor) -> None:
    a = await eve.begin(rule="die")
    b = await eve.begin(rule="die", procedure=WARM)
    await eve.grow(a, {"kind": "breadth", "k": 2, "depth": 1})
    found = (await compare(eve, a, b))["state"]
    p = die()
    q = np.sqrt(p) / np.sqrt(p).sum()
    assert found["rule"]["jensen_shannon"] == pytest.approx(0, abs=1e-9)
    assert found["procedure"]["guarantee"] == "exact"
    assert found["procedure"]["total_variation"] == pytest.approx(
        float(np.abs(p - q).sum()) / 2, abs=1e-6
    )
    assert found["procedure"]["jensen_shannon"] == pytest.approx(js(p, q), abs=1e-6)
    assert found["procedure"]["backward"] == pytest.approx(float(q @ np.log2(q / p)), abs=1e-5)
    leading = found["rows"][0]
    assert leading["key"] == 0
    assert leading["text"] == "<0>"
    assert leading["procedure"]["b"] == pytest.approx(q[0], abs=1e-7)


async def test_what_one_procedure_cuts_is_infinitely_far_one_way(eve: Visitor) -> None:
    a = await eve.begin(rule="die")
    b = await eve.begin(rule="die", procedure=NUCLEUS)
    found = (await compare(eve, a, b))["state"]
    assert found["procedure"]["forward"] is None
    assert found["procedure"]["forward_infinite"]
    assert found["procedure"]["backward"] == pytest.approx(
        -math.log2(float(die()[np.cumsum(die()) - die() < 0.5].sum())), abs=1e-5
    )
    cut = [row for row in found["rows"] if row["procedure"]["only"] == "a"]
    assert all(row["procedure"]["log_ratio"] is None for row in cut)


async def test_a_reader_gets_a_bound_of_what_is_stored_and_asks_no_rule(tmp_path: Path) -> None:
    async with (
        running(tmp_path, Die()) as app,
        Visitor(app) as ann,
        Visitor(app) as ben,
    ):
        a, b = await ann.begin(rule="die"), await ann.begin(rule="die", procedure=WARM)
        unseen = (await compare(ben, a, b))["state"]
        assert unseen["problem"].endswith("a reader grows nothing.")
        assert unseen["rows"] == []
        for ref in (a, b):
            await ann.grow(ref, {"kind": "breadth", "k": 2, "depth": 1})
        told, told_to_reader = await compare(ann, a, b), await compare(ben, a, b)
        for each, guarantee in ((told, "exact"), (told_to_reader, "bound")):
            state, level = each["state"]["procedure"], each["levels"][0]
            shared = ("total_variation", "jensen_shannon", "guarantee")
            assert [level[name] for name in shared] == [state[name] for name in shared]
            assert level["guarantee"] == guarantee
        exact, bound = told["state"]["procedure"], told_to_reader["state"]["procedure"]
        assert exact["guarantee"] == "exact"
        assert bound["guarantee"] == "bound"
        assert 0 < bound["total_variation"] <= exact["total_variation"]
        assert 0 < bound["jensen_shannon"] <= exact["jensen_shannon"]


async def test_a_state_that_is_not_grown_says_nothing_about_its_depth(eve: Visitor) -> None:
    refs = [await eve.begin(rule="die"), await eve.begin(rule="die", procedure=WARM)]
    for ref in refs:
        await eve.grow(ref, {"kind": "breadth", "k": 2, "depth": 1})
        await eve.grow(ref, {"kind": "breadth", "k": 2, "depth": 1}, node=1)
    grown = await compare(eve, *refs, node=1)
    assert (grown["levels"][1]["compared"], grown["levels"][1]["guarantee"]) == (1, "exact")
    other = await compare(eve, *refs, node=2)
    assert other["state"]["procedure"]["guarantee"] == "exact"
    assert (other["levels"][1]["compared"], other["levels"][1]["guarantee"]) == (1, "bound")


async def test_different_alphabets_are_not_compared_token_by_token(ada: Visitor) -> None:
    chain = await made(ada, kind="chain", symbols=["x", "y"], matrix=[[0.5, 0.5], [0.5, 0.5]])
    a, b = await ada.begin(), await ada.begin(rule=chain)
    for ref in (a, b):
        await ada.grow(ref, EIGHT_FLIPS)
    found = await compare(ada, a, b)
    assert "different alphabets" in found["apart"]
    assert found["state"] is None
    assert found["levels"] is None


async def test_rewriting_rules_are_compared_by_their_states(ada: Visitor) -> None:
    first = await made(ada, kind="automaton", number=30, noise=0.1)
    second = await made(ada, kind="automaton", number=30, noise=0.3)
    a = await ada.begin("0001000", rule=first)
    b = await ada.begin("0001000", rule=second)
    found = (await compare(ada, a, b))["state"]
    assert found["problem"] is None
    assert found["rule"]["guarantee"] == "exact"
    flips = [math.comb(7, k) * n**k * (1 - n) ** (7 - k) for n in (0.1, 0.3) for k in range(8)]
    expected = sum(abs(p - q) for p, q in zip(flips[:8], flips[8:], strict=True)) / 2
    assert found["rule"]["total_variation"] == pytest.approx(expected, abs=1e-6)
    assert found["rows"][0]["key"] is None
    assert found["rows"][0]["rule"]["a"] == pytest.approx(0.9**7, abs=1e-6)


async def test_a_terminal_state_says_so(ada: Visitor) -> None:
    a, b = await ada.begin(max_length=3), await ada.begin(max_length=8)
    await ada.grow(a, EIGHT_FLIPS)
    found = (await compare(ada, a, b, node=13))["state"]
    assert found["problem"] == "This state is terminal: nothing follows it."
    assert found["rule"] is None


async def test_a_state_deeper_than_the_other_goes_says_so(ada: Visitor) -> None:
    a, b = await ada.begin(max_length=8), await ada.begin(max_length=1)
    await ada.grow(a, EIGHT_FLIPS)
    found = (await compare(ada, a, b, node=1))["state"]
    assert "does not go as deep" in found["problem"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"node": 99}, (404, "unknown-state")),
        ({"key": 7}, (422, "unknown-token")),
        ({"b": "tnobody-knows-this-one0"}, (404, "unknown-link")),
    ],
)
async def test_what_is_not_there_is_refused(
    ada: Visitor, body: dict[str, Any], expected: tuple[int, str]
) -> None:
    ref = await ada.begin()
    answer = await ada.call("POST", "/compare", {"a": ref, "b": ref, **body})
    assert refusal(answer) == expected
