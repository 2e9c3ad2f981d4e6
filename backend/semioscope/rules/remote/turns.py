"""Who may send the next request: interactive before background, the groups in turn."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """At most `limit` at a time. To be used in one event loop."""

    def __init__(self, limit: int) -> None:
        self._free = limit
        self._waiting: dict[int, dict[str, deque[asyncio.Future[None]]]] = {}
        self._last_served: dict[str, int] = {}
        self._served = 0

    @asynccontextmanager
    async def turn(self, priority: int, group: str) -> AsyncIterator[None]:
        """Waits for a turn, and gives it on at the end. Of those that wait the least priority
        number goes first, then the group that has waited longest for one."""
        await self._enter(priority, group)
        try:
            yield
        finally:
            self._leave()

    async def _enter(self, priority: int, group: str) -> None:
        if self._free:
            self._free -= 1
            self._note(group)
            return
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(priority, {}).setdefault(group, deque()).append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():
                self._leave()  # the turn came at the very moment when nobody wanted it any more
            raise

    def _leave(self) -> None:
        following = self._next()
        if following is None:
            self._free += 1
        else:
            following.set_result(None)

    def _next(self) -> "asyncio.Future[None] | None":
        for priority in sorted(self._waiting):
            groups = self._waiting[priority]
            for group in sorted(groups, key=lambda name: self._last_served.get(name, -1)):
                queue = groups[group]
                while queue:
                    mine = queue.popleft()
                    if not mine.done():
                        self._note(group)
                        return mine
                del groups[group]
            del self._waiting[priority]
        self._last_served.clear()
        return None

    def _note(self, group: str) -> None:
        self._served += 1
        self._last_served[group] = self._served
