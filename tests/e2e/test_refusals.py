"""Bad input gets one clear sentence with a stable code, and changes nothing."""

import re
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import NewVisitor
from tests.e2e.observatory import Observatory
from tests.server import Server

ONE_SENTENCE = re.compile(r"[\w“<`‘][^\n]{4,240}[.!?]")


def is_a_refusal(told: dict[str, Any], *statuses: int) -> bool:
    assert told["status"] in statuses, told
    assert re.fullmatch(r"[a-z][a-z-]+", told["code"]), told
    assert ONE_SENTENCE.fullmatch(told["detail"]), told
    return True


@pytest.fixture
def grown(new_visitor: NewVisitor) -> Observatory:
    """A coin's tree in which the prompt is expanded."""
    visitor = new_visitor()
    visitor.make(rule="coin", prompt="")
    _candidates(visitor)
    visitor.wait_for(lambda: not visitor.tree()["jobs"], "the growth is over")
    return visitor


@pytest.mark.parametrize(
    ("path", "body", "statuses"),
    [
        (
            "/growths",
            {"state": {"node": 0}, "strategy": {"kind": "breadth", "k": 0, "depth": 2}},
            (422,),
        ),
        ("/growths", {"state": {"node": 0}, "strategy": {"kind": "mass", "epsilon": 2}}, (422,)),
        ("/growths", {"state": {"node": 0}, "strategy": {"kind": "mass", "epsilon": 0}}, (422,)),
        (
            "/growths",
            {"state": {"node": 0}, "strategy": {"kind": "best_first", "states": 10**7}},
            (422, 429),
        ),
        ("/growths", {"state": {"node": 0}, "strategy": {"kind": "dream"}}, (422,)),
        (
            "/growths",
            {"state": {"node": 10**6}, "strategy": {"kind": "best_first", "states": 1}},
            (404,),
        ),
        ("/branches", {"node": 0, "keys": [99_999_999]}, (404, 422)),
        ("/branches", {"node": 0, "text": ""}, (422,)),
        ("/branches", {"node": 10**6, "keys": [1]}, (404,)),
        ("/prune", {"state": {"node": 0}}, (409, 422)),
        ("/prune", {"state": {"node": 10**6}}, (404,)),
        ("/restore", {"node": 10**6}, (404,)),
        ("/redo", None, (409,)),
    ],
)
def test_a_request_that_makes_no_sense_changes_nothing(
    grown: Observatory, path: str, body: Any, statuses: tuple[int, ...]
) -> None:
    before = grown.tree()
    assert is_a_refusal(grown.ask("POST", path, body), *statuses)
    after = grown.tree()
    assert (after["seq"], after["states"]) == (before["seq"], before["states"])


@pytest.mark.parametrize(
    "step",
    [
        {"kind": "temperature", "value": -1},
        {"kind": "top_k", "k": 0},
        {"kind": "top_p", "p": 0},
        {"kind": "top_p", "p": 1.5},
        {"kind": "min_p", "p": 2},
        {"kind": "magic", "p": 2},
    ],
)
def test_a_procedure_that_makes_no_sense_changes_nothing(grown: Observatory, step: Any) -> None:
    assert is_a_refusal(grown.ask("PUT", "/procedure", {"procedure": [step]}), 422)
    assert grown.tree()["procedure"] == []


def test_a_terminal_state_cannot_be_grown(new_visitor: NewVisitor) -> None:
    visitor = new_visitor()
    visitor.make(rule="coin", prompt="", max_length=1)
    keys = [row["key"] for row in _candidates(visitor)]
    branched = visitor.ask("POST", "/branches", {"node": 0, "keys": keys[:1]})

    body = {"state": {"node": branched["node"]}, "strategy": {"kind": "best_first", "states": 1}}
    assert is_a_refusal(visitor.ask("POST", "/growths", body), 409, 422)


def _candidates(visitor: Observatory) -> list[dict[str, Any]]:
    """Of the prompt, which one growth makes known."""
    visitor.ask(
        "POST",
        "/growths",
        {"state": {"node": 0}, "strategy": {"kind": "breadth", "k": 1, "depth": 1}},
    )
    visitor.wait_for(lambda: bool(visitor.ask("GET", "/states/0")["candidates"]), "next states")
    rows: list[dict[str, Any]] = visitor.ask("GET", "/states/0")["candidates"]
    return rows


def test_a_prompt_longer_than_the_window_is_refused(visitor: Observatory) -> None:
    answer = visitor.page.request.post(
        f"{visitor.url}/api/trees", data={"rule": "smollm2", "prompt": "word " * 5_000}
    )
    assert is_a_refusal(answer.json(), 413, 422)


def test_a_link_that_leads_nowhere_is_explained_on_the_page(visitor: Observatory) -> None:
    for path in ("/t/t" + "x" * 22, "/f/f" + "x" * 22):
        visitor.visit(path)
        visitor.page.get_by_test_id("link-problem").wait_for()
        assert re.search(r"\w+ .*\.", visitor.page.get_by_test_id("link-problem").inner_text())


def test_a_write_from_another_origin_is_refused(model_server: Server) -> None:
    answer = httpx.post(
        f"{model_server.url}/api/trees",
        json={"rule": "coin", "prompt": ""},
        headers={"Origin": "http://elsewhere.example"},
    )
    assert is_a_refusal(answer.json(), 403)


def test_broken_json_is_refused(model_server: Server) -> None:
    answer = httpx.post(
        f"{model_server.url}/api/trees",
        content=b'{"rule": "coin", ',
        headers={"Content-Type": "application/json"},
    )
    assert is_a_refusal(answer.json(), 400, 422)


def test_a_body_of_fifty_megabytes_is_refused(model_server: Server) -> None:
    answer = httpx.post(
        f"{model_server.url}/api/trees",
        content=b'{"rule": "coin", "prompt": "' + b"a" * 50_000_000 + b'"}',
        headers={"Content-Type": "application/json"},
    )
    assert is_a_refusal(answer.json(), 413)
