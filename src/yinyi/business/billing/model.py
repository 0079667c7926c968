"""Outpatient invoices (门诊费用单): what a doctor has ordered and is to be paid. Plain data."""

from datetime import datetime
from typing import Literal

import msgspec

from yinyi.kernel.ids import WholeNumber
from yinyi.kernel.money import Fen

InvoiceState = Literal["open", "paid", "cancelled", "refunded"]


class Invoice(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be paid together, or was.

    form_no: what the QR on the request form says. version: another one whenever what is to be paid has changed.
    busy: somebody is just paying it. title: as the hospital names it, in its own language, not to be trusted as markup.
    registration_no: of the visit; empty where the hospital does not say. title_en: empty where it has no English name.
    """

    invoice_no: str
    form_no: str
    patient_no: str
    registration_no: str
    department_id: str
    practitioner_id: str
    title: str
    ordered_at: datetime
    version: WholeNumber
    state: InvoiceState
    total_fen: Fen
    refunded_fen: Fen
    busy: bool
    paid_at: datetime | None
    receipt_no: str
    payment_no: str
    line_count: int
    title_en: str = ""


class InvoiceLine(msgspec.Struct, frozen=True, kw_only=True):
    """One charge item of an invoice.

    performed: handed out, sampled or done: not given back any more. refunded: given back.
    """

    invoice_no: str
    line_no: int
    item_code: str
    category_code: str
    category: str
    name: str
    name_en: str
    unit: str
    quantity: int
    price_fen: Fen
    amount_fen: Fen
    remark: str
    performed: bool
    refunded: bool


class ChosenInvoice(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice as the payer has seen it: paid in this version or not at all."""

    invoice_no: str
    version: WholeNumber


class FoundPosting(msgspec.Struct, frozen=True, kw_only=True):
    """What the hospital has booked for us: a payment of invoices, or a refund. ``reference``: ours."""

    reference: str
    kind: Literal["payment", "refund"]
    status: Literal["held", "paid", "released", "refunded"]
    invoice_nos: tuple[str, ...]
    amount_fen: Fen
    payment_no: str
    means: str
    receipt_no: str
    made_at: datetime


class NamedInvoice(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice with what its department and its doctor are called; empty where nobody knows."""

    invoice: Invoice
    department: str = ""
    department_en: str = ""
    practitioner: str = ""


class WholeInvoice(msgspec.Struct, frozen=True, kw_only=True):
    """A paid invoice with all that was charged by it, as it is kept."""

    named: NamedInvoice
    lines: list[InvoiceLine]
