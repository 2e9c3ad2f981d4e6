"""Point 6: a tree survives a reload, a restart of the server, and a kill."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import NewVisitor
from tests.e2e.observatory import Observatory
from tests.server import Server


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """A server that this test may stop and kill."""
    server = Server(tmp_path)
    server.start()
    yield server
    server.stop()


def what_stands(visitor: Observatory) -> tuple[int, int, dict[str, float], str]:
    tree = visitor.tree()
    return tree["seq"], tree["states"], visitor.ledger(), visitor.outline.inner_text()


def test_a_reload_shows_the_same_tree_and_the_same_view(visitor: Observatory) -> None:
    visitor.grow()
    visitor.settle()
    visitor.select_leading()
    visitor.selected()
    visitor.settle()
    before = what_stands(visitor)

    visitor.page.reload()
    visitor.wait_until_filled()
    visitor.settle()

    assert what_stands(visitor) == before
    expect(visitor.step).to_have_text("step 1")


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_tree_outlives_the_process_that_grew_it(
    new_visitor: NewVisitor, own_server: Server, end: str
) -> None:
    visitor = new_visitor(own_server)
    visitor.grow()
    visitor.settle()
    visitor.select_leading()
    visitor.page.keyboard.press("Delete")
    expect(visitor.status).to_have_text("pruned")
    visitor.selected()
    visitor.settle()
    before = what_stands(visitor)
    path = visitor.page.url.removeprefix(visitor.url)

    visitor.page.goto("about:blank")
    getattr(own_server, end)()
    own_server.start()
    visitor.visit(path)
    visitor.wait_until_filled()
    visitor.settle()

    assert what_stands(visitor) == before
    visitor.page.get_by_test_id("restore").click()
    expect(visitor.status).not_to_have_text("pruned")


def test_what_was_acknowledged_in_the_middle_of_a_growth_outlives_a_kill(
    new_visitor: NewVisitor, own_server: Server
) -> None:
    visitor = new_visitor(own_server)
    visitor.grow()
    visitor.settle()
    visitor.select_prompt()
    visitor.strategy("ancestral", rollouts=128, steps=16)
    before = visitor.tree()["states"]
    visitor.start_growth()
    visitor.wait_for(lambda: visitor.tree()["states"] > before, "some growth")
    seen = visitor.tree()
    path = visitor.page.url.removeprefix(visitor.url)

    visitor.page.goto("about:blank")
    own_server.kill()
    own_server.start()
    visitor.visit(path)
    visitor.wait_until_filled()

    after = visitor.tree()
    assert after["seq"] >= seen["seq"]
    assert after["states"] >= seen["states"]
    assert sum(after["ledger"].values()) == pytest.approx(1, abs=1e-6)
    assert [job for job in after["jobs"] if job["state"] == "running"] == []
