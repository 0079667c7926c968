"""Which procedure a creation or an operation is, by what stands in its body."""

from collections.abc import Callable, Mapping
from typing import Any, cast

from yinyi.wire.fhir import care, money, papers
from yinyi.wire.fhir.paths import Node
from yinyi.wire.fhir.shape import Shape
from yinyi_sandbox.hospital.fhir.asked import Call, NotServed, table


def _read(shape: Shape, body: Node) -> dict[str, Any]:
    values = table(shape).read(body)
    if values is None:
        raise NotServed("entered in error")
    return values


def _call(procedure: str, asks: Shape, answers: Shape) -> Callable[[Node], Call]:
    """A body of which the procedure takes every column."""

    def called(body: Node) -> Call:
        return Call(procedure=procedure, given=_read(asks, body), answers=answers)

    return called


def _hold(body: Node) -> Call:
    given = _read(care.HOLD, body)
    procedure = "lock_number" if given["schedule_id"] else "extend_lock"
    return Call(procedure=procedure, given=given, answers=care.APPOINTMENT)


def _book(body: Node) -> Call:
    if _status_asked(body) != "cancelled":
        return Call(procedure="confirm_registration", given=_read(care.BOOK, body), answers=care.APPOINTMENT)
    given = _read(care.CANCEL, body)
    procedure = "return_number" if given["free_at"] else "release_number"
    return Call(procedure=procedure, given=given, answers=care.APPOINTMENT)


def _status_asked(body: Node) -> str:
    for one in cast(list[Node], body.get("parameter", [])):
        if one.get("name") == "appointment-resource":
            return str(cast(Node, one.get("resource", {})).get("status"))
    raise NotServed("no appointment-resource")


def _patient(body: Node) -> Call:
    given = _read(care.NEW_PATIENT, body)
    texts = {name: value or "" for name, value in given.items() if name not in ("sex_code", "birth_date")}
    return Call(procedure="create_patient", given=given | texts, answers=care.PATIENT, more=given)


def _notice(body: Node) -> Call:
    if body.get("contained"):
        return Call(procedure="pay_invoices", given=_read(money.PAY_INVOICES, body), answers=money.BILL)
    return Call(procedure="post_deposit", given=_read(money.POST_DEPOSIT, body), answers=money.DEPOSIT)


def _receipt(body: Node) -> Call:
    given = _read(papers.NEW_RECEIPT, body)
    procedure = "reverse_einvoice" if given["of_ref"] else "issue_einvoice"
    return Call(procedure=procedure, given=given | {"title": given["title"] or ""}, answers=papers.RECEIPT)


CREATIONS: Mapping[str, Callable[[Node], Call]] = {
    "DocumentReference": _receipt,
    "Patient": _patient,
    "PaymentNotice": _notice,
}
OPERATIONS: Mapping[str, Callable[[Node], Call]] = {
    "Appointment/$book": _book,
    "Appointment/$check-in": _call("check_in", care.CHECK_IN, care.APPOINTMENT),
    "Appointment/$hold": _hold,
    "Appointment/$undo-check-in": _call("undo_check_in", care.CHECK_IN, care.APPOINTMENT),
    "DocumentReference/$printed": _call("mark_einvoice_printed", papers.PRINTED, papers.RECEIPT),
    "Invoice/$hold": _call("hold_invoices", money.HOLD_INVOICES, money.BILL),
    "Invoice/$refund": _call("refund_invoice", money.REFUND_INVOICE, money.BILL_BACK),
    "Invoice/$release": _call("release_invoices", money.RELEASE_INVOICES, money.BILL),
    "PaymentNotice/$return": _call("return_deposit", money.RETURN_DEPOSIT, money.DEPOSIT),
    "PaymentNotice/$reverse": _call("reverse_deposit", money.REVERSE_DEPOSIT, money.DEPOSIT),
}
BOOKINGS = frozenset(
    [
        *("lock_number", "confirm_registration", "hold_invoices", "pay_invoices", "refund_invoice"),
        *("post_deposit", "return_deposit"),
    ]
)
"""What a hospital may refuse to hear twice under one reference."""
