"""Nobody calls more often than the limit says."""

import httpx
import pytest
from starlette.testclient import TestClient, WebSocketDenialResponse

from semioscope.api import rate_limit
from semioscope.api.rate_limit import TokenBuckets
from semioscope.settings import Settings

from .conftest import Browser, make_app


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_minutes_calls_at_once_and_then_one_at_a_time() -> None:
    clock = Clock()
    buckets = TokenBuckets(60, clock)
    assert [buckets.take("a") for _ in range(60)] == [0.0] * 60
    assert buckets.take("a") == pytest.approx(1)
    assert buckets.take("b") == 0
    clock.now += 0.5
    assert buckets.take("a") == pytest.approx(0.5)
    clock.now += 0.5
    assert buckets.take("a") == 0
    assert buckets.take("a") == pytest.approx(1)
    clock.now += 3600
    assert sum(buckets.take("a") == 0 for _ in range(100)) == 60


def test_over_any_stretch_no_more_than_the_limit_gets_through() -> None:
    clock = Clock()
    buckets = TokenBuckets(60, clock)
    allowed = 0
    for _ in range(600):
        allowed += buckets.take("a") == 0
        clock.now += 0.1
    assert allowed == pytest.approx(60 + 60, abs=1)


def test_callers_kept_count_of_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit, "REMEMBERED", 2)
    buckets = TokenBuckets(1, Clock())
    assert [buckets.take(name) for name in "abc"] == [0.0] * 3
    assert buckets.take("c") > 0
    assert buckets.take("a") == 0


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"requests_per_minute": 6})


async def test_a_caller_over_the_limit_is_told_when_to_come_again(browser: Browser) -> None:
    first, other = browser(), browser()
    await first.get("/api/me")
    await other.get("/api/me")
    codes = [(await first.get("/api/me")).status_code for _ in range(7)]
    assert codes == [200] * 6 + [429]
    response = await first.get("/api/me")
    assert (response.status_code, response.json()["code"]) == (429, "too-many-requests")
    assert 1 <= int(response.headers["retry-after"]) <= 10
    assert response.json()["retryable"] is True
    assert (await other.get("/api/me")).status_code == 200
    assert (await first.get("/")).status_code == 200


async def test_leaving_the_cookie_out_is_no_way_around(browser: Browser) -> None:
    codes = [(await browser().get("/api/me")).status_code for _ in range(8)]
    assert codes == [200] * 6 + [429] * 2


def test_opening_sockets_counts(settings: Settings) -> None:
    with TestClient(make_app(settings)) as client:
        for _ in range(6):
            client.get("/api/me", headers={"cookie": ""})
        client.cookies.clear()
        with (
            pytest.raises(WebSocketDenialResponse) as denial,
            client.websocket_connect("/api/trees/t/socket"),
        ):
            pass
        assert denial.value.status_code == 429


async def test_the_limit_is_the_settings(client: httpx.AsyncClient) -> None:
    for _ in range(7):
        await client.get("/api/me")
    detail = (await client.get("/api/me")).json()["detail"]
    assert detail == "That is more than 6 requests in a minute."
