"""Electronic receipts, wired: those who ask for them, and the loop that sees to them."""

from yinyi.bus.database import Database
from yinyi.bus.dispatch import Dispatcher
from yinyi.business.billing.plans import INVOICE, InvoiceFacts
from yinyi.business.fiscal.issuing import Issuing
from yinyi.business.fiscal.model import EARNING
from yinyi.business.fiscal.ports import FiscalInvoices, HospitalNames, Patients
from yinyi.business.fiscal.service import FiscalService, PrintsSlips
from yinyi.business.payments.plan import Plan
from yinyi.business.scheduling.plans import APPOINTMENT, CHECKED_IN, REGISTRATION, RegistrationFacts
from yinyi.kernel.clock import Clock


class Receipts:
    """``hospital``: None where it issues none."""

    def __init__(
        self,
        database: Database,
        hospital: FiscalInvoices | None,
        patients: Patients,
        names: HospitalNames,
        papers: PrintsSlips,
        clock: Clock,
    ) -> None:
        self._service = FiscalService(database, hospital, patients, names, title_en, papers, EARNING)
        self.issuing = Issuing(database, hospital, patients, clock) if hospital is not None else None

    def register(self, dispatcher: Dispatcher) -> None:
        self._service.register(dispatcher)

    async def run(self) -> None:
        """Until cancelled; at once where there are none."""
        if self.issuing is not None:
            await self.issuing.run()


def title_en(plan: Plan) -> str:
    """Implements ``TitleEn`` for whatever has a receipt."""
    if plan.purpose == INVOICE:
        return InvoiceFacts.of(plan).title_en
    of_number = plan.purpose in (REGISTRATION, APPOINTMENT, CHECKED_IN)
    return RegistrationFacts.of(plan).title_en if of_number else ""
