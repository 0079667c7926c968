"""A house to identify people in: a real database and dispatcher, a hospital that can fail, readers that hold cards."""

from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any, Literal, TypeVar
from zoneinfo import ZoneInfo

from yinyi.bus.call import Principal
from yinyi.bus.client import BusClient
from yinyi.bus.database import Database, Tx, open_database
from yinyi.bus.dispatch import Dispatcher
from yinyi.bus.envelope import Credentials, RequestEnvelope
from yinyi.bus.operation import Caller, Operation, OperationSpec
from yinyi.business.identity.model import CredentialKind, PatientRecord, Person
from yinyi.business.identity.service import IdentityService
from yinyi.business.identity.sessions import session_view, verify_session
from yinyi.kernel.errors import HospitalUnavailable, TerminalNotEnrolled
from yinyi.kernel.outcome import Answer, Done, NotFound, NotSent, Outcome, Refused, Unknown
from yinyi.kernel.secrets import Vault
from yinyi.wire import gb11643
from yinyi.wire.resident_card import CardText, encode

R = TypeVar("R")
Run = Callable[[Coroutine[Any, Any, None]], None]

HOSPITAL = 7
HALL, WARD = "hall-1", "ward-1"
START = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")

Mishap = Literal["down", "answer_lost", "never_arrives", "breaks", "refused", "hangs"]


def resident(name: str = "王芳", born: date = date(1991, 4, 16), sequence: int = 42, **more: Any) -> CardText:
    """A resident card of somebody who does not exist: county digits 99."""
    fields: dict[str, Any] = {
        "name": name,
        "sex": "male" if sequence % 2 else "female",
        "nation": "01",
        "born_on": born,
        "address": "某市某区某街1号",
        "authority": "某市公安局",
        "valid_from": date(2020, 1, 1),
        "valid_to": date(2040, 1, 1),
        "number": gb11643.number_of("110199", born, sequence),
    }
    return CardText(**{**fields, **more})


def on_record(card: CardText, patient_no: str, **more: Any) -> PatientRecord:
    """What the hospital would have of the holder of this card."""
    fields: dict[str, Any] = {"name": card.name or card.name_en, "sex": card.sex, "born_on": card.born_on}
    return PatientRecord(patient_no=patient_no, **{**fields, **more})


class HandClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.instant = START

    def now(self) -> datetime:
        return self.instant

    def pass_by(self, **span: float) -> None:
        self.instant += timedelta(**span)


class Readers:
    """Which block lies on the reader of which terminal. refused: kinds of documents that the hospital does not take."""

    def __init__(self) -> None:
        self.blocks: dict[str, bytes] = {}
        self.refused: set[str] = set()

    def lay(self, card: CardText, terminal_id: str = HALL) -> None:
        self.blocks[terminal_id] = encode(card)

    async def card_on_reader(self, tx: Tx, hospital_id: int, terminal_id: str) -> bytes | None:
        return self.blocks.get(terminal_id)

    async def takes(self, tx: Tx, hospital_id: int, kind: str, number: str, now: datetime) -> bool:
        return kind not in self.refused

    async def wipe(self, tx: Tx, hospital_id: int, terminal_id: str) -> None:
        self.blocks.pop(terminal_id, None)


class Index:
    """A hospital's master index in memory. ``mishaps`` befall the coming calls, one each."""

    call_timeout_s = 0.2

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], list[PatientRecord]] = {}
        self.by_reference: dict[str, str] = {}
        self.created: list[Person] = []
        self.calls: list[str] = []
        self.mishaps: deque[Mishap] = deque()
        self._numbers = count(1)

    def put(self, card: CardText, *records: PatientRecord, kind: CredentialKind = "resident_card") -> None:
        self.records[kind, card.number] = list(records)

    async def find(self, kind: CredentialKind, number: str) -> list[PatientRecord]:
        self._mishap("find")
        return self.records.get((kind, number), [])

    async def by_number(self, patient_no: str) -> PatientRecord | None:
        self._mishap("by_number")
        everybody = (record for found in self.records.values() for record in found)
        return next((record for record in everybody if record.patient_no == patient_no), None)

    async def create(self, reference: str, person: Person) -> Outcome:
        self.calls.append("create")
        mishap = self.mishaps.popleft() if self.mishaps else None
        if mishap == "down":
            return NotSent()
        if mishap == "never_arrives":
            return Unknown()
        if mishap == "refused":
            return Refused(reason="bad_request")
        if reference not in self.by_reference:
            self._make(reference, person)
        if mishap == "answer_lost":
            return Unknown()
        if mishap == "breaks":
            raise ConnectionResetError
        return Done(evidence={"patient_no": self.by_reference[reference]})

    async def ask_created(self, reference: str) -> Answer:
        self.calls.append("ask_created")
        if self.mishaps and self.mishaps.popleft():
            return NotSent()
        if reference in self.by_reference:
            return Done(evidence={"patient_no": self.by_reference[reference]})
        return NotFound()

    def _make(self, reference: str, person: Person) -> None:
        patient_no = f"2026{next(self._numbers):06d}"
        record = PatientRecord(
            patient_no=patient_no, name=person.name, sex=person.sex, born_on=person.born_on, phone=person.phone
        )
        self.created.append(person)
        self.by_reference[reference] = patient_no
        self.records.setdefault((person.kind, person.number), []).append(record)

    def _mishap(self, call: str) -> None:
        self.calls.append(call)
        if self.mishaps:
            mishap = self.mishaps.popleft()
            raise TimeoutError if mishap == "hangs" else HospitalUnavailable(mishap)


@dataclass
class House:
    """What a test holds in its hand."""

    database: Database
    index: Index
    readers: Readers
    clock: HandClock
    vault: Vault
    service: IdentityService
    dispatcher: Dispatcher
    client: BusClient
    bus: "_InProcess"
    keys: Iterator[int] = field(default_factory=count)

    async def ask(self, message: Operation[R], *, terminal: str = HALL, session: str = "", key: str = "") -> R:
        credentials = Credentials(terminal=terminal, session=session)
        key = key or f"key-of-a-test-{next(self.keys)}"
        answered = await self.client.ask(message, credentials=credentials, key=key)
        return answered.reply

    async def told(self, message: Operation[R], key: str = "", caller: Caller = Caller.HOSPITAL) -> R:
        """By the hospital's own system, at a window, or by a bank."""
        key = key or f"key-of-a-test-{next(self.keys)}"
        client = BusClient(self.bus, caller, self.clock)
        return (await client.ask(message, credentials=Credentials(terminal=caller.value), key=key)).reply

    async def how_many(self, query: str) -> int:
        async with self.database.read() as tx:
            return await tx.fetchval(query)


class _FakeVerifier:
    """Believes the terminal; the session it really verifies."""

    def __init__(self, database: Database, clock: HandClock) -> None:
        self._database = database
        self._clock = clock

    async def verify(self, caller: Caller, envelope: RequestEnvelope, spec: OperationSpec) -> Principal:
        shown, now = envelope.credentials, self._clock.now()
        if not shown.terminal:
            raise TerminalNotEnrolled
        async with self._database.read() as tx:
            facts = await verify_session(tx, HOSPITAL, shown.session, shown.terminal, now) if shown.session else None
        if facts is None:
            return Principal(caller=caller, hospital_id=HOSPITAL, terminal_id=shown.terminal)
        return Principal(
            caller=caller,
            hospital_id=HOSPITAL,
            terminal_id=shown.terminal,
            patient_id=facts.patient.patient_id,
            session_id=facts.session_id,
            guardian_id=facts.guardian_id,
            opened_by=facts.opened_by,
            session=session_view(facts, now.date()),
        )


class _InProcess:
    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher

    async def request(self, subject: str, data: bytes, timeout_s: float) -> bytes:
        return await self._dispatcher.answer(subject, data)


@asynccontextmanager
async def house(url: str) -> AsyncGenerator[House]:
    """A house over an empty platform."""
    database = await open_database(url)
    clock, index, readers = HandClock(), Index(), Readers()
    vault = Vault({1: b"k" * 32}, b"i" * 32)
    service = IdentityService(database, index, readers, vault, ZONE)
    dispatcher = Dispatcher(database, _FakeVerifier(database, clock), clock)
    service.register(dispatcher)
    bus = _InProcess(dispatcher)
    client = BusClient(bus, Caller.KIOSK, clock)
    try:
        yield House(database, index, readers, clock, vault, service, dispatcher, client, bus)
    finally:
        await database.close()
