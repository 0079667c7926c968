"""What tests do with a hospital's outpatient invoices: have some ordered, pay them, look at them."""

from collections.abc import Sequence
from datetime import date

from hospital_stage import Stage, reference

from yinyi.business.billing.model import ChosenInvoice, Invoice
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Done, NotFound, Outcome, Refused

EVER = (date(2000, 1, 1), date(2100, 1, 1))


async def ordered(stage: Stage, department_id: str = "0102") -> list[Invoice]:
    """Fresh invoices of somebody's."""
    [patient_no] = await stage.patient_numbers(1)
    found = [await stage.bills.invoice(one) for one in await stage.hands.order(patient_no, department_id)]
    return [one for one in found if one is not None]


async def as_it_is(stage: Stage, invoice: Invoice) -> Invoice:
    found = await stage.bills.invoice(invoice.invoice_no)
    assert found is not None
    return found


def chosen(invoices: Sequence[Invoice]) -> list[ChosenInvoice]:
    return [ChosenInvoice(invoice_no=one.invoice_no, version=one.version) for one in invoices]


def total(invoices: Sequence[Invoice]) -> Fen:
    return Fen(sum(one.total_fen for one in invoices))


async def settle(stage: Stage, ref: str, invoices: Sequence[Invoice], payment_no: str = "") -> Outcome:
    return await stage.bills.settle_invoices(
        *(ref, chosen(invoices), total(invoices), payment_no or f"P{ref}", "wechatpay", await stage.now())
    )


async def paid(stage: Stage, department_id: str = "0102") -> tuple[str, list[Invoice]]:
    """A reference and what was paid by it."""
    ref, invoices = reference(), await ordered(stage, department_id)
    assert isinstance(await settle(stage, ref, invoices), Done)
    return ref, [await as_it_is(stage, one) for one in invoices]


async def status(stage: Stage, ref: str) -> str:
    answer = await stage.bills.ask_invoices(ref)
    if isinstance(answer, NotFound):
        return "none"
    if isinstance(answer, Refused):
        return answer.reason
    assert isinstance(answer, Done), answer
    return str(answer.evidence["status"])
