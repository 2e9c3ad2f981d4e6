"""A bound on how often one identity may call."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from semioscope.api.problems import refuse
from semioscope.core.errors import LimitExceeded

REMEMBERED: Final = 20_000
"""Callers kept count of; the one that has not called for longest is forgotten first."""


class TokenBuckets:
    """One bucket a caller: a minute's calls when full, refilled evenly."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._capacity = float(per_minute)
        self._per_second = per_minute / 60
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: str) -> float:
        """Takes one call: 0 when it is allowed, else the seconds until one will be."""
        now = self._clock()
        left, since = self._buckets.get(caller, (self._capacity, now))
        left = min(self._capacity, left + (now - since) * self._per_second)
        wait = 0.0 if left >= 1 else (1 - left) / self._per_second
        self._buckets[caller] = (left - 1 if wait == 0 else left, now)
        self._buckets.move_to_end(caller)
        if len(self._buckets) > REMEMBERED:
            self._buckets.popitem(last=False)
        return wait


class RequestLimit:
    """Middleware: calls of the API over the limit are answered 429 with Retry-After.

    Stands inside IdentityCookie. Who comes without an identity is counted by network address,
    or leaving the cookie out would be a way around.
    """

    def __init__(self, app: ASGIApp, per_minute: int) -> None:
        self._app = app
        self._per_minute = per_minute
        self._buckets = TokenBuckets(per_minute)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the call on, or answers 429 "too-many-requests"."""
        caller = _caller(scope)
        wait = 0.0 if caller is None else self._buckets.take(caller)
        if wait == 0:
            await self._app(scope, receive, send)
            return
        seconds = math.ceil(wait)
        error = LimitExceeded(
            "too-many-requests",
            f"That is more than {self._per_minute} requests in a minute.",
            f"Try again in {seconds} s.",
            retryable=True,
        )
        await refuse(scope, receive, send, error, {"Retry-After": str(seconds)})


def _caller(scope: Scope) -> str | None:
    if scope["type"] == "lifespan" or "caller" not in scope.get("state", {}):
        return None
    state = scope["state"]
    if state["is_newcomer"]:
        address = scope.get("client") or ("unknown", 0)
        return f"address {address[0]}"
    return f"identity {state['caller'].id}"
