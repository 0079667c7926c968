"""From what the hospital says of bills to what their patient is told. Pure."""

from collections.abc import Mapping
from typing import NamedTuple

from yinyi.business.billing.messages import InvoicePayment, InvoiceView, PaidInvoice
from yinyi.business.billing.model import Invoice, NamedInvoice
from yinyi.business.billing.plans import SETTLE, InvoiceFacts, PaidFor
from yinyi.business.payments.plan import Plan
from yinyi.business.payments.registry import Registry
from yinyi.business.payments.view import view_of


class Names(NamedTuple):
    """What departments are called, in Chinese and English, and doctors: by their ids."""

    departments: Mapping[str, tuple[str, str]]
    practitioners: Mapping[str, str]

    def department(self, found: Invoice) -> tuple[str, str]:
        return self.departments.get(found.department_id, ("", ""))

    def named(self, found: Invoice) -> NamedInvoice:
        department, department_en = self.department(found)
        return NamedInvoice(
            invoice=found,
            department=department,
            department_en=department_en,
            practitioner=self.practitioners.get(found.practitioner_id, ""),
        )


def invoice(found: Invoice, names: Names, payment_no: str = "") -> InvoiceView:
    """``payment_no``: of a payment of this patient's that is open for it."""
    return named(names.named(found), payment_no)


def named(each: NamedInvoice, payment_no: str = "") -> InvoiceView:
    """The same of one whose names are known."""
    found = each.invoice
    return InvoiceView(
        invoice_no=found.invoice_no,
        title=found.title,
        title_en=found.title_en,
        department=each.department,
        department_en=each.department_en,
        practitioner=each.practitioner,
        ordered_at=found.ordered_at,
        version=found.version,
        state=found.state,
        total_fen=found.total_fen,
        refunded_fen=found.refunded_fen,
        line_count=found.line_count,
        busy=found.busy,
        payment_no=payment_no or found.payment_no,
        paid_at=found.paid_at,
        receipt_no=found.receipt_no,
    )


def paid_for(found: Invoice, names: Names) -> PaidFor:
    department, department_en = names.department(found)
    return PaidFor(
        invoice_no=found.invoice_no,
        version=found.version,
        title=found.title,
        title_en=found.title_en,
        department=department,
        department_en=department_en,
        ordered_at=found.ordered_at,
        total_fen=found.total_fen,
    )


def invoice_payment(plan: Plan, registry: Registry) -> InvoicePayment:
    facts, step = InvoiceFacts.of(plan), plan.latest(SETTLE)
    told = step.evidence if step is not None and step.state == "done" else {}
    return InvoicePayment(
        payment=view_of(plan, registry),
        invoices=[_paid(each) for each in facts.invoices],
        held_until=facts.held_until,
        receipt_no=told.get("receipt_no", ""),
        places=told.get("places", []),
        places_en=told.get("places_en", []),
    )


def _paid(each: PaidFor) -> PaidInvoice:
    return PaidInvoice(
        invoice_no=each.invoice_no,
        title=each.title,
        title_en=each.title_en,
        department=each.department,
        department_en=each.department_en,
        ordered_at=each.ordered_at,
        total_fen=each.total_fen,
    )
