"""A hall with two terminals: real database, services and dispatcher, pushes heard in the same process."""

import asyncio
from bisect import bisect
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from itertools import count
from typing import Any, TypeVar

import asyncpg
import msgspec
from PIL import Image
from sqlalchemy import create_mock_engine
from sqlalchemy.schema import ExecutableDDLElement

from yinyi.bus.call import Call, Principal
from yinyi.bus.client import BusClient
from yinyi.bus.database import Database, Tx, open_database
from yinyi.bus.dispatch import Dispatcher
from yinyi.bus.envelope import Credentials, RequestEnvelope
from yinyi.bus.operation import Caller, Operation, OperationSpec
from yinyi.bus.outbox import OutboxPublisher
from yinyi.bus.schema import metadata
from yinyi.business.documents.errors import NothingToPrint
from yinyi.business.documents.model import HoldSlip, RegistrationSlip, RenderedSlip, SlipData, Visit
from yinyi.business.documents.ports import SlipFacts
from yinyi.business.documents.queue import PaperQueue, Render, SheetPress
from yinyi.business.documents.render import SlipNotRendered
from yinyi.business.documents.seals import Seals
from yinyi.business.documents.sending import SheetDesk
from yinyi.business.documents.service import DocumentService
from yinyi.business.documents.sheet import Sheet
from yinyi.business.documents.tables import document as _document
from yinyi.business.terminals.credentials import admit
from yinyi.business.terminals.messages import Connected, ConnectTerminal, EnrolTerminal, PairBrowser
from yinyi.business.terminals.model import Counter, DeviceView, Hospital, Standing
from yinyi.business.terminals.service import TerminalService
from yinyi.business.terminals.setup import add_terminal, ensure_hospital
from yinyi.business.terminals.tables import terminal as _terminal
from yinyi.kernel.errors import NotYours, PlatformUnavailable, TerminalNotEnrolled
from yinyi.kernel.money import Fen
from yinyi.kernel.secrets import Vault
from yinyi.wire.receipt import DOTS, encode_receipt

R = TypeVar("R")

TABLES = (_terminal, _document)
HOSPITAL = 7
HALL, WARD = "hall-1", "ward-1"
PATIENT, SOMEBODY_ELSE = 41, 42
DEVICES = [
    DeviceView(device="id_reader", kind="id_reader", state="ok"),
    DeviceView(device="receipt_printer", kind="receipt_printer", state="ok"),
]
PATIENCE_S = 20
Heard = Callable[[str, bytes], Awaitable[None]]


class HandClock:
    """The system's clock, moved forward by hand."""

    def __init__(self) -> None:
        self._shift = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._shift

    def pass_by(self, **span: float) -> None:
        self._shift += timedelta(**span)


class Pushes:
    """What is published is heard here, and kept in the order in which it happened, however it came."""

    def __init__(self) -> None:
        self.said: list[tuple[str, dict[str, Any]]] = []
        self._ids: list[int] = []
        self._listeners: list[tuple[str, Heard]] = []
        self._news = asyncio.Event()

    async def listen(self, subject: str, heard: Heard) -> None:
        self._listeners.append((subject, heard))

    async def publish(self, subject: str, body: bytes, message_id: str) -> None:
        place = bisect(self._ids, int(message_id))
        self._ids.insert(place, int(message_id))
        self.said.insert(place, (subject, msgspec.json.decode(body)))
        self._news.set()
        for pattern, heard in self._listeners:
            if fnmatchcase(subject, pattern):
                await heard(subject, body)

    async def heard(self, what: str, times: int = 1, terminal_id: str = HALL) -> None:
        """Waits until this was said of the terminal so many times since the beginning."""
        async with asyncio.timeout(PATIENCE_S):
            while self.whats(terminal_id).count(what) < times:
                self._news.clear()
                await self._news.wait()

    def whats(self, terminal_id: str = HALL) -> list[str]:
        return [subject.split(".")[3] for subject, _ in self.said if subject.split(".")[2] == terminal_id]


class Slips:
    """Payments by number, and what their slips tell. opened: by whom, where it was not the patient himself."""

    def __init__(self) -> None:
        self.known: dict[str, SlipFacts] = {}
        self.opened: dict[str, str] = {}

    def put(self, payment_no: str, *, patient_id: int = PATIENT, tells: str = "fulfilled", **more: Any) -> None:
        slip = registration(payment_no, **more)
        self.known[payment_no] = SlipFacts(
            slip=slip, tells=tells, patient_id=patient_id, title="心血管内科 李明华", amount_fen=Fen(5000)
        )

    async def slip(self, tx: Tx, call: Call, payment_no: str) -> SlipFacts:
        if payment_no not in self.known:
            raise NothingToPrint
        if not await self.is_theirs(tx, call, payment_no):
            raise NotYours
        return self.known[payment_no]

    async def is_theirs(self, tx: Tx, call: Call, payment_no: str) -> bool:
        who, facts = call.principal, self.known.get(payment_no)
        by_them = who.opened_by in ("", self.opened.get(payment_no))
        return facts is not None and facts.patient_id == who.patient_id and by_them


def registration(payment_no: str, **changes: Any) -> RegistrationSlip:
    at = datetime(2026, 11, 23, 2, 10, tzinfo=UTC)
    fields: dict[str, Any] = {
        "language": "zh-CN",
        "hospital": "云山市人民医院",
        "terminal": "",
        "printed_at": at,
        "payment_no": payment_no,
        "qr": payment_no,
        "visit": visit(),
        "amount_fen": Fen(5000),
        "channel": "wechatpay",
        "paid_at": at,
        "queue_ahead": 3,
    }
    return RegistrationSlip(**{**fields, **changes})


def hold(payment_no: str) -> HoldSlip:
    at = datetime(2026, 11, 23, 2, 10, tzinfo=UTC)
    common: dict[str, Any] = {"language": "zh-CN", "hospital": "云山市人民医院", "terminal": "", "printed_at": at}
    return HoldSlip(
        **common,
        payment_no=payment_no,
        qr=payment_no,
        visit=visit(),
        amount_fen=Fen(5000),
        held_until=at,
        window="3 号窗口",
    )


def visit() -> Visit:
    at = datetime(2026, 11, 23, 2, 10, tzinfo=UTC)
    return Visit(
        patient_name="张建国",
        patient_no="0000821236",
        department="心血管内科",
        practitioner="李明华",
        title="associate_chief",
        number=23,
        room="205",
        place="门诊楼 2 楼 B 区",
        starts_at=at,
        ends_at=at + timedelta(minutes=20),
    )


class Here:
    """Who stands at the terminals, as papers are told."""

    def __init__(self) -> None:
        self.patients = [PATIENT, SOMEBODY_ELSE]

    async def __call__(self, tx: Tx, hospital_id: int, terminal_id: str, now: datetime) -> list[int]:
        return self.patients


class Press:
    """Sets every slip as a short white paper, and remembers what it was given."""

    def __init__(self) -> None:
        self.set: list[SlipData] = []

    def __call__(self, slip: SlipData) -> RenderedSlip:
        self.set.append(slip)
        receipt = encode_receipt(Image.new("1", (DOTS, 40), 1))
        return RenderedSlip(png=b"", receipt=receipt, digest="")


class _NoSheets:
    """Nothing but slips is printed here."""

    def render(self, sheet: Sheet) -> bytes:
        raise SlipNotRendered("no sheets")


class Bus:
    """The dispatcher of the same process; can be away."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher
        self.away = False
        self.asked: list[str] = []
        self.refused: list[str] = []
        self._news = asyncio.Event()

    async def request(self, subject: str, data: bytes, timeout_s: float) -> bytes:
        self._news.set()
        name = subject.split(".")[-2]
        if self.away:
            self.refused.append(name)
            raise PlatformUnavailable
        self.asked.append(name)
        return await self._dispatcher.answer(subject, data)

    async def refused_to(self, name: str, times: int = 1) -> None:
        """Waits until this was asked in vain so many times."""
        async with asyncio.timeout(PATIENCE_S):
            while self.refused.count(name) < times:
                self._news.clear()
                await self._news.wait()


class _Verifier:
    """Verifies terminals for real; believes ``patient:<id>/<opened by>`` as a session, anything as staff and who sits
    there."""

    def __init__(self, terminals: TerminalService) -> None:
        self._terminals = terminals

    async def verify(self, caller: Caller, envelope: RequestEnvelope, spec: OperationSpec) -> Principal:
        shown = envelope.credentials
        if spec.request in (EnrolTerminal, PairBrowser):
            return Principal(caller=caller, hospital_id=0)
        if caller in (Caller.STAFF, Caller.HOSPITAL):
            return Principal(caller=caller, hospital_id=HOSPITAL, staff_id=shown.staff, person=shown.person)
        facts = await self._terminals.credentials.verify_terminal(shown.terminal)
        if facts is None:
            raise TerminalNotEnrolled
        admit(facts, caller, spec.name)
        patient_id, _, opened_by = shown.session.removeprefix("patient:").partition("/")
        return Principal(
            caller=caller,
            hospital_id=facts.hospital_id,
            terminal_id=facts.terminal_id,
            patient_id=int(patient_id or 0),
            opened_by=opened_by,
        )


@dataclass
class Hall:
    """What a test holds in its hand."""

    database: Database
    clock: HandClock
    terminals: TerminalService
    queue: PaperQueue
    slips: Slips
    press: Press
    pushes: Pushes
    bus: Bus
    codes: dict[str, str]
    publisher: OutboxPublisher
    here: Here
    _keys: Iterator[int] = field(default_factory=count)

    def client(self, account: Caller) -> BusClient:
        return BusClient(self.bus, account.value, self.clock)

    async def ask(self, caller: Caller, message: Operation[R], *, key: str = "", **shown: str) -> R:
        """``shown``: the credentials, by name."""
        key = key or f"key-of-a-test-{next(self._keys)}"
        credentials = msgspec.convert(shown, Credentials)
        return (await self.client(caller).ask(message, credentials=credentials, key=key)).reply

    async def enrolled(self, terminal_id: str = HALL, installation_id: str = "machine-1") -> str:
        """The token of the terminal's agent."""
        message = EnrolTerminal(enrolment_code=self.codes[terminal_id], installation_id=installation_id)
        return (await self.ask(Caller.TERMINAL, message)).terminal_token

    async def connected(self, token: str) -> Connected:
        return await self.ask(Caller.TERMINAL, ConnectTerminal(agent_version="1", devices=DEVICES), terminal=token)

    async def screen(self, connected: Connected) -> str:
        """The token of the terminal's screen."""
        paired = await self.ask(Caller.KIOSK, PairBrowser(pairing_code=connected.pairing_code))
        return paired.screen_token

    async def one(self, query: str, *args: Any) -> Any:
        async with self.database.read() as tx:
            return await tx.fetchval(query, *args)

    async def published(self) -> list[str]:
        """What was said of the first terminal up to now."""
        await self.publisher.publish_offered()
        while await self.publisher.publish_some():
            pass
        return self.pushes.whats()


@asynccontextmanager
async def hall(url: str, render: Render | None = None) -> AsyncGenerator[Hall]:
    """A hall over a fresh database."""
    await _make_tables(url)
    database = await open_database(url)
    clock, slips, press, pushes = HandClock(), Slips(), Press(), Pushes()
    publisher = OutboxPublisher(database, pushes.publish, clock)
    vault = Vault({1: b"k" * 32}, b"i" * 32)
    seals = Seals(vault, "https://hospital.test/verify")
    here = Here()
    queue = PaperQueue(database, render or press, SheetPress(_NoSheets(), seals), here, publisher.wake)
    terminals = TerminalService(database, clock, vault, queue, publisher.wake)
    dispatcher = Dispatcher(database, _Verifier(terminals), clock, committed=publisher.offer)
    terminals.register(dispatcher)
    DocumentService(slips, SheetDesk(terminals.directory), queue, seals).register(dispatcher)
    codes = await _furnish(database, clock.now())
    try:
        yield Hall(database, clock, terminals, queue, slips, press, pushes, Bus(dispatcher), codes, publisher, here)
    finally:
        await database.close()


@asynccontextmanager
async def publishing(place: Hall) -> AsyncGenerator[None]:
    """What is committed is heard at once."""
    task = asyncio.create_task(place.publisher.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _furnish(database: Database, now: datetime) -> dict[str, str]:
    """The hospital and its terminals; their enrolment codes."""
    window = Counter(name="3 号窗口", name_en="Window 3")
    triage = Counter(name="导诊台", name_en="Triage desk")
    hospital = Hospital(
        hospital_id=HOSPITAL,
        name="云山市人民医院",
        name_en="Yunshan People's Hospital",
        zone="Asia/Shanghai",
        window=window,
        triage=triage,
    )
    codes: dict[str, str] = {}
    async with database.transaction() as tx:
        await ensure_hospital(tx, hospital)
        for terminal_id in (HALL, WARD):
            standing = Standing(
                terminal_id=terminal_id,
                name=f"{terminal_id} 号机",
                place="一楼大厅",
                place_en="Hall, 1st floor",
                profile="hall",
            )
            codes[terminal_id] = await add_terminal(tx, HOSPITAL, standing, now)
    return codes


async def _make_tables(url: str) -> None:
    statements: list[str] = []

    def keep(element: ExecutableDDLElement, *_: Any, **__: Any) -> None:
        statements.append(str(element.compile(dialect=engine.dialect)))

    engine = create_mock_engine("postgresql+asyncpg://", keep)
    metadata.create_all(engine, checkfirst=False)
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()
