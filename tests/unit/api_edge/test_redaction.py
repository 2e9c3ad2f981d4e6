"""What opens a tree does not get into the logs."""

import logging

import pytest

from semioscope.api.redaction import RedactIds, redact, redact_logs

LIVE = "tAbcDEFGHIJKLMNOPQRS-_w"
FROZEN = "fAbcDEFGHIJKLMNOPQRS-_w"


@pytest.mark.parametrize(
    ("path", "told"),
    [
        (f"/t/{LIVE}", "/t/tAbc…"),
        (f"/f/{FROZEN}?view=1", "/f/fAbc…?view=1"),
        (f"/api/trees/{LIVE}", "/api/trees/tAbc…"),
        (f"/api/trees/{FROZEN}/events?after=3", "/api/trees/fAbc…/events?after=3"),
        (f"/api/trees/{LIVE}/links/{FROZEN}", "/api/trees/tAbc…/links/fAbc…"),
        (f"http://host/t/{LIVE} and /t/{LIVE}", "http://host/t/tAbc… and /t/tAbc…"),
        ("/api/trees", "/api/trees"),
        ("/api/status", "/api/status"),
        ("/assets/tree-Abcdefgh.js", "/assets/tree-Abcdefgh.js"),
    ],
)
def test_only_four_characters_of_an_id_stay(path: str, told: str) -> None:
    assert redact(path) == told


@pytest.mark.parametrize(
    ("logger", "message", "arguments"),
    [
        ("uvicorn.access", '%s - "%s %s HTTP/%s" %d', ("::1", "GET", f"/t/{LIVE}", "1.1", 200)),
        ("uvicorn.error", '%s - "WebSocket %s" [accepted]', ("::1", f"/api/trees/{LIVE}/socket")),
        ("semioscope", f"unexpected error in /api/trees/{LIVE}", ()),
    ],
)
def test_the_servers_logs_are_redacted(
    logger: str, message: str, arguments: tuple[object, ...], caplog: pytest.LogCaptureFixture
) -> None:
    redact_logs()
    redact_logs()
    with caplog.at_level(logging.INFO, logger):
        logging.getLogger(logger).info(message, *arguments)
    assert "tAbc…" in caplog.text
    assert LIVE not in caplog.text
    installed = [f for f in logging.getLogger(logger).filters if isinstance(f, RedactIds)]
    assert len(installed) == 1
