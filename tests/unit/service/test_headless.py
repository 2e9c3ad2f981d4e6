"""Worlds without a server."""

import pytest

from semioscope.core.sampling import Procedure, Temperature
from semioscope.core.strategies.worlds import Worlds
from semioscope.rules.catalogue import LoadedRule
from semioscope.rules.coin import offered_coins
from semioscope.rules.worker import RuleWorker
from semioscope.service.beginnings import initial_tree
from semioscope.service.headless import grow_in_memory, worlds_of
from semioscope.settings import Settings

FAIR, BIASED, _ = offered_coins()


async def worlds_under(rule: object, worlds: Worlds, procedure: Procedure) -> dict[str, float]:
    worker = RuleWorker(rule)  # type: ignore[arg-type]  # a coin
    try:
        loaded = LoadedRule(rule, worker)  # type: ignore[arg-type]  # a coin
        tree = await initial_tree(loaded, "", Settings(), procedure=procedure)
        counts: list[int] = []
        await grow_in_memory(tree, loaded, worlds, 4096, counts.append)
        assert counts == sorted(counts)
        return {world.text: world.share for world in worlds_of(tree, worlds)}
    finally:
        worker.close()


async def test_sixteen_lines_of_four_fair_flips_are_the_sixteen_worlds() -> None:
    found = await worlds_under(FAIR, Worlds(16, 4), Procedure())
    assert len(found) == 16
    assert set(found.values()) == {1 / 16}


async def test_shares_follow_the_rule() -> None:
    found = await worlds_under(BIASED, Worlds(100, 1), Procedure())
    assert found == pytest.approx({"H": 0.7, "T": 0.3})


async def test_greedy_is_one_world() -> None:
    found = await worlds_under(BIASED, Worlds(5, 6), Procedure((Temperature(0.0),)))
    assert found == {"HHHHHH": 1.0}
