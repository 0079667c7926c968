"""The bus for real: who may say and hear what, requests and replies, and what happens when somebody is away."""

import asyncio
import socket
from typing import Any

import msgspec
import pytest
from bus_stage import PATIENCE_S, Bus, echo

from yinyi.bus.client import BusClient
from yinyi.bus.envelope import Failure, ReplyEnvelope, RequestEnvelope
from yinyi.bus.operation import Caller, every_operation, spec_of
from yinyi.bus.permissions import BUSINESS
from yinyi.business.payments.messages_queue import ListAttention
from yinyi.business.scheduling.errors import ScheduleUnknown
from yinyi.business.scheduling.messages import ListDepartments
from yinyi.kernel.clock import ShiftedClock
from yinyi.kernel.errors import DeadlineExceeded, PlatformUnavailable

OURS = spec_of(ListDepartments).subject("kiosk")
THEIRS = spec_of(ListAttention).subject("console")
EVENT = "event.terminal.T1.CardLaid"


# ---- who may say and hear what


def test_every_account_asks_its_own_operations_and_hears_the_answer(bus: Bus) -> None:
    async def story() -> None:
        await (await bus.join(BUSINESS)).serve(echo)
        for caller in Caller:
            account = await bus.join(caller.value)
            for subject in (spec.subject(caller.value) for spec in every_operation() if caller in spec.callers):
                assert await account.request(subject, b"x", 5) == f"{subject} x".encode()

    bus.play(story)


@pytest.mark.parametrize("subject", [THEIRS, OURS.replace("kiosk", "console"), "op.kiosk.x.DoAnything.v1", EVENT])
def test_the_kiosk_says_nothing_that_is_not_its_own(bus: Bus, subject: str) -> None:
    async def story() -> None:
        heard: list[str] = []

        async def answer(subject: str, data: bytes) -> bytes:
            heard.append(subject)
            return b""

        business = await bus.join(BUSINESS)
        await business.make_stream()
        await business.serve(answer)
        kiosk, refusals = await bus.intrude("kiosk")
        await kiosk.publish(subject, b"{}")
        assert f'permissions violation for publish to "{subject}"'.lower() in await refusals.get()
        await kiosk.request(OURS, b"{}", timeout=5)
        assert heard == [OURS]
        assert await bus.stored() == []

    bus.play(story)


@pytest.mark.parametrize(
    "subject",
    ["_INBOX.console.>", "_INBOX.>", "_INBOX.business.>", "op.>", OURS, THEIRS, ">", "event.>", "business.>", "$JS.>"],
)
def test_the_kiosk_hears_nothing_that_is_not_its_own(bus: Bus, subject: str) -> None:
    async def story() -> None:
        await (await bus.join(BUSINESS)).serve(echo)
        overheard: list[str] = []

        async def hear(message: Any) -> None:
            overheard.append(message.subject)

        kiosk, refusals = await bus.intrude("kiosk")
        await kiosk.subscribe(subject, cb=hear)
        assert f'permissions violation for subscription to "{subject}"'.lower() in await refusals.get()
        console = await bus.join("console")
        assert await console.request(THEIRS, b"secret", 5)
        await kiosk.request(OURS, b"{}", timeout=5)
        assert overheard == []

    bus.play(story)


@pytest.mark.parametrize("reply", ["_INBOX.console.abc", EVENT, "$JS.API.STREAM.PURGE.EVENTS", "business.x"])
def test_nobody_has_business_speak_for_him(bus: Bus, reply: str) -> None:
    """An answer goes to the inbox of the account that asked, whatever address the request carries."""

    async def story() -> None:
        business = await bus.join(BUSINESS)
        await business.make_stream()
        await business.publish_event(EVENT, b"kept", "1")
        await business.serve(echo)
        heard: list[str] = []

        async def hear(subject: str, data: bytes) -> None:
            heard.append(subject)

        console = await bus.join("console")
        await console.listen("_INBOX.console.abc", hear)
        await business.listen("business.>", hear)
        kiosk, _ = await bus.intrude("kiosk")
        await kiosk.publish(OURS, b"forged", reply=reply)
        await kiosk.request(OURS, b"{}", timeout=5)
        assert await console.request(THEIRS, b"", 5)
        assert await bus.stored() == [(EVENT, b"kept")]
        assert heard == []
        assert ("bus.foreign_inbox", "kiosk") in [bus.said.get_nowait() for _ in range(bus.said.qsize())]

    bus.play(story)


REFUSED = b"-ERR 'Authorization Violation'\r\n"


@pytest.mark.parametrize(
    ("user", "password", "answer"),
    [
        ("kiosk", "password-of-kiosk", b"+OK\r\n"),
        ("kiosk", "password-of-console", REFUSED),
        ("kiosk", "", REFUSED),
        ("", "", REFUSED),
        ("nobody", "password-of-kiosk", REFUSED),
    ],
)
def test_nobody_gets_in_without_his_password(bus: Bus, user: str, password: str, answer: bytes) -> None:
    with socket.create_connection(("127.0.0.1", bus.port), timeout=10) as line, line.makefile("rwb") as talk:
        assert talk.readline().startswith(b"INFO ")
        talk.write(
            b"CONNECT " + msgspec.json.encode({"user": user, "pass": password, "verbose": True}) + b"\r\nPING\r\n"
        )
        talk.flush()
        assert talk.readline() == answer


# ---- requests and replies


def test_that_nobody_is_there_is_said_at_once(bus: Bus) -> None:
    async def story() -> None:
        kiosk = await bus.join("kiosk")
        with pytest.raises(PlatformUnavailable):
            await kiosk.request(OURS, b"", PATIENCE_S * 2)

    bus.play(story)


def test_no_answer_in_time_is_a_deadline(bus: Bus) -> None:
    async def story() -> None:
        came, go_on = asyncio.Event(), asyncio.Event()

        async def slow(subject: str, data: bytes) -> bytes:
            came.set()
            await go_on.wait()
            return b"too late"

        business = await bus.join(BUSINESS)
        await business.serve(slow)
        kiosk = await bus.join("kiosk")
        with pytest.raises(DeadlineExceeded):
            await kiosk.request(OURS, b"", 0.2)
        await came.wait()
        go_on.set()
        await business.drain()

    bus.play(story)


def test_one_slow_answer_holds_up_no_other(bus: Bus) -> None:
    async def story() -> None:
        go_on = asyncio.Event()

        async def answer(subject: str, data: bytes) -> bytes:
            if data == b"slow":
                await go_on.wait()
            return data

        await (await bus.join(BUSINESS)).serve(answer)
        kiosk = await bus.join("kiosk")
        slow = asyncio.create_task(kiosk.request(OURS, b"slow", PATIENCE_S))
        assert await asyncio.gather(*(kiosk.request(OURS, b"fast", 10) for _ in range(20))) == [b"fast"] * 20
        go_on.set()
        assert await slow == b"slow"

    bus.play(story)


def test_what_is_too_large_for_the_bus_is_an_error_and_the_line_stays(bus: Bus) -> None:
    async def story() -> None:
        async def answer(subject: str, data: bytes) -> bytes:
            return b"x" * (2 << 20) if data == b"much" else data

        await (await bus.join(BUSINESS)).serve(answer)
        kiosk = await bus.join("kiosk")
        with pytest.raises(PlatformUnavailable):
            await kiosk.request(OURS, b"x" * (2 << 20), 10)
        with pytest.raises(DeadlineExceeded):
            await kiosk.request(OURS, b"much", 0.5)
        assert await kiosk.request(OURS, b"x", 10) == b"x"
        await bus.hear_of(("bus.unanswered", ""))

    bus.play(story)


def test_a_typed_request_comes_back_as_its_typed_reply_or_its_error(bus: Bus) -> None:
    async def story() -> None:
        async def answer(subject: str, data: bytes) -> bytes:
            told = msgspec.json.decode(data, type=RequestEnvelope)
            reply = ReplyEnvelope(correlation_id=told.correlation_id, body=msgspec.Raw(b'{"departments":[]}'))
            if told.language == "en":
                reply = ReplyEnvelope(correlation_id="c", failure=Failure(code="ScheduleUnknown", detail="S1"))
            return msgspec.json.encode(reply)

        await (await bus.join(BUSINESS)).serve(answer)
        client = BusClient(await bus.join("kiosk"), "kiosk", ShiftedClock())
        assert (await client.ask(ListDepartments())).reply.departments == []
        with pytest.raises(ScheduleUnknown, match="S1"):
            await client.ask(ListDepartments(), language="en")

    bus.play(story)


# ---- more than one, and fewer


def test_two_business_processes_share_the_work(bus: Bus) -> None:
    async def story() -> None:
        answered: tuple[list[bytes], list[bytes]] = ([], [])
        for mine in answered:

            async def answer(subject: str, data: bytes, mine: list[bytes] = mine) -> bytes:
                mine.append(data)
                return data

            await (await bus.join(BUSINESS)).serve(answer)
        kiosk = await bus.join("kiosk")
        await asyncio.gather(*(kiosk.request(OURS, str(number).encode(), 10) for number in range(200)))
        assert sorted(int(data) for mine in answered for data in mine) == list(range(200))
        assert all(answered)

    bus.play(story)


def test_who_stops_finishes_what_he_answers_and_the_other_goes_on(bus: Bus) -> None:
    async def story() -> None:
        came, go_on = asyncio.Event(), asyncio.Event()

        async def careful(subject: str, data: bytes) -> bytes:
            came.set()
            await go_on.wait()
            return b"from who stopped"

        leaving = await bus.join(BUSINESS)
        await leaving.serve(careful)
        kiosk = await bus.join("kiosk")
        asked = asyncio.create_task(kiosk.request(OURS, b"", PATIENCE_S))
        await came.wait()
        await (await bus.join(BUSINESS)).serve(echo)
        draining = asyncio.create_task(leaving.drain())
        go_on.set()
        await draining
        assert await asked == b"from who stopped"
        replies = await asyncio.gather(*(kiosk.request(OURS, b"x", 10) for _ in range(20)))
        assert set(replies) == {f"{OURS} x".encode()}

    bus.play(story)


def test_everybody_is_back_after_the_bus_was_away(bus: Bus) -> None:
    async def story() -> None:
        back = asyncio.Event()

        async def hear(subject: str, data: bytes) -> None:
            back.set()

        business, kiosk = await bus.join(BUSINESS), await bus.join("kiosk")
        await business.serve(echo)
        await kiosk.listen("event.terminal.>", hear)
        assert await kiosk.request(OURS, b"before", 10)
        bus.stop()
        await bus.hear_of(("bus.lost", BUSINESS), ("bus.lost", "kiosk"))
        assert not kiosk.connected
        with pytest.raises(PlatformUnavailable):
            await kiosk.request(OURS, b"meanwhile", PATIENCE_S * 2)
        bus.start()
        await bus.hear_of(("bus.back", BUSINESS), ("bus.back", "kiosk"))
        assert await kiosk.request(OURS, b"after", 10) == f"{OURS} after".encode()
        await business.tell(EVENT, b"")
        await back.wait()

    bus.play(story)
