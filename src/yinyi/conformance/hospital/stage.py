"""A hospital's connector and its far side: what behaviours of the ports are played on."""

import itertools
import secrets
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

from yinyi.business.billing.ports import Bills
from yinyi.business.fiscal.ports import FiscalInvoices
from yinyi.business.identity.ports import PatientIndex
from yinyi.business.inpatient.ports import Inpatients
from yinyi.business.prepaid.ports import ListsCharges
from yinyi.business.reports.ports import ReportPictures, Reports
from yinyi.business.scheduling.ports import Schedules
from yinyi.conformance.behaviour import NotTried
from yinyi.kernel.far_side import Line

Verb = Literal[
    "find", "by_number", "create", "ask_created",
    "schedules", "slots", "visits", "numbers", "hold", "extend", "confirm", "release", "ask",
    "give_back", "check_in", "undo_check_in", "ask_check_in", "session_changes", "session_numbers", "missed",
    "invoice", "invoices", "invoice_lines", "postings",
    "hold_invoices", "settle_invoices", "release_invoices", "ask_invoices", "refund_invoice", "ask_invoice_refund",
    "stay", "stays", "stay_items", "cost_days", "cost_categories", "deposits", "deposit_postings",
    "post_deposit", "reverse_deposit", "return_deposit", "ask_deposit",
    "reports", "report", "reports_of_tube", "report_texts", "observations", "trend",
    "report_pictures", "report_picture",
    "issue_fiscal_invoice", "reverse_fiscal_invoice", "ask_fiscal_invoice", "fiscal_invoices", "fiscal_file",
    "mark_fiscal_printed", "account_charges",
]  # fmt: skip
Mishap = Literal["cut", "half", "silent", "slow", "page", "busy"]
"""As of a line (``yinyi.kernel.far_side``); ``busy``: the hospital has too much to do, and says so."""
_numbers = itertools.count(1)
_RUN = secrets.token_hex(3).upper()
"""A far side that stays where it is has seen other runs."""


class Hands(Protocol):
    """What people in the hospital do. Whoever changes something says whether it could be done."""

    async def order(self, patient_no: str, department_id: str) -> list[str]:
        """A doctor orders; the invoices' numbers."""
        ...

    async def change(self, invoice_no: str) -> bool: ...

    async def cancel(self, invoice_no: str) -> bool: ...

    async def pay(self, invoice_no: str) -> bool: ...

    async def refund(self, invoice_no: str) -> bool: ...

    async def perform(self, invoice_no: str) -> bool: ...

    async def work(self) -> None:
        """Doctors, laboratory and wards do what is due."""
        ...

    async def correct(self, order_no: str) -> bool: ...

    async def admit(self, patient_no: str) -> str:
        """The admission number."""
        ...

    async def discharge(self, admission_no: str) -> bool: ...

    async def settle(self, admission_no: str) -> bool: ...

    async def take_deposit(self, admission_no: str, amount_fen: int) -> bool: ...

    async def charge_account(self, patient_no: str, charge_no: str, amount_fen: int) -> bool:
        """A room charges a prepaid account, as the hospital believes."""
        ...

    async def receipts_take(self, seconds: float) -> None:
        """Electronic receipts are issued so long after they were accepted, from now on."""
        ...


class FarHospital(Protocol):
    """A hospital's sandbox. What a behaviour takes and it has not, keeps that behaviour from being tried; it has at
    least these four, and either a ``line`` or ``mishap`` and ``struck`` of its own."""

    @property
    def settings(self) -> dict[str, Any]:
        """The connector's."""
        ...

    @property
    def hasty(self) -> dict[str, Any]:
        """Further settings with which it gives up after a third of a second."""
        ...

    async def now(self) -> datetime:
        """By the hospital's clock."""
        ...

    async def patient_numbers(self, count: int) -> list[str]:
        """Of people on record; always the same ones, as many as there are."""
        ...


class Stage:
    """``schedules`` … ``fiscal``: the ports; ``whole``: all that the connector implements. ``hasty…``: the same
    connector, soon out of patience. ``far``: its far side, with whatever it has."""

    def __init__(self, connector: Any, hasty: Any, far: Any) -> None:
        self.far: Any = far
        self.whole: Any = connector
        self.hasty_whole: Any = hasty
        self.schedules: Schedules = connector
        self.patients: PatientIndex = connector
        self.bills: Bills = connector
        self.inpatients: Inpatients = connector
        self.reports: Reports = connector
        self.pictures: ReportPictures = connector
        self.fiscal: FiscalInvoices = connector
        self.charges: ListsCharges = connector
        self.hasty: Schedules = hasty
        self.hasty_patients: PatientIndex = hasty
        self.hasty_bills: Bills = hasty
        self.hasty_inpatients: Inpatients = hasty
        self.hasty_fiscal: FiscalInvoices = hasty

    @property
    def hands(self) -> Hands:
        return self._its("hands")

    @property
    def laboratory(self) -> str:
        """A department that orders tests; "": whichever the sandbox takes."""
        return getattr(self.far, "laboratory", "")

    @property
    def imaging(self) -> str:
        """A department that orders examinations with pictures, mostly; "": whichever the sandbox takes."""
        return getattr(self.far, "imaging", "")

    async def now(self) -> datetime:
        return await self.far.now()

    async def patient_numbers(self, count: int) -> list[str]:
        found: list[str] = await self.far.patient_numbers(count)
        if len(found) < min(count, 2):
            raise NotTried("the sandbox has too few people")
        return found

    async def untouched(self, schedule_id: str) -> bool:
        """None of the first ten patients has a number of it, nor had one: not by what the hospital began with, nor by
        a behaviour that took whatever was on sale."""
        return not hasattr(self.far, "untouched") or await self.far.untouched(schedule_id)

    async def sell_at_window(self, schedule_id: str, patient_no: str) -> bool:
        return await self._its("sell_at_window")(schedule_id, patient_no)

    async def stop_session(self, schedule_id: str) -> None:
        await self._its("stop_session")(schedule_id)

    async def substitute(self, schedule_id: str) -> None:
        """Another doctor of the department holds it."""
        await self._its("substitute")(schedule_id)

    async def pass_time(self, span: timedelta) -> None:
        await self._its("pass_time")(span)

    async def mishap(self, verb: Verb, mishap: Mishap) -> None:
        """The next call of this kind goes wrong."""
        if mishap == "page":
            self._line.befall(mishap)
        elif hasattr(self.far, "mishap"):
            await self.far.mishap(verb, mishap)
        elif mishap == "busy":
            raise NotTried("the sandbox is never too busy (mishap)")
        else:
            self._line.befall(mishap)

    @property
    def failures(self) -> tuple[Mishap, ...]:
        """What can befall a call that only reads, so that its answer is none."""
        own: tuple[Mishap, ...] = ("busy",) if hasattr(self.far, "mishap") else ()
        return ("cut", "half", *own, "page") if hasattr(self.far, "line") else ("cut", "half", *own)

    async def struck(self) -> bool:
        """Whether the mishap has befallen a call: one that was given up before it left has not met it."""
        return await self.far.struck() if hasattr(self.far, "struck") else self._line.struck

    async def line_down(self, down: bool) -> None:
        if hasattr(self.far, "line_down"):
            await self.far.line_down(down)
        else:
            await self._line.down(down)

    async def settled(self) -> None:
        """Returns when no call that its caller has given up is on its way any more."""
        if hasattr(self.far, "settled"):
            await self.far.settled()
        else:
            await self._line.settled()

    async def calm(self) -> None:
        """Nothing goes wrong any more."""
        if hasattr(self.far, "calm"):
            await self.far.calm()
        elif hasattr(self.far, "line"):
            await self._line.calm()

    @property
    def _line(self) -> Line:
        return self._its("line")

    def _its(self, name: str) -> Any:
        if not hasattr(self.far, name):
            raise NotTried(f"the sandbox has no {name}")
        return getattr(self.far, name)


def reference() -> str:
    """One that was never used here."""
    return f"T{_RUN}{next(_numbers):06d}"
