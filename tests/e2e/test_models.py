"""Models of the settings: fetched while the page shows how far, refused with a way on."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import NewVisitor
from tests.server import Server
from tests.unit.rules.fake_hub import FakeHub, serving
from tests.unit.rules.tiny_models import save_tiny_llama


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[FakeHub]:
    folder = save_tiny_llama(tmp_path / "tiny", shards=True)
    with serving(FakeHub(pause_s=0.7)) as hub:
        hub.push("owner/tiny", {path.name: path.read_bytes() for path in folder.iterdir()})
        yield hub


@pytest.fixture
def server(tmp_path: Path, hub: FakeHub) -> Iterator[Server]:
    server = Server(
        tmp_path / "server",
        rule="coin",
        environment={
            "HF_ENDPOINT": hub.url,
            "HF_HOME": str(tmp_path / "hf"),
            "HF_HUB_OFFLINE": "0",
        },
        cache=str(tmp_path / "cache"),
        models="owner/tiny,owner/absent",
        load_at_start="none",
        max_loaded="1",
    )
    server.start()
    yield server
    server.stop()


def test_a_prompt_waits_for_its_model_to_be_fetched_and_grows_by_itself(
    new_visitor: NewVisitor, server: Server, hub: FakeHub
) -> None:
    visitor = new_visitor(server)
    visitor.visit()
    visitor.choose_rule("tiny")
    visitor.type_prompt("Once")

    loading = visitor.page.get_by_test_id("rule-loading")
    expect(loading).to_contain_text(re.compile(r"\d+% · Fetching owner/tiny: \d+ of 139 kB"))
    expect(loading.get_by_role("progressbar", name="Loading tiny")).to_be_visible()
    expect(visitor.page.get_by_test_id("stop-waiting")).to_be_visible()

    visitor.page.wait_for_url(re.compile("/t/t"), timeout=60_000)
    visitor.wait_until_filled()
    commit = hub.heads["owner/tiny"]["main"]
    revision = visitor.page.get_by_test_id("rule-revision")
    expect(revision).to_have_text(commit[:12])
    expect(revision).to_have_attribute("title", commit)


def test_a_model_that_cannot_be_had_says_why_and_can_be_tried_again(
    new_visitor: NewVisitor, server: Server, hub: FakeHub
) -> None:
    visitor = new_visitor(server)
    visitor.visit()
    visitor.choose_rule("absent")
    visitor.type_prompt("Once")
    # As the prompt's refusal, or beside the rule once it has been waited for.
    said = visitor.page.get_by_test_id("prompt-problem").or_(
        visitor.page.get_by_test_id("rule-failed").first
    )
    expect(said.first).to_contain_text("The hub has no model owner/absent")
    expect(visitor.page.get_by_test_id("stop-waiting")).to_have_count(0)

    visitor.visit()
    failed = visitor.page.get_by_test_id("rule-failed").first
    expect(failed).to_contain_text("The hub has no model owner/absent")
    expect(failed).to_contain_text("Check its name")

    hub.pause_s = 0.0
    hub.push("owner/absent", hub.repositories["owner/tiny"][hub.heads["owner/tiny"]["main"]])
    failed.get_by_role("button", name="Try again").click()
    expect(visitor.page.get_by_test_id("rule-failed")).to_have_count(0)
    expect(visitor.page.get_by_test_id("rule-loading")).to_have_count(0)
    visitor.type_prompt("Once")
    visitor.page.wait_for_url(re.compile("/t/t"))
    visitor.wait_until_filled()


def test_who_waits_may_stop_waiting(new_visitor: NewVisitor, server: Server) -> None:
    visitor = new_visitor(server)
    visitor.visit()
    visitor.choose_rule("tiny")
    visitor.type_prompt("Once")
    visitor.page.get_by_test_id("stop-waiting").click()

    expect(visitor.page.get_by_test_id("grow")).to_be_enabled()
    expect(visitor.page.get_by_test_id("rule-loading")).to_have_count(0, timeout=60_000)
    assert visitor.page.url == server.url + "/"
    assert visitor.page.request.get(f"{server.url}/api/trees").json() == {"trees": []}
