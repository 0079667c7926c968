"""Events: committed rows reach the stream once each, whatever happens to bus, database and processes meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from bus_stage import Bus, end

from yinyi.bus import outbox
from yinyi.bus.database import Database, open_database
from yinyi.bus.outbox import Event, OutboxPublisher
from yinyi.bus.permissions import BUSINESS
from yinyi.bus.transport import NatsTransport
from yinyi.kernel.errors import PlatformUnavailable

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
SUBJECT = "event.terminal.T1.CardLaid"


@dataclass
class SimClock:
    """Stands still until it is moved."""

    at: datetime = START

    def now(self) -> datetime:
        return self.at


@dataclass
class Stage:
    """A database and a bus, and the business process between them."""

    bus: Bus
    database: Database
    business: NatsTransport
    clock: SimClock

    def publisher(self) -> OutboxPublisher:
        return OutboxPublisher(self.database, self.business.publish_event, self.clock)

    async def happen(self, first: int, last: int) -> None:
        """Events of these numbers, one transaction each."""
        for number in range(first, last + 1):
            async with self.database.transaction() as tx:
                await outbox.add(tx, event(number))

    async def stored(self) -> list[bytes]:
        return [body for _, body in await self.bus.stored()]

    async def waiting(self) -> int:
        async with self.database.read() as tx:
            return await tx.fetchval("SELECT count(*) FROM outbox WHERE published_at IS NULL")


def event(number: int) -> Event:
    return Event(hospital_id=1, subject=SUBJECT, body={"number": str(number), "version": number}, at=START)


def bodies(first: int, last: int) -> list[bytes]:
    return [f'{{"number":"{number}","version":{number}}}'.encode() for number in range(first, last + 1)]


def play(bus: Bus, url: str, story: Callable[[Stage], Awaitable[None]]) -> None:
    async def on_stage() -> None:
        database = await open_database(url, size=4)
        try:
            business = await bus.join(BUSINESS)
            await business.make_stream()
            await story(Stage(bus, database, business, SimClock()))
        finally:
            await database.close()

    bus.play(on_stage)


def test_what_is_committed_is_published_in_order_and_once(bus: Bus, platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        await stage.happen(1, 5)
        assert await stage.publisher().publish_some() == 5
        assert await stage.stored() == bodies(1, 5)
        assert await stage.waiting() == 0
        assert await stage.publisher().publish_some() == 0

    play(bus, platform_url, story)


def test_what_is_rolled_back_never_happened(bus: Bus, platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        async def fails() -> None:
            async with stage.database.transaction() as tx:
                await outbox.add(tx, event(1))
                raise RuntimeError

        with pytest.raises(RuntimeError):
            await fails()
        assert await stage.publisher().publish_some() == 0

    play(bus, platform_url, story)


def test_the_stream_drops_a_repeat(bus: Bus, platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        for _ in range(3):
            await stage.business.publish_event(SUBJECT, b"one", "1")
        await stage.business.publish_event(SUBJECT, b"other", "2")
        assert await stage.stored() == [b"one", b"other"]

    play(bus, platform_url, story)


def test_a_woken_publisher_does_not_wait_for_its_turn(bus: Bus, platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        heard: asyncio.Queue[bytes] = asyncio.Queue()

        async def hear(subject: str, data: bytes) -> None:
            heard.put_nowait(data)

        kiosk = await stage.bus.join("kiosk")
        await kiosk.listen("event.terminal.>", hear)
        publisher = OutboxPublisher(stage.database, stage.business.publish_event, stage.clock, every_s=3600)
        loop = asyncio.create_task(publisher.run())
        for number in (1, 2):
            await stage.happen(number, number)
            publisher.wake()
            assert await heard.get() == bodies(number, number)[0]
        await end(loop)

    play(bus, platform_url, story)


def test_a_bus_that_is_away_costs_nothing_but_time(bus: Bus, platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        sent: asyncio.Queue[str] = asyncio.Queue()

        async def publish(subject: str, body: bytes, message_id: str) -> None:
            await stage.business.publish_event(subject, body, message_id)
            sent.put_nowait(message_id)

        await stage.happen(1, 3)
        publisher = OutboxPublisher(stage.database, publish, stage.clock)
        loop = asyncio.create_task(publisher.run())
        first = {await sent.get() for _ in range(3)}
        stage.bus.stop()
        await stage.bus.hear_of(("bus.lost", BUSINESS))
        await stage.happen(4, 250)
        publisher.wake()
        await stage.bus.hear_of(("outbox.waiting", ""))
        stage.bus.start()
        await stage.bus.hear_of(("bus.back", BUSINESS))
        assert len(first | {await sent.get() for _ in range(247)}) == 250
        await end(loop)
        assert await stage.stored() == bodies(1, 250)

    play(bus, platform_url, story)


def test_events_that_could_not_leave_are_free_at_once(bus: Bus, platform_url: str) -> None:
    """The other process, or the next round, need not wait for the claim to run out."""

    async def story(stage: Stage) -> None:
        left = 2

        async def breaks(subject: str, body: bytes, message_id: str) -> None:
            nonlocal left
            if not left:
                raise PlatformUnavailable
            left -= 1
            await stage.business.publish_event(subject, body, message_id)

        await stage.happen(1, 5)
        with pytest.raises(PlatformUnavailable):
            await OutboxPublisher(stage.database, breaks, stage.clock).publish_some()
        assert await stage.waiting() == 3
        assert await stage.publisher().publish_some() == 3
        assert await stage.stored() == bodies(1, 5)

    play(bus, platform_url, story)


def test_a_process_that_dies_after_publishing_is_repeated_and_the_stream_has_it_once(
    bus: Bus, platform_url: str
) -> None:
    async def story(stage: Stage) -> None:
        class Killed(BaseException): ...

        async def dies(subject: str, body: bytes, message_id: str) -> None:
            await stage.business.publish_event(subject, body, message_id)
            async with stage.database.read() as tx:
                await tx.execute("ALTER TABLE outbox RENAME TO gone")  # nothing can be written any more
            raise Killed

        await stage.happen(1, 2)
        with pytest.raises(Exception, match="outbox"):
            await OutboxPublisher(stage.database, dies, stage.clock).publish_some()
        async with stage.database.read() as tx:
            await tx.execute("ALTER TABLE gone RENAME TO outbox")
        assert await stage.publisher().publish_some() == 0, "the dead process's claim still stands"
        stage.clock.at += timedelta(seconds=31)
        assert await stage.publisher().publish_some() == 2
        assert await stage.stored() == bodies(1, 2)

    play(bus, platform_url, story)


def test_two_publishers_publish_nothing_twice(bus: Bus, platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        sent: list[str] = []

        async def note(subject: str, body: bytes, message_id: str) -> None:
            sent.append(message_id)
            await stage.business.publish_event(subject, body, message_id)

        await stage.happen(1, 450)
        publishers = [OutboxPublisher(stage.database, note, stage.clock) for _ in range(3)]
        counts = await asyncio.gather(*(publisher.publish_some() for publisher in publishers))
        assert sum(counts) == len(set(sent)) == len(sent) == 450
        assert sorted(await stage.stored()) == sorted(bodies(1, 450))

    play(bus, platform_url, story)


def test_what_was_offered_and_could_not_leave_waits_for_no_claim_to_run_out(bus: Bus, platform_url: str) -> None:
    """Events of this very process, offered to its publisher while the bus is away, leave as soon as it is back."""

    async def story(stage: Stage) -> None:
        sent: asyncio.Queue[str] = asyncio.Queue()

        async def publish(subject: str, body: bytes, message_id: str) -> None:
            await stage.business.publish_event(subject, body, message_id)
            sent.put_nowait(message_id)

        publisher = OutboxPublisher(stage.database, publish, stage.clock)
        loop = asyncio.create_task(publisher.run())
        stage.bus.stop()
        await stage.bus.hear_of(("bus.lost", BUSINESS))
        with outbox.collecting() as offered:
            await stage.happen(1, 3)
        publisher.offer(offered)
        await stage.bus.hear_of(("outbox.waiting", ""))
        stage.bus.start()
        await stage.bus.hear_of(("bus.back", BUSINESS))
        for _ in range(3):
            await sent.get()
        await end(loop)
        assert await stage.stored() == bodies(1, 3)

    play(bus, platform_url, story)


def test_an_event_that_was_offered_is_published_once_and_marked(bus: Bus, platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        with outbox.collecting() as offered:
            await stage.happen(1, 60)
        assert len(offered) == 60
        publisher = stage.publisher()
        assert await publisher.publish_some() == 0, "claimed for the process that made them"
        publisher.offer(offered)
        await publisher.publish_offered()
        assert await stage.stored() == bodies(1, 60)
        assert await stage.waiting() == 0
        stage.clock.at += timedelta(seconds=31)
        assert await publisher.publish_some() == 0

    play(bus, platform_url, story)
