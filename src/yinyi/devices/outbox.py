"""Events on their way to the platform: kept until acknowledged, never more than so many."""

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog

from yinyi.wire.terminal_line import (
    CardLaid,
    CardRemoved,
    CardTerminalStep,
    DeviceState,
    Event,
    PayCardRead,
    PrintResult,
    Scanned,
)

SCAN_LASTS = timedelta(seconds=10)
"""Who held a code under the scanner while the line was gone has tried again by then, or has left."""

_log = structlog.get_logger("yinyi.devices")


class Outbox:
    """In order of happening. Of a device's states, and of asterisks, only the newest is kept; a print result is the
    last to be dropped."""

    def __init__(self, limit: int = 200) -> None:
        self._limit = limit
        self._waiting: dict[str, Event] = {}
        self._news = asyncio.Event()

    def __len__(self) -> int:
        return len(self._waiting)

    def waiting(self) -> list[Event]:
        return list(self._waiting.values())

    def add(self, event: Event) -> None:
        if isinstance(event, DeviceState):
            self._drop(one for one in self.waiting() if isinstance(one, DeviceState) and one.device == event.device)
        if isinstance(event, CardTerminalStep) and event.step == "typing":
            self._drop(one for one in self.waiting() if isinstance(one, CardTerminalStep) and one.step == "typing")
        if len(self._waiting) >= self._limit:
            oldest = next((one for one in self.waiting() if not isinstance(one, PrintResult)), self.waiting()[0])
            _log.warning("outbox full, oldest event dropped", event_type=type(oldest).__name__)
            self._drop([oldest])
        self._waiting[event.event_id] = event
        self._news.set()

    def acknowledged(self, event_id: str) -> None:
        self._waiting.pop(event_id, None)

    def drop_stale(self, now: datetime, older_than: timedelta) -> None:
        """Forget what would surprise the next person: old scans, sooner than others because one may be a code to pay
        with, and old cards that are gone again."""
        gone = {one.device for one in self.waiting() if isinstance(one, CardRemoved)}
        stale = [
            one
            for one in self.waiting()
            if (isinstance(one, Scanned | PayCardRead) and now - one.at > min(SCAN_LASTS, older_than))
            or (isinstance(one, CardLaid) and one.device in gone and now - one.at > older_than)
        ]
        if stale:
            _log.info("stale events dropped", count=len(stale))
            self._drop(stale)

    async def changed(self) -> None:
        """Returns when something was added since the last time."""
        await self._news.wait()
        self._news.clear()

    def _drop(self, events: Iterable[Event]) -> None:
        for event in list(events):
            self._waiting.pop(event.event_id, None)
