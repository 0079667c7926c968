"""Which procedure a search is, by the type of the resource."""

from collections.abc import Callable, Mapping

from yinyi.wire.fhir import care, money, papers
from yinyi_sandbox.hospital.fhir.asked import EVERYTHING, Call, NotServed, Query


def _patients(query: Query) -> Call:
    system, value = query.token("identifier")
    if system == "patient":
        return Call(procedure="query_patient_no", given={"patient_no": value}, answers=care.PATIENT)
    if system == "creation":
        return Call(procedure="query_created", given={"ref": value}, answers=care.PATIENT, subsetted=True)
    kind = system.removeprefix("document/")
    return Call(procedure="query_patient", given={"doc_type": kind, "doc_no": value}, answers=care.PATIENT)


def _encounters(query: Query) -> Call:
    if query.text("class") == "AMB":
        given = {"patient_no": query.of("patient.identifier", "patient"), "limit": EVERYTHING}
        return Call(procedure="query_visits", given=given, answers=care.VISIT)
    if "identifier" in query:
        number = query.of("identifier", "admission")
        return Call(procedure="query_stay", given={"admission_no": number}, answers=money.STAY)
    patient_no = query.of("patient.identifier", "patient")
    return Call(procedure="query_stays", given={"patient_no": patient_no}, answers=money.STAY)


def _departments(_: Query) -> Call:
    return Call(procedure="query_department", given={}, answers=care.DEPARTMENT)


def _practitioners(_: Query) -> Call:
    return Call(procedure="query_doctor", given={}, answers=care.PRACTITIONER)


def _schedules(query: Query) -> Call:
    first, last = query.between("date")
    department = query.of("actor:HealthcareService.identifier", "department")
    given = {"dept_code": department, "first": first, "last": last}
    return Call(procedure="query_schedule", given=given, answers=care.SCHEDULE)


def _slots(query: Query) -> Call:
    given = {"schedule_id": query.of("schedule.identifier", "schedule")}
    return Call(procedure="query_slot", given=given, answers=care.SLOT, more=given)


def _appointments(query: Query) -> Call:
    if "created" in query:
        since, until = query.between("created")
        given = {"since": since, "until": until}
        return Call(procedure="query_numbers", given=given, answers=care.LISTED_APPOINTMENT)
    if "slot.schedule.identifier" in query:
        given = {"schedule_id": query.of("slot.schedule.identifier", "schedule")}
        answers = care.LISTED_APPOINTMENT
        return Call(procedure="query_session_numbers", given=given, answers=answers, subsetted=True)
    system, value = query.token("identifier")
    if "status" in query and query.text("status") == "noshow":
        return Call(procedure="query_missed", given={"ref": value}, answers=care.MISSED_APPOINTMENT, subsetted=True)
    procedure = {"booking": "query_registration", "check-in": "query_check_in"}.get(system)
    if procedure is None:
        raise NotServed("no appointment is known by this")
    return Call(procedure=procedure, given={"ref": value}, answers=care.APPOINTMENT)


def _changes(query: Query) -> Call:
    after = query.text("change").removeprefix("gt")
    return Call(procedure="query_session_changes", given={"after": after}, answers=care.CHANGE)


_STATES = {"": "", "issued": "open", "cancelled": "cancelled", "balanced": ""}


def _invoices(query: Query) -> Call:
    if "identifier" in query:
        number = {"number": query.text("identifier")}
        return Call(procedure="query_invoice", given=number, answers=money.INVOICE)
    status = query.text("status")
    if status not in _STATES:
        raise NotServed("no such status")
    first, last = query.between("date")
    given = {
        "patient_no": query.of("patient.identifier", "patient"),
        "state": _STATES[status],
        "first": first,
        "last": last,
        "limit": EVERYTHING,
    }
    only = ("paid", "refunded") if status == "balanced" else ()
    return Call(procedure="query_invoices", given=given, answers=money.INVOICE, only=only)


def _charge_items(query: Query) -> Call:
    if "supporting-info.identifier" in query:
        given = {"invoice_nos": query.many("supporting-info.identifier", "invoice")}
        return Call(procedure="query_invoice_lines", given=given, answers=money.LINE)
    first, last = query.between("occurrence")
    stay = {"admission_no": query.of("context.identifier", "admission"), "first": first, "last": last}
    return Call(procedure="query_stay_items", given=stay, answers=money.STAY_ITEM)


def _notices(query: Query) -> Call:
    if "request.identifier" in query:
        number = {"admission_no": query.of("request.identifier", "admission")}
        return Call(procedure="query_deposits", given=number, answers=money.LISTED_DEPOSIT, more=number)
    system, value = query.token("identifier")
    if "created" in query:
        since, until = query.between("created")
        listed = {
            "deposit": ("query_deposit_postings", money.LISTED_DEPOSIT),
            "account-charge": ("query_account_charges", money.ACCOUNT_CHARGE),
        }
        procedure, answers = listed.get(system, ("query_postings", money.POSTING))
        return Call(procedure=procedure, given={"since": since, "until": until}, answers=answers)
    known = {
        "bill": ("query_posting", money.BILL),
        "bill-refund": ("query_refund", money.BILL_BACK),
        "deposit": ("query_deposit", money.DEPOSIT),
    }
    if system not in known:
        raise NotServed("no payment is known by this")
    procedure, answers = known[system]
    return Call(procedure=procedure, given={"ref": value}, answers=answers)


def _reports(query: Query) -> Call:
    if "identifier" in query:
        return Call(procedure="query_report", given={"number": query.text("identifier")}, answers=papers.REPORT)
    first, last = query.between("requested")
    patient_no = query.of("patient.identifier", "patient")
    given = {"patient_no": patient_no, "first": first, "last": last, "limit": EVERYTHING}
    return Call(procedure="query_reports", given=given, answers=papers.REPORT)


def _observations(query: Query) -> Call:
    if "patient.identifier" in query:
        code = query.of("code", "analyte")
        patient_no = query.of("patient.identifier", "patient")
        given = {"patient_no": patient_no, "analyte_code": code, "limit": EVERYTHING}
        return Call(procedure="query_analyte", given=given, answers=papers.TREND, more={"analyte_code": code})
    number = query.of("_has:DiagnosticReport:result:identifier", "order")
    given = {"order_no": number, "version": query.text("report-version")}
    return Call(procedure="query_report_results", given=given, answers=papers.OBSERVATION)


def _pictures(query: Query) -> Call:
    number = query.of("_has:DiagnosticReport:media:identifier", "order")
    given = {"order_no": number, "version": query.text("report-version")}
    return Call(procedure="query_report_pictures", given=given, answers=papers.PICTURE)


def _receipts(query: Query) -> Call:
    if "identifier" in query:
        given = {"ref": query.of("identifier", "fiscal")}
        return Call(procedure="query_einvoice", given=given, answers=papers.RECEIPT)
    first, last = query.between("date")
    given = {"patient_no": query.of("patient.identifier", "patient"), "first": first, "last": last}
    return Call(procedure="query_einvoices", given=given, answers=papers.LISTED_RECEIPT)


SEARCHES: Mapping[str, Callable[[Query], Call]] = {
    "Appointment": _appointments,
    "Basic": _changes,
    "ChargeItem": _charge_items,
    "DiagnosticReport": _reports,
    "DocumentReference": _receipts,
    "Encounter": _encounters,
    "Invoice": _invoices,
    "Media": _pictures,
    "Observation": _observations,
    "Organization": _departments,
    "Patient": _patients,
    "PaymentNotice": _notices,
    "PractitionerRole": _practitioners,
    "Schedule": _schedules,
    "Slot": _slots,
}


def _versions(query: Query) -> Call:
    given = {"order_no": query.of("identifier", "order")}
    return Call(procedure="query_report_text", given=given, answers=papers.REPORT_TEXT)


def _picture(query: Query) -> Call:
    number, kind = query.of("identifier", "order"), {"kind": "image/jpeg"}
    given = {"order_no": number, "version": query.text("report-version"), "nth": query.text("nth")}
    return Call(procedure="download_report_picture", given=given, answers=papers.FILE, more=kind)


def _file(query: Query) -> Call:
    given, kind = {"ref": query.of("identifier", "fiscal")}, {"kind": "application/pdf"}
    return Call(procedure="download_einvoice", given=given, answers=papers.FILE, more=kind)


def _days(query: Query) -> Call:
    given = {"admission_no": query.of("identifier", "admission")}
    return Call(procedure="query_stay_days", given=given, answers=money.COST_DAY, part="day")


def _categories(query: Query) -> Call:
    given = {"admission_no": query.of("identifier", "admission")}
    return Call(procedure="query_stay_categories", given=given, answers=money.COST_CATEGORY, part="category")


READINGS: Mapping[str, Callable[[Query], Call]] = {
    "Account/$costs-by-category": _categories,
    "Account/$costs-by-day": _days,
    "DiagnosticReport/$picture": _picture,
    "DiagnosticReport/$versions": _versions,
    "DocumentReference/$file": _file,
}
"""Operations that change nothing."""
