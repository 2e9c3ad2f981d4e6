"""A tree too large to come at once: the first picture, what is on its way, and growing on."""

import asyncio
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests import big_tree
from tests.big_tree import BigTree
from tests.e2e.conftest import NewVisitor
from tests.e2e.observatory import Observatory
from tests.server import Server

NODES = 60_000


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, BigTree]]:
    """A server that has a tree of 60,000 states and has not read it yet."""
    folder: Path = tmp_path_factory.mktemp("big")
    rule = big_tree.chain()
    with ThreadPoolExecutor() as elsewhere:  # the browser's loop runs in this thread
        store = partial(big_tree.store, folder, rule, NODES, snapshot_at=50_000)
        tree = elsewhere.submit(lambda: asyncio.run(store())).result()
    server = Server(folder, rule="coin", load_at_start="none")
    server.start()
    yield server, tree
    server.stop()


@pytest.fixture
def owner(big: tuple[Server, BigTree], new_visitor: NewVisitor) -> Observatory:
    """The browser of who owns the tree, which it has not opened yet."""
    server, tree = big
    visitor = new_visitor(server)
    cookie = {"name": "semioscope", "value": tree.token, "url": server.url}
    visitor.page.context.add_cookies([cookie])  # type: ignore[list-item]  # a plain dict will do
    return visitor


# The first frame comes after its length, a u64; what is after it waits to be let through.
HELD_BACK = """(() => {
  const ask = window.fetch;
  const through = new Promise((go) => { window.__go = go; });
  window.fetch = async (...asked) => {
    const answer = await ask(...asked);
    if (!answer.url.includes('/opening')) return answer;
    let [passed, head] = [0, Infinity];
    const body = answer.body.pipeThrough(new TransformStream({
      async transform(chunk, stream) {
        const view = new DataView(chunk.buffer, chunk.byteOffset);
        if (passed === 0) head = 8 + view.getUint32(0, true);
        const room = Math.max(0, Math.min(chunk.length, head - passed));
        passed += chunk.length;
        stream.enqueue(chunk.slice(0, room));
        if (room === chunk.length) return;
        await through;
        stream.enqueue(chunk.slice(room));
      },
    }));
    return new Response(body, { status: answer.status, headers: answer.headers });
  };
})()"""


def hold_back(page: Page) -> None:
    """From now on only the first piece of a tree comes, until the page is let through."""
    page.add_init_script(HELD_BACK)


def let_through(page: Page) -> None:
    page.evaluate("() => window.__go()")


def wait_until_whole(visitor: Observatory) -> None:
    expect(visitor.worlds).to_have_attribute("data-lines", re.compile(r"[1-9]"))
    expect(visitor.page.get_by_test_id("loading")).to_have_count(0)


def test_the_first_picture_is_the_whole_trees_and_says_what_is_still_to_come(
    big: tuple[Server, BigTree], new_visitor: NewVisitor
) -> None:
    server, tree = big
    reader = new_visitor(server)  # one, in whose view nothing grows
    hold_back(reader.page)
    reader.visit(f"/t/{tree.ref}")

    loading = reader.page.get_by_test_id("loading")
    expect(loading).to_have_text(re.compile(rf"loading [\d,]+ of {tree.nodes:,} states"))
    expect(reader.worlds).to_have_attribute("data-lines", re.compile(r"[1-9]"))
    first = reader.outline.inner_text()
    assert len(first.splitlines()) > 10, "worlds to read"

    let_through(reader.page)
    wait_until_whole(reader)
    assert reader.outline.inner_text() == first


def test_a_state_is_selected_while_the_rest_is_on_its_way(
    big: tuple[Server, BigTree], owner: Observatory
) -> None:
    _, tree = big
    hold_back(owner.page)
    owner.visit(f"/t/{tree.ref}")
    expect(owner.page.get_by_test_id("loading")).to_be_visible()

    owner.select_leading()
    node = owner.selected()
    let_through(owner.page)
    wait_until_whole(owner)
    assert owner.selected() == node


def test_what_is_grown_meanwhile_is_there_once_all_is(
    big: tuple[Server, BigTree], owner: Observatory
) -> None:
    _, tree = big
    hold_back(owner.page)
    owner.visit(f"/t/{tree.ref}")
    expect(owner.page.get_by_test_id("loading")).to_be_visible()

    before = owner.tree()["states"]
    strategy = {"kind": "best_first", "states": 300}
    owner.ask("POST", "/growths", {"state": {"node": 0}, "strategy": strategy})
    owner.wait_for(lambda: not owner.tree()["jobs"], "the growth has ended")
    states = owner.tree()["states"]
    assert states > before

    let_through(owner.page)
    wait_until_whole(owner)
    last = states - 1
    owner.page.evaluate(
        """last => {
          history.pushState(null, '', `${location.pathname}?v=1&s=${last}`);
          dispatchEvent(new PopStateEvent('popstate'));
        }""",
        last,
    )
    expect(owner.step).to_have_text(f"step {owner.ask('GET', f'/states/{last}')['depth']}")


def test_a_connection_that_breaks_half_way_is_taken_up_again(
    big: tuple[Server, BigTree], owner: Observatory
) -> None:
    server, tree = big
    broken = []

    def cut_off(route: Route) -> None:
        broken.append(route.request.url)
        body = owner.page.request.get(route.request.url).body()
        route.fulfill(body=body[: len(body) // 2], content_type="application/octet-stream")

    owner.page.route("**/opening?*", cut_off, times=1)
    owner.visit(f"/t/{tree.ref}")
    wait_until_whole(owner)
    assert len(broken) == 1
    assert server.url in broken[0]
    last = owner.tree()["states"] - 1
    owner.visit(f"/t/{tree.ref}?v=1&s={last}")
    wait_until_whole(owner)
    assert owner.selected() == last


def test_it_grows_on(big: tuple[Server, BigTree], owner: Observatory) -> None:
    _, tree = big
    owner.visit(f"/t/{tree.ref}")
    wait_until_whole(owner)
    before = owner.tree()["states"]
    owner.select_leading(rank=2)
    owner.strategy("breadth", k=2, depth=3)
    owner.start_growth()
    owner.wait_for(lambda: owner.tree()["states"] > before, "it has grown")
    owner.settle()
    assert sum(owner.ledger().values()) == pytest.approx(1, abs=1e-6)


def test_a_server_that_dies_while_it_sends_is_said_once_and_caught_up_with(
    big: tuple[Server, BigTree], owner: Observatory
) -> None:
    server, tree = big
    page = owner.page
    died = False
    asked = []

    def half(route: Route) -> None:
        """The first answer breaks off half-way, and no other comes while the server is dying."""
        asked.append(route.request.url)
        if len(asked) == 1:
            body = page.request.get(route.request.url).body()
            route.fulfill(body=body[: len(body) // 2], content_type="application/octet-stream")
        elif died:
            route.continue_()
        else:
            route.abort("connectionrefused")

    page.route("**/opening?*", half)
    owner.visit(f"/t/{tree.ref}")
    loading, offline = page.get_by_test_id("loading"), page.get_by_test_id("offline")
    expect(loading).to_be_visible()
    expect(page.get_by_test_id("find-open")).to_be_visible()
    first = owner.outline.inner_text()

    server.kill()
    died = True
    expect(offline).to_have_count(1)
    expect(offline).to_have_text(
        re.compile(r"^\s*The server cannot be reached\. .*goes on trying\.\s*$")
    )
    # What has come is there to be looked at, and nothing claims to be all of it.
    expect(loading).to_be_visible()
    assert len(first.splitlines()) > 10
    assert owner.outline.inner_text() == first
    owner.select_leading()
    expect(owner.notices.locator("> *")).to_have_count(0)

    server.start()
    wait_until_whole(owner)
    expect(offline).to_have_count(0)
    expect(page.get_by_test_id("reconnecting")).to_have_count(0)
    last = owner.tree()["states"] - 1
    assert last >= tree.nodes - 1
    owner.visit(f"/t/{tree.ref}?v=1&s={last}")
    wait_until_whole(owner)
    assert owner.selected() == last
