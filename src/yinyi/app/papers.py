"""Papers of one business process, wired: slips and sheets, their seals, and what is printed on sheets."""

from collections.abc import Callable
from pathlib import Path

from yinyi.app.demo_hospital import ZONE
from yinyi.app.outside import Outside
from yinyi.app.people import MasterIndex, Staff
from yinyi.bus.database import Database
from yinyi.bus.dispatch import Dispatcher
from yinyi.business.billing.fees import FeeBook
from yinyi.business.billing.printing import BillSheets
from yinyi.business.documents.press import SheetRenderer
from yinyi.business.documents.queue import PaperQueue, SheetPress
from yinyi.business.documents.render import SlipRenderer, font_folder
from yinyi.business.documents.seals import Seals
from yinyi.business.documents.sending import SheetDesk
from yinyi.business.identity.sessions import patients_at
from yinyi.business.inpatient.printing import InpatientSheets
from yinyi.business.reports.library import Library
from yinyi.business.reports.service import ReportService
from yinyi.business.reports.tubes import Tubes
from yinyi.business.terminals.service import TerminalService
from yinyi.kernel.clock import Clock
from yinyi.kernel.secrets import Vault


def paper_queue(
    database: Database, vault: Vault, verify_at: str, fonts: Path | None, committed: Callable[[], None]
) -> tuple[PaperQueue, Seals]:
    """What waits for printers, with what sets it, and what proves that a sheet is ours."""
    seals = Seals(vault, verify_at)
    folder = fonts or font_folder()
    press = SheetPress(SheetRenderer(folder, ZONE), seals)
    return PaperQueue(database, SlipRenderer(folder, ZONE).render, press, patients_at, committed), seals


class Sheets:
    """The domains that print sheets; and what they do by themselves."""

    def __init__(
        self,
        database: Database,
        outside: Outside,
        patients: MasterIndex,
        terminals: TerminalService,
        vault: Vault,
        fees: FeeBook,
    ) -> None:
        hospital, directory = outside.hospital, terminals.directory
        self.desk = SheetDesk(directory)
        tubes = Tubes(database, hospital, hospital, terminals.presented, vault)
        self.library = Library(database, hospital, patients, ZONE, outside.lists_kept_s)
        about = (patients, Staff(hospital), directory, self.desk, database, ZONE)
        self.reports = ReportService(self.library, tubes, *about, outside.second_print)
        self.inpatients = InpatientSheets(hospital, patients, directory, self.desk, ZONE)
        self.bills = BillSheets(fees, hospital, patients, directory, self.desk, ZONE, outside.means)

    def register(self, dispatcher: Dispatcher) -> None:
        self.reports.register(dispatcher)
        self.inpatients.register(dispatcher)
        self.bills.register(dispatcher)

    async def run(self, clock: Clock) -> None:
        """Until cancelled: reports are copied for good."""
        await self.reports.run(clock)
