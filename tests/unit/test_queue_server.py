"""Queues: what is done with a message, whatever comes of it, in which order; and lines that are lost."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from fake_broker import FakeBroker, fake_broker
from kiosk_platform import NOW, FixedClock, Platform

from yinyi.bus.client import BusClient
from yinyi.bus.envelope import RequestEnvelope
from yinyi.bus.operation import Caller
from yinyi.business.terminals.messages import StaffCalls
from yinyi.business.terminals.messages_offers import Closures
from yinyi.interface.metrics import Metrics
from yinyi.interface.queue import line, server
from yinyi.interface.queue.address import addresses
from yinyi.interface.queue.asking import Asking
from yinyi.interface.queue.server import AT_ONCE, MOST_DELIVERIES, TAKEN, Queue
from yinyi.interface.served import served_operations
from yinyi.kernel.errors import PlatformUnavailable

ASKED = {
    "YinyiOperation": "ListStaffCalls",
    "YinyiInstitution": "his",
    "YinyiTimestamp": "1764000000",
    "YinyiNonce": "n-1",
    "YinyiSignature": "c2ln",
    "message-id": "m-1",
}
REPLIES = "/queue/his.replies"
DEAD = "/queue/yinyi.hospital.dead"
NOW_CLOCK = FixedClock()
EMPTY = {"ListStaffCalls": StaffCalls(calls=[])}


def ms(after: timedelta = timedelta()) -> str:
    return str(int((NOW + after).timestamp() * 1000))


@dataclass
class Stage:
    broker: FakeBroker
    platform: Platform
    queue: Queue

    async def deliver(self, **more: str) -> None:
        """Somebody asks, and waits for the reply unless ``reply_to`` is empty."""
        given = {"reply_to": REPLIES, **more}
        headers = {name.replace("_", "-") if name.islower() else name: text for name, text in given.items() if text}
        await self.broker.deliver(ASKED | headers)

    async def acknowledged(self, times: int = 1) -> None:
        await self.broker.until(lambda: len(self.broker.all("ACK")) >= times)


@asynccontextmanager
async def stage(
    broker: FakeBroker | None = None, wall: FixedClock | None = None, **answers: Any
) -> AsyncGenerator[Stage]:
    platform = Platform(answers={**EMPTY, **answers})
    asking = Asking(BusClient(platform, "hospital", platform.clock), Metrics(), served_operations(Caller.HOSPITAL))
    async with fake_broker(broker or FakeBroker()) as own:
        queue = Queue(asking, [own.address], "yinyi.hospital", wall or FixedClock())
        queue.start()
        try:
            yield Stage(own, platform, queue)
        finally:
            await queue.close()


def play(story: Callable[[Stage], Awaitable[None]], broker: FakeBroker | None = None, **more: Any) -> None:
    async def whole() -> None:
        async with stage(broker, **more) as it:
            await story(it)

    asyncio.run(whole())


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "FIRST_PAUSE_S", 0.001)
    monkeypatch.setattr(server, "PAUSES_S", (0.0,) * 4)


def test_a_reply_goes_where_it_is_waited_for_before_anything_is_acknowledged() -> None:
    async def story(it: Stage) -> None:
        await it.deliver(correlation_id="c-1", persistent="true", expires=ms(timedelta(seconds=30)))
        await it.acknowledged()
        [reply] = it.broker.all("SEND")
        assert [each.command for each in it.broker.heard][-2:] == ["SEND", "ACK"]
        assert reply.body == msgspec.json.encode(StaffCalls(calls=[]))
        told = {name: reply.headers[name] for name in ("destination", "correlation-id", "persistent", "expires")}
        assert told == {
            "destination": REPLIES,
            "correlation-id": "c-1",
            "persistent": "true",
            "expires": ms(timedelta(seconds=30)),
        }
        assert reply.headers["YinyiOutcome"] == "done"
        assert it.broker.all("ACK")[0].headers["id"] == "ack-m-1"

    play(story)


def test_what_is_signed_travels_on_with_the_message_as_it_came() -> None:
    """Key and session stand in the path; whose the delivery is does not change when it comes again."""
    seen: list[RequestEnvelope] = []

    @dataclass
    class Recorder(Platform):
        async def request(self, subject: str, data: bytes, timeout_s: float) -> bytes:
            seen.append(msgspec.json.decode(data, type=RequestEnvelope))
            return await super().request(subject, data, timeout_s)

    async def story() -> None:
        recorder = Recorder(answers={"AnswerCall": StaffCalls(calls=[])})
        asking = Asking(BusClient(recorder, "hospital", NOW_CLOCK), Metrics(), served_operations(Caller.HOSPITAL))
        async with fake_broker(FakeBroker()) as broker:
            queue = Queue(asking, [broker.address], "yinyi.hospital", NOW_CLOCK)
            queue.start()
            told = {**ASKED, "YinyiOperation": "AnswerCall", "YinyiKey": "key-of-a-call", "YinyiPatient": "t-1"}
            for message_id in ("m-1", "m-1", "m-2"):
                await broker.deliver({**told, "message-id": message_id, "reply-to": REPLIES}, b'{"call_id": 1}')
            await broker.until(lambda: len(broker.all("ACK")) == 3)
            await queue.close()

    asyncio.run(story())
    signed = [each.credentials.signed for each in seen]
    assert {(each.method, each.path, each.body) for each in signed if each} == {
        ("SEND", "/queue/v1/AnswerCall?patient=t-1&key=key-of-a-call", b'{"call_id": 1}')
    }
    assert {(each.key, each.credentials.session) for each in seen} == {("key-of-a-call", "t-1")}
    first, again, other = (each.delivery if each else "" for each in signed)
    assert first == again != other


def test_a_reply_to_a_message_that_does_not_say_so_expires_too_and_names_the_message() -> None:
    async def story(it: Stage) -> None:
        await it.deliver(expires="0")
        await it.acknowledged()
        [reply] = it.broker.all("SEND")
        assert (reply.headers["correlation-id"], reply.headers["expires"]) == ("m-1", ms(timedelta(days=1)))

    play(story)


def test_it_takes_no_more_than_it_works_on_and_what_pauses() -> None:
    async def story(it: Stage) -> None:
        await it.broker.until(lambda: it.broker.all("SUBSCRIBE"))
        [subscribed] = it.broker.all("SUBSCRIBE")
        assert subscribed.headers["ack"] == "client-individual"
        assert subscribed.headers["activemq.prefetchSize"] == str(TAKEN)
        assert TAKEN > AT_ONCE + 100

    play(story)


def test_what_has_expired_is_not_worked_on() -> None:
    async def story(it: Stage) -> None:
        await it.deliver(expires=ms(-timedelta(seconds=1)))
        await it.deliver(expires=ms(-timedelta(seconds=1)), reply_to="", YinyiKey="never-asked")
        await it.acknowledged(2)
        [dead] = it.broker.all("SEND")
        assert (dead.headers["destination"], dead.headers["YinyiCode"]) == (DEAD, "DeadlineExceeded")
        assert it.platform.asked == []

    play(story)


def test_a_dead_letter_is_the_message_and_says_why() -> None:
    async def story(it: Stage) -> None:
        await it.deliver(reply_to="", YinyiOperation="DropTables", correlation_id="c-1")
        await it.acknowledged()
        [dead] = it.broker.all("SEND", DEAD)
        assert dead.body == b"{}"
        assert {name: dead.headers[name] for name in ASKED if name.startswith("Yinyi")} == {
            name: text for name, text in {**ASKED, "YinyiOperation": "DropTables"}.items() if name.startswith("Yinyi")
        }
        assert (dead.headers["YinyiCode"], dead.headers["YinyiMessageId"]) == ("OperationUnknown", "m-1")
        assert dead.headers["YinyiReason"].startswith("There is no such operation here.")
        assert (dead.headers["persistent"], dead.headers["correlation-id"]) == ("true", "c-1")
        assert "expires" not in dead.headers

    play(story)


@pytest.mark.parametrize("outages", [2, 9])
def test_what_nobody_waits_for_is_tried_again_while_the_platform_is_away(outages: int) -> None:
    tried: list[int] = []

    def answer(message: Any) -> StaffCalls:
        tried.append(1)
        if len(tried) <= outages:
            raise PlatformUnavailable
        return StaffCalls(calls=[])

    async def story(it: Stage) -> None:
        await it.deliver(reply_to="")
        await it.acknowledged()
        codes = [each.headers["YinyiCode"] for each in it.broker.all("SEND", DEAD)]
        assert (len(tried), codes) == ((3, []) if outages == 2 else (5, ["PlatformUnavailable"]))

    play(story, ListStaffCalls=answer)


def test_what_expires_between_two_tries_is_not_done() -> None:
    tried: list[int] = []
    wall = FixedClock()

    def answer(message: Any) -> StaffCalls:
        tried.append(1)
        wall.at += timedelta(seconds=9)
        raise PlatformUnavailable

    async def story(it: Stage) -> None:
        await it.deliver(reply_to="", expires=ms(timedelta(seconds=8)))
        await it.acknowledged()
        [dead] = it.broker.all("SEND", DEAD)
        assert (len(tried), dead.headers["YinyiCode"]) == (1, "DeadlineExceeded")

    play(story, wall=wall, ListStaffCalls=answer)


def test_messages_that_are_tried_again_later_keep_no_other_one_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "PAUSES_S", (600.0,) * 4)
    monkeypatch.setattr(server, "MOST_PAUSING", AT_ONCE + 1)
    monkeypatch.setattr(server, "DRAINED_WITHIN_S", 0.01)

    async def story(it: Stage) -> None:
        for number in range(AT_ONCE + 2):
            await it.deliver(reply_to="", message_id=f"o-{number}")
        await it.deliver(message_id="m-last", YinyiOperation="ListClosures")
        await it.acknowledged(2)
        assert {each.headers["id"] for each in it.broker.all("ACK")} == {f"ack-o-{AT_ONCE + 1}", "ack-m-last"}
        assert [each.headers["YinyiCode"] for each in it.broker.all("SEND", DEAD)] == ["PlatformUnavailable"]
        assert [each.headers["YinyiOutcome"] for each in it.broker.all("SEND", REPLIES)] == ["done"]

    play(story, ListStaffCalls=PlatformUnavailable(), ListClosures=Closures(closures=[]))


def test_who_waits_is_told_at_once_that_the_platform_is_away() -> None:
    async def story(it: Stage) -> None:
        await it.deliver()
        await it.acknowledged()
        [reply] = it.broker.all("SEND")
        assert (reply.headers["YinyiOutcome"], reply.headers["YinyiCode"]) == ("later", "PlatformUnavailable")

    play(story, ListStaffCalls=PlatformUnavailable())


@pytest.mark.parametrize("reply_to", ["/topic/everybody", "/queue/yinyi.hospital", DEAD, "/temp-topic/x", "his"])
def test_replies_go_to_queues_of_others_only(reply_to: str) -> None:
    async def story(it: Stage) -> None:
        await it.deliver(reply_to=reply_to)
        await it.acknowledged()
        [dead] = it.broker.all("SEND")
        assert (dead.headers["destination"], dead.headers["YinyiCode"]) == (DEAD, "InvalidField")
        assert it.platform.asked == []

    play(story)


@pytest.mark.parametrize(("reply_to", "dead"), [(REPLIES, ["ReplyRefused"]), ("/remote-temp-queue/gone", [])])
def test_a_reply_that_is_not_taken_is_a_dead_letter_unless_whoever_waited_has_gone(
    reply_to: str, dead: list[str]
) -> None:
    async def story(it: Stage) -> None:
        await it.deliver(reply_to=reply_to)
        await it.acknowledged()
        assert [each.headers["YinyiCode"] for each in it.broker.all("SEND", DEAD)] == dead

    play(story, FakeBroker(refuses=(reply_to,)))


def test_what_cannot_even_be_laid_aside_is_left_to_the_broker() -> None:
    async def story(it: Stage) -> None:
        await it.deliver(reply_to="", YinyiOperation="DropTables")
        await it.broker.until(lambda: it.broker.all("NACK"))
        assert it.broker.all("ACK") == []

    play(story, FakeBroker(refuses=(DEAD,)))


def test_a_message_whose_answer_breaks_the_line_each_time_is_laid_aside() -> None:
    """The line is made again each time, and the broker delivers it again."""

    def hang_up(broker: FakeBroker) -> None:
        if DEAD not in broker.heard[-1].headers["destination"]:
            broker.hang_up()

    async def story(it: Stage) -> None:
        for times in range(1, MOST_DELIVERIES + 2):
            await it.broker.until(lambda times=times: len(it.broker.all("SUBSCRIBE")) >= times)
            await it.deliver()
        await it.acknowledged()
        assert [each.headers["YinyiCode"] for each in it.broker.all("SEND", DEAD)] == ["DeliveredTooOften"]
        assert len(it.platform.asked) == MOST_DELIVERIES

    play(story, FakeBroker(on_send=hang_up))


def test_nobody_else_makes_a_message_of_ours() -> None:
    """A stranger's text that reads like a frame has not the name of the subscription."""

    async def story(it: Stage) -> None:
        await it.broker.deliver({**ASKED, "message-id": "forged"}, subscription="0")
        await it.deliver()
        await it.acknowledged()
        assert [each.headers["id"] for each in it.broker.all("ACK")] == ["ack-m-1"]

    play(story)


def test_a_silent_broker_is_left_and_found_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has promised heart-beats and wants ours."""
    monkeypatch.setattr(line, "BEAT_S", 0.05)

    async def story(it: Stage) -> None:
        await it.broker.until(lambda: it.broker.beats_heard)
        await it.broker.until(lambda: len(it.broker.all("SUBSCRIBE")) >= 3)

    play(story, FakeBroker(beats="50,50"))


def test_the_next_broker_is_tried_where_one_refuses() -> None:
    async def story() -> None:
        async with fake_broker(FakeBroker(greeting="ERROR")) as closed, fake_broker(FakeBroker()) as open_:
            asking = Asking(BusClient(Platform(), "hospital", FixedClock()), Metrics(), {})
            queue = Queue(asking, [closed.address, open_.address], "yinyi.hospital", FixedClock())
            queue.start()
            await open_.until(lambda: open_.all("SUBSCRIBE"))
            assert queue.connected
            [greeted] = closed.all("CONNECT")
            assert (greeted.headers["login"], greeted.headers["passcode"]) == ("platform", "secret")
            await queue.close()
            assert not queue.connected

    asyncio.run(story())


def test_what_is_being_answered_still_is_when_the_process_ends() -> None:
    begun, may_go = asyncio.Event(), asyncio.Event()

    @dataclass
    class Slow(Platform):
        started: list[str] = field(default_factory=list[str])

        async def request(self, subject: str, data: bytes, timeout_s: float) -> bytes:
            begun.set()
            await may_go.wait()
            return await super().request(subject, data, timeout_s)

    async def story() -> None:
        slow = Slow(answers=dict(EMPTY))
        asking = Asking(BusClient(slow, "hospital", slow.clock), Metrics(), served_operations(Caller.HOSPITAL))
        async with fake_broker(FakeBroker()) as broker:
            queue = Queue(asking, [broker.address], "yinyi.hospital", FixedClock())
            queue.start()
            await broker.deliver({**ASKED, "reply-to": REPLIES})
            await begun.wait()
            closing = asyncio.create_task(queue.close())
            await asyncio.sleep(0)
            may_go.set()
            await closing
            await broker.until(lambda: broker.all("DISCONNECT"))
            assert [each.command for each in broker.heard][-3:] == ["SEND", "ACK", "DISCONNECT"]

    asyncio.run(story())


@pytest.mark.parametrize("wrong", ["http://x", "stomp://", "stomp://x:port", "stomp://a,", "stomp://x/queue", "x"])
def test_an_address_is_one_or_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError):
        addresses(wrong)


def test_several_brokers_are_read_and_their_passwords_are_not_shown() -> None:
    first, second = addresses("stomp://platform:a%40b@one, stomps://two:61000")
    assert (first.host, first.port, first.tls, first.login, first.passcode) == ("one", 61613, False, "platform", "a@b")
    assert (second.host, second.port, second.tls, second.login) == ("two", 61000, True, "")
    assert "a@b" not in repr(first)
