"""Printing a day's list and the discharge statement of a stay."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from yinyi.bus.call import Call
from yinyi.bus.database import Tx
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.business.documents.messages import Sheets
from yinyi.business.documents.sending import SheetDesk
from yinyi.business.inpatient.errors import StayNotSettled, StayUnknown
from yinyi.business.inpatient.messages import PrintDailyCosts, PrintDischargeStatement
from yinyi.business.inpatient.model import CostCategory, CostDay, Deposit, Stay, StayItem
from yinyi.business.inpatient.ports import Inpatients, OnPaper, PatientsOnSheets
from yinyi.business.inpatient.sheets import Around, daily_list, statement
from yinyi.business.inpatient.views import of_day


@dataclass(frozen=True)
class DayKnown:
    stay: Stay
    day: CostDay
    items: list[StayItem]
    groups: list[CostCategory]


@dataclass(frozen=True)
class StatementKnown:
    stay: Stay
    groups: list[CostCategory]
    days: int
    deposits: list[Deposit]


class InpatientSheets:
    """Handlers of ``PrintDailyCosts`` and ``PrintDischargeStatement``."""

    def __init__(
        self, inpatients: Inpatients, patients: PatientsOnSheets, papers: OnPaper, desk: SheetDesk, zone: ZoneInfo
    ) -> None:
        self._inpatients = inpatients
        self._patients = patients
        self._papers = papers
        self._desk = desk
        self._zone = zone

    def register(self, dispatcher: Dispatcher) -> None:
        dispatcher.changes(PrintDailyCosts, Change(self._print_day, self._show, self.day, only_reads=True))
        dispatcher.changes(
            PrintDischargeStatement, Change(self._print_statement, self._show, self.settled, only_reads=True)
        )

    async def _own(self, call: Call, admission_no: str) -> Stay:
        """
        Raises:
            StayUnknown: there is none, or it is somebody else's: which of the two is not said.
        """
        patient_no = await self._patients.patient_no(call.hospital_id, call.principal.patient_id)
        stay = await self._inpatients.stay(admission_no)
        if stay is None or stay.patient_no != patient_no:
            raise StayUnknown
        return stay

    async def day(self, call: Call, message: PrintDailyCosts) -> DayKnown:
        stay = await self._own(call, message.admission_no)
        days = await self._inpatients.cost_days(stay.admission_no)
        day = next((each for each in days if each.charged_on == message.on), None)
        if day is None:
            raise StayUnknown(f"nothing on {message.on}")
        items = await self._inpatients.stay_items(stay.admission_no, message.on, message.on)
        return DayKnown(stay, day, items, of_day(items, await self._inpatients.cost_categories(stay.admission_no)))

    async def settled(self, call: Call, message: PrintDischargeStatement) -> StatementKnown:
        stay = await self._own(call, message.admission_no)
        if stay.state != "settled":
            raise StayNotSettled
        number = stay.admission_no
        return StatementKnown(
            stay,
            await self._inpatients.cost_categories(number),
            len(await self._inpatients.cost_days(number)),
            await self._inpatients.deposits(number),
        )

    async def _print_day(self, tx: Tx, call: Call, message: PrintDailyCosts, known: DayKnown) -> str:
        """What is charged to a day later makes another list of it, and so does another paper."""
        paper = await self._papers.list_paper(tx, call.hospital_id, call.principal.terminal_id, call.now)
        made = daily_list(known.stay, known.day, known.items, known.groups, await self._around(tx, call), paper)
        tells = f"{known.stay.admission_no}:{known.day.charged_on}:{known.day.item_count}:{known.day.running_fen}"
        tells += "" if paper == "a4" else f":{paper}"
        return await self._desk.print(tx, call, made, tells)

    async def _print_statement(
        self, tx: Tx, call: Call, message: PrintDischargeStatement, known: StatementKnown
    ) -> str:
        """One original of each settlement, as it stood when it was printed first."""
        made = statement(known.stay, known.groups, known.days, known.deposits, await self._around(tx, call))
        return await self._desk.print(tx, call, made, known.stay.settlement_no or known.stay.admission_no)

    async def _around(self, tx: Tx, call: Call) -> Around:
        names = await self._papers.hospital_names(tx, call.hospital_id, call.now)
        patient = await self._patients.facts(tx, call.hospital_id, call.principal.patient_id)
        return Around(*names, patient, self._zone)

    async def _show(self, tx: Tx, call: Call, subject: str) -> Sheets:
        return await self._desk.show(tx, call, [subject])
