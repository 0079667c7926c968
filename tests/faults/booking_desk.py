"""The operations of bookings in a world whose hospital, channel and clock the test decides."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, timedelta

from booking_far_side import SimBookings
from msgspec.structs import replace
from payment_checks import reference_of
from payment_far_side import START, SimClock
from payment_world import ZONE, World, world

from yinyi.bus.call import Call
from yinyi.bus.database import Tx
from yinyi.business.payments.messages import ChooseTender
from yinyi.business.payments.plan import Plan
from yinyi.business.payments.service import TAKEN_UP
from yinyi.business.scheduling.booking_model import USUAL, BookingRules
from yinyi.business.scheduling.bookings import Bookings, Wanted
from yinyi.business.scheduling.changes import SessionChanges
from yinyi.business.scheduling.check_in import CheckInDesk
from yinyi.business.scheduling.messages import IssueHoldSlip, RegisterToday
from yinyi.business.scheduling.messages_booking import (
    AppointmentView,
    BookAppointment,
    CancelAppointment,
    CheckIn,
    GetAppointment,
    ListAppointments,
)
from yinyi.business.scheduling.plans import Appointment, CheckedIn, ConfirmNumber, HoldNumber, KeepNumber, TellArrival
from yinyi.business.scheduling.service import SchedulingService
from yinyi.business.scheduling.sessions import Sessions

TOMORROW = (START + timedelta(days=1)).astimezone(ZONE).date()


class Index:
    """Patient n of ours is the hospital's Pn; those of one family name are one person."""

    def __init__(self) -> None:
        self.same: list[int] = []

    async def patient_no(self, hospital_id: int, patient_id: int) -> str:
        return f"P{patient_id}"

    async def patient_id(self, tx: Tx, hospital_id: int, patient_no: str) -> int:
        return int(patient_no.removeprefix("P")) if patient_no.startswith("P") else 0

    async def same_person(self, tx: Tx, hospital_id: int, patient_id: int) -> list[int]:
        return sorted({patient_id, *(self.same if patient_id in self.same else [])})


class Desk:
    """``who``: the patient that asks."""

    def __init__(self, it: World, his: SimBookings, rules: BookingRules) -> None:
        self.it, self.his, self.index = it, his, Index()
        self.scanned: str | None = None
        self.today = SchedulingService(his, self.index, it.payments, ZONE, rules)
        self.bookings = Bookings(Sessions(his), self.index, it.payments, rules, ZONE)
        self.desk = CheckInDesk(it.database, self.bookings, it.payments, self, ZONE, told=True)
        self.changes = SessionChanges(it.database, his, it.payments, ZONE, it.clock, 1)

    async def take_code(self, tx: Tx, hospital_id: int, terminal_id: str, after: int) -> str | None:
        """What lies under the scanner."""
        text, self.scanned = self.scanned, None
        return text

    def call(self, who: int = 1, key: str = "k") -> Call:
        call = self.it.call(key)
        return replace(call, principal=replace(call.principal, patient_id=who))

    async def book(self, on: date = TOMORROW, doctor: str = "A", who: int = 1) -> Plan:
        """Up to the hospital's answer."""
        return await self.make(*await self.looks(on, doctor, who))

    async def looks(self, on: date = TOMORROW, doctor: str = "A", who: int = 1) -> tuple[Call, BookAppointment, Wanted]:
        """What he wants, as the hospital has it now."""
        call = self.call(who)
        message = BookAppointment(department_id="D1", schedule_id=f"{on:%Y%m%d}{doctor}", on=on)
        return call, message, await self.bookings.wanted(call, message)

    async def make(self, call: Call, message: BookAppointment, wanted: Wanted) -> Plan:
        async with self.it.database.transaction() as tx:
            number = await self.bookings.book(tx, call, message, wanted)
        return await self.driven(call, number)

    async def register(self, doctor: str = "A", who: int = 1, key: str = "k") -> Plan:
        """A number of today, up to the hospital's answer."""
        call = self.call(who, key)
        message = RegisterToday(department_id="D1", schedule_id=f"{call.now.astimezone(ZONE):%Y%m%d}{doctor}")
        known = await self.today.wanted(call, message)
        async with self.it.database.transaction() as tx:
            number = await self.today.take(tx, call, message, known)
        return await self.driven(call, number)

    async def hold_slip(self, plan: Plan, who: int = 1) -> Plan:
        call, message = self.call(who), IssueHoldSlip(payment_no=plan.payment_no)
        async with self.it.database.transaction() as tx:
            await self.today.issue_hold_slip(tx, call, message, None)
        return await self.driven(call, plan.payment_no)

    async def booked(self, on: date = TOMORROW, doctor: str = "A", who: int = 1) -> Plan:
        """Held, and paid where it is to be paid."""
        plan = await self.book(on, doctor, who)
        return await self.pay(plan.payment_no, who) if plan.amount_fen else plan

    async def pay(self, payment_no: str, who: int = 1) -> Plan:
        call, message = self.call(who), ChooseTender(payment_no=payment_no, tender="wechatpay")
        async with self.it.database.transaction() as tx:
            await self.it.payments.tenders.choose(tx, call, message, None)
        self.it.begun[payment_no] = call.notes.get(TAKEN_UP)
        await self.it.drive(payment_no)
        self.it.channel.pay(reference_of(await self.it.plan(payment_no)))
        return await self.it.to_the_end(payment_no)

    async def cancel(self, plan: Plan, who: int = 1) -> Plan:
        call, message = self.call(who), CancelAppointment(booking_no=plan.payment_no)
        async with self.it.database.transaction() as tx:
            await self.bookings.cancel(tx, call, message, None)
        self.it.begun[plan.payment_no] = call.notes.get(TAKEN_UP)
        return await self.it.to_the_end(plan.payment_no)

    async def check_in(self, plan: Plan, who: int = 1) -> Plan:
        """Up to the hospital's answer."""
        call, message = self.call(who), CheckIn(booking_no=plan.payment_no)
        async with self.it.database.transaction() as tx:
            number = await self.desk.check_in(tx, call, message, None)
        found = await self.driven(call, number)
        async with self.it.database.read() as tx:
            await self.desk.show(tx, call, number)
        return found

    async def driven(self, call: Call, number: str) -> Plan:
        self.it.begun[number] = call.notes.get(TAKEN_UP)
        await self.it.drive(number)
        return await self.it.plan(number)

    async def view(self, plan: Plan, who: int = 1) -> AppointmentView:
        async with self.it.database.read() as tx:
            return await self.bookings.get(tx, self.call(who), GetAppointment(payment_no=plan.payment_no))

    async def own(self, who: int = 1) -> list[AppointmentView]:
        async with self.it.database.read() as tx:
            return (await self.bookings.list(tx, self.call(who), ListAppointments())).appointments

    def pass_by(self, span: timedelta) -> None:
        self.it.clock.advance(span)

    async def come_on(self, on: date, hour: int) -> None:
        """It is that hour of that day at the hospital."""
        now = self.it.clock.now().astimezone(ZONE)
        wanted = now.replace(year=on.year, month=on.month, day=on.day, hour=hour, minute=0)
        self.pass_by(wanted - now)
        await self.it.means.lease.take()


def play(url: str, story: Callable[[Desk], Awaitable[None]], **rules: object) -> None:
    """``rules``: as this hospital wants them, where they are not the usual ones."""

    async def on_stage() -> None:
        his = SimBookings(SimClock())
        effects = [HoldNumber(his), KeepNumber(his), ConfirmNumber(his), TellArrival(his, 5.0)]
        async with world(url, effects, [Appointment(), CheckedIn()]) as it:
            his.clock = it.clock
            await story(Desk(it, his, replace(USUAL, **rules)))

    asyncio.run(on_stage())
