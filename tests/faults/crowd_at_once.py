"""Sixty-four screens on the bus at once, whose patients ask again and again until they are answered."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import httpx
import msgspec

from kiosk_client import patients
from real_platform import RealPlatform
from yinyi.bus.client import BusClient
from yinyi.bus.envelope import Credentials
from yinyi.bus.operation import Operation
from yinyi.bus.transport import connect
from yinyi.business.billing.messages import ListInvoices, PayInvoices
from yinyi.business.billing.model import ChosenInvoice
from yinyi.business.identity.messages import IdentifyByNumber
from yinyi.business.payments.messages import ChooseTender, GetPayment, PaymentView
from yinyi.business.prepaid.messages import TopUp
from yinyi.business.scheduling.messages import ListDepartments, ListSchedules, RegisterToday
from yinyi.business.terminals.messages import PairBrowser
from yinyi.kernel.errors import (
    Busy,
    ChannelUnavailable,
    DeadlineExceeded,
    HospitalUnavailable,
    InternalError,
    PlatformUnavailable,
    YinyiError,
)
from yinyi.kernel.means import TenderName
from yinyi.kernel.money import Fen

_R = TypeVar("_R")
_TRY_AGAIN = (Busy, ChannelUnavailable, DeadlineExceeded, HospitalUnavailable, InternalError, PlatformUnavailable)
_PAUSE_S = 0.2
OVER = frozenset({"fulfilled", "closed", "returned"})
PATIENCE_S = 240.0
TOP_UP_FEN = Fen(20_00)


@dataclass
class AtOnce:
    """``ends``: every payment that was begun, and the state in which its patient saw it last."""

    house: RealPlatform
    kiosk: BusClient
    phone: httpx.AsyncClient
    screens: list[Credentials] = field(default_factory=list[Credentials])
    people: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    ends: dict[str, str] = field(default_factory=dict[str, str])
    told: list[str] = field(default_factory=list[str])
    """Why somebody could not begin, by the code of the error."""

    async def come(self, count: int) -> None:
        """So many people at as many screens, each identified."""
        self.people = patients(self.house)[:count]
        codes = [self.house.other_machine(f"X{serial:03}") for serial in range(count)]
        self.screens = list(await asyncio.gather(*map(self._identified, codes, self.people)))

    async def _identified(self, code: str, who: tuple[str, str]) -> Credentials:
        paired = await self._ask(PairBrowser(pairing_code=code), Credentials())
        asked = IdentifyByNumber(patient_no=who[0], proof=who[1])
        identified = await self._ask(asked, Credentials(terminal=paired.screen_token))
        return Credentials(terminal=paired.screen_token, session=identified.session_token)

    async def places(self) -> list[tuple[str, str]]:
        """Departments and sessions that have numbers enough."""
        departments = (await self._ask(ListDepartments(), self.screens[0])).departments
        found: list[tuple[str, str]] = []
        for each in departments:
            if each.parent_id:
                day = await self._ask(ListSchedules(department_id=each.department_id), self.screens[0])
                found += [
                    (each.department_id, one.schedule.schedule_id)
                    for one in day.sessions
                    if one.schedule.status == "open" and one.schedule.capacity - one.schedule.taken > 5
                ]
        return found

    async def register(self, screen: Credentials, place: tuple[str, str], tender: TenderName) -> None:
        """From the choice of a doctor to an end that can be told to the patient."""
        asked = RegisterToday(department_id=place[0], schedule_id=place[1])
        await self._from(lambda: self._registered(asked, screen), screen, tender)

    async def top_up(self, screen: Credentials, tender: TenderName) -> None:
        await self._from(lambda: self._ask(TopUp(amount_fen=TOP_UP_FEN), screen), screen, tender)

    async def orders(self, serial: int, place: tuple[str, str]) -> None:
        """A doctor of this department orders something for whoever stands at this screen: there is a bill more."""
        order = {"patient_no": self.people[serial][0], "dept_code": place[0]}
        (await self.phone.post("/hospital/doctors/order", json=order)).raise_for_status()

    async def pay_a_bill(self, screen: Credentials, tender: TenderName) -> None:
        """The latest one."""
        await self._from(lambda: self._billed(screen), screen, tender)

    async def _billed(self, screen: Credentials) -> PaymentView:
        found = await self._ask(ListInvoices(anew=True), screen)
        latest = next(each for each in found.invoices if each.state == "open" and not each.busy)
        chosen = ChosenInvoice(invoice_no=latest.invoice_no, version=latest.version)
        return (await self._ask(PayInvoices(chosen=[chosen]), screen)).payment

    async def refund(self, number: str) -> None:
        """The hospital wants all of it given back, and asks until it is answered."""
        key, body = uuid4().hex, {"payment_no": number, "reason": "不做了", "operator": "0417"}
        while True:
            answer = await asyncio.to_thread(self.house.as_hospital, "RefundPayment", body, key)
            if answer.is_success:
                return
            assert answer.status_code >= 500 or answer.status_code == 429, answer.text
            await asyncio.sleep(_PAUSE_S)

    async def _registered(self, asked: RegisterToday, screen: Credentials) -> PaymentView:
        return (await self._ask(asked, screen)).payment

    async def _from(self, opens: Callable[[], Awaitable[PaymentView]], screen: Credentials, tender: TenderName) -> None:
        try:
            payment = await opens()
        except YinyiError as error:
            self.told.append(error.code())
            return
        paid, number = set[str](), payment.payment_no
        while payment.state not in OVER:
            self.ends[number] = payment.state
            if payment.state == "ready":
                payment = await self._choose(number, screen, tender)
            elif payment.state == "waiting" and payment.code_url not in paid and await self._pay(payment, tender):
                paid.add(payment.code_url)
            else:
                await asyncio.sleep(_PAUSE_S)
                payment = await self._ask(GetPayment(number=number), screen)
        self.ends[number] = payment.state

    async def _choose(self, number: str, screen: Credentials, tender: TenderName) -> PaymentView:
        try:
            return await self._ask(ChooseTender(payment_no=number, tender=tender), screen)
        except YinyiError:  # it has gone on meanwhile, or just now it may not be
            await asyncio.sleep(_PAUSE_S)
            return await self._ask(GetPayment(number=number), screen)

    async def _pay(self, payment: PaymentView, tender: TenderName) -> bool:
        body = msgspec.json.encode({"code_url": payment.code_url})
        return (await self.phone.post(f"/{tender}/phone/pay", content=body)).status_code == 200

    async def _ask(self, message: Operation[_R], shown: Credentials) -> _R:
        """Under one key, until there is an answer."""
        key = uuid4().hex
        while True:
            try:
                return (await self.kiosk.ask(message, credentials=shown, key=key)).reply
            except _TRY_AGAIN:
                await asyncio.sleep(_PAUSE_S)


def environment_of(house: RealPlatform, part: str) -> dict[str, str]:
    """What `yinyi up` has told this process."""
    entries = Path("/proc", str(house.pid(part)), "environ").read_bytes().decode().split("\0")
    return dict(entry.split("=", 1) for entry in entries if "=" in entry)


@asynccontextmanager
async def at_once(house: RealPlatform, count: int) -> AsyncGenerator[AtOnce]:
    """So many people are there, and nobody has begun anything."""
    told = environment_of(house, "business")
    password = (house.folder / "secrets" / "nats-kiosk").read_text().strip()
    bus = await connect(told["YINYI_NATS_URL"], "kiosk", password)
    client: Any = httpx.AsyncClient(base_url=str(house.sandbox.base_url), timeout=30, trust_env=False)
    try:
        async with client as phone:
            it = AtOnce(house, BusClient(bus, "kiosk", house.clock, 10.0), phone)
            await it.come(count)
            yield it
    finally:
        await bus.close()
