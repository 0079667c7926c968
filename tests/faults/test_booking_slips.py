"""The slip of a booking under the scanner, without any card: it opens that booking, and nothing else of its patient."""

from datetime import timedelta

import pytest
from booking_desk import TOMORROW, ZONE, Desk, play
from msgspec.structs import replace

from yinyi.app.operations import declared_operations
from yinyi.bus.call import Call
from yinyi.business.identity import sessions
from yinyi.business.identity.attempts import PER_TERMINAL
from yinyi.business.identity.errors import TooManyTries
from yinyi.business.identity.model import SessionFacts
from yinyi.business.payments.errors import NothingScanned
from yinyi.business.payments.owners import is_theirs
from yinyi.business.payments.view import state_of
from yinyi.business.scheduling.booking_slips import BookingSlips
from yinyi.business.scheduling.errors import BookingGone, NoSuchBooking, NotThatDay
from yinyi.business.scheduling.messages_booking import IdentifyBySlip, SlipOpened
from yinyi.kernel.ids import BOOKING_SLIP
from yinyi.kernel.secrets import Vault

VAULT = Vault({1: b"k" * 32}, b"i" * 32)
_PATIENT = """
INSERT INTO patient (hospital_id, patient_id, patient_no, name, sex, created_at, updated_at)
OVERRIDING SYSTEM VALUE VALUES (1, $1, $2, '柳预约', 'female', $3, $3)
"""


class Screen:
    """A kiosk at which nobody, or one patient, is known."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.slips = BookingSlips(desk.it.database, desk.bookings, desk, VAULT, ZONE)

    async def patients(self) -> None:
        async with self.desk.it.database.transaction() as tx:
            for number in (1, 2):
                await tx.execute(_PATIENT, number, f"P{number}", self.desk.it.clock.now())

    async def holds(self, text: str | None, who: int = 0) -> SlipOpened:
        self.desk.scanned = text
        return await self.slips.open(self.desk.call(who), IdentifyBySlip(after=0))

    async def session(self, token: str) -> SessionFacts:
        async with self.desk.it.database.read() as tx:
            found = await sessions.verify_session(tx, 1, token, "T1", self.desk.it.clock.now())
        assert found is not None
        return found

    async def as_opened(self, opened: SlipOpened) -> Call:
        """What is asked by whoever holds the slip."""
        facts, call = await self.session(opened.session_token), self.desk.call()
        who = replace(call.principal, patient_id=facts.patient.patient_id, opened_by=facts.opened_by)
        return replace(call, principal=who)


def test_a_slip_opens_its_booking_and_nothing_else(platform_url: str) -> None:
    async def story(desk: Desk) -> None:
        screen = Screen(desk)
        await screen.patients()
        plan, other = await desk.booked(), await desk.booked(doctor="B")
        await desk.come_on(TOMORROW, 8)
        opened = await screen.holds(f" {BOOKING_SLIP}{plan.payment_no}\n")
        assert opened.booking_no == plan.payment_no
        call = await screen.as_opened(opened)
        assert (call.principal.patient_id, call.principal.booking) == (1, plan.payment_no)
        assert is_theirs(call, plan)
        assert not is_theirs(call, other), "the same patient's, but not of this slip"
        arrival = await desk.check_in(plan)
        assert (state_of(arrival), is_theirs(call, arrival)) == ("fulfilled", True)
        elsewhere = await desk.check_in(other)
        assert not is_theirs(call, elsewhere)
        for slip in (plan.payment_no, arrival.payment_no, BOOKING_SLIP + arrival.payment_no):
            assert (await screen.holds(slip)).booking_no == plan.payment_no, (
                "an older slip, and the one of the check-in"
            )

    play(platform_url, story)


def test_who_is_known_stays_who_he_is(platform_url: str) -> None:
    async def story(desk: Desk) -> None:
        screen = Screen(desk)
        await screen.patients()
        plan = await desk.booked()
        await desk.come_on(TOMORROW, 8)
        assert await screen.holds(plan.payment_no, 1) == SlipOpened(booking_no=plan.payment_no)
        assert (await screen.session((await screen.holds(plan.payment_no, 2)).session_token)).patient.patient_id == 1

    play(platform_url, story)


def test_what_is_no_slip_of_today_says_so(platform_url: str) -> None:
    async def story(desk: Desk) -> None:
        screen = Screen(desk)
        await screen.patients()
        plan, gone, opening = await desk.booked(), await desk.booked(doctor="B"), await desk.book(who=2)
        await desk.cancel(gone)
        with pytest.raises(NotThatDay, match=TOMORROW.isoformat()):
            await screen.holds(plan.payment_no)
        await desk.come_on(TOMORROW, 8)
        for number in (gone.payment_no, opening.payment_no):
            with pytest.raises(BookingGone):
                await screen.holds(number)
        with pytest.raises(NothingScanned):
            await screen.holds(None)
        await desk.come_on(TOMORROW + timedelta(days=1), 8)
        with pytest.raises(NotThatDay, match=TOMORROW.isoformat()):
            await screen.holds(plan.payment_no)

    play(platform_url, story)


def test_codes_are_not_tried_without_end(platform_url: str) -> None:
    """Those of bookings do not count."""

    async def story(desk: Desk) -> None:
        screen = Screen(desk)
        await screen.patients()
        plan = await desk.booked()
        for tried in range(PER_TERMINAL):
            with pytest.raises(NotThatDay):
                await screen.holds(plan.payment_no)
            with pytest.raises(NoSuchBooking):
                await screen.holds(f"26112309300000{tried:08d}" if tried else "another hospital's")
        with pytest.raises(TooManyTries):
            await screen.holds(plan.payment_no)

    play(platform_url, story)


def test_what_a_slip_may_ask() -> None:
    """Coming, and paying for that; nothing that lists, cancels or tells of anything else."""
    open_to = {spec.name for spec in declared_operations() if "booking" in spec.opened_by}
    assert open_to == {
        *("CheckIn", "GetAppointment", "ListDocuments", "PrintSlip", "ReprintSlip"),
        *("CancelPayment", "CancelReading", "ChooseTender", "ReadCard", "SubmitScanned"),
    }
