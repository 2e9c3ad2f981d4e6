"""Trees as files, over HTTP."""

import csv
import io
import json
from typing import Any

import jsonschema_rs
import networkx as nx
import pydot
import pytest

from tests.integration.visitors import EIGHT_FLIPS, Visitor, refusal

SUFFIXES = {"json": "json", "csv": "csv", "graphml": "graphml", "dot": "dot"}


async def exported(visitor: Visitor, ref: str, format_: str) -> str:
    answer = await visitor.call("GET", f"/trees/{ref}/export?format={format_}")
    assert answer.status_code == 200, answer.text
    return answer.content.decode("utf-8")


async def read_states(visitor: Visitor, ref: str, format_: str) -> int:
    """How many states another program finds in the file."""
    text = await exported(visitor, ref, format_)
    if format_ == "json":
        return len(json.loads(text)["nodes"])
    if format_ == "csv":
        return len(list(csv.DictReader(io.StringIO(text, newline=""))))
    if format_ == "graphml":
        return len(nx.parse_graphml(text))
    (graph,) = pydot.graph_from_dot_data(text) or ()
    return len([node for node in graph.get_nodes() if node.get_name().isdigit()])


@pytest.mark.parametrize("format_", SUFFIXES)
async def test_a_tree_is_a_file_to_keep_in_every_format(ada: Visitor, format_: str) -> None:
    ref = await ada.begin("HT", name='The "night"\u00a0call/..')
    await ada.grow(ref, EIGHT_FLIPS)
    answer = await ada.call("GET", f"/trees/{ref}/export?format={format_}")
    name = f'filename="the-night-call.{SUFFIXES[format_]}"'
    assert answer.headers["content-disposition"] == f"attachment; {name}"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert await read_states(ada, ref, format_) == 15


async def test_the_published_schema_describes_the_file(ada: Visitor) -> None:
    ref = await ada.begin("HT")
    await ada.grow(ref, EIGHT_FLIPS)
    await ada.post(f"/trees/{ref}/prune", {"state": {"node": 1}})
    told: dict[str, Any] = json.loads(await exported(ada, ref, "json"))
    schema = await ada.get("/schemas/tree")
    jsonschema_rs.Draft202012Validator(schema).validate(told)
    assert told["created_at"] is not None
    assert any(node["status"] == "pruned" for node in told["nodes"])
    assert told["ledger"]["pruned"] == pytest.approx(0.5)


@pytest.mark.parametrize("format_", SUFFIXES)
async def test_a_reader_may_export_and_a_frozen_link_gives_the_tree_as_it_was(
    ada: Visitor, bob: Visitor, format_: str
) -> None:
    ref = await ada.begin("HT")
    frozen = (await ada.post(f"/trees/{ref}/links", {"kind": "frozen"}))["url_path"].split("/")[-1]
    await ada.grow(ref, EIGHT_FLIPS)
    assert await read_states(bob, ref, format_) == 15
    assert await read_states(bob, frozen, format_) == 1


async def test_a_format_that_there_is_not_is_refused(ada: Visitor) -> None:
    ref = await ada.begin()
    for asked in ("?format=docx", ""):
        answer = await ada.call("GET", f"/trees/{ref}/export{asked}")
        assert refusal(answer)[0] == 422
        assert "format" in answer.json()["detail"]


async def test_a_link_that_opens_nothing_exports_nothing(ada: Visitor) -> None:
    unknown = "t" + "x" * 22
    answer = await ada.call("GET", f"/trees/{unknown}/export?format=json")
    assert refusal(answer) == (404, "unknown-link")
