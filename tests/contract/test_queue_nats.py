"""The same letters by NATS: an institution asks below its own name, is answered in its own inbox, and nowhere else."""

import asyncio
import json
import secrets
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import nats
import pytest
from bad_letters import NatsPeer, NatsXmlPeer
from bad_peers import HIS as LIMITED
from bad_peers import ask_badly
from holder_stage import VAULT, HolderStage, InProcess, holder_stage

from yinyi.app.embedded.folder import free_port
from yinyi.app.embedded.nats import EmbeddedNats
from yinyi.bus.call import INSTITUTIONS
from yinyi.bus.client import BusClient
from yinyi.bus.operation import Caller
from yinyi.bus.transport import NatsTransport, connect
from yinyi.business.identity import sessions, store
from yinyi.business.identity.model import PatientRecord
from yinyi.business.institutions.model import Institution
from yinyi.interface.metrics import Metrics
from yinyi.interface.queue.asking import BODY_LIMIT, Asking
from yinyi.interface.queue.subjects import Subjects
from yinyi.interface.served import served_operations
from yinyi.kernel.clock import Clock
from yinyi.wire import institution

PLAN = {"what": "clinics", "begins_at": "2026-12-24T00:00:00+08:00", "ends_at": "2026-12-25T00:00:00+08:00"}
USERS: dict[str, tuple[list[str], list[str]]] = {
    "platform": (
        ["_INBOX.>", "yinyi.hospital.dead", "yinyi.institution.dead"],
        ["yinyi.hospital.*.*", "yinyi.institution.*.*", "_INBOX.platform.>"],
    ),
    "boc": (["yinyi.institution.boc.*"], ["_INBOX.boc.>"]),
    "his": (["yinyi.hospital.his.*"], ["_INBOX.his.>"]),
    "lab": (["yinyi.hospital.lab.*"], ["_INBOX.lab.>"]),
    "stranger": (["yinyi.hospital.stranger.*"], ["_INBOX.stranger.>"]),
    "operator": ([], ["yinyi.hospital.dead", "_INBOX.operator.>"]),
}
"""As docs/integrate/queue.md says: what each may publish, and hear."""


SESSION = "session-of-a-patient-at-a-bank"


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedNats]:
    """The institutions' NATS; passwords are the names."""
    users = [
        {
            "user": name,
            "password": name,
            "permissions": {"publish": {"allow": says} if says else {"deny": [">"]}, "subscribe": {"allow": hears}},
        }
        for name, (says, hears) in USERS.items()
    ]
    port = free_port()
    takes = "max_payload: 2097152"
    config = f'listen: "127.0.0.1:{port}"\n{takes}\nauthorization {{ users = {json.dumps(users)} }}\n'
    with EmbeddedNats(tmp_path_factory.mktemp("outside"), config, port) as server:
        yield server


@dataclass
class Asker:
    """An institution with a NATS client of its own."""

    client: Any
    name: str
    secret: str
    clock: Clock
    refused: list[str]
    kind: str = "hospital"
    session: str = ""

    async def ask(self, operation: str, body: bytes, key: str = "", below: str = "") -> tuple[Any, dict[str, str]]:
        return await self.send(operation, body, self.headers(operation, body, key), below)

    async def send(
        self, operation: str, body: bytes, headers: dict[str, str], below: str = ""
    ) -> tuple[Any, dict[str, str]]:
        subject = f"yinyi.{self.kind}.{below or self.name}.{operation}"
        told = await self.client.request(subject, body, timeout=20, headers=headers)
        return msgspec.json.decode(told.data), dict(told.headers)

    def headers(self, operation: str, body: bytes, key: str = "") -> dict[str, str]:
        path = institution.path_in_queue(operation, key, self.session)
        stamp, nonce = institution.timestamp_of(self.clock.now()), secrets.token_hex(16)
        signed = institution.sign("HMAC-SM3", self.secret, "SEND", path, stamp, nonce, body)
        told = {"YinyiTimestamp": stamp, "YinyiNonce": nonce, "YinyiAlgorithm": "HMAC-SM3", "YinyiSignature": signed}
        return told | ({"YinyiKey": key} if key else {}) | ({"YinyiPatient": self.session} if self.session else {})


@dataclass
class Line:
    stage: HolderStage
    his: Asker
    lab: Asker
    operator: Any


def queue_of(stage: HolderStage, server: EmbeddedNats, caller: Caller) -> Subjects:
    bus = BusClient(InProcess(stage.business.dispatcher), caller.value, stage.line.clock)

    async def connects() -> NatsTransport:
        return await connect(f"nats://127.0.0.1:{server.port}", "platform", "platform")

    return Subjects(Asking(bus, Metrics(), served_operations(caller)), connects, f"yinyi.{caller.value}")


@asynccontextmanager
async def line_of(url: str, folder: Path, server: EmbeddedNats) -> AsyncGenerator[Line]:
    async with holder_stage(url, folder) as stage:
        clock = stage.line.clock
        secrets_of: dict[str, str] = {}
        async with stage.line.database.transaction() as tx:
            for name in ("his", "lab"):
                own = Institution(hospital_id=1, institution_id=name, kind="hospital", name=name)
                secrets_of[name] = await stage.business.institutions.add(tx, own, "HMAC-SM3", clock.now())
        queue = queue_of(stage, server, Caller.HOSPITAL)
        queue.start()
        told: dict[str, Any] = {}
        refused: list[str] = []
        for name in ("his", "lab", "operator"):
            told[name] = await _client(server, name, refused)
        try:
            await asyncio.wait_for(queue.opened.wait(), 20)
            assert queue.connected
            his, lab = [Asker(told[name], name, secrets_of[name], clock, refused) for name in ("his", "lab")]
            yield Line(stage, his, lab, told["operator"])
        finally:
            await queue.close()
            for each in told.values():
                await each.close()


async def _client(server: EmbeddedNats, name: str, refused: list[str]) -> Any:
    async def wrong(error: Exception) -> None:
        refused.append(str(error))

    connects: Any = vars(nats)["connect"]
    inbox = f"_INBOX.{name}".encode()
    return await connects(server.url(name, name), inbox_prefix=inbox, error_cb=wrong)


def test_an_institution_asks_below_its_own_name(outside: EmbeddedNats, platform_url: str, tmp_path: Path) -> None:
    async def story() -> None:
        async with line_of(platform_url, tmp_path, outside) as line:
            body = msgspec.json.encode(PLAN)
            plans = [await line.his.ask("PlanClosure", body, key="plan-it-once") for _ in range(2)]
            assert plans[0][0] == plans[1][0]
            assert plans[0][1]["YinyiOutcome"] == "done"
            listed, _ = await line.lab.ask("ListClosures", b"{}")
            assert len(listed["closures"]) == 1
            for operation, sent, code in (
                ("DropTables", b"{}", "OperationUnknown"),
                ("ListClosures", b"x", "Invalid"),
                ("ListClosures", b" " * (BODY_LIMIT + 1), "TooLarge"),
            ):
                problem, headers = await line.his.ask(operation, sent)
                assert (problem["code"], headers["YinyiCode"], headers["YinyiOutcome"]) == (code, code, "refused")

    asyncio.run(story())


def test_the_book_of_bad_requests(outside: EmbeddedNats, platform_url: str, tmp_path: Path) -> None:
    """As every other interface gets it, in JSON and in XML."""

    async def story() -> None:
        async with holder_stage(platform_url, tmp_path) as stage:
            clock, loop = stage.line.clock, asyncio.get_running_loop()
            async with stage.line.database.transaction() as tx:
                secret = await stage.business.institutions.add(tx, LIMITED, "HMAC-SHA256", clock.now())
            queue = queue_of(stage, outside, Caller.HOSPITAL)
            queue.start()
            clients = {name: await _client(outside, name, []) for name in ("his", "stranger")}

            def send(
                who: str, operation: str, headers: Mapping[str, str], body: bytes
            ) -> tuple[Mapping[str, str], bytes]:
                asked = clients[who].request(f"yinyi.hospital.{who}.{operation}", body, timeout=20, headers=headers)
                told = asyncio.run_coroutine_threadsafe(asked, loop).result()
                return told.headers, told.data

            try:
                await asyncio.wait_for(queue.opened.wait(), 20)
                peers = {each.__name__: each(0, secret, clock, send=send) for each in (NatsPeer, NatsXmlPeer)}
                await asyncio.to_thread(ask_badly, peers)
            finally:
                await queue.close()
                for each in clients.values():
                    await each.close()
            assert await stage.one("SELECT count(*) FROM idempotency WHERE actor LIKE 'hospital:%'") == 0

    asyncio.run(story())


def test_nobody_asks_or_hears_for_another(outside: EmbeddedNats, platform_url: str, tmp_path: Path) -> None:
    """Below another one's name the server lets nobody in; with another one's secret the platform does not."""

    async def story() -> None:
        async with line_of(platform_url, tmp_path, outside) as line:
            stolen = Asker(line.lab.client, "lab", line.his.secret, line.his.clock, line.his.refused)
            assert (await stolen.ask("ListClosures", b"{}"))[0]["code"] == "SignatureRefused"
            body = msgspec.json.encode(PLAN)
            signed = line.his.headers("PlanClosure", body, "key-that-was-signed")
            for altered in ({"YinyiKey": "key-that-was-not"}, {"YinyiPatient": "somebody"}):
                told = await line.his.client.request(
                    "yinyi.hospital.his.PlanClosure", body, timeout=20, headers=signed | altered
                )
                assert told.headers["YinyiCode"] == "SignatureRefused"
            heard: list[Any] = []

            async def hear(message: Any) -> None:
                heard.append(message)

            await line.lab.client.subscribe("_INBOX.lab.>", cb=hear)
            await line.lab.client.flush()
            headers = line.his.headers("ListClosures", b"{}")
            subject = "yinyi.hospital.his.ListClosures"
            await line.his.client.publish(subject, b"{}", reply="_INBOX.lab.secret", headers=headers)
            await line.his.client.publish("yinyi.hospital.lab.ListClosures", b"{}", headers=headers)
            assert (await line.his.ask("ListClosures", b"{}"))[0] == {"closures": []}
            await line.lab.client.flush()
            assert heard == []
            assert [each for each in line.his.refused if "yinyi.hospital.lab" in each.lower()]

    asyncio.run(story())


def test_one_way_what_cannot_be_done_is_told_to_whoever_listens(
    outside: EmbeddedNats, platform_url: str, tmp_path: Path
) -> None:
    async def story() -> None:
        async with line_of(platform_url, tmp_path, outside) as line:
            dead = await line.operator.subscribe("yinyi.hospital.dead")
            await line.operator.flush()
            body = b'{"closure_id": 4711}'
            headers = line.his.headers("CancelClosure", body, "cancel-nothing")
            await line.his.client.publish("yinyi.hospital.his.CancelClosure", body, headers=headers)
            told = await dead.next_msg(timeout=20)
            assert told.data == body
            assert (told.headers["YinyiCode"], told.headers["YinyiInstitution"]) == ("NotFound", "his")

    asyncio.run(story())


@asynccontextmanager
async def bank_of(stage: HolderStage, server: EmbeddedNats) -> AsyncGenerator[Asker]:
    """With a patient at its own terminal."""
    clock, own = stage.line.clock, Institution(hospital_id=1, institution_id="boc", kind="bank", name="中国银行")
    record = PatientRecord(patient_no="2016000001", name="王芳", sex="female", born_on=None)
    async with stage.line.database.transaction() as tx:
        secret = await stage.business.institutions.add(tx, own, "HMAC-SM3", clock.now())
        patient = await store.keep_patient(tx, VAULT, 1, record, clock.now())
        await sessions.start_session(tx, 1, f"{INSTITUTIONS}boc", patient.patient_id, SESSION, clock.now())
    queue = queue_of(stage, server, Caller.INSTITUTION)
    queue.start()
    client = await _client(server, "boc", [])
    try:
        await asyncio.wait_for(queue.opened.wait(), 20)
        yield Asker(client, "boc", secret, clock, [], "institution", SESSION)
    finally:
        await queue.close()
        await client.close()


def test_a_bank_asks_for_the_patient_at_its_terminal(outside: EmbeddedNats, platform_url: str, tmp_path: Path) -> None:
    """His session goes under the signature: another one than was signed, or none, is not heard."""

    async def story() -> None:
        async with holder_stage(platform_url, tmp_path) as stage, bank_of(stage, outside) as bank:
            listed, told = await bank.ask("ListCredentials", b"{}")
            assert (told["YinyiOutcome"], listed["credentials"]) == ("done", []), listed
            for wrong in ("", "another-session-of-a-patient"):
                headers = bank.headers("ListCredentials", b"{}") | {"YinyiPatient": wrong}
                problem, told = await bank.send("ListCredentials", b"{}", headers)
                assert (problem["code"], told["YinyiOutcome"]) == ("SignatureRefused", "refused")
            bank.session = "x" * 32
            problem, _ = await bank.ask("ListCredentials", b"{}")
            assert problem["code"] == "SessionEnded"
            bank.session = ""
            problem, _ = await bank.ask("CollectHoldSlip", b"{}")
            assert problem["code"] == "OperationUnknown", "what the hospital asks is not asked here"

    asyncio.run(story())
