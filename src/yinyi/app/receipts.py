"""Electronic receipts, wired: those who ask for them, and the loop that sees to them."""

from yinyi.bus.database import Database
from yinyi.bus.dispatch import Dispatcher
from yinyi.business.fiscal.issuing import Issuing
from yinyi.business.fiscal.model import EARNING
from yinyi.business.fiscal.ports import FiscalInvoices, HospitalNames, Patients
from yinyi.business.fiscal.service import FiscalService, PrintsSlips
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
        self._service = FiscalService(database, hospital, patients, names, papers, EARNING)
        self.issuing = Issuing(database, hospital, patients, clock) if hospital is not None else None

    def register(self, dispatcher: Dispatcher) -> None:
        self._service.register(dispatcher)

    async def run(self) -> None:
        """Until cancelled; at once where there are none."""
        if self.issuing is not None:
            await self.issuing.run()
