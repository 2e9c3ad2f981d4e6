"""An app in this process, its visitors, and rules that are slow or break."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from semioscope.app import create_app
from semioscope.core import frame
from semioscope.rules.catalogue import Catalogue, LoadedRule, Offer
from semioscope.rules.coin import Coin, CoinLaw
from semioscope.rules.protocol import Row
from semioscope.rules.worker import RuleWorker
from semioscope.settings import Settings

ADDRESS = "http://semioscope.test"


class SlowCoin(Coin):
    """A fair coin that takes its time for every batch of flips."""

    def __init__(self, seconds: float = 0.05) -> None:
        super().__init__("slow", "Slow coin", "A coin that takes its time.", CoinLaw())
        self.seconds = seconds
        self.batches = 0

    def log_probs(self, states: Sequence[tuple[int, ...]]) -> Iterator[Row]:
        self.batches += 1
        time.sleep(self.seconds)
        return super().log_probs(states)


class BreakingCoin(Coin):
    """A coin that falls off the table after three flips."""

    def __init__(self) -> None:
        super().__init__("breaking", "Breaking coin", "It falls off the table.", CoinLaw())

    def log_probs(self, states: Sequence[tuple[int, ...]]) -> Iterator[Row]:
        if any(len(state) >= 3 for state in states):
            raise RuntimeError("fell off the table")
        return super().log_probs(states)


class WideCatalogue(Catalogue):
    """What a server offers, and more rules of a test's own; a withdrawn one is on offer no more."""

    def __init__(self, settings: Settings, *more: Coin) -> None:
        super().__init__(settings)
        self.more = {each.description.id: LoadedRule(each, RuleWorker(each)) for each in more}

    def offers(self) -> list[Offer]:
        coin = next(offer for offer in super().offers() if offer.id == "coin")
        return [
            *super().offers(),
            *(
                replace(coin, id=rule_id, name=known.name, description=known)
                for rule_id, loaded in self.more.items()
                for known in [loaded.rule.description]
            ),
        ]

    @asynccontextmanager
    async def use(self, rule_id: str, maker: str | None = None) -> AsyncIterator[LoadedRule]:
        if rule_id in self.more:
            yield self.more[rule_id]
        else:
            async with super().use(rule_id, maker) as loaded:
                yield loaded

    def close(self) -> None:
        for loaded in self.more.values():
            loaded.worker.close()
        super().close()


def settings_of(folder: Path, **changed: Any) -> Settings:
    """Settings on a folder of the test's own, without a built page."""
    given = {"data_folder": folder, "page_folder": folder / "page", "requests_per_minute": 100_000}
    return Settings(**(given | changed))


@asynccontextmanager
async def running(folder: Path, *more: Coin, **changed: Any) -> AsyncIterator[FastAPI]:
    """An app that has started, and stops at the end; the default model is not loaded."""
    settings = settings_of(folder, **changed)
    app = create_app(settings, WideCatalogue(settings, *more), load_at_start=False)
    async with app.router.lifespan_context(app):
        yield app


class Visitor:
    """A browser's identity, and what a person does with it."""

    def __init__(self, app: FastAPI) -> None:
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url=ADDRESS
        )

    async def __aenter__(self) -> "Visitor":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.aclose()

    async def call(
        self, method: str, path: str, body: object = None, **more: Any
    ) -> httpx.Response:
        if body is not None:
            more["json"] = body
        return await self.client.request(method, f"/api{path}", **more)

    async def get(self, path: str) -> Any:
        return well(await self.call("GET", path))

    async def post(self, path: str, body: object = None) -> Any:
        return well(await self.call("POST", path, body))

    async def begin(self, prompt: str = "", rule: str = "coin", **more: Any) -> str:
        """A new tree; returns its live ref."""
        told = await self.post("/trees", {"rule": rule, "prompt": prompt, **more})
        return str(told["ref"])

    async def load(self, rule: str) -> None:
        """Begins to load a rule, and waits for the end of it, whatever that is."""
        await self.call("POST", f"/rules/{rule}/load")
        async with asyncio.timeout(20):
            while True:
                listed = (await self.get("/rules"))["rules"]
                if all(each["state"] != "loading" for each in listed if each["id"] == rule):
                    return
                await asyncio.sleep(0.01)

    async def grow(self, ref: str, strategy: dict[str, Any], node: int = 0, **more: Any) -> Any:
        """Grows, and waits for the end; returns the tree as it is then."""
        body = {"state": {"node": node}, "strategy": strategy, **more}
        await self.post(f"/trees/{ref}/growths", body)
        return await self.at_rest(ref)

    async def until(self, ref: str, holds: Callable[[Any], bool]) -> Any:
        """The tree, as soon as that holds of it."""
        async with asyncio.timeout(20):
            while True:
                tree = await self.get(f"/trees/{ref}")
                if holds(tree):
                    return tree
                await asyncio.sleep(0.01)

    async def at_rest(self, ref: str) -> Any:
        """The tree, when nothing grows in it any more."""
        return await self.until(ref, lambda tree: not tree["jobs"])

    async def columns(self, ref: str) -> tuple[dict[str, Any], dict[str, list[Any]]]:
        answer = await self.call("GET", f"/trees/{ref}/columns")
        assert answer.status_code == 200, answer.text
        header, columns = frame.decode(answer.content)
        return header, {name: column.tolist() for name, column in columns.items()}


def well(answer: httpx.Response) -> Any:
    """The JSON of an answer that is no refusal."""
    assert answer.is_success, f"{answer.status_code} {answer.text}"
    return answer.json() if answer.content else None


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """(status, code) of a refusal, which must be one clear sentence of problem JSON."""
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["status"] == answer.status_code
    assert problem["title"]
    sentence = problem["detail"]
    assert sentence.endswith("."), sentence
    assert "\n" not in sentence, sentence
    return answer.status_code, problem["code"]


WORLDS = {"kind": "worlds", "lines": 8, "steps": 3}
EIGHT_FLIPS = {"kind": "breadth", "k": 2, "depth": 3}
