"""Calls in flight, limited per channel, so that one slow channel neither blocks nor starves another."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from yinyi.business.payments.plan import Step


class Limits:
    """``at_once`` calls per channel (or per domain for effects without a channel)."""

    def __init__(self, at_once: int = 32, patience_s: float = 2.0) -> None:
        self._at_once = at_once
        self._patience_s = patience_s
        self._places: dict[str, asyncio.Semaphore] = {}

    @asynccontextmanager
    async def place(self, step: Step) -> AsyncGenerator[bool]:
        """True with a place of one's own; False when none came free in time."""
        name = step.channel or step.kind.split(".")[0]
        places = self._places.setdefault(name, asyncio.Semaphore(self._at_once))
        try:
            async with asyncio.timeout(self._patience_s):
                await places.acquire()
        except TimeoutError:
            yield False
            return
        try:
            yield True
        finally:
            places.release()
