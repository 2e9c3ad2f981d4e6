"""The page's files over HTTP, and what is shown when it is not built."""

from pathlib import Path

import pytest

from tests.integration.visitors import Visitor, refusal, running


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A data folder beside a built page."""
    page = tmp_path / "page"
    (page / "assets").mkdir(parents=True)
    (page / "index.html").write_text("<!doctype html><title>Semioscope</title>", "utf-8")
    (page / "assets" / "main-abc123.js").write_text("export const wide = 1;\n" * 100, "utf-8")
    (page / "mark.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>", "utf-8")
    (tmp_path / "secret.txt").write_text("not for the web", "utf-8")
    return tmp_path


@pytest.mark.parametrize("path", ["/", "/t/tAAAAAAAAAAAAAAAAAAAAAA", "/f/fAAA", "/recover"])
async def test_every_address_of_a_person_is_the_page(built: Path, path: str) -> None:
    async with running(built) as app, Visitor(app) as ada:
        answer = await ada.client.get(path)
        assert answer.status_code == 200
        assert "<title>Semioscope</title>" in answer.text
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["cache-control"] == "no-cache"
        assert "script-src 'self'" in answer.headers["content-security-policy"]
        tag = {"If-None-Match": answer.headers["etag"]}
        assert (await ada.client.get(path, headers=tag)).status_code == 304


async def test_an_address_that_leads_nowhere_is_a_page_to_a_person(built: Path) -> None:
    async with running(built) as app, Visitor(app) as ada:
        answer = await ada.client.get("/nowhere", headers={"Accept": "text/html,*/*"})
        assert answer.status_code == 404
        assert "<title>Semioscope</title>" in answer.text


async def test_assets_are_kept_for_ever_and_packed(built: Path) -> None:
    async with running(built) as app, Visitor(app) as ada:
        answer = await ada.client.get("/assets/main-abc123.js")
        assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["content-encoding"] == "gzip"
        assert int(answer.headers["content-length"]) < 200
        assert answer.text.startswith("export const wide")
        plain = await ada.client.get(
            "/assets/main-abc123.js", headers={"Accept-Encoding": "identity"}
        )
        assert "content-encoding" not in plain.headers
        assert plain.text == answer.text
        loose = await ada.client.get("/mark.svg")
        assert loose.headers["content-type"] == "image/svg+xml"
        assert loose.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    [
        "/assets/none.js",
        "/none.txt",
        "/assets/../../secret.txt",
        "/assets/%2e%2e/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
    ],
)
async def test_nothing_else_is_served(built: Path, path: str) -> None:
    async with running(built) as app, Visitor(app) as ada:
        assert refusal(await ada.client.get(path))[0] == 404


async def test_a_page_that_is_not_built_says_how_to_build_it(tmp_path: Path) -> None:
    async with running(tmp_path) as app, Visitor(app) as ada:
        answer = await ada.client.get("/")
        assert answer.status_code == 503
        assert "make build" in answer.text
        assert (await ada.call("GET", "/status")).status_code == 200


async def test_a_new_build_is_served_without_a_restart(built: Path) -> None:
    async with running(built) as app, Visitor(app) as ada:
        await ada.client.get("/")
        (built / "page" / "index.html").write_text("<title>Newer</title>", "utf-8")
        assert "Newer" in (await ada.client.get("/")).text


async def test_a_405_names_every_method_of_the_address(tmp_path: Path) -> None:
    async with running(tmp_path) as app, Visitor(app) as ada:
        answer = await ada.call("PUT", "/trees/tAAAAAAAAAAAAAAAAAAAAAA")
        assert refusal(answer)[0] == 405
        assert answer.headers["allow"] == "DELETE, GET, PATCH"
