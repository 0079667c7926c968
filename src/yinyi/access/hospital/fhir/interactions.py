"""Each trade as an interaction of FHIR R4: what is searched, created or operated on, and what answers.

In an address ``@invoice`` is the system of our token "invoice", ``{number}`` a value of the trade, and
``{state|code:invoice}`` one that is written as FHIR has it. What has no value is not asked.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

from yinyi.wire.fhir import care, money, papers
from yinyi.wire.fhir.shape import Shape


class Interaction(msgspec.Struct, frozen=True, kw_only=True):
    """
    does: ``search`` and ``read`` change nothing; ``create`` goes with If-None-Exist; ``operate`` takes parameters.
    at: the type and what is asked.
    answers: what stands in the answer; of a search in each entry.
    sends: the body. unless: of a create, the search that finds what was created before.
    most: the parameter that says how many are wanted.
    part: the name of the parameters of which each is a row.
    only: the column that has to be as it was asked: FHIR's codes are fewer than ours.
    """

    does: Literal["search", "read", "create", "operate"]
    at: str
    answers: Shape
    sends: Shape | None = None
    unless: str = ""
    most: str = ""
    part: str = ""
    only: str = ""


def _search(at: str, answers: Shape, most: str = "", only: str = "") -> Interaction:
    return Interaction(does="search", at=at, answers=answers, most=most, only=only)


def _read(at: str, answers: Shape, part: str = "") -> Interaction:
    return Interaction(does="read", at=at, answers=answers, part=part)


def _create(at: str, sends: Shape, unless: str, answers: Shape) -> Interaction:
    return Interaction(does="create", at=at, sends=sends, unless=unless, answers=answers)


def _operate(at: str, sends: Shape, answers: Shape) -> Interaction:
    return Interaction(does="operate", at=at, sends=sends, answers=answers)


_REPORT = "identifier=@order|{order_no}&report-version={version}"
_OF = "patient.identifier=@patient|{patient_no}"

INTERACTIONS: Mapping[str, Interaction] = {
    "query_patient": _search("Patient?identifier={doc_type|system:document/}|{doc_no}", care.PATIENT),
    "query_patient_no": _search("Patient?identifier=@patient|{patient_no}", care.PATIENT),
    "create_patient": _create("Patient", care.NEW_PATIENT, "identifier=@creation|{ref}", care.PATIENT),
    "query_created": _search("Patient?identifier=@creation|{ref}", care.PATIENT),
    "query_visits": _search(f"Encounter?class=AMB&{_OF}&_sort=-date", care.VISIT, "limit"),
    "query_department": _search("Organization?type=@organization-kind|department", care.DEPARTMENT),
    "query_doctor": _search("PractitionerRole?active=true", care.PRACTITIONER),
    "query_schedule": _search(
        "Schedule?actor:HealthcareService.identifier=@department|{dept_code}&date=ge{first}&date=le{last}",
        care.SCHEDULE,
    ),
    "query_slot": _search("Slot?schedule.identifier=@schedule|{schedule_id}", care.SLOT),
    "query_numbers": _search("Appointment?created=ge{since}&created=le{until}", care.LISTED_APPOINTMENT),
    "lock_number": _operate("Appointment/$hold", care.HOLD, care.APPOINTMENT),
    "extend_lock": _operate("Appointment/$hold", care.HOLD, care.APPOINTMENT),
    "confirm_registration": _operate("Appointment/$book", care.BOOK, care.APPOINTMENT),
    "release_number": _operate("Appointment/$book", care.CANCEL, care.APPOINTMENT),
    "query_registration": _search("Appointment?identifier=@booking|{ref}", care.APPOINTMENT),
    "return_number": _operate("Appointment/$book", care.CANCEL, care.APPOINTMENT),
    "check_in": _operate("Appointment/$check-in", care.CHECK_IN, care.APPOINTMENT),
    "undo_check_in": _operate("Appointment/$undo-check-in", care.CHECK_IN, care.APPOINTMENT),
    "query_check_in": _search("Appointment?identifier=@check-in|{ref}", care.APPOINTMENT),
    "query_session_changes": _search("Basic?code=@basic-kind|session-change&change=gt{after}", care.CHANGE),
    "query_session_numbers": _search(
        "Appointment?slot.schedule.identifier=@schedule|{schedule_id}&status=pending,booked&_elements=identifier,status",
        care.LISTED_APPOINTMENT,
    ),
    "query_missed": _search(
        "Appointment?identifier=@booking|{ref}&status=noshow&_elements=identifier,status", care.MISSED_APPOINTMENT
    ),
    "query_invoices": _search(
        f"Invoice?{_OF}&status={{state|code:invoice}}&date=ge{{first}}&date=le{{last}}&_sort=-date",
        money.INVOICE,
        "limit",
        "state",
    ),
    "query_invoice": _search("Invoice?identifier={number}", money.INVOICE),
    "query_invoice_lines": _search("ChargeItem?supporting-info.identifier=@invoice|{invoice_nos}", money.LINE),
    "hold_invoices": _operate("Invoice/$hold", money.HOLD_INVOICES, money.BILL),
    "pay_invoices": _create("PaymentNotice", money.PAY_INVOICES, "identifier=@bill|{ref}", money.BILL),
    "release_invoices": _operate("Invoice/$release", money.RELEASE_INVOICES, money.BILL),
    "query_posting": _search("PaymentNotice?identifier=@bill|{ref}", money.BILL),
    "refund_invoice": _operate("Invoice/$refund", money.REFUND_INVOICE, money.BILL_BACK),
    "query_refund": _search("PaymentNotice?identifier=@bill-refund|{ref}", money.BILL_BACK),
    "query_postings": _search(
        "PaymentNotice?identifier=@bill|,@bill-refund|&created=ge{since}&created=le{until}", money.POSTING
    ),
    "query_reports": _search(
        f"DiagnosticReport?{_OF}&requested=ge{{first}}&requested=le{{last}}&_sort=-requested", papers.REPORT, "limit"
    ),
    "query_report": _search("DiagnosticReport?identifier={number}", papers.REPORT),
    "query_report_text": _read("DiagnosticReport/$versions?identifier=@order|{order_no}", papers.REPORT_TEXT),
    "query_report_results": _search(f"Observation?_has:DiagnosticReport:result:{_REPORT}", papers.OBSERVATION),
    "query_report_pictures": _search(f"Media?_has:DiagnosticReport:media:{_REPORT}", papers.PICTURE),
    "download_report_picture": _read(f"DiagnosticReport/$picture?{_REPORT}&nth={{nth}}", papers.FILE),
    "query_analyte": _search(f"Observation?{_OF}&code=@analyte|{{analyte_code}}&_sort=-date", papers.TREND, "limit"),
    "query_stays": _search(f"Encounter?class=IMP&{_OF}&_sort=-date", money.STAY),
    "query_stay": _search("Encounter?class=IMP&identifier=@admission|{admission_no}", money.STAY),
    "query_stay_items": _search(
        "ChargeItem?context.identifier=@admission|{admission_no}&occurrence=ge{first}&occurrence=le{last}",
        money.STAY_ITEM,
    ),
    "query_stay_days": _read("Account/$costs-by-day?identifier=@admission|{admission_no}", money.COST_DAY, "day"),
    "query_stay_categories": _read(
        "Account/$costs-by-category?identifier=@admission|{admission_no}", money.COST_CATEGORY, "category"
    ),
    "query_deposits": _search("PaymentNotice?request.identifier=@admission|{admission_no}", money.LISTED_DEPOSIT),
    "post_deposit": _create("PaymentNotice", money.POST_DEPOSIT, "identifier=@deposit|{ref}", money.DEPOSIT),
    "reverse_deposit": _operate("PaymentNotice/$reverse", money.REVERSE_DEPOSIT, money.DEPOSIT),
    "return_deposit": _operate("PaymentNotice/$return", money.RETURN_DEPOSIT, money.DEPOSIT),
    "query_deposit": _search("PaymentNotice?identifier=@deposit|{ref}", money.DEPOSIT),
    "query_deposit_postings": _search(
        "PaymentNotice?identifier=@deposit|&created=ge{since}&created=le{until}", money.LISTED_DEPOSIT
    ),
    "query_account_charges": _search(
        "PaymentNotice?identifier=@account-charge|&created=ge{since}&created=le{until}", money.ACCOUNT_CHARGE
    ),
    "issue_einvoice": _create("DocumentReference", papers.NEW_RECEIPT, "identifier=@fiscal|{ref}", papers.RECEIPT),
    "reverse_einvoice": _create("DocumentReference", papers.NEW_RECEIPT, "identifier=@fiscal|{ref}", papers.RECEIPT),
    "query_einvoice": _search("DocumentReference?identifier=@fiscal|{ref}", papers.RECEIPT),
    "query_einvoices": _search(f"DocumentReference?{_OF}&date=ge{{first}}&date=le{{last}}", papers.LISTED_RECEIPT),
    "download_einvoice": _read("DocumentReference/$file?identifier=@fiscal|{ref}", papers.FILE),
    "mark_einvoice_printed": _operate("DocumentReference/$printed", papers.PRINTED, papers.RECEIPT),
}
"""Operations are what FHIR has no search for, or what it has no state for. ``$hold`` and ``$book`` are those of IHE ITI
Scheduling."""
