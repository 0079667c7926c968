"""All of scheduling, wired: registrations of today, bookings, check-ins, and sessions that change."""

from typing import Any

from yinyi.app.demo_hospital import HOSPITAL_ID, ZONE
from yinyi.app.people import MasterIndex
from yinyi.bus.database import Database
from yinyi.bus.dispatch import Dispatcher
from yinyi.business.payments.service import PaymentService
from yinyi.business.scheduling.booking_model import BookingRules
from yinyi.business.scheduling.booking_slips import BookingSlips
from yinyi.business.scheduling.bookings import Bookings
from yinyi.business.scheduling.changes import SessionChanges
from yinyi.business.scheduling.check_in import CheckInDesk
from yinyi.business.scheduling.ports import ChecksIn, ScannedSlips
from yinyi.business.scheduling.service import SchedulingService
from yinyi.kernel.clock import Clock
from yinyi.kernel.secrets import Vault


class Scheduled:
    """``hospital`` implements ``Schedules``, and of the others what it can."""

    def __init__(
        self,
        database: Database,
        hospital: Any,
        patients: MasterIndex,
        payments: PaymentService,
        scanned: ScannedSlips,
        rules: BookingRules,
        vault: Vault,
        clock: Clock,
    ) -> None:
        today = SchedulingService(hospital, patients, payments, ZONE, rules)
        bookings = Bookings(today.sessions, patients, payments, rules, ZONE)
        told = isinstance(hospital, ChecksIn)
        arrivals = CheckInDesk(database, bookings, payments, scanned, ZONE, told=told)
        self.changes = SessionChanges(database, hospital, payments, ZONE, clock, HOSPITAL_ID)
        slips = BookingSlips(database, bookings, scanned, vault, ZONE)
        self._services = (today, bookings, arrivals, slips, self.changes)

    def register(self, dispatcher: Dispatcher) -> None:
        for service in self._services:
            service.register(dispatcher)
