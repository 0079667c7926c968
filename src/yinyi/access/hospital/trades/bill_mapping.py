"""The hospital's invoices in our words."""

from collections.abc import Sequence
from typing import Any

from yinyi.access.hospital.trades.mapping import answer_of, known, outcome_of
from yinyi.access.hospital.trades.trade import Row
from yinyi.business.billing.model import ChosenInvoice, FoundPosting, Invoice, InvoiceLine
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Answer, Evidence, Outcome

_STANDS = ("held", "paid", "refunded")


def invoice(row: Row) -> Invoice:
    return Invoice(
        invoice_no=row["invoice_no"],
        form_no=row["form_no"],
        patient_no=row["patient_no"],
        registration_no=row["registration_no"] or "",
        department_id=row["dept_code"],
        practitioner_id=row["doctor_code"],
        title=row["title"],
        ordered_at=row["ordered_at"],
        version=row["version"],
        state=row["state"],
        total_fen=Fen(row["total_fen"]),
        refunded_fen=Fen(row["refunded_fen"]),
        busy=row["busy"],
        paid_at=row["paid_at"],
        receipt_no=row["receipt_no"] or "",
        payment_no=row["payment_no"] or "",
        line_count=row["line_count"],
        title_en=row["title_en"] or "",
    )


def line(row: Row) -> InvoiceLine:
    return InvoiceLine(
        invoice_no=row["invoice_no"],
        line_no=row["line_no"],
        item_code=row["item_code"],
        category_code=row["category_code"],
        category=row["category_name"],
        name=row["item_name"],
        name_en=row["name_en"],
        unit=row["unit"],
        quantity=row["quantity"],
        price_fen=Fen(row["price_fen"]),
        amount_fen=Fen(row["amount_fen"]),
        remark=row["remark"],
        performed=row["performed"],
        refunded=row["refunded"],
    )


def posting(row: Row) -> FoundPosting:
    return FoundPosting(
        reference=row["ref"],
        kind=row["kind"],
        status=row["state"],
        invoice_nos=tuple(row["invoice_nos"]),
        amount_fen=Fen(row["amount_fen"]),
        payment_no=row["payment_no"] or "",
        means=row["means"] or "",
        receipt_no=row["receipt_no"] or "",
        made_at=row["made_at"],
    )


def columns(chosen: Sequence[ChosenInvoice]) -> tuple[list[str], list[int]]:
    """Numbers and versions, in the order of the numbers, so that the same choice is always the same call."""
    in_turn = sorted(chosen, key=lambda one: one.invoice_no)
    return [one.invoice_no for one in in_turn], [one.version for one in in_turn]


def outcome(row: Row) -> Outcome:
    """Of a procedure that changes something."""
    return outcome_of(row, evidence)


def answer(row: Row) -> Answer:
    """Of asking for a reference."""
    return answer_of(row, _STANDS, evidence)


def evidence(row: Row) -> Evidence:
    """As ``billing/ports.py`` names it; empty values are left out."""
    said: dict[str, Any] = {
        "status": row["state"],
        "amount_fen": row["amount_fen"],
        "refunded_fen": row["refunded_fen"],
        "held_until": row["held_until"].isoformat() if row["held_until"] else None,
        "receipt_no": row["receipt_no"],
        "payment_no": row["payment_no"],
        "places": row["places"],
        "places_en": row["places_en"],
    }
    return known(said)
