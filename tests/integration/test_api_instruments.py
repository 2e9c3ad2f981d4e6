"""Instruments over HTTP: what is stored, measured; readers too."""

import math
from typing import Any

import numpy as np
import pytest

from semioscope.core.frame import decode
from tests.integration.visitors import EIGHT_FLIPS, Visitor, refusal


def column(reading: dict[str, Any], name: str) -> list[Any]:
    (table,) = reading["tables"]
    return next(each["values"] for each in table["columns"] if each["name"] == name)


async def deepest(visitor: Visitor, ref: str) -> int:
    return int((await visitor.get(f"/trees/{ref}"))["states"]) - 1


async def test_the_profile_of_a_fair_coin_is_known_in_closed_form(ada: Visitor) -> None:
    ref = await ada.begin()
    await ada.grow(ref, EIGHT_FLIPS)
    found = await ada.get(f"/trees/{ref}/instruments/profile?node={await deepest(ada, ref)}")
    assert found["about"]["instrument"] == "profile"
    assert len(found["about"]["says"]) == 3
    steps = len(column(found, "step"))
    assert column(found, "surprisal") == pytest.approx([1.0] * steps)
    assert column(found, "entropy") == pytest.approx([1.0] * steps)
    assert column(found, "varentropy") == pytest.approx([0.0] * steps, abs=1e-9)
    assert column(found, "gap") == pytest.approx([0.0] * steps, abs=1e-6)
    assert column(found, "log_prob")[-1] == pytest.approx(-steps * math.log(2))
    assert f"costs {steps}.00 bits" in found["summary"][0]
    labels = {each["name"]: each["label"] for each in found["tables"][0]["columns"]}
    assert (labels["surprisal"], labels["band"]) == ("theorem", "estimate")
    # Everything that is drawn is a column of the table.
    named = {each["name"] for each in found["tables"][0]["columns"]}
    for figure in found["figures"]:
        assert {figure["x"], *(mark["y"] for mark in figure["marks"])} <= named


async def test_an_overlay_has_one_number_a_node(ada: Visitor) -> None:
    ref = await ada.begin()
    await ada.grow(ref, EIGHT_FLIPS)
    states = (await ada.get(f"/trees/{ref}"))["states"]
    answer = await ada.call("GET", f"/trees/{ref}/instruments/overlays/trajectory?heights=rule")
    header, columns = decode(answer.content)
    assert (header["type"], header["name"], header["unit"]) == ("overlay", "trajectory", "bits")
    assert columns["values"].dtype == np.dtype("<f4")
    assert len(columns["values"]) == states
    assert columns["values"][0] == 0
    assert columns["values"][1] == pytest.approx(1)


async def test_readers_measure_too_and_nothing_changes(ada: Visitor, bob: Visitor) -> None:
    ref = await ada.begin()
    await ada.grow(ref, EIGHT_FLIPS)
    before = await ada.get(f"/trees/{ref}")
    assert column(await bob.get(f"/trees/{ref}/instruments/profile?node=1"), "node") == [1]
    assert (await bob.call("GET", f"/trees/{ref}/instruments/overlays/rank")).status_code == 200
    assert await ada.get(f"/trees/{ref}") == before


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("profile?node=0", 422, "no-steps"),
        ("profile?node=99999", 404, "unknown-state"),
        ("profile?node=-1", 404, "unknown-state"),
        ("profile?node=one", 422, "invalid-field"),
        ("profile?node=1&heights=both", 422, "invalid-field"),
        ("overlays/colour", 422, "invalid-field"),
    ],
)
async def test_what_cannot_be_measured_gets_one_sentence(
    ada: Visitor, path: str, status: int, code: str
) -> None:
    ref = await ada.begin()
    await ada.grow(ref, EIGHT_FLIPS)
    assert refusal(await ada.call("GET", f"/trees/{ref}/instruments/{path}")) == (status, code)
