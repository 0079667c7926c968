"""Queues as others know them: ActiveMQ, and a JMS client in Java that asks everything, of all of the business layer."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
from bad_letters import BytesPeer, TextPeer
from bad_peers import HIS as LIMITED
from bad_peers import ask_badly
from holder_stage import HolderStage, InProcess, holder_stage
from jms_broker import LOCAL, Broker, JavaPeer, Told, java_peer, jms_broker
from lxml import etree
from tls_papers import Authority
from whole_stage import busy_morning, play

from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.bus.client import BusClient
from yinyi.bus.operation import Caller
from yinyi.business.institutions.model import Institution
from yinyi.conformance.hospital.stage import Stage
from yinyi.interface.examples import example_of
from yinyi.interface.metrics import Metrics
from yinyi.interface.queue.address import addresses
from yinyi.interface.queue.asking import Asking
from yinyi.interface.queue.line import Line as StompLine
from yinyi.interface.queue.line import LineLost, open_line
from yinyi.interface.queue.server import Queue
from yinyi.interface.served import served_operations
from yinyi.kernel.clock import ShiftedClock
from yinyi.kernel.errors import NotFound
from yinyi.wire.institution import timestamp_of
from yinyi.wire.stomp import Frame
from yinyi.wire.xml_shapes import written

HIS = Institution(hospital_id=1, institution_id="his", kind="hospital", name="HIS", per_minute=1_000_000)
SERVED = served_operations(Caller.HOSPITAL)
OUR_FAULT = {"InternalError", "Invalid", "InvalidField", "SignatureRefused", "OperationUnknown"}
"""What no well-made request may end in."""
DEAD = "yinyi.hospital.dead"


@pytest.fixture(scope="module")
def jms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with jms_broker(tmp_path_factory.mktemp("jms")) as broker:
        yield broker


@dataclass
class Line:
    """One queue of the platform's, and who asks by it."""

    stage: HolderStage
    queue: Queue
    java: JavaPeer

    async def ask(self, operation: str, body: bytes, **more: str) -> Told:
        return await self.java.ask(operation, body, self.stamp(), **more)

    async def send(self, operation: str, body: bytes, **more: str) -> str:
        return await self.java.send(operation, body, self.stamp(), **more)

    async def send_for(self, reply_to: str, operation: str, body: bytes) -> None:
        """Nobody waits there."""
        await self.java.send(operation, body, self.stamp(), reply_to=reply_to)

    def stamp(self) -> str:
        return timestamp_of(self.stage.line.clock.now())


def queue_of(stage: HolderStage, broker: Broker, at: str = "") -> Queue:
    bus = BusClient(InProcess(stage.business.dispatcher), Caller.HOSPITAL.value, stage.line.clock)
    brokers = addresses(at or f"stomp://platform:platform@127.0.0.1:{broker.stomp_port}")
    return Queue(Asking(bus, Metrics(), SERVED), brokers, "yinyi.hospital", ShiftedClock())


@asynccontextmanager
async def line_of(stage: HolderStage, broker: Broker, at: str = "") -> AsyncGenerator[Line]:
    """at: another address of the same broker."""
    async with stage.line.database.transaction() as tx:
        secret = await stage.business.institutions.add(tx, HIS, "HMAC-SHA256", stage.line.clock.now())
    queue = queue_of(stage, broker, at)
    queue.start()
    try:
        async with java_peer(broker, "his", secret) as java:
            yield Line(stage, queue, java)
    finally:
        await queue.close()


def fields(answer: Told) -> dict[str, Any]:
    if answer.body.startswith(b"<"):
        return {etree.QName(each).localname: each.text for each in etree.fromstring(answer.body)}
    return msgspec.json.decode(answer.body)


async def ask_everything(line: Line) -> None:
    """As JSON in a text to a temporary queue, as XML in bytes to a queue of theirs."""
    ends: dict[str, str] = {}
    for name, spec in SERVED.items():
        example = example_of(spec.request)
        as_xml = written(name, msgspec.convert(example, spec.request)).encode()
        for form, body, reply_to in (("text", msgspec.json.encode(example), ""), ("bytes", as_xml, "his.replies")):
            key = f"java-{form}-{name}"[:64] if spec.changes else ""
            answer = await line.ask(name, body, form=form, key=key, reply_to=reply_to)
            assert (answer.kind, answer.operation, answer.same_correlation) == (form, name, True)
            assert answer.code not in OUR_FAULT, (name, answer)
            assert answer.outcome == ("done" if not answer.code else answer.outcome)
            assert answer.code == fields(answer).get("code", "")
            ends[name] = answer.code
    assert {"ListClosures", "ListStaffCalls", "PlanClosure"} <= {name for name, code in ends.items() if not code}


def test_a_java_client_asks_everything(
    jms: Broker, platform_url: str, tmp_path: Path, postgres: EmbeddedPostgres
) -> None:
    async def story(stage: HolderStage, hospital: Stage) -> None:
        await busy_morning(stage.hall, hospital)
        async with line_of(stage, jms) as line:
            await ask_everything(line)

    play(platform_url, tmp_path, postgres, story)


def test_the_book_of_bad_requests(jms: Broker, platform_url: str, tmp_path: Path) -> None:
    """As every other interface gets it: by JSON in bytes and by XML in a text."""

    async def story() -> None:
        async with holder_stage(platform_url, tmp_path) as stage:
            clock = stage.line.clock
            async with stage.line.database.transaction() as tx:
                secret = await stage.business.institutions.add(tx, LIMITED, "HMAC-SHA256", clock.now())
            queue = queue_of(stage, jms)
            queue.start()
            peers = {each.__name__: each(jms.stomp_port, secret, clock) for each in (BytesPeer, TextPeer)}
            await asyncio.to_thread(ask_badly, peers)
            for each in peers.values():
                each.close()
            await queue.close()
            assert await stage.one("SELECT count(*) FROM idempotency WHERE actor LIKE 'hospital:%'") == 0

    asyncio.run(story())


# ---- what a queue does besides


PLAN = {"what": "clinics", "begins_at": "2026-12-24T00:00:00+08:00", "ends_at": "2026-12-25T00:00:00+08:00"}
XML_PLAN = (
    "<PlanClosure><what>clinics</what><begins_at>2026-12-24T00:00:00+08:00</begins_at>"
    "<ends_at>2026-12-25T00:00:00+08:00</ends_at><reason>䶮工程师检修㐀</reason></PlanClosure>"
)
"""With characters beyond GB 2312."""


def plan(**more: Any) -> bytes:
    return msgspec.json.encode({**PLAN, **more})


@asynccontextmanager
async def small_line(url: str, folder: Path, broker: Broker, at: str = "") -> AsyncGenerator[Line]:
    """Without a hospital behind it."""
    async with holder_stage(url, folder) as stage, line_of(stage, broker, at) as line:
        yield line


async def closures(line: Line) -> list[dict[str, Any]]:
    return fields(await line.ask("ListClosures", b"{}"))["closures"]


def test_what_was_not_acknowledged_is_answered_again_and_not_done_again(
    jms: Broker, platform_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process ends between its answer and its acknowledgement, once for a change and once for what only reads."""
    acknowledge, lost = StompLine.acknowledge, list[str]()

    def end_instead(self: StompLine, message: Frame) -> None:
        if message.headers["YinyiOperation"] in lost:
            return acknowledge(self, message)
        lost.append(message.headers["YinyiOperation"])
        return self.close()

    async def story() -> None:
        async with small_line(platform_url, tmp_path, jms) as line:
            monkeypatch.setattr(StompLine, "acknowledge", end_instead)
            for operation, body, key in (("PlanClosure", plan(), "plan-it-once"), ("ListClosures", b"{}", "")):
                first = await line.ask(operation, body, key=key, reply_to="his.again")
                again = await line.java.take("his.again")
                assert (first.code, again.code) == ("", "")
                assert again.body == first.body
            assert lost == ["PlanClosure", "ListClosures"]
            assert len(await closures(line)) == 1

    asyncio.run(story())


def test_one_way_is_done_or_lies_with_the_dead_letters(jms: Broker, platform_url: str, tmp_path: Path) -> None:
    async def story() -> None:
        async with small_line(platform_url, tmp_path, jms) as line:
            await line.send("PlanClosure", plan(reason="one way"), key="one-way-of-a-plan")
            refused = await line.send("CancelClosure", b'{"closure_id": 4711}', key="one-way-of-nothing")
            dead = await line.java.take(DEAD)
            assert (dead.operation, dead.code, dead.body) == ("CancelClosure", "NotFound", b'{"closure_id": 4711}')
            assert dead.reason.startswith(NotFound.sentence("en"))
            assert refused.startswith("ID:")
            assert [each["reason"] for each in await closures(line)] == ["one way"]

    asyncio.run(story())


def test_no_message_keeps_those_behind_it_waiting(jms: Broker, platform_url: str, tmp_path: Path) -> None:
    """Too large, with a NUL in its text, with nowhere to answer it: each ends, and the next one is answered."""

    async def story() -> None:
        async with small_line(platform_url, tmp_path, jms) as line:
            for form in ("text", "bytes"):
                assert (await line.ask("ListClosures", b" " * (1 << 20), form=form)).code == "TooLarge"
            assert (await line.ask("ListClosures", b"{\0}\0MESSAGE\n\n")).code == "Invalid"
            for elsewhere, code in (("forbidden.queue", "ReplyRefused"), ("yinyi.hospital", "InvalidField")):
                await line.send_for(elsewhere, "ListClosures", b"{}")
                dead = await line.java.take(DEAD)
                assert (dead.code, dead.reply_to) == (code, f"/queue/{elsewhere}")
            assert await closures(line) == []

    asyncio.run(story())


def test_characters_and_a_broker_that_comes_back(jms: Broker, platform_url: str, tmp_path: Path) -> None:
    """A text is what it says, whatever it says of its bytes; bytes are read as they say."""
    told = f'<?xml version="1.0" encoding="GBK"?>{XML_PLAN}'

    async def story() -> None:
        async with small_line(platform_url, tmp_path, jms) as line:
            for form, body in (("text", told.encode()), ("bytes", told.encode("gb18030"))):
                answer = await line.ask("PlanClosure", body, form=form, key=f"in-chinese-{form}")
                assert (answer.code, fields(answer)["reason"]) == ("", "䶮工程师检修㐀")
            in_json = msgspec.json.encode({**PLAN, "reason": "检修"}).decode().encode("gb18030")
            assert (await line.ask("PlanClosure", in_json, form="bytes", key="json-in-chinese")).code == "Invalid"
            in_klingon = told.replace("GBK", "klingon").encode()
            assert (await line.ask("PlanClosure", in_klingon, form="bytes", key="in-klingon")).code == "Invalid"
            jms.kill()
            jms.start()
            async with java_peer(jms, "his", line.java.secret) as java:
                assert len(await closures(Line(line.stage, line.queue, java))) == 2

    asyncio.run(story())


def test_a_broker_within_tls(jms: Broker, platform_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same queue; a broker whose certificate is by nobody known, or for another host, is not spoken to."""
    within = f"platform:platform@{LOCAL}:{jms.tls_port}"

    async def story() -> None:
        for authority, host in ((Authority(tmp_path, "stranger"), LOCAL), (jms.authority, "127.0.0.1")):
            monkeypatch.setenv("SSL_CERT_FILE", authority.ca_file)
            [address] = addresses(f"stomps://{within.replace(LOCAL, host)}")
            with pytest.raises(LineLost, match="certificate"):
                await open_line(address)
        monkeypatch.setenv("SSL_CERT_FILE", jms.authority.ca_file)
        async with small_line(platform_url, tmp_path, jms, f"stomps://{within}") as line:
            assert await closures(line) == []
            assert line.queue.connected

    asyncio.run(story())
