"""The hospital's words in ours: document types, titles, sessions, states, and one table of its refusals."""

from collections.abc import Callable, Container, Mapping
from datetime import datetime
from typing import Any, Literal, TypeVar

from yinyi.access.hospital.trades.trade import Row
from yinyi.business.identity.model import CredentialKind, PatientRecord, Sex
from yinyi.business.scheduling.model import (
    Department,
    FoundNumber,
    Practitioner,
    Schedule,
    SessionName,
    Slot,
    Title,
    Visit,
)
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Answer, Done, Evidence, NotFound, NotSent, Outcome, Refused, RefusedReason, Unknown

C = TypeVar("C")
OK = "0"
NO_SUCH_REFERENCE = "N00"
BUSY = "S01"
POSTED_ALREADY = "A01"
"""Of a hospital that refuses what it has booked: by whom is not said, so that its reference is asked about."""

NUMBER = (
    "ret_code ret_msg state schedule_id:int no:int starts_at:instant ends_at:instant held_until:instant room "
    "queue_ahead:int registration_no"
)
"""Columns of what answers whenever a number is held, asked about, given back or come for."""

REFUSALS: dict[str, RefusedReason] = {
    POSTED_ALREADY: "already_paid",
    "N01": "slot_taken",
    "N02": "duplicate_registration",
    "N03": "session_stopped",
    "N04": "session_stopped",  # too late for this session
    "N05": "expired",
    "N06": "bad_request",  # the reference was used for something else
    "N07": "bad_request",  # the amount is not the fee
    "N08": "already_paid",
    "N09": "bad_request",  # no such schedule
    "N10": "too_early",
    "N11": "too_late",
    "N12": "duplicate_registration",  # checked in already
    "P01": "bad_request",  # no such patient
    "P02": "not_permitted",  # the document is on record under another name
    "P03": "bad_request",
    "B01": "bad_request",  # no such invoice
    "B02": "expired",  # cancelled by the doctor
    "B03": "already_paid",
    "B04": "changed",
    "B05": "held_elsewhere",
    "B06": "bad_request",  # invoices of several patients
    "B07": "not_refundable",  # handed out, sampled or done
    "B08": "not_refundable",  # given back already
    "B09": "not_refundable",  # never paid
    "B10": "bad_request",  # no such line
    "D01": "bad_request",  # no such stay
    "D02": "not_permitted",  # it is settled
    "D03": "limit_exceeded",
    "D04": "insufficient_funds",  # more than is left
    "D05": "not_refundable",  # it is not settled yet
    "D06": "bad_request",  # no such deposit
    "E01": "expired",  # the receipt is not issued
    "E02": "not_refundable",  # that much of it is not left
}
"""The hospital's codes. One that is not here is a ``bad_request``: people have to look."""

DOCUMENT_CODES: dict[CredentialKind, str] = {
    "resident_card": "01",
    "hmt_resident_card": "02",
    "hmt_travel_permit": "03",
    "permanent_resident_card": "04",
    "passport": "05",
    "social_security_card": "10",
    "insurance_code": "11",
    "public_card": "12",
    "bank_card": "13",
    "birth_certificate": "06",
}
"""Only these are documents to the hospital; faces and wallets are known to the platform alone."""

SEX_CODES: dict[Sex, str] = {"male": "1", "female": "2", "unknown": "0"}
_SEXES: dict[str, Sex] = {**{code: sex for sex, code in SEX_CODES.items()}, "9": "unknown"}
"""9 is "not told". Source: GB/T 2261.1."""
_TITLES: dict[str, Title] = {"1": "chief", "2": "associate_chief", "3": "attending", "4": "resident"}
_SCHEDULE_STATES: dict[str, Literal["open", "stopped", "closed"]] = {"O": "open", "S": "stopped", "C": "closed"}
_SLOT_STATES: dict[str, Literal["free", "busy", "busy-tentative"]] = {
    "F": "free",
    "H": "busy-tentative",
    "S": "busy",
}
_GONE = ("released", "lapsed", "undone", "reversed")
_SESSIONS: dict[int, SessionName] = {1: "morning", 2: "afternoon", 3: "night"}


def department(row: Row) -> Department:
    return Department(
        department_id=row["dept_code"],
        parent_id=row["parent_code"],
        name=row["dept_name"],
        name_en=row["name_en"],
        initial=row["initial"],
        building=row["building"],
        floor=row["floor_no"] or 0,
        area=row["area"],
        common_rank=row["common_rank"] or 0,
        building_en=row["building_en"] or "",
    )


def practitioner(row: Row) -> Practitioner:
    return Practitioner(
        practitioner_id=row["doctor_code"],
        department_id=row["dept_code"],
        name=row["doctor_name"],
        initials=row["initials"],
        title=known_code(row, "title_code", _TITLES),
        specialty=row["specialty"],
        introduction=row["introduction"],
        specialty_en=row["specialty_en"] or "",
        introduction_en=row["introduction_en"] or "",
    )


def schedule(row: Row) -> Schedule:
    return Schedule(
        schedule_id=schedule_id(row),
        practitioner_id=row["doctor_code"],
        department_id=row["dept_code"],
        service_date=row["work_date"],
        session=known_code(row, "session_no", _SESSIONS),
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        fee_fen=Fen(row["fee_fen"]),
        capacity=row["capacity"],
        taken=row["taken"],
        room=row["room"],
        in_room=row["in_room"],
        status=known_code(row, "status_code", _SCHEDULE_STATES),
    )


def slot(schedule_id: str, row: Row) -> Slot:
    return Slot(
        slot_id=slot_id(schedule_id, row["no"]),
        schedule_id=schedule_id,
        number=row["no"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        status=known_code(row, "status_code", _SLOT_STATES),
    )


def found_number(row: Row) -> FoundNumber:
    row_id = schedule_id(row)
    status: Literal["held", "confirmed", "released", "lapsed"] = row["state"]
    said: dict[str, Any] = {
        "status": status,
        "number": row["no"],
        "slot_id": slot_id(row_id, row["no"]) if row["no"] else None,
        "starts_at": _instant(row["starts_at"]),
        "ends_at": _instant(row["ends_at"]),
        "held_until": _instant(row["held_until"]),
        "room": row["room"],
        "registration_no": row["registration_no"],
    }
    return FoundNumber(
        reference=row["ref"],
        status=status,
        patient_no=row["patient_no"],
        schedule_id=row_id,
        department_id=row["dept_code"],
        practitioner_id=row["doctor_code"],
        service_date=row["work_date"],
        session=known_code(row, "session_no", _SESSIONS),
        room=row["room"],
        fee_fen=Fen(row["fee_fen"]),
        made_at=row["made_at"],
        held_until=row["held_until"],
        evidence={name: value for name, value in said.items() if value is not None},
    )


def visit(row: Row) -> Visit:
    return Visit(visited_on=row["visit_date"], department_id=row["dept_code"], practitioner_id=row["doctor_code"])


def patient(row: Row) -> PatientRecord:
    return PatientRecord(
        patient_no=row["patient_no"],
        name=row["full_name"],
        sex=known_code(row, "sex_code", _SEXES),
        born_on=row["birth_date"],
        phone=row["phone"],
    )


def schedule_id(row: Row) -> str:
    """
    Raises:
        ValueError: it does not say which.
    """
    if row["schedule_id"] is None:
        raise ValueError("no schedule_id")
    return str(row["schedule_id"])


def slot_id(schedule_id: str, number: int) -> str:
    return f"{schedule_id}-{number}"


def slot_number(schedule_id: str, slot: str) -> int | None:
    """The number that a slot's id names; None for the next free one.

    Raises:
        ValueError: it is no slot of this schedule.
    """
    if not slot:
        return None
    if not slot.startswith(f"{schedule_id}-"):
        raise ValueError("a slot of another schedule")
    return int(slot[len(schedule_id) + 1 :])


def known_code(row: Row, column: str, codes: Mapping[Any, C]) -> C:
    """
    Raises:
        ValueError: none that we know.
    """
    if row[column] not in codes:
        raise ValueError(f"no {column} that we know: {str(row[column])[:20]!r}")
    return codes[row[column]]


def is_number(text: str) -> bool:
    """Whether the hospital could have such an id: 64 bits."""
    return text.isascii() and text.isdecimal() and len(text) <= 18


def refusal(row: Row) -> Refused | NotSent:
    """What a code other than ``0`` means."""
    detail = f"{row['ret_code']} {row['ret_msg']}"
    if row["ret_code"] == BUSY:
        return NotSent(detail=detail)
    return Refused(reason=REFUSALS.get(row["ret_code"], "bad_request"), detail=detail)


def outcome_of(row: Row, evidence: Callable[[Row], Evidence]) -> Outcome:
    """Of a procedure that changes something."""
    return Done(evidence=evidence(row)) if row["ret_code"] == OK else refusal(row)


def answer_of(row: Row, stands: Container[str], evidence: Callable[[Row], Evidence]) -> Answer:
    """Of asking for a reference. stands: the states in which it still holds; of one that nobody knows nothing is."""
    if row["ret_code"] == NO_SUCH_REFERENCE:
        return NotFound()
    if row["ret_code"] != OK or row["state"] in stands:
        return outcome_of(row, evidence)
    if row["state"] in _GONE:
        return Refused(reason="expired", detail=row["state"])
    return Unknown(detail=f"no state that we know: {str(row['state'])[:40]!r}")


def known(said: Mapping[str, Any]) -> Evidence:
    """Empty values are left out."""
    return {name: value for name, value in said.items() if value is not None}


def outcome(row: Row) -> Outcome:
    """Of a procedure that changes a registration."""
    return outcome_of(row, evidence)


def answer(row: Row) -> Answer:
    """Of asking for a registration."""
    return answer_of(row, ("held", "confirmed"), evidence)


def evidence(row: Row) -> Evidence:
    """As ``scheduling/ports.py`` names it; empty values are left out."""
    schedule_id = str(row["schedule_id"] or "")
    said: dict[str, Any] = {
        "status": row["state"],
        "number": row["no"],
        "slot_id": slot_id(schedule_id, row["no"]) if row["no"] else None,
        "starts_at": _instant(row["starts_at"]),
        "ends_at": _instant(row["ends_at"]),
        "held_until": _instant(row["held_until"]),
        "room": row["room"],
        "queue_ahead": row["queue_ahead"],
        "registration_no": row["registration_no"],
    }
    return known(said)


def _instant(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
