"""The code of a booking's slip (预约单条码): held under the scanner it opens coming for exactly that booking, whoever
holds it. Whoever has identified himself stays who he is for his own bookings."""

from zoneinfo import ZoneInfo

from yinyi.bus.call import Call
from yinyi.bus.database import Database, Tx
from yinyi.bus.dispatch import Dispatcher
from yinyi.business.identity import attempts
from yinyi.business.identity.errors import TooManyTries
from yinyi.business.identity.sessions import start_session
from yinyi.business.payments import signals
from yinyi.business.payments.errors import NothingScanned
from yinyi.business.payments.plan import Plan
from yinyi.business.scheduling.bookings import Bookings
from yinyi.business.scheduling.errors import BookingGone, NoCheckInNeeded, NoSuchBooking, NotThatDay
from yinyi.business.scheduling.messages_booking import IdentifyBySlip, SlipOpened
from yinyi.business.scheduling.plans import APPOINTMENT, CHECKED_IN, REGISTRATION, RegistrationFacts
from yinyi.business.scheduling.ports import ScannedSlips
from yinyi.kernel.ids import PAYMENT_NUMBER, number_on_slip, token
from yinyi.kernel.secrets import Vault


class BookingSlips:
    """The operation of a kiosk's page that has heard of a scan."""

    def __init__(
        self, database: Database, bookings: Bookings, scanned: ScannedSlips, vault: Vault, zone: ZoneInfo
    ) -> None:
        self._database = database
        self._bookings = bookings
        self._scanned = scanned
        self._vault = vault
        self._zone = zone

    def register(self, dispatcher: Dispatcher) -> None:
        dispatcher.asks(IdentifyBySlip, self.open)

    async def open(self, call: Call, message: IdentifyBySlip) -> SlipOpened:
        """Whatever becomes of it, this scan is used up. Only codes of no booking count as tries.

        Raises:
            NothingScanned, TooManyTries, NoSuchBooking, NoCheckInNeeded, NotThatDay, BookingGone.
        """
        at = (call.hospital_id, call.principal.terminal_id)
        async with self._database.transaction() as tx:
            text = await self._scanned.take_code(tx, *at, message.after)
        if text is None:
            raise NothingScanned
        number = number_on_slip(text.strip())
        tried = (*at, self._vault.index(number, "identification_attempt.slip"))
        async with self._database.transaction() as tx:
            within = await attempts.count(tx, *tried, call.now)
        if not within:
            raise TooManyTries
        async with self._database.transaction() as tx:
            plan = await self._plan(tx, call, number)
            await attempts.give_back(tx, *tried)
        if plan.purpose == REGISTRATION:
            raise NoCheckInNeeded
        async with self._database.transaction() as tx:
            return await self._opened(tx, call, _booking_no(plan))

    async def _plan(self, tx: Tx, call: Call, number: str) -> Plan:
        if len(number) != PAYMENT_NUMBER or not number.isascii() or not number.isalnum():
            raise NoSuchBooking
        plan = await signals.find(tx, call.hospital_id, number)
        if plan is None or plan.purpose not in (APPOINTMENT, CHECKED_IN, REGISTRATION):
            raise NoSuchBooking
        return plan

    async def _opened(self, tx: Tx, call: Call, booking_no: str) -> SlipOpened:
        booked = await self._bookings.found(tx, call, booking_no)
        if booked.state in ("cancelled", "stopped", "opening"):
            raise BookingGone
        if booked.facts.service_date != call.now.astimezone(self._zone).date():
            raise NotThatDay(booked.facts.service_date.isoformat())
        who, plan = call.principal, booked.plan
        if who.patient_id == plan.patient_id and not who.opened_by:
            return SlipOpened(booking_no=booking_no)
        session = token()
        at = (call.hospital_id, who.terminal_id)
        await start_session(tx, *at, plan.patient_id, session, call.now, opened_by=f"booking:{booking_no}")
        return SlipOpened(booking_no=booking_no, session_token=session)


def _booking_no(plan: Plan) -> str:
    """Of the slip that was given with the booking, or of the one that came out at its check-in."""
    return plan.payment_no if plan.purpose == APPOINTMENT else RegistrationFacts.of(plan).booking_no
