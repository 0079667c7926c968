"""What patients come for, wired: numbers, bills, their prepaid account, their stays."""

from yinyi.app.demo_hospital import HOSPITAL_ID, ZONE
from yinyi.app.outside import Outside
from yinyi.app.people import MasterIndex
from yinyi.bus.database import Database
from yinyi.business.billing.forms import RequestForms
from yinyi.business.billing.service import BillingService
from yinyi.business.inpatient.service import InpatientService
from yinyi.business.payments.service import PaymentService
from yinyi.business.prepaid.service import PrepaidService
from yinyi.business.scheduling.bookings import Bookings
from yinyi.business.scheduling.changes import SessionChanges
from yinyi.business.scheduling.check_in import CheckInDesk
from yinyi.business.scheduling.ports import ChecksIn
from yinyi.business.scheduling.service import SchedulingService
from yinyi.business.terminals.presented import Presented
from yinyi.kernel.clock import Clock
from yinyi.kernel.secrets import Vault


class Counters:
    """services: all of them, to be registered."""

    def __init__(
        self,
        database: Database,
        outside: Outside,
        patients: MasterIndex,
        payments: PaymentService,
        scanned: Presented,
        vault: Vault,
        clock: Clock,
    ) -> None:
        hospital, told = outside.hospital, isinstance(outside.hospital, ChecksIn)
        scheduling = SchedulingService(hospital, patients, payments, ZONE)
        bookings = Bookings(scheduling.sessions, patients, payments, outside.booking, ZONE)
        self.changes = SessionChanges(database, hospital, payments, ZONE, clock, HOSPITAL_ID)
        self.billing = BillingService(hospital, patients, payments, ZONE)
        self.services = (
            scheduling,
            bookings,
            CheckInDesk(database, bookings, payments, scanned, ZONE, told=told),
            self.changes,
            PrepaidService(payments, ZONE),
            self.billing,
            RequestForms(database, hospital, scanned, vault),
            InpatientService(hospital, patients, payments, ZONE),
        )
