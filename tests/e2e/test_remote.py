"""A rule that tells only a part: the page draws what is known and hatches the rest, with words."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import NewVisitor
from tests.server import Server
from tests.stub_engine import StubEngine, serving, write_tokenizer


def begin_when_loaded(url: str, rule: str) -> None:
    """An engine is set up on first use; a page would say that it is loading."""
    for _ in range(100):
        begun = httpx.post(f"{url}/api/trees", json={"rule": rule, "prompt": "the"})
        if begun.is_success:
            return
        time.sleep(0.1)
    raise AssertionError(begun.text)


@pytest.fixture
def engine_server(tmp_path: Path) -> Iterator[Server]:
    """A server with one remote engine that tells five next tokens of every state."""
    tokenizer = str(write_tokenizer(tmp_path / "toy"))
    with serving(StubEngine(most=5)) as url:
        engine = {"name": "Toy engine", "url": url, "tokenizer": tokenizer}
        server = Server(tmp_path / "data", rule="coin", engines=json.dumps([engine]))
        server.start()
        begin_when_loaded(server.url, "engine-toy-engine")
        yield server
        server.stop()


def test_what_the_engine_does_not_tell_is_hatched_and_named(
    engine_server: Server, new_visitor: NewVisitor
) -> None:
    visitor = new_visitor(engine_server)
    page = visitor.page
    visitor.grow("the man", rule="Toy engine")
    visitor.settle()
    assert visitor.shown("untold") >= 1
    expect(page.get_by_test_id("rule")).to_contain_text("leading tokens known only")
    expect(page.get_by_test_id("rule")).to_contain_text("token ids")

    visitor.select_prompt()
    expect(page.get_by_test_id("entropy")).to_contain_text("at least")
    row = page.get_by_test_id("untold")
    expect(row).to_contain_text("not told")
    untold = float(row.get_attribute("data-p") or 0)
    assert untold == pytest.approx(1 - sum(p for _, p, _ in visitor.next_states()), abs=1e-6)
    assert untold > 0.3, "the least of the picture is hatched at its bottom"

    box = visitor.worlds.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.98 * box["height"])
    expect(page.get_by_text("the rule does not tell").first).to_be_visible()
    assert sum(visitor.ledger().values()) == pytest.approx(1, abs=1e-6)

    visitor.set_temperature(1.5)
    visitor.wait_for(lambda: visitor.tree()["procedure"] != [], "the procedure is set")
    visitor.settle()
    visitor.select_leading()
    expect(page.get_by_test_id("state-procedure-probability")).to_have_text("not told")
