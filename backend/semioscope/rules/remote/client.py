"""Talks to one inference engine over HTTP: time-outs, retries with back-off, one clear sentence.

Neither the engine's address, nor its key, nor what it says in an error reaches anybody: answers of
servers quote keys and paths.
"""

import asyncio
import logging
import random
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx

from semioscope.core.errors import Unavailable

_AGAIN: Final = frozenset({408, 425, 429, 500, 502, 503, 504, 529})
"""Statuses after which the same request may succeed."""
_BUSY: Final = frozenset({408, 425, 429, 503, 529})
"""Those of them that are never an answer to the question itself."""
_CONNECT_S: Final = 10.0

_TOO_LONG: Final = re.compile(r"context (window|length|size)|maximum (model|context) len", re.I)
_READ: Final = 2000
"""Characters of a refusal that are looked at."""
_WHERE: Final = "Its base URL should end where “/completions” begins, mostly in “/v1”."

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Patience:
    """attempts: of one request. first_s: the wait before the second, doubled with each further
    one up to most_s, and half of it left to chance. A longer Retry-After is waited for too, up to
    longest_s. An engine that lets a request time out is asked only once more."""

    attempts: int = 5
    first_s: float = 0.25
    most_s: float = 8.0
    longest_s: float = 30.0

    def wait_s(self, attempt: int, retry_after_s: float | None) -> float | None:
        """Seconds before attempt + 1; None: do not wait so long."""
        if retry_after_s is not None and retry_after_s > self.longest_s:
            return None
        backed_off = min(self.most_s, self.first_s * float(2 ** (attempt - 1)))
        jittered = backed_off * random.uniform(0.5, 1.0)  # noqa: S311 -- chance, not a secret
        return max(jittered, retry_after_s or 0.0)


QUICK: Final = Patience(attempts=2)
"""For questions that an engine may refuse for good, some of them with status 500. One that is
merely busy is waited for as ever."""


class EngineClient:
    """One engine's HTTP API. To be used and closed in one event loop."""

    def __init__(
        self,
        name: str,
        url: str,
        key: str | None,
        timeout_s: float,
        concurrency: int,
        patience: Patience | None = None,
    ) -> None:
        """url: the base of the OpenAI-compatible API, such as http://localhost:8000/v1."""
        self._name = name
        self._base = url.rstrip("/")
        self._patience = patience or Patience()
        self._timeout_s = timeout_s
        self._http = httpx.AsyncClient(
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=httpx.Timeout(timeout_s, connect=min(_CONNECT_S, timeout_s)),
            limits=httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency),
        )

    async def close(self) -> None:
        await self._http.aclose()

    async def get(self, path: str) -> Any:
        """The JSON of that path below the base. Raises Unavailable "engine-…"."""
        return await self._ask("GET", f"{self._base}{path}", None, self._patience)

    async def post(self, path: str, body: dict[str, Any], patience: Patience | None = None) -> Any:
        """The JSON of the answer. Raises Unavailable "engine-…"."""
        return await self._ask("POST", f"{self._base}{path}", body, patience or self._patience)

    async def post_beside(self, path: str, body: dict[str, Any]) -> Any:
        """As `post`, for what servers offer beside the OpenAI-compatible API: /tokenize."""
        root = self._base.removesuffix("/v1")
        return await self._ask("POST", f"{root}{path}", body, QUICK)

    def nonsense(self) -> Unavailable:
        """For an answer in which what was asked for is not to be found."""
        return Unavailable(
            "engine-nonsense",
            f"The engine “{self._name}” answers something that is no completion.",
            _WHERE,
        )

    # -- inside

    async def _ask(
        self, method: str, url: str, body: dict[str, Any] | None, patience: Patience
    ) -> Any:
        attempt, timed_out = 0, False
        while True:
            attempt += 1
            retry_after_s: float | None = None
            is_busy = False
            try:
                answer = await self._http.request(method, url, json=body)
            except httpx.TimeoutException:
                failure = self._silent()
                is_last = timed_out
                timed_out = True
            except httpx.HTTPError as error:
                _log.info("engine %s: %s", self._name, type(error).__name__)
                failure = self._unreachable()
                is_last = False
            else:
                if answer.is_success:
                    return self._json(answer)
                failure = self._refused(answer.status_code, answer.text)
                is_last = answer.status_code not in _AGAIN
                is_busy = answer.status_code in _BUSY
                retry_after_s = _seconds(answer.headers.get("Retry-After"))
            attempts = self._patience.attempts if is_busy else patience.attempts
            wait_s = patience.wait_s(attempt, retry_after_s)
            if is_last or attempt >= attempts or wait_s is None:
                raise failure
            _log.info("engine %s: %s Again in %.2f s.", self._name, failure.message, wait_s)
            await asyncio.sleep(wait_s)

    def _json(self, answer: httpx.Response) -> Any:
        try:
            return answer.json()
        except ValueError:
            raise self.nonsense() from None

    def _silent(self) -> Unavailable:
        return Unavailable(
            "engine-silent",
            f"The engine “{self._name}” has not answered within {self._timeout_s:g} s.",
            "It may be overloaded; try again, or ask for fewer states.",
            retryable=True,
        )

    def _unreachable(self) -> Unavailable:
        return Unavailable(
            "engine-unreachable",
            f"The engine “{self._name}” cannot be reached.",
            "It may be down or restarting; what is grown stays, and can be grown on later.",
            retryable=True,
        )

    def _refused(self, status: int, said: str) -> Unavailable:
        if status in (400, 413, 422) and _TOO_LONG.search(said[:_READ]):
            return Unavailable(
                "engine-too-long",
                f"The engine “{self._name}” takes no state as long as this.",
                "Whoever runs this server gives the engine more context, or sets its window.",
            )
        if status in (401, 403):
            return Unavailable(
                "engine-refused",
                f"The engine “{self._name}” does not accept this server's key.",
                "Whoever runs this server names the variable that holds it: key_env.",
            )
        if status == 429:
            return Unavailable(
                "engine-busy",
                f"The engine “{self._name}” takes no more questions for now.",
                "Try again later.",
                retryable=True,
            )
        if status >= 500:
            return Unavailable(
                "engine-failed",
                f"The engine “{self._name}” fails (HTTP {status}).",
                "Its own log says why; try again.",
                retryable=True,
            )
        return Unavailable(
            "engine-refused",
            f"The engine “{self._name}” refuses the question (HTTP {status}).",
            _WHERE if status in (404, 405) else "Its own log says why.",
        )


def _seconds(retry_after: str | None) -> float | None:
    """Retry-After, which is a number of seconds or a date (RFC 9110, 10.2.3)."""
    if retry_after is None:
        return None
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        pass
    try:
        at = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return max(0.0, (at - datetime.now(UTC)).total_seconds())
