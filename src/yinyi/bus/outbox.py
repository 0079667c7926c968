"""Events leave with the commit that made them: rows in ``outbox``, published to JetStream by whoever claims them."""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any

import msgspec
import structlog

from yinyi.bus.database import Database, Tx
from yinyi.kernel.clock import Clock

log = structlog.get_logger()

_ADD = """
INSERT INTO outbox (hospital_id, subject, body, created_at, claimed_until) VALUES ($1, $2, $3, $4, $5)
RETURNING outbox_id
"""
_CLAIM = """
UPDATE outbox SET claimed_until = $2
WHERE outbox_id IN (
  SELECT outbox_id FROM outbox WHERE published_at IS NULL AND (claimed_until IS NULL OR claimed_until < $1)
  ORDER BY outbox_id LIMIT 200 FOR UPDATE SKIP LOCKED)
RETURNING outbox_id, subject, body
"""
_MARK = """
UPDATE outbox SET published_at = CASE WHEN outbox_id = ANY($2) THEN $3::timestamptz END, claimed_until = NULL
WHERE outbox_id = ANY($1)
"""

CLAIMED_FOR = timedelta(seconds=30)

MOST_OFFERED = 5000
MARKED_TOGETHER = 50

Publish = Callable[[str, bytes, str], Awaitable[None]]
"""``publish(subject, body, message_id)``: returns once the stream has stored it; the id makes repeats harmless."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened. ``subject`` like ``event.payments.PaymentChanged``."""

    hospital_id: int
    subject: str
    body: dict[str, Any]
    at: datetime


class Offered(msgspec.Struct, frozen=True):
    """An event on disk that its own process is about to publish; claimed for it, so nobody else does meanwhile."""

    outbox_id: int
    subject: str
    body: bytes


_collecting: ContextVar[list[Offered] | None] = ContextVar("collecting", default=None)


@contextmanager
def collecting() -> Generator[list[Offered]]:
    """Around a transaction: what ``add`` wrote within, to be offered to the publisher once it is committed."""
    offered: list[Offered] = []
    mark = _collecting.set(offered)
    try:
        yield offered
    finally:
        _collecting.reset(mark)


async def add(tx: Tx, event: Event) -> None:
    offered = _collecting.get()
    claimed_until = None if offered is None else event.at + CLAIMED_FOR
    body = msgspec.json.encode(event.body)
    args = (event.hospital_id, event.subject, body.decode(), event.at, claimed_until)
    outbox_id: int = await tx.fetchval(_ADD, *args)
    if offered is not None:
        offered.append(Offered(outbox_id, event.subject, body))


class OutboxPublisher:
    """Publishes what is committed: at once when woken, otherwise every ``every_s``."""

    def __init__(self, database: Database, publish: Publish, clock: Clock, every_s: float = 1.0) -> None:
        self._database = database
        self._publish = publish
        self._clock = clock
        self._every_s = every_s
        self._awake = asyncio.Event()
        self._search = True
        self._offered: list[Offered] = []
        self._published: list[int] = []

    def wake(self) -> None:
        """Something was committed that was not offered."""
        self._search = True
        self._awake.set()

    def offer(self, events: list[Offered]) -> None:
        """These were committed just now. Too many at once wait on disk for the next search."""
        room = MOST_OFFERED - len(self._offered)
        self._offered += events[:room]
        if events:
            self._awake.set()

    async def run(self) -> None:
        """Until cancelled. A bus that is away costs nothing but time: rows stay until they are published."""
        while True:
            self._awake.clear()
            try:
                if self._search:
                    self._search = False
                    while await self.publish_some():
                        pass
                await self.publish_offered()
            except Exception as error:  # the loop outlives every fault of bus and database
                log.warning("outbox.waiting", why=type(error).__name__)
            try:
                async with asyncio.timeout(self._every_s):
                    await self._awake.wait()
            except TimeoutError:
                self._search = True
                await self._mark_published()

    async def publish_offered(self) -> None:
        """What cannot be published now is free again, for the next search."""
        offered, self._offered = self._offered, []
        if offered:
            outcomes = await asyncio.gather(
                *(self._publish(event.subject, event.body, str(event.outbox_id)) for event in offered),
                return_exceptions=True,
            )
            failed = {
                event.outbox_id: outcome
                for event, outcome in zip(offered, outcomes, strict=True)
                if isinstance(outcome, BaseException)
            }
            self._published += [event.outbox_id for event in offered if event.outbox_id not in failed]
            if failed:
                async with self._database.read() as tx:
                    await tx.execute(_MARK, list(failed), [], self._clock.now())
                raise next(iter(failed.values()))
        if len(self._published) >= MARKED_TOGETHER:
            await self._mark_published()

    async def _mark_published(self) -> None:
        published, self._published = self._published, []
        if not published:
            return
        try:
            async with self._database.read() as tx:
                await tx.execute(_MARK, published, published, self._clock.now())
        except Exception as error:  # published again after the claim, under the same id: the stream drops it
            log.warning("outbox.unmarked", why=type(error).__name__)

    async def publish_some(self) -> int:
        """Claim, publish and mark up to 200 events; how many there were. What cannot be published is free again."""
        now = self._clock.now()
        async with self._database.read() as tx:
            rows = await tx.fetch(_CLAIM, now, now + CLAIMED_FOR)
        if not rows:
            return 0
        published: list[int] = []
        try:
            for row in sorted(rows, key=lambda row: row["outbox_id"]):
                await self._publish(row["subject"], row["body"].encode(), str(row["outbox_id"]))
                published.append(row["outbox_id"])
        finally:
            async with self._database.read() as tx:
                await tx.execute(_MARK, [row["outbox_id"] for row in rows], published, self._clock.now())
        return len(rows)
