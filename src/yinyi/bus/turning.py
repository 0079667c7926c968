"""Loops of business processes that see to whatever is due."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger()


async def turning(turn: Callable[[], Awaitable[int]], every_s: float, waits: str) -> None:
    """Until cancelled. ``turn`` answers how much there was: the next one follows at once until there is nothing.
    ``waits``: the event that is logged when a turn fails; the loop outlives every fault of database and outside."""
    while True:
        try:
            while await turn():
                pass
        except Exception as error:
            log.warning(waits, why=type(error).__name__)
        await asyncio.sleep(every_s)
