"""Queues as others know them: ActiveMQ, and a JMS client in Java that asks everything, of all of the business layer."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
from holder_stage import HolderStage, InProcess
from hospital_stage import Stage
from jms_broker import Broker, JavaPeer, Told, java_peer, jms_broker
from lxml import etree
from whole_stage import busy_morning, play

from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.bus.client import BusClient
from yinyi.bus.operation import Caller
from yinyi.business.institutions.model import Institution
from yinyi.interface.metrics import Metrics
from yinyi.interface.queue.address import addresses
from yinyi.interface.queue.asking import Asking
from yinyi.interface.queue.server import Queue
from yinyi.interface.rest.examples import example_of
from yinyi.interface.served import served_operations
from yinyi.wire.institution import timestamp_of
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

    def stamp(self) -> str:
        return timestamp_of(self.stage.line.clock.now())


def queue_of(stage: HolderStage, broker: Broker) -> Queue:
    bus = BusClient(InProcess(stage.business.dispatcher), Caller.HOSPITAL.value, stage.line.clock)
    at = addresses(f"stomp://platform:platform@127.0.0.1:{broker.stomp_port}")
    return Queue(Asking(bus, Metrics(), SERVED), at, "yinyi.hospital")


@asynccontextmanager
async def line_of(stage: HolderStage, broker: Broker) -> AsyncGenerator[Line]:
    async with stage.line.database.transaction() as tx:
        secret = await stage.business.institutions.add(tx, HIS, "HMAC-SHA256", stage.line.clock.now())
    queue = queue_of(stage, broker)
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
