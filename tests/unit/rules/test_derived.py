"""Rules made of rules: a restriction and a mixture say just what their formulas say."""

import asyncio
import math
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest
import pytest_asyncio

from semioscope.core.distribution import Answer, Question
from semioscope.core.errors import InvalidRequest, SemioscopeError, Unavailable
from semioscope.core.ranking import RankedRow
from semioscope.core.rule import RuleDescription
from semioscope.core.sampling import IDENTITY, Procedure, TopK
from semioscope.core.types import FloatArray
from semioscope.rules.coin import HEADS, TAILS, Coin, CoinLaw
from semioscope.rules.derived.interpolated import mixture
from semioscope.rules.derived.worker import DerivedWorker
from semioscope.rules.loaded import LoadedRule, alone
from semioscope.rules.protocol import Row
from semioscope.rules.recipes import prepare
from semioscope.rules.spec import canonical_spec
from semioscope.rules.worker import BACKGROUND, RuleWorker
from tests.integration.wide_rules import TOKENS, Die
from tests.unit.rules.stubs import LyingCoin, WatchedCoin

STATES = [(), (HEADS,), (TAILS,), (HEADS, TAILS, TAILS)]


class Logits(Die):
    """A rule of raw logits, the same at every state."""

    def __init__(self, logits: FloatArray) -> None:
        super().__init__()
        self._log_sum_exp = float(np.log(np.exp(logits).sum()))
        self._logits = logits

    def log_probs(self, states: Sequence[tuple[int, ...]]) -> Iterator[Row]:
        row = (self._logits - self._log_sum_exp).astype(np.float32)
        for place in range(len(states)):
            yield Row(place, RankedRow(row), self._log_sum_exp)


class InPart(Coin):
    """A coin of which only a part is told."""

    @property
    def description(self) -> RuleDescription:
        return replace(super().description, whole_distribution=False)


class Making:
    """Makes rules of the rules here, and ends their workers."""

    def __init__(self) -> None:
        self.die = Die()
        self.bases = {
            "fair": alone(Coin("fair", "Fair", "", CoinLaw())),
            "sticky": alone(Coin("sticky", "Sticky", "", CoinLaw(repeats=0.9))),
            "tails": alone(Coin("tails", "Tails", "", CoinLaw(heads=0.0))),
            "die": alone(self.die),
        }
        self._made: list[LoadedRule] = []

    def __call__(self, **spec: object) -> LoadedRule:
        recipe = prepare(canonical_spec(spec), None, self.bases)
        self._made.append(recipe.bind(self.bases))
        return self._made[-1]

    def close(self) -> None:
        for each in (*self._made, *self.bases.values()):
            each.worker.close()


@pytest_asyncio.fixture
async def made() -> AsyncIterator[Making]:
    making = Making()
    yield making
    making.close()


async def rows(loaded: LoadedRule, states: Sequence[tuple[int, ...]]) -> np.ndarray:
    """Probabilities, f64[S, N]."""
    told = await loaded.worker.ask(
        [Question(state, whole=True) for state in states], IDENTITY, group="g"
    )
    return np.exp(np.stack([each.row for each in told if each.row is not None]).astype(np.float64))


def refused_by(code: str) -> "pytest.RaisesExc[SemioscopeError]":
    return pytest.raises(SemioscopeError, check=lambda error: error.code == code)


# Restricted


async def test_a_restriction_is_the_rule_renormalised_over_its_tokens(made: Making) -> None:
    keys = [3, 50, 199]
    found = (await rows(made(kind="restricted", base="die", keys=keys), [(), (7,)]))[0]
    whole = (await rows(made.bases["die"], [()]))[0]
    expected = np.zeros(TOKENS)
    expected[keys] = whole[keys] / whole[keys].sum()
    assert np.max(np.abs(found - expected)) <= 1e-7
    assert found.sum() == pytest.approx(1, abs=1e-6)


async def test_tokens_are_named_by_text_as_well(made: Making) -> None:
    by_text = made(kind="restricted", base="sticky", texts=["T", "H", "T"])
    assert np.allclose(await rows(by_text, STATES), await rows(made.bases["sticky"], STATES))


async def test_what_a_restriction_forbids_has_probability_zero(made: Making) -> None:
    only = made(kind="restricted", base="sticky", texts=["H"])
    (told,) = await only.worker.ask([Question((), keys=(HEADS, TAILS))], IDENTITY, group="g")
    assert [each and each.log_prob for each in told.scored] == [0.0, -math.inf]
    assert told.expansion.keys.tolist() == [HEADS]
    assert told.expansion.complete


async def test_where_all_its_tokens_are_impossible_nothing_follows(made: Making) -> None:
    never = made(kind="restricted", base="tails", texts=["H"])
    (told,) = await never.worker.ask([Question((), draws=(0.5,))], IDENTITY, group="g")
    assert told.expansion.complete
    assert not len(told.expansion.keys)
    assert told.drawn == ()


async def test_the_raw_logits_of_a_restriction_are_those_of_its_rule() -> None:
    base = alone(Logits(np.array([2.0, 1.0, -1.0])))
    recipe = prepare(
        canonical_spec({"kind": "restricted", "base": "b", "keys": [0, 2]}), None, {"b": base}
    )
    (told,) = await recipe.bind({"b": base}).worker.ask([Question(())], IDENTITY, group="g")
    raw = told.expansion.log_probs + told.expansion.log_sum_exp
    assert np.allclose(raw, [2.0, -1.0], atol=1e-6)
    base.worker.close()


@pytest.mark.parametrize(
    ("restriction", "code", "says"),
    [
        ({"texts": ["HT"]}, "not-one-token", "“HT” is not one token of Fair but 2: “H”, “T”."),
        ({"texts": ["HTHTHTHTHT"]}, "not-one-token", "but 10: “H”, “T”, “H”, “T”"),
        ({"texts": [""]}, "bad-restriction", "1 to 1,000 characters"),
        ({"texts": []}, "bad-restriction", "1 to 4,096 tokens"),
        ({"texts": "HT"}, "bad-restriction", "list"),
        ({"texts": [3]}, "bad-restriction", "text of 1 to"),
        ({"texts": ["X"]}, "not-a-flip", "“X”"),
        ({"keys": [2]}, "unknown-token", "There is no token 2: the alphabet has 2 tokens."),
        ({"keys": [-1]}, "unknown-token", "no token -1"),
        ({"keys": [True]}, "unknown-token", "no token True"),
        ({"keys": [0] * 5000}, "bad-restriction", "4,096"),
        ({}, "bad-restriction", "one of the two"),
        ({"keys": [0], "texts": ["H"]}, "bad-restriction", "one of the two"),
    ],
    ids=str,
)
async def test_a_restriction_that_makes_no_sense_is_refused(
    made: Making, restriction: dict[str, object], code: str, says: str
) -> None:
    with refused_by(code) as refused:
        made(kind="restricted", base="fair", **restriction)
    assert says in str(refused.value)


# Interpolated


@pytest.mark.parametrize("weight", [0, 0.25, 0.5, 1])
async def test_a_mixture_is_the_weighted_mean(made: Making, weight: float) -> None:
    mixed = made(
        kind="interpolated", first={"rule": "fair"}, second={"rule": "sticky"}, weight=weight
    )
    fair = await rows(made.bases["fair"], STATES)
    sticky = await rows(made.bases["sticky"], STATES)
    expected = (1 - weight) * fair + weight * sticky
    assert np.max(np.abs(await rows(mixed, STATES) - expected)) <= 1e-7


async def test_a_context_is_put_before_every_state_of_its_part(made: Making) -> None:
    after_tails = {"rule": "sticky", "context": "TT"}
    mixed = made(kind="interpolated", first={"rule": "sticky"}, second=after_tails, weight=0.5)
    found = await rows(mixed, STATES)
    plain = await rows(made.bases["sticky"], STATES)
    after = await rows(made.bases["sticky"], [(TAILS, TAILS, *state) for state in STATES])
    assert np.allclose(found, (plain + after) / 2, atol=1e-7)
    assert found[0, HEADS] == pytest.approx(0.5 * 0.5 + 0.5 * 0.1, abs=1e-6)


async def test_a_context_may_replace_how_a_state_begins(made: Making) -> None:
    swapped = {"rule": "sticky", "context": "T", "replaces": "HH"}
    mixed = made(kind="interpolated", first={"rule": "sticky"}, second=swapped, weight=1)
    found = await rows(mixed, [(HEADS, HEADS)])
    assert found[0, HEADS] == pytest.approx(0.1, abs=1e-6)
    assert mixed.rule.description.needs_prompt
    mixed.must_begin((HEADS, HEADS, TAILS))
    with refused_by("not-replaceable") as refused:
        mixed.must_begin((HEADS, TAILS))
    assert "“HH”" in str(refused.value)
    with refused_by("not-replaceable"):
        await rows(mixed, [(TAILS, HEADS)])


async def test_where_one_part_says_nothing_the_other_speaks_alone(made: Making) -> None:
    silent = {"kind": "restricted", "base": "tails", "texts": ["H"]}
    for first, second in (
        ({"rule": "fair"}, {"rule": silent}),
        ({"rule": silent}, {"rule": "fair"}),
    ):
        mixed = made(kind="interpolated", first=first, second=second, weight=0.5)
        assert np.allclose(await rows(mixed, [()]), 0.5)


async def test_two_parts_that_say_nothing_are_followed_by_nothing(made: Making) -> None:
    silent = {"kind": "restricted", "base": "tails", "texts": ["H"]}
    mixed = made(kind="interpolated", first={"rule": silent}, second={"rule": silent})
    (told,) = await mixed.worker.ask([Question(())], IDENTITY, group="g")
    assert told.expansion.complete
    assert not len(told.expansion.keys)


def test_a_mixture_keeps_what_exponentials_would_lose() -> None:
    tiny = np.array([0.0, -900.0], np.float32)
    mixed = mixture(tiny, tiny, 0.5)
    assert mixed[1] == pytest.approx(-900)


@pytest.mark.parametrize(
    ("mixture_spec", "code", "says"),
    [
        (
            {"first": {"rule": "fair"}, "second": {"rule": "die"}},
            "other-alphabet",
            "Fair and Die have no alphabet in common: 2 and 200 tokens.",
        ),
        (
            {
                "first": {"rule": "fair"},
                "second": {
                    "rule": {
                        "kind": "chain",
                        "symbols": ["H", "U"],
                        "matrix": [[0.5, 0.5], [0.5, 0.5]],
                    }
                },
            },
            "other-alphabet",
            "token 1 is “T” in one and “U” in the other",
        ),
        (
            {"first": {"rule": "fair"}, "second": {"rule": {"kind": "automaton", "number": 90}}},
            "no-tokens",
            "Rule 90 has no tokens",
        ),
        (
            {"first": {"rule": "fair"}, "second": {"rule": "fair"}, "weight": 1.5},
            "bad-interpolation",
            "from 0 to 1",
        ),
        (
            {"first": {"rule": "fair"}, "second": {"rule": "fair"}, "weight": math.nan},
            "bad-interpolation",
            "from 0 to 1",
        ),
        (
            {"first": {"rule": "fair", "context": "HTX"}, "second": {"rule": "fair"}},
            "not-a-flip",
            "“X”",
        ),
        (
            {"first": {"rule": "fair", "context": "H" * 4096}, "second": {"rule": "fair"}},
            "bad-interpolation",
            "no room",
        ),
        (
            {"first": {"rule": "fair", "context": 3}, "second": {"rule": "fair"}},
            "bad-interpolation",
            "“context” of the first rule",
        ),
    ],
    ids=["sizes", "tokens", "rewriting", "weight", "nan", "context", "long", "number"],
)
async def test_a_mixture_that_makes_no_sense_is_refused(
    made: Making, mixture_spec: dict[str, object], code: str, says: str
) -> None:
    with refused_by(code) as refused:
        made(kind="interpolated", **mixture_spec)
    assert says in str(refused.value)


# Both


async def test_a_rule_beneath_that_breaks_the_axioms_is_named() -> None:
    liar = LyingCoin([math.log(0.5), math.log(0.2)])
    base = alone(liar)
    spec = canonical_spec({"kind": "restricted", "base": "b", "keys": [0]})
    made = prepare(spec, None, {"b": base}).bind({"b": base})
    with pytest.raises(Unavailable, match=r"Lying coin.* sum to 0\.7"):
        await made.worker.ask([Question(())], IDENTITY, group="g")
    base.worker.close()


async def test_bad_questions_are_refused_before_the_rule_beneath_is_asked(made: Making) -> None:
    rule = made(kind="restricted", base="fair", keys=[0])
    for question, code in (
        (Question(b"bytes"), "wrong-state"),
        (Question((2,)), "unknown-token"),
        (Question((), keys=(2,)), "unknown-token"),
        (Question((0,) * 4097), "state-too-long"),
    ):
        with refused_by(code):
            await rule.worker.ask([question], IDENTITY, group="g")


async def test_a_procedure_cuts_the_made_rule_and_not_the_one_beneath(made: Making) -> None:
    rule = made(kind="restricted", base="die", keys=[10, 20, 30])
    (told,) = await rule.worker.ask([Question(())], Procedure((TopK(2),)), group="g")
    assert told.weights is not None
    assert told.weights.kept == 2
    assert told.expansion.keys.tolist() == [10, 20, 30]


class WatchedWorker(RuleWorker):
    """Remembers for whom it was asked."""

    def __init__(self, rule: WatchedCoin) -> None:
        super().__init__(rule)
        self.asked: list[tuple[int, int, str]] = []

    async def ask(
        self,
        questions: Sequence[Question],
        procedure: Procedure,
        *,
        priority: int = 0,
        group: str,
    ) -> list[Answer]:
        self.asked.append((len(questions), priority, group))
        return await super().ask(questions, procedure, priority=priority, group=group)


async def test_priorities_and_groups_are_passed_on_and_rows_are_held_a_few_at_a_time(
    made: Making, monkeypatch: pytest.MonkeyPatch
) -> None:
    coin = WatchedCoin()
    base = LoadedRule(coin, WatchedWorker(coin))
    spec = canonical_spec({"kind": "restricted", "base": "b", "keys": [0, 1]})
    monkeypatch.setattr("semioscope.rules.derived.worker.ROOM", 6)
    rule = prepare(spec, None, {"b": base}).bind({"b": base})
    questions = [Question((HEADS,) * length) for length in range(7)]
    told = await rule.worker.ask(questions, IDENTITY, priority=BACKGROUND, group="ada")
    assert len(told) == 7
    assert isinstance(base.worker, WatchedWorker)
    assert base.worker.asked == [
        (3, BACKGROUND, "ada"),
        (3, BACKGROUND, "ada"),
        (1, BACKGROUND, "ada"),
    ]
    base.worker.close()


async def test_cancelling_takes_the_questions_back_from_all_parts() -> None:
    coins = [WatchedCoin(), WatchedCoin()]
    bases = {f"b{place}": alone(coin) for place, coin in enumerate(coins)}
    spec = canonical_spec(
        {"kind": "interpolated", "first": {"rule": "b0"}, "second": {"rule": "b1"}}
    )
    rule = prepare(spec, None, bases).bind(bases)
    for coin in coins:
        coin.gate.clear()
    held = asyncio.create_task(rule.worker.ask([Question(())], IDENTITY, group="held"))
    for coin in coins:
        await asyncio.to_thread(coin.arrived.wait, 10)
    queued = asyncio.create_task(rule.worker.ask([Question((HEADS,))], IDENTITY, group="gone"))
    await asyncio.sleep(0.02)
    queued.cancel()
    await asyncio.sleep(0.02)
    for coin in coins:
        coin.gate.set()
    assert len(await held) == 1
    with pytest.raises(asyncio.CancelledError):
        await queued
    assert [coin.batches for coin in coins] == [[[()]], [[()]]]
    for base in bases.values():
        base.worker.close()


async def test_a_closed_rule_says_so(made: Making) -> None:
    rule = made(kind="restricted", base="fair", keys=[0])
    assert isinstance(rule.worker, DerivedWorker)
    rule.worker.close()
    rule.worker.close()
    with refused_by("rule-closed"):
        await rule.worker.ask([Question(())], IDENTITY, group="g")


async def test_the_fingerprint_changes_with_the_spec_and_with_the_rule_beneath(
    made: Making,
) -> None:
    def fingerprint(base: LoadedRule, **spec: object) -> str:
        whole = canonical_spec({"kind": "restricted", "base": "b"} | spec)
        return prepare(whole, None, {"b": base}).description.fingerprint

    fair, sticky = made.bases["fair"], made.bases["sticky"]
    assert fingerprint(fair, keys=[0]) == fingerprint(fair, keys=[0])
    assert fingerprint(fair, keys=[0]) != fingerprint(fair, keys=[1])
    assert fingerprint(fair, keys=[0]) != fingerprint(sticky, keys=[0])


async def test_a_rule_that_tells_only_a_part_is_no_base() -> None:
    base = alone(InPart("part", "In part", "", CoinLaw()))
    spec = canonical_spec({"kind": "restricted", "base": "b", "keys": [0]})
    with pytest.raises(InvalidRequest) as refused:
        prepare(spec, None, {"b": base})
    assert refused.value.code == "told-in-part"
    base.worker.close()
