"""The hospital's stays and deposits in our words."""

from typing import Any

from yinyi.access.hospital.trades.mapping import answer_of, known, outcome_of
from yinyi.access.hospital.trades.trade import Row
from yinyi.business.inpatient.model import CostCategory, CostDay, Deposit, Stay, StayItem
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Answer, Evidence, Outcome


def stay(row: Row) -> Stay:
    return Stay(
        admission_no=row["admission_no"],
        patient_no=row["patient_no"],
        name=row["full_name"],
        ward_id=row["ward_code"],
        ward=row["ward_name"],
        ward_en=row["name_en"],
        place=row["place"],
        bed=row["bed_no"],
        department_id=row["dept_code"],
        practitioner_id=row["doctor_code"],
        practitioner=row["doctor_name"],
        diagnosis=row["diagnosis"],
        admitted_at=row["admitted_at"],
        discharged_at=row["discharged_at"],
        settled_at=row["settled_at"],
        settlement_no=row["settlement_no"] or "",
        state=row["state"],
        charged_on=row["charged_on"],
        cost_fen=Fen(row["cost_fen"]),
        deposit_fen=Fen(row["deposit_fen"]),
        left_fen=row["left_fen"],
    )


def item(row: Row) -> StayItem:
    return StayItem(
        charged_on=row["charged_on"],
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
    )


def day(row: Row) -> CostDay:
    return CostDay(
        charged_on=row["charged_on"],
        amount_fen=Fen(row["amount_fen"]),
        running_fen=Fen(row["running_fen"]),
        item_count=row["item_count"],
    )


def category(row: Row) -> CostCategory:
    return CostCategory(
        category_code=row["category_code"],
        category=row["category_name"],
        category_en=row["name_en"],
        amount_fen=Fen(row["amount_fen"]),
    )


def deposit(row: Row, admission_no: str) -> Deposit:
    return Deposit(
        reference=row["ref"],
        admission_no=admission_no,
        kind=row["kind"],
        of_reference=row["of_ref"] or "",
        state=row["state"],
        amount_fen=Fen(row["amount_fen"]),
        returned_fen=Fen(row["returned_fen"]),
        source=row["source"],
        means=row["means"],
        payment_no=row["payment_no"],
        receipt_no=row["receipt_no"] or "",
        made_at=row["made_at"],
    )


def outcome(row: Row) -> Outcome:
    """Of a procedure that changes a deposit."""
    return outcome_of(row, evidence)


def answer(row: Row) -> Answer:
    """Of asking for a reference."""
    return answer_of(row, ("posted",), evidence)


def evidence(row: Row) -> Evidence:
    """As ``inpatient/ports.py`` names it; empty values are left out."""
    said: dict[str, Any] = {"status": row["state"]}
    said |= {name: row[name] for name in ("admission_no", "amount_fen", "returned_fen", "receipt_no", "left_fen")}
    return known(said)
