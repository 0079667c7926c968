"""What patients come for, wired: numbers, bills, their prepaid account, their stays; and what windows look up."""

from yinyi.app.demo_hospital import HOSPITAL_ID, ZONE
from yinyi.app.outside import Outside
from yinyi.app.people import MasterIndex
from yinyi.app.scheduled import Scheduled
from yinyi.bus.database import Database
from yinyi.bus.dispatch import Dispatcher
from yinyi.business.billing.at_window import WindowBills
from yinyi.business.billing.fees import FeeBook
from yinyi.business.billing.forms import RequestForms
from yinyi.business.billing.refunds import LineRefunds
from yinyi.business.billing.service import BillingService
from yinyi.business.identity.named import NamedPatients
from yinyi.business.inpatient.service import InpatientService
from yinyi.business.payments.at_window import WindowCodes
from yinyi.business.payments.finding import Finding
from yinyi.business.payments.refunds import RefundDesk
from yinyi.business.payments.service import PaymentService
from yinyi.business.prepaid.at_window import WindowTopUps
from yinyi.business.prepaid.charges import PrepaidCharges
from yinyi.business.prepaid.comparing import Comparing
from yinyi.business.prepaid.service import PrepaidService
from yinyi.business.terminals.presented import Presented
from yinyi.kernel.clock import Clock
from yinyi.kernel.secrets import Vault


class Counters:
    """All of them; ``changes``, ``fees``, ``line_refunds`` and ``charges`` have loops of their own. ``named``: whom
    windows name."""

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
        hospital = outside.hospital
        scheduled = Scheduled(database, hospital, patients, payments, scanned, outside.booking, vault, clock)
        self.changes = scheduled.changes
        self.fees = FeeBook(database, hospital, patients, ZONE, outside.lists_kept_s)
        self.billing = BillingService(hospital, patients, payments, self.fees, ZONE, outside.lists_kept_s)
        self.line_refunds = LineRefunds(database, hospital, payments, RefundDesk(payments, ZONE), clock)
        self.named = named = NamedPatients(database, hospital, vault)
        prepaid = PrepaidService(payments, ZONE)
        of_charges = (outside.charges_listed_of, ZONE, clock, HOSPITAL_ID)
        self.charges = Comparing(database, hospital, *of_charges)
        self._services = (
            scheduled,
            self.billing,
            WindowBills(self.billing, payments, named),
            WindowCodes(payments),
            self.line_refunds,
            RequestForms(database, hospital, scanned, vault),
            prepaid,
            WindowTopUps(prepaid, payments, named),
            PrepaidCharges(database, named, payments, ZONE),
            self.charges,
            Finding(database, payments.registry, named, ZONE),
            InpatientService(hospital, patients, payments, ZONE, outside.lists_kept_s),
        )

    def register(self, dispatcher: Dispatcher) -> None:
        for service in self._services:
            service.register(dispatcher)
