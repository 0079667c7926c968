"""Tests that a patient has had done, for those who test what becomes of their reports."""

from dataclasses import dataclass, field
from datetime import date, timedelta

from yinyi.business.billing.model import ChosenInvoice
from yinyi.business.reports.model import DiagnosticReport
from yinyi.conformance.hospital.stage import Stage, reference
from yinyi.kernel.errors import HospitalUnavailable
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Done

LABORATORY_MOSTLY = "1001"
"""What this clinic mostly orders."""
EVER = (date(2000, 1, 1), date(2100, 1, 1))


async def ordered_for(hospital: Stage, patient_no: str, clinic: str = LABORATORY_MOSTLY) -> list[DiagnosticReport]:
    """What was ordered and paid for just now; nothing of it is ready yet."""
    made = [await hospital.bills.invoice(one) for one in await hospital.hands.order(patient_no, clinic)]
    invoices = [one for one in made if one is not None]
    ref, fen = reference(), Fen(sum(one.total_fen for one in invoices))
    chosen = [ChosenInvoice(invoice_no=one.invoice_no, version=one.version) for one in invoices]
    paid = await hospital.bills.settle_invoices(ref, chosen, fen, f"P{ref}", "alipay", await hospital.now())
    assert isinstance(paid, Done)
    numbers = {one.invoice_no for one in invoices}
    found = await hospital.reports.reports(patient_no, *EVER, 1000)
    return [one for one in found if one.invoice_no in numbers]


async def finished(hospital: Stage) -> None:
    """The laboratory has done everything that was taken."""
    for _ in range(4):
        await hospital.pass_time(timedelta(minutes=10))
        await hospital.hands.work()


READS = {
    *("reports", "report", "reports_of_tube", "report_texts", "observations", "trend"),
    *("report_pictures", "report_picture"),
}


@dataclass
class Away:
    """The hospital's reports behind a door that can be shut."""

    hospital: object
    shut: bool = False
    asked: list[str] = field(default_factory=list[str])

    def __getattr__(self, name: str) -> object:
        found = getattr(self.hospital, name)
        if name not in READS:
            return found

        async def asked(*args: object) -> object:
            self.asked.append(name)
            if self.shut:
                raise HospitalUnavailable(name)
            return await found(*args)

        return asked
