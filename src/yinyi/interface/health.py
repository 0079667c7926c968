"""``GET /healthz``: 200 once everything answers, 503 before and when something is away; each part's state in JSON."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Literal

import msgspec
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from yinyi.bus.client import BusClient
from yinyi.business.terminals.messages import GetHealth
from yinyi.kernel.clock import Clock
from yinyi.kernel.errors import YinyiError

READY = "ready"
AWAY = "away"
WITHIN_S = 2.0
FRESH = timedelta(milliseconds=500)
"""However often it is asked for, the platform is asked at most this often."""
OWN_PART = "interface"
"""Who answers is there; what its supervisor still thinks of it does not matter."""

Parts = Callable[[], Mapping[str, str]]
"""The states of the parts that a supervisor watches over, by name; empty where each has a machine of its own."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """parts: ``ready`` or what keeps them from it. checked_at: when it was looked."""

    status: Literal["ready", "not_ready"]
    parts: dict[str, str]
    checked_at: datetime


class Health:
    """Looks at the supervisor's list and asks the business layer a question that goes to the database."""

    def __init__(
        self, buses: Mapping[str, BusClient], connected: Callable[[], bool], parts: Parts, clock: Clock
    ) -> None:
        """``buses``: by account; any that may ask ``GetHealth`` serves."""
        self._buses = buses
        self._connected = connected
        self._parts = parts
        self._clock = clock
        self._lock = asyncio.Lock()
        self._last: Report | None = None

    def routes(self) -> list[BaseRoute]:
        return [Route("/healthz", self, methods=["GET", "HEAD"])]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        report = await self.report()
        body = msgspec.json.encode(report)
        headers = [
            (b"content-type", b"application/json"),
            (b"cache-control", b"no-store"),
            (b"content-length", str(len(body)).encode()),
        ]
        status = 200 if report.status == READY else 503
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def report(self) -> Report:
        async with self._lock:
            now = self._clock.now()
            if self._last is None or now - self._last.checked_at >= FRESH:
                self._last = await self._look(now)
            return self._last

    async def _look(self, now: datetime) -> Report:
        parts = {name: state for name, state in self._parts().items() if name != OWN_PART}
        parts |= {OWN_PART: READY, "bus": READY if self._connected() else AWAY}
        answered = await self._round_trip()
        if answered is not None:
            parts["platform"] = answered
        ready = all(state == READY for state in parts.values())
        return Report(status="ready" if ready else "not_ready", parts=parts, checked_at=now)

    async def _round_trip(self) -> str | None:
        """To the database and back; None: none of our accounts may ask."""
        bus = next(iter(self._buses.values()), None)
        if bus is None:
            return None
        try:
            await bus.ask(GetHealth(), timeout_s=WITHIN_S)
        except YinyiError:
            return AWAY
        return READY
