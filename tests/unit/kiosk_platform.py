"""A platform made of answers: what each operation is answered with is a line in a table. And a browser to ask with."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import msgspec
from starlette.applications import Starlette

from yinyi.bus.client import BusClient
from yinyi.bus.envelope import Failure, ReplyEnvelope, RequestEnvelope, SessionView
from yinyi.bus.operation import Operation, spec_at
from yinyi.business.documents.messages import Documents, DocumentView
from yinyi.business.fiscal.messages import FiscalInvoiceView
from yinyi.business.identity.messages import Ended
from yinyi.business.payments.messages import GetPayment, ListPayments, Payments, PaymentView
from yinyi.business.prepaid.messages import PrepaidSetting
from yinyi.business.scheduling.messages import (
    Departments,
    DoctorSession,
    DoctorSessions,
    GetRegistration,
    ListRegistrations,
    Registrations,
    RegistrationView,
)
from yinyi.business.scheduling.messages_booking import VisitChanges
from yinyi.business.scheduling.model import Department, Practitioner, Schedule
from yinyi.business.terminals.model import Counter, DeviceView, TerminalView
from yinyi.interface.journeys import views
from yinyi.interface.kiosk.server import Kiosk
from yinyi.interface.metrics import Metrics
from yinyi.kernel.errors import InvalidField, PlatformUnavailable, SessionEnded, YinyiError
from yinyi.kernel.money import Fen

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
TODAY = date(2026, 11, 23)
SCREEN = "screen-token"
PAYMENT = "26112309300000ABCDEFGH"

Answer = Callable[[Any], Any]


@dataclass
class FixedClock:
    at: datetime = NOW

    def now(self) -> datetime:
        return self.at


@dataclass
class Asked:
    """One operation as it arrived."""

    name: str
    message: Operation[Any]
    key: str
    session: str
    language: str
    place: str | None = None


@dataclass
class Platform:
    """Implements ``Requests``. ``answers``: by operation, a reply, an error, or a function of the message.

    sessions: tokens that hold. Every screen is ``terminal``'s.
    """

    clock: FixedClock = field(default_factory=FixedClock)
    answers: dict[str, Any] = field(default_factory=dict[str, Any])
    sessions: dict[str, SessionView] = field(default_factory=dict[str, SessionView])
    asked: list[Asked] = field(default_factory=list[Asked])
    away: bool = False
    connected: bool = True

    async def request(self, subject: str, data: bytes, timeout_s: float) -> bytes:
        if self.away:
            raise PlatformUnavailable("away")
        spec = spec_at(subject.split(".", 2)[2])
        assert spec is not None
        envelope = msgspec.json.decode(data, type=RequestEnvelope)
        try:
            message = msgspec.json.decode(envelope.body, type=spec.request)
        except msgspec.ValidationError:
            refused = Failure(code=InvalidField.code(), detail="out of form")
            return msgspec.json.encode(ReplyEnvelope(correlation_id=envelope.correlation_id, failure=refused))
        credentials = envelope.credentials
        self.asked.append(
            Asked(spec.name, message, envelope.key, credentials.session, envelope.language, envelope.place)
        )
        reply = ReplyEnvelope(correlation_id=envelope.correlation_id, session=self.sessions.get(credentials.session))
        try:
            if spec.needs_patient and credentials.session not in self.sessions:
                raise SessionEnded
            body = msgspec.Raw(msgspec.json.encode(self._answer(spec.name, message)))
            reply = msgspec.structs.replace(reply, body=body)
        except YinyiError as error:
            failure = Failure(code=error.code(), detail=error.detail)
            reply = msgspec.structs.replace(reply, failure=failure)
        return msgspec.json.encode(reply)

    def _answer(self, name: str, message: Operation[Any]) -> Any:
        answer: Any = self.answers[name] if name in self.answers else self._as_payments(name, message)
        if isinstance(answer, YinyiError):
            raise answer
        return answer(message) if callable(answer) else answer

    def _as_payments(self, name: str, message: Operation[Any]) -> Any:
        """What is said of registrations, as it is said of any payment."""
        if isinstance(message, GetPayment):
            return self._answer("GetRegistration", GetRegistration(payment_no=message.number)).payment
        assert isinstance(message, ListPayments), name
        found = self._answer("ListRegistrations", ListRegistrations(days=message.days))
        return Payments(payments=[each.payment for each in found.registrations])

    async def listen(self, subject: str, heard: Any) -> None:
        self.heard = heard

    def names(self) -> list[str]:
        """Which operations were asked, in order, terminals aside."""
        return [asked.name for asked in self.asked if asked.name != "GetTerminal"]

    def last(self, name: str) -> Asked:
        return [asked for asked in self.asked if asked.name == name][-1]


class JsonPages:
    """Draws a page as JSON: what stands on it, and what stands around it."""

    def render(self, view: views.View, chrome: views.Chrome, *, swap: bool = False) -> bytes:
        page = {"is": type(view).__name__, "v": view, "c": chrome, "swap": swap}
        return msgspec.json.encode(page)


PRINTER = DeviceView(device="printer", kind="receipt_printer", state="ok")
TERMINAL = TerminalView(
    terminal_id="K01",
    name="A03",
    place="门诊楼 1 楼大厅",
    place_en="Outpatient hall",
    profile="hall",
    hospital="云山市人民医院",
    hospital_en="Yunshan People's Hospital",
    window=Counter(name="3 号窗口", name_en="Window 3"),
    triage=Counter(name="导诊台", name_en="Triage desk"),
    locked=False,
    line_ok=True,
    card_in_reader=False,
    devices=[DeviceView(device="reader", kind="id_reader", state="ok"), PRINTER],
)
PERSON = SessionView(patient_no_tail="3351", name_masked="张*国", age=58, expires_at=NOW + timedelta(minutes=10))

CARDIOLOGY = Department(
    department_id="D02",
    parent_id="D00",
    name="心血管内科",
    name_en="Cardiology",
    initial="X",
    building="门诊楼",
    floor=2,
    area="B",
    common_rank=1,
    building_en="Outpatient Building",
)
DEPARTMENTS = Departments(
    departments=[
        msgspec.structs.replace(CARDIOLOGY, department_id="D00", parent_id="", name="内科", name_en="Medicine"),
        CARDIOLOGY,
        msgspec.structs.replace(CARDIOLOGY, department_id="D03", name="儿科", initial="E", floor=1, common_rank=0),
    ]
)
DOCTOR = Practitioner(
    practitioner_id="P1",
    department_id="D02",
    name="李明华",
    initials="LMH",
    title="chief",
    specialty="冠心病",
    introduction="从医三十年。",
)


def session_of(schedule_id: str, **changes: Any) -> DoctorSession:
    """A doctor's session of this morning with twelve of forty numbers taken."""
    schedule = Schedule(
        schedule_id=schedule_id,
        practitioner_id="P1",
        department_id="D02",
        service_date=TODAY,
        session="morning",
        starts_at=NOW - timedelta(hours=1),
        ends_at=NOW + timedelta(hours=2),
        fee_fen=Fen(5000),
        capacity=40,
        taken=12,
        room="205",
        in_room=True,
        status="open",
    )
    practitioner = msgspec.structs.replace(DOCTOR, practitioner_id=changes.get("practitioner_id", "P1"))
    return DoctorSession(practitioner=practitioner, schedule=msgspec.structs.replace(schedule, **changes))


def sessions(*rows: DoctorSession) -> DoctorSessions:
    return DoctorSessions(department=CARDIOLOGY, sessions=list(rows) or [session_of("S1")])


def payment(state: Any = "ready", **changes: Any) -> PaymentView:
    view = PaymentView(
        payment_no=PAYMENT,
        ask_no="7Q4-8XK9",
        purpose="registration",
        state=state,
        version=3,
        amount_fen=Fen(5000),
        started_at=NOW - timedelta(seconds=30),
        since=NOW - timedelta(seconds=2),
        pay_by=NOW + timedelta(minutes=8),
    )
    return msgspec.structs.replace(view, **changes)


def receipt(standing: Any = "none", **changes: Any) -> FiscalInvoiceView:
    """The electronic receipt of the payment."""
    told = {
        "title": "挂号费",
        "title_en": "Registration, Cardiology",
        "amount_fen": Fen(5000),
        "since": NOW - timedelta(minutes=1),
    }
    return FiscalInvoiceView(payment_no=PAYMENT, standing=standing, **told, **changes)


def registration(state: Any = "ready", *, hold_slip: bool = False, **changes: Any) -> RegistrationView:
    return RegistrationView(
        payment=payment(state, **changes),
        schedule_id="S1",
        department=CARDIOLOGY,
        practitioner_name="李明华",
        title="chief",
        service_date=TODAY,
        session="morning",
        room="205",
        number=16,
        starts_at=NOW + timedelta(minutes=20),
        ends_at=NOW + timedelta(minutes=40),
        held_until=NOW + timedelta(minutes=10),
        queue_ahead=3,
        hold_slip=hold_slip,
    )


def document(state: Any = "queued", kind: Any = "registration", **changes: Any) -> DocumentView:
    view = DocumentView(
        document_no="D261123093000ABCDEFGH",
        kind=kind,
        payment_no=PAYMENT,
        title="挂号单",
        amount_fen=5000,
        made_at=NOW,
        state=state,
        copies=1,
    )
    return msgspec.structs.replace(view, **changes)


USUAL: Mapping[str, Any] = {
    "GetTerminal": TERMINAL,
    "ListDepartments": DEPARTMENTS,
    "ListSchedules": sessions(),
    "GetSchedule": sessions(),
    "EndSession": Ended(),
    "PreferElder": Ended(),
    "RegisterToday": registration(),
    "GetRegistration": registration(),
    "GetFiscalInvoice": receipt(),
    "ListRegistrations": Registrations(registrations=[registration()]),
    "PrintSlip": document(),
    "ReprintSlip": document(),
    "ListDocuments": Documents(documents=[]),
    "GetPrepaidSetting": PrepaidSetting(mode="collect"),
    "ListVisitChanges": VisitChanges(changes=[]),
    "ListUntoldPayments": Payments(payments=[]),
}


class Browser:
    """One screen's browser over the real server code. Cookies are kept as a browser keeps them."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.kiosk = Kiosk(BusClient(platform, "kiosk", platform.clock), JsonPages(), platform.clock, ZONE, Metrics())
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(Starlette(routes=self.kiosk.routes())), base_url="http://kiosk.test"
        )

    def cookie(self, name: str) -> str:
        return self.client.cookies.get(name) or ""

    def set_cookie(self, name: str, value: str) -> None:
        self.client.cookies.set(name, value, domain="kiosk.test", path="/kiosk")

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.client.get("/kiosk" + path, headers=headers)

    async def see(self, path: str) -> dict[str, Any]:
        """The page at the end of all redirects."""
        return msgspec.json.decode((await self.client.get("/kiosk" + path, follow_redirects=True)).content)

    async def csrf(self) -> str:
        return (await self.see("/help-me-find-a-form"))["c"]["csrf"]

    async def post(self, path: str, *, key: str = "", **fields: str) -> httpx.Response:
        """As a form on the present page would."""
        data = {"csrf": await self.csrf(), "key": key or "k" * 22, **fields}
        return await self.client.post("/kiosk" + path, data=data)


def paired(*, known: bool = True, **answers: Any) -> Browser:
    """A screen that belongs to a terminal; ``known``: with a person before it."""
    platform = Platform(answers={**USUAL, **answers}, sessions={"session-token": PERSON})
    browser = Browser(platform)
    browser.set_cookie("yinyi_screen", SCREEN)
    if known:
        browser.set_cookie("yinyi_visit", "register.session.session-token")
    return browser


def page(response: httpx.Response) -> dict[str, Any]:
    return msgspec.json.decode(response.content)


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


PAGES = {
    "check": f"/register/check/{PAYMENT}",
    "pay": f"/pay/{PAYMENT}",
    "hold_slip": f"/pay/{PAYMENT}/hold-slip",
    "done": f"/done/{PAYMENT}",
    "trouble": f"/trouble/{PAYMENT}",
}
LONG_AGO = {"since": NOW - timedelta(minutes=1)}


def shown(seen: dict[str, Any]) -> str:
    view = seen["v"]
    kind = view.get("kind") or (view.get("state") if seen["is"] == "PayView" else None)
    return seen["is"] + (f":{kind}" if kind else "")
