"""Reports (报告): which there are, what they say, how a value went, and printing them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import structlog

from yinyi.bus.call import Call
from yinyi.bus.database import Database, Tx
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.bus.looks import Looks
from yinyi.business.documents.messages import Sheets
from yinyi.business.documents.sending import SheetDesk
from yinyi.business.reports.errors import ReportUnknown
from yinyi.business.reports.library import Library
from yinyi.business.reports.messages import (
    GetReport,
    GetReportPicture,
    IdentifyByTube,
    ListReports,
    PictureFile,
    PrintReports,
    Report,
    ReportList,
    Trend,
    TrendOfValue,
)
from yinyi.business.reports.model import DiagnosticReport, Picture, SecondPrint, WholeReport, reference_range
from yinyi.business.reports.ports import OnPaper, Patients, StaffNames
from yinyi.business.reports.sheets import Around, sheet
from yinyi.business.reports.tubes import Tubes
from yinyi.business.reports.views import KINDS, is_ready, report, tells, view
from yinyi.kernel.clock import Clock
from yinyi.kernel.errors import HospitalUnavailable

log = structlog.get_logger()

_COPY_EVERY_S = 10.0
ON_A_SHEET = 4
"""So many pictures are printed with a report; a printer is not a light box."""


@dataclass(frozen=True)
class ToPrint:
    """A report that may be printed, and who has ordered it. more: pictures that are not on the sheet."""

    about: DiagnosticReport
    whole: WholeReport
    clinic: str
    doctor: str
    pictures: Sequence[tuple[Picture, bytes]]
    more: int


class ReportService:
    """The domain's handlers, and its one loop."""

    def __init__(
        self,
        library: Library,
        tubes: Tubes,
        patients: Patients,
        staff: StaffNames,
        papers: OnPaper,
        desk: SheetDesk,
        database: Database,
        zone: ZoneInfo,
        second_print: SecondPrint = "copy",
    ) -> None:
        self._library = library
        self._tubes = tubes
        self._patients = patients
        self._staff = staff
        self._papers = papers
        self._desk = desk
        self._looks = Looks(database)
        self._zone = zone
        self._again = second_print == "copy"

    def register(self, dispatcher: Dispatcher) -> None:
        dispatcher.forgetting.keep(self._library.forget)
        dispatcher.asks(ListReports, self.list)
        dispatcher.looks(GetReport, self.get)
        dispatcher.asks(GetReportPicture, self.picture)
        dispatcher.looks(TrendOfValue, self.trend)
        dispatcher.asks(IdentifyByTube, self._tubes.identify)
        dispatcher.changes(PrintReports, Change(self._print, self._show, self.printable, only_reads=True))

    # -- looking

    async def list(self, call: Call, message: ListReports) -> ReportList:
        known = await self._library.all(call, message.until)
        prints = await self._prints(call) if any(map(is_ready, known.reports)) else {}
        reports = [view(each, prints) for each in known.reports]
        return ReportList(reports=reports, complete=known.complete, earlier_until=known.until)

    async def get(self, call: Call, message: GetReport) -> Report:
        about, whole = await self._library.whole(call, message.order_no)
        return report(about, whole, await self._library.pictures(call, about), await self._prints(call))

    async def picture(self, call: Call, message: GetReportPicture) -> PictureFile:
        return PictureFile(content=await self._library.picture(call, message.order_no, message.nth, message.small))

    async def trend(self, call: Call, message: TrendOfValue) -> Trend:
        """
        Raises:
            ReportUnknown: there is no such value in this report, or none of the raised by ``GetReport``.
        """
        _, whole = await self._library.whole(call, message.order_no)
        value = next((each for each in whole.observations if each.analyte_code == message.analyte_code), None)
        if value is None:
            raise ReportUnknown(f"no {message.analyte_code}")
        points, complete = await self._library.trend(call, message.analyte_code)
        return Trend(
            order_no=message.order_no,
            analyte_code=value.analyte_code,
            name=value.name,
            name_en=value.name_en,
            unit=value.unit,
            range=reference_range(value),
            points=points,
            complete=complete,
        )

    async def _prints(self, call: Call) -> dict[str, int]:
        return await self._desk.printed(self._looks.any(), call, *KINDS)

    # -- printing

    async def printable(self, call: Call, message: PrintReports) -> Sequence[ToPrint]:
        """All of them, or none is printed."""
        wanted: list[ToPrint] = []
        for order_no in dict.fromkeys(message.order_nos):
            about, whole = await self._library.whole(call, order_no)
            clinic = await self._staff.clinic(about.department_id)
            doctor = await self._staff.doctor(about.practitioner_id)
            known = await self._library.pictures(call, about)
            if not known.complete:
                raise HospitalUnavailable("its pictures")
            shown = await self._library.on_paper(call, about, ON_A_SHEET)
            more = len(known.kept) + known.left_out - len(shown)
            wanted.append(ToPrint(about, whole, clinic, doctor, shown, more))
        return wanted

    async def _print(self, tx: Tx, call: Call, message: PrintReports, wanted: Sequence[ToPrint]) -> str:
        """
        Raises:
            PrintedAlready: one of them came out before, and here the window prints it again.
        """
        patient = await self._patients.facts(tx, call.hospital_id, call.principal.patient_id)
        names = await self._papers.hospital_names(tx, call.hospital_id, call.now)
        numbers: list[str] = []
        for each in wanted:
            around = Around(*names, patient, each.clinic, each.doctor, self._zone)
            made = sheet(each.about, each.whole, each.pictures, each.more, around)
            numbers.append(await self._desk.print(tx, call, made, tells(each.about), again=self._again))
        return " ".join(numbers)

    async def _show(self, tx: Tx, call: Call, subject: str) -> Sheets:
        return await self._desk.show(tx, call, subject.split())

    # -- by itself

    async def run(self, clock: Clock) -> None:
        """Until cancelled: what was listed and never opened is copied too. Any number of processes may."""
        while True:
            try:
                await self._library.copy_missing(clock.now())
            except Exception as error:  # the loop outlives every fault of database and hospital
                log.warning("reports.copying_failed", why=type(error).__name__)
            await asyncio.sleep(_COPY_EVERY_S)
