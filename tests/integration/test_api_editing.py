"""Cutting, restoring, undoing, branching and the procedure, over HTTP."""

import pytest

from tests.integration.visitors import EIGHT_FLIPS, WORLDS, Visitor, refusal


async def test_pruned_mass_is_pruned_and_can_be_restored(ada: Visitor) -> None:
    ref = await ada.begin()
    whole = await ada.grow(ref, EIGHT_FLIPS)
    cut = await ada.post(f"/trees/{ref}/prune", {"state": {"node": 1}})
    assert cut["label"] == "Pruned “H”"
    ledger = (await ada.get(f"/trees/{ref}"))["ledger"]
    assert ledger["pruned"] == pytest.approx(0.5, abs=1e-6)
    assert sum(ledger.values()) == pytest.approx(1, abs=1e-6)
    await ada.post(f"/trees/{ref}/restore", {"node": 1})
    assert (await ada.get(f"/trees/{ref}"))["ledger"] == pytest.approx(whole["ledger"])


async def test_a_candidate_is_pruned_by_making_it_a_state_first(ada: Visitor) -> None:
    ref = await ada.begin()
    await ada.grow(ref, EIGHT_FLIPS | {"depth": 1, "k": 1})
    cut = await ada.post(f"/trees/{ref}/prune", {"state": {"node": 0, "key": 1}})
    assert cut["label"] == "Pruned “T”"
    assert (await ada.get(f"/trees/{ref}/states/{cut['node']}"))["cut"]
    undone = await ada.post(f"/trees/{ref}/undo")
    assert undone["label"] == "Undid: prune “T”"
    tree = await ada.get(f"/trees/{ref}")
    assert tree["ledger"]["pruned"] == 0
    assert refusal(await ada.call("GET", f"/trees/{ref}/states/{cut['node']}"))[0] == 404
    await ada.post(f"/trees/{ref}/redo")
    assert (await ada.get(f"/trees/{ref}/states/{cut['node']}"))["cut"]


async def test_the_next_state_of_an_unexpanded_state_is_pruned_too(ada: Visitor) -> None:
    ref = await ada.begin()
    cut = await ada.post(f"/trees/{ref}/prune", {"state": {"node": 0, "key": 0}})
    state = await ada.get(f"/trees/{ref}/states/{cut['node']}")
    assert state["cut"]
    assert state["log_prob"] == pytest.approx(-0.6931, abs=1e-4)


async def test_undo_and_redo_are_the_callers_own(ada: Visitor, bob: Visitor) -> None:
    ref = await ada.begin()
    await ada.grow(ref, EIGHT_FLIPS)
    link = await ada.post(f"/trees/{ref}/links", {"kind": "edit"})
    await bob.post("/invitations", {"secret": link["url_path"].partition("#edit=")[2]})
    await bob.post(f"/trees/{ref}/prune", {"state": {"node": 1}})
    await ada.post(f"/trees/{ref}/prune", {"state": {"node": 2}})
    assert (await bob.post(f"/trees/{ref}/undo"))["node"] == 1
    assert not (await ada.get(f"/trees/{ref}/states/1"))["cut"]
    assert (await ada.get(f"/trees/{ref}/states/2"))["cut"]
    assert refusal(await bob.call("POST", f"/trees/{ref}/undo")) == (409, "nothing-to-undo")
    assert (await bob.get(f"/trees/{ref}"))["can_redo"]
    await bob.post(f"/trees/{ref}/redo")
    assert (await ada.get(f"/trees/{ref}/states/1"))["cut"]
    assert refusal(await bob.call("POST", f"/trees/{ref}/redo")) == (409, "nothing-to-redo")


async def test_an_undone_growth_hides_its_states_and_redo_shows_them(ada: Visitor) -> None:
    ref = await ada.begin()
    grown = await ada.grow(ref, EIGHT_FLIPS)
    assert grown["can_undo"]
    undone = await ada.post(f"/trees/{ref}/undo")
    assert undone["label"] == "Undid: growing breadth first"
    assert (await ada.get(f"/trees/{ref}"))["ledger"]["frontier"] == 1
    await ada.post(f"/trees/{ref}/redo")
    assert (await ada.get(f"/trees/{ref}"))["ledger"] == pytest.approx(grown["ledger"])


async def test_a_growth_that_others_built_on_is_not_undone(ada: Visitor, bob: Visitor) -> None:
    ref = await ada.begin()
    await ada.grow(ref, EIGHT_FLIPS)
    link = await ada.post(f"/trees/{ref}/links", {"kind": "edit"})
    await bob.post("/invitations", {"secret": link["url_path"].partition("#edit=")[2]})
    await bob.grow(ref, EIGHT_FLIPS, node=7)
    before = await ada.get(f"/trees/{ref}")
    assert refusal(await ada.call("POST", f"/trees/{ref}/undo")) == (409, "built-upon")
    assert await ada.get(f"/trees/{ref}") == before


async def test_a_typed_branch_has_the_rules_probabilities(ada: Visitor) -> None:
    ref = await ada.begin(rule="coin-biased")
    branch = await ada.post(f"/trees/{ref}/branches", {"node": 0, "text": "HTT"})
    assert len(branch["path"]) == 3
    assert branch["path"][-1] == branch["node"]
    state = await ada.get(f"/trees/{ref}/states/{branch['node']}")
    assert state["text"] == "HTT"
    assert state["cumulative_log_prob"] == pytest.approx(-2.7646, abs=1e-3)
    again = await ada.post(f"/trees/{ref}/branches", {"node": 0, "keys": [0, 1, 1]})
    assert again["path"] == branch["path"]
    assert again["seq"] == branch["seq"]
    assert (await ada.post(f"/trees/{ref}/undo"))["label"] == "Undid: branching"


async def test_a_procedure_reweighs_what_is_stored_at_once(ada: Visitor) -> None:
    ref = await ada.begin(rule="coin-biased")
    await ada.grow(ref, EIGHT_FLIPS)
    change = await ada.call(
        "PUT", f"/trees/{ref}/procedure", {"procedure": [{"kind": "temperature", "value": 0.5}]}
    )
    assert change.json()["job"] is None
    tree = await ada.get(f"/trees/{ref}")
    assert tree["procedure"] == [{"kind": "temperature", "value": 0.5}]
    assert tree["fingerprint"] == change.json()["fingerprint"]
    heads = (await ada.get(f"/trees/{ref}/states/0"))["candidates"][0]
    assert heads["probability"] == pytest.approx(0.7, abs=1e-6)
    assert heads["procedure_probability"] == pytest.approx(0.49 / 0.58, abs=1e-6)
    undone = await ada.post(f"/trees/{ref}/undo")
    assert undone["label"] == "Undid: the sampling procedure"
    assert (await ada.get(f"/trees/{ref}"))["procedure"] == []


async def test_setting_the_same_procedure_again_changes_nothing(ada: Visitor) -> None:
    ref = await ada.begin(procedure=[{"kind": "top_k", "k": 1}])
    answer = await ada.call(
        "PUT", f"/trees/{ref}/procedure", {"procedure": [{"kind": "top_k", "k": 1}]}
    )
    assert answer.json()["seq"] == 0


async def test_growth_drawn_under_the_rule_is_weighed_by_the_procedure_too(ada: Visitor) -> None:
    ref = await ada.begin(rule="coin-biased", procedure=[{"kind": "temperature", "value": 0}])
    tree = await ada.grow(ref, WORLDS, heights="rule")
    assert tree["states"] > 4
    heads, tails = (await ada.get(f"/trees/{ref}/states/0"))["candidates"]
    assert (heads["procedure_probability"], tails["procedure_probability"]) == (1, 0)


async def test_a_reader_sees_another_procedure_without_a_write(ada: Visitor, bob: Visitor) -> None:
    from semioscope.core import frame

    ref = await ada.begin(rule="coin-biased")
    tree = await ada.grow(ref, EIGHT_FLIPS)
    steps = '[{"kind": "top_k", "k": 1}]'
    answer = await bob.call("GET", f"/trees/{ref}/weights", params={"procedure": steps})
    header, columns = frame.decode(answer.content)
    assert header["type"] == "weights"
    assert header["procedure"] == [{"kind": "top_k", "k": 1}]
    assert len(columns["weight_node"]) == tree["expansions"]
    assert set(columns["weight_kept"].tolist()) == {1}
    assert (await ada.get(f"/trees/{ref}"))["seq"] == tree["seq"]
