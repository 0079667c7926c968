"""Every operation of a kiosk, with nobody's session, with somebody else's, and with those that a form, a tube or a slip
opens: nothing is told, nothing moves."""

from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from holder_stage import HolderStage, Kiosk
from whole_stage import Theirs, busy_morning, play

from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.app.operations import declared_operations
from yinyi.bus.operation import Caller, OpenedBy, Operation, OperationSpec
from yinyi.business.billing.messages import ListInvoices
from yinyi.business.documents.errors import DocumentUnknown, NothingToPrint
from yinyi.business.documents.messages import ListDocuments
from yinyi.business.identity.errors import ChildAtWindow, TicketExpired
from yinyi.business.identity.messages import ListCredentials
from yinyi.business.identity.messages_children import ListChildren
from yinyi.business.inpatient.errors import StayUnknown
from yinyi.business.inpatient.messages import FindStay
from yinyi.business.payments.errors import PaymentUnknown
from yinyi.business.payments.messages import ListPayments
from yinyi.business.prepaid.messages import GetPrepaidAccount
from yinyi.business.reports.errors import ReportUnknown
from yinyi.business.reports.messages import ListReports
from yinyi.business.scheduling.messages import ListRegistrations
from yinyi.business.scheduling.messages_booking import ListAppointments
from yinyi.conformance.hospital.stage import Stage
from yinyi.kernel.errors import NotFound, NotYours, SessionEnded

KIOSK = {spec.name: spec for spec in declared_operations() if Caller.KIOSK in spec.callers}

BEFORE_ANYBODY = {
    *("ClassifyCode", "GetFigures", "GetHealth", "GetPrepaidSetting", "PairBrowser"),
    *("GetSchedule", "ListBookingDays", "ListBookingTimes", "ListDepartments", "ListSchedules", "ListSlots"),
    *("CallStaff", "GetStaffCall", "GetTerminal", "EndSession", "LeaveCard"),
    *("OpenMaintenance", "GetMaintenance", "DoMaintenance"),
    *("Identify", "IdentifyByForm", "IdentifyByNumber", "IdentifyBySlip", "IdentifyByTube", "ReadCardToIdentify"),
    *("ReadHospitalNumber", "IdentifyByCertificate", "ReadCardForBalance"),
}
"""They say nothing of anybody, or ask who it is that lays down a medium of his own."""

BY_TICKET = {"IdentifyByCard", "GetTicket", "ChoosePatient", "RegisterPatient", "GetCardBalance"}
"""Nobody has a session yet; a ticket is good at the terminal that it was given to."""

ONESELF = {
    *("BindCredential", "ListCredentials", "PreferElder", "ReadCardToBind"),
    *("GetPrepaidAccount", "GetWithdrawal", "TopUp", "Withdraw"),
    *("BookAppointment", "ListAppointments", "ListVisitChanges"),
    *("ListFees", "ListInvoices", "ListPayments", "ListRegistrations", "ListReports", "RegisterToday"),
    *("ListFiscalInvoices", "PrintFees", "ListChildren", "ActForOneself", "ListUntoldPayments"),
}
"""They take nothing that could be somebody else's."""

DAY = "2026-11-27"
ASKED_FOR: dict[str, dict[str, Any]] = {
    "PreferElder": {"elder": True},
    "TopUp": {"amount_fen": 1_000},
    "Withdraw": {"amount_fen": 1_000},
    "RegisterToday": {"department_id": "0102", "schedule_id": "1"},
    "BookAppointment": {"department_id": "0102", "schedule_id": "1", "on": DAY},
    "PrintFees": {"first_on": DAY, "last_on": DAY},
}
"""By those of them that take something; the others take nothing, or need not be given it."""

OF_SOMEBODY = set(KIOSK) - BEFORE_ANYBODY - BY_TICKET - ONESELF
"""They are asked for something that belongs to one patient."""

REFUSED = (
    *(NotYours, NotFound, PaymentUnknown, DocumentUnknown, NothingToPrint, StayUnknown, ReportUnknown),
    *(ChildAtWindow, TicketExpired),
)


OPENED_BY: tuple[OpenedBy, ...] = get_args(OpenedBy)
SOMETHING_ELSE = "9000000000000"
"""Another form, tube or booking than any of theirs."""


async def ask(kiosk: Kiosk, spec: OperationSpec, fields: dict[str, Any]) -> Any:
    return await kiosk.ask(msgspec.convert(fields, spec.request))


async def own(kiosk: Kiosk) -> bytes:
    """All that somebody sees of his own."""
    looks: list[Operation[Any]] = [ListCredentials(), ListPayments(), ListDocuments(), GetPrepaidAccount()]
    looks += [FindStay(), ListReports(), ListChildren(), ListAppointments(), ListRegistrations(), ListInvoices()]
    return msgspec.json.encode([await kiosk.ask(each) for each in looks])


async def nobody_asks(kiosk: Kiosk, theirs: Theirs) -> None:
    kiosk.session = ""
    for name in sorted(OF_SOMEBODY | ONESELF):
        with pytest.raises(SessionEnded):
            await ask(kiosk, KIOSK[name], wanted(theirs, name))


async def half_a_session_asks(stage: HolderStage, kiosk: Kiosk, theirs: Theirs) -> None:
    """The patient's own form, tube or slip was scanned, and he is not here: what no such session is good for is refused
    as if there were none, what it is good for concerns that one thing, and here it is another one."""
    name, patient_no, *_ = theirs.marks
    for kind in OPENED_BY:
        await stage.comes(kiosk, patient_no, name, opened_by=f"{kind}:{SOMETHING_ELSE}")
        for each in sorted(OF_SOMEBODY | ONESELF):
            spec = KIOSK[each]
            try:
                told = msgspec.json.encode(await ask(kiosk, spec, wanted(theirs, each)))
            except SessionEnded:
                continue
            except REFUSED as error:
                told = str(error).encode()
            assert kind in spec.opened_by or not spec.needs_patient, (kind, each, told)
            said = msgspec.json.encode(wanted(theirs, each))
            learnt = [mark for mark in theirs.marks if mark.encode() in told and mark.encode() not in said]
            assert not learnt, (kind, each, told)


def wanted(theirs: Theirs, name: str) -> dict[str, Any]:
    return ASKED_FOR.get(name, {}) if name in ONESELF else theirs.requests[name]


async def somebody_else_asks(kiosk: Kiosk, theirs: Theirs) -> None:
    """What is answered is empty, or what whoever asks has of his own."""
    for name in sorted(OF_SOMEBODY):
        try:
            told = msgspec.json.encode(await ask(kiosk, KIOSK[name], theirs.requests[name]))
        except REFUSED as error:
            told = str(error).encode()
        assert not [mark for mark in theirs.marks if mark.encode() in told], (name, told)


def test_what_could_be_somebodys_is_asked_for_below() -> None:
    """Whoever adds an operation says whose it is; what needs a session is nobody's before anybody is known."""
    assert not [name for name in BEFORE_ANYBODY | BY_TICKET if KIOSK[name].needs_patient]
    assert all(KIOSK[name].needs_patient for name in (OF_SOMEBODY | ONESELF) - {"GetPayment"})
    taken = {field for name in ONESELF for field in fields(name)}
    dates = {"days", "on", "until", "first_on", "last_on"}
    assert taken == {
        "elder",
        "amount_fen",
        "department_id",
        "schedule_id",
        "slot_id",
        "anew",
        "before",
        "after",
        *dates,
    }


def fields(name: str) -> list[str]:
    return [field.name for field in msgspec.structs.fields(KIOSK[name].request)]


def test_nobody_and_somebody_else_learn_nothing_and_move_nothing(
    platform_url: str, tmp_path: Path, postgres: EmbeddedPostgres
) -> None:
    async def story(stage: HolderStage, hospital: Stage) -> None:
        hall, ward = stage.hall, stage.ward
        theirs = await busy_morning(hall, hospital)
        assert set(theirs.requests) == OF_SOMEBODY | BY_TICKET
        before = await own(hall)
        patient_no, other_no = await hospital.patient_numbers(2)
        await half_a_session_asks(stage, ward, theirs)
        for kiosk in (ward, hall):
            await nobody_asks(kiosk, theirs)
            await stage.comes(kiosk, other_no, "李四")
            await somebody_else_asks(kiosk, theirs)
        for name in sorted(BY_TICKET):
            with pytest.raises(TicketExpired):
                await ask(ward, KIOSK[name], theirs.requests[name])
        await stage.comes(hall, patient_no, theirs.marks[0])
        assert await own(hall) == before
        for name in (
            *("GetPayment", "GetRegistration", "GetAppointment", "GetInvoice"),
            *("GetTopUp", "GetDeposit", "ListDeposits", "ListDailyCosts"),
        ):
            told = msgspec.json.encode(await ask(hall, KIOSK[name], theirs.requests[name]))
            assert any(mark.encode() in told for mark in theirs.marks), name

    play(platform_url, tmp_path, postgres, story)
