"""Links, invitations, recovery, forks, and who may do what."""

import pytest

from tests.integration.visitors import EIGHT_FLIPS, WORLDS, Visitor, refusal

WRITES = (
    ("POST", "growths", {"state": {"node": 0}, "strategy": WORLDS}),
    ("POST", "branches", {"node": 0, "text": "H"}),
    ("POST", "prune", {"state": {"node": 1}}),
    ("POST", "restore", {"node": 1}),
    ("POST", "undo", None),
    ("POST", "redo", None),
    ("PUT", "procedure", {"procedure": []}),
    ("POST", "links", {"kind": "frozen"}),
)


async def test_a_frozen_link_shows_one_moment_for_ever(ada: Visitor, bob: Visitor) -> None:
    ref = await ada.begin()
    await ada.grow(ref, EIGHT_FLIPS)
    link = await ada.post(f"/trees/{ref}/links", {"kind": "frozen"})
    frozen = link["url_path"].removeprefix("/f/")
    before, columns = await bob.get(f"/trees/{frozen}"), await bob.columns(frozen)
    await ada.grow(ref, EIGHT_FLIPS, node=7)
    await ada.post(f"/trees/{ref}/prune", {"state": {"node": 1}})
    assert await bob.get(f"/trees/{frozen}") == before
    assert await bob.columns(frozen) == columns
    assert before["kind"] == "frozen"
    assert before["role"] == "reader"
    assert before["seq"] == link["seq"]
    log = await bob.get(f"/trees/{frozen}/events?limit=1000")
    assert [event["seq"] for event in log["events"]] == list(range(1, link["seq"] + 1))


@pytest.mark.parametrize(("method", "what", "body"), WRITES, ids=lambda value: str(value))
async def test_a_reader_writes_nothing(
    ada: Visitor, bob: Visitor, method: str, what: str, body: object
) -> None:
    ref = await ada.begin()
    before = await ada.grow(ref, EIGHT_FLIPS)
    answer = await bob.call(method, f"/trees/{ref}/{what}", body)
    assert refusal(answer) == (403, "read-only")
    assert answer.json()["hint"] == "Fork this multiverse to go on."
    assert await ada.get(f"/trees/{ref}") == before


async def test_not_even_the_owner_writes_through_a_frozen_link(ada: Visitor) -> None:
    ref = await ada.begin()
    await ada.grow(ref, EIGHT_FLIPS)
    frozen = (await ada.post(f"/trees/{ref}/links", {"kind": "frozen"}))["id"]
    for method, what, body in WRITES:
        answer = await ada.call(method, f"/trees/{frozen}/{what}", body)
        assert refusal(answer) == (409, "frozen")
    assert refusal(await ada.call("DELETE", f"/trees/{frozen}")) == (409, "frozen")


async def test_an_invitation_makes_an_editor_until_it_is_revoked(
    ada: Visitor, bob: Visitor
) -> None:
    ref = await ada.begin()
    link = await ada.post(f"/trees/{ref}/links", {"kind": "edit"})
    path, _, secret = link["url_path"].partition("#edit=")
    assert path == f"/t/{ref}"
    assert await bob.post("/invitations", {"secret": secret}) == {"ref": ref, "role": "editor"}
    assert (await bob.get(f"/trees/{ref}"))["role"] == "editor"
    assert (await bob.get("/trees"))["trees"][0]["ref"] == ref
    await bob.grow(ref, EIGHT_FLIPS)
    assert refusal(await bob.call("GET", f"/trees/{ref}/links")) == (403, "not-owner")
    assert refusal(await bob.call("DELETE", f"/trees/{ref}")) == (403, "not-owner")
    listed = (await ada.get(f"/trees/{ref}/links"))["links"]
    assert [(each["kind"], secret in each["url_path"]) for each in listed] == [
        ("live", False),
        ("edit", False),
    ]
    await ada.call("DELETE", f"/trees/{ref}/links/{link['id']}")
    assert (await bob.get(f"/trees/{ref}"))["role"] == "reader"
    assert refusal(await bob.call("POST", "/invitations", {"secret": secret}))[0] == 410


async def test_revoking_the_live_link_makes_a_new_one(ada: Visitor, bob: Visitor) -> None:
    ref = await ada.begin()
    await bob.get(f"/trees/{ref}")
    left = (await ada.call("DELETE", f"/trees/{ref}/links/{ref}")).json()["links"]
    (live,) = [link for link in left if link["kind"] == "live"]
    assert live["id"] != ref
    assert refusal(await bob.call("GET", f"/trees/{ref}")) == (410, "revoked-link")
    assert (await bob.get(f"/trees/{live['id']}"))["role"] == "reader"
    assert (await ada.get(f"/trees/{live['id']}"))["role"] == "owner"


async def test_a_recovery_link_moves_the_tree_to_another_browser(
    ada: Visitor, bob: Visitor
) -> None:
    ref = await ada.begin()
    link = await ada.post(f"/trees/{ref}/links", {"kind": "recovery"})
    secret = link["url_path"].removeprefix("/recover#")
    assert await bob.post("/recoveries", {"secret": secret}) == {"ref": ref, "role": "owner"}
    assert (await bob.get("/trees"))["trees"][0]["role"] == "owner"
    assert (await ada.get(f"/trees/{ref}"))["role"] != "owner"
    assert refusal(await ada.call("POST", "/recoveries", {"secret": secret}))[0] == 410


async def test_unknown_secrets_open_nothing(bob: Visitor) -> None:
    for door in ("/invitations", "/recoveries"):
        assert refusal(await bob.call("POST", door, {"secret": "nothing"})) == (
            404,
            "unknown-link",
        )


async def test_a_fork_is_a_copy_that_goes_its_own_way(ada: Visitor, bob: Visitor) -> None:
    ref = await ada.begin("HT", procedure=[{"kind": "temperature", "value": 0.5}])
    await ada.grow(ref, EIGHT_FLIPS)
    frozen = (await ada.post(f"/trees/{ref}/links", {"kind": "frozen"}))["id"]
    await ada.grow(ref, EIGHT_FLIPS, node=7)
    source = await ada.get(f"/trees/{frozen}")
    copy = await bob.post(f"/trees/{frozen}/fork")
    assert copy["role"] == "owner"
    assert copy["ref"] not in (ref, frozen)
    same = ("seq", "states", "expansions", "prompt", "procedure", "ledger", "name", "max_length")
    assert {name: copy[name] for name in same} == {name: source[name] for name in same}
    assert await bob.columns(copy["ref"]) == await bob.columns(frozen)
    before = await ada.get(f"/trees/{ref}")
    grown = await bob.grow(copy["ref"], EIGHT_FLIPS, node=3)
    assert grown["states"] > copy["states"]
    assert await ada.get(f"/trees/{ref}") == before
