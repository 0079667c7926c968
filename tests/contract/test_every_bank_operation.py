"""Every operation by which a bank asks for a patient, with nobody's session, with somebody else's, and by another bank:
nothing is told, nothing moves."""

import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

from holder_stage import HolderStage
from rest_banks import ABC, BOC, Bank, banks
from whole_stage import busy_morning, on_sale, play

from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.app.operations import declared_operations
from yinyi.bus.call import INSTITUTIONS
from yinyi.bus.operation import Caller
from yinyi.conformance.hospital.stage import Stage

Asked = dict[str, dict[str, Any]]

OF_A_PATIENT = {
    spec.name: spec for spec in declared_operations() if Caller.INSTITUTION in spec.callers and spec.needs_patient
}

OPENED_THERE = {
    *("GetInvoicePayment", "GetDeposit", "GetRegistration", "GetAppointment"),
    *("CancelPayment", "CancelAppointment", "CheckIn"),
}
"""They are asked for what was opened at one bank: another one is not told that there is any."""

OF_THE_PATIENT = {"GetInvoice", "PayInvoices", "FindStay", "PayDeposit", "BindHolderCard"}
"""They are asked for something that belongs to one patient, at whichever bank."""

ONESELF = {
    *("ListInvoices", "ListCredentials", "ListAppointments", "GetPrepaidAccount"),
    *("TopUp", "BookAppointment", "RegisterToday"),
}
"""They take nothing that could be somebody else's."""

ASKED_FOR: Asked = {
    "TopUp": {"amount_fen": 1_000},
    "RegisterToday": {"department_id": "0102", "schedule_id": "1"},
    "BookAppointment": {"department_id": "0102", "schedule_id": "1", "on": "2026-11-27"},
}
REFUSED = {"NotYours", "InvoiceUnknown", "PaymentUnknown", "NoSuchBooking", "StayUnknown"}
AWAY = {"PaymentUnknown", "NoSuchBooking"}


class AtBank:
    """A patient's session at one bank."""

    def __init__(self, stage: HolderStage, bank: Bank, session: str = "") -> None:
        self._stage, self._bank, self._session = stage, bank, session

    async def ask(self, name: str, fields: dict[str, Any]) -> tuple[int, Any]:
        key = f"key-at-bank-{next(self._stage.keys)}" if OF_A_PATIENT[name].changes else ""
        return await self._bank.ask(name, fields, session=self._session, key=key)

    async def made(self, name: str, fields: dict[str, Any]) -> Any:
        status, told = await self.ask(name, fields)
        assert status == 200, told
        return told

    async def bought(self, name: str, wishes: AsyncGenerator[dict[str, Any]]) -> Any:
        """With a doctor whom the patient has no number for yet."""
        async for wish in wishes:
            status, told = await self.ask(name, wish)
            if status == 200:
                return told
        raise AssertionError(name)


async def sold(hospital: Stage, days_ahead: int = 0) -> AsyncGenerator[dict[str, Any]]:
    async for each in on_sale(hospital, days_ahead):
        when = {"on": f"{each.service_date}"} if days_ahead else {}
        yield {"department_id": each.department_id, "schedule_id": each.schedule_id, **when}


async def busy_at_bank(them: AtBank, hospital: Stage, patient_no: str, admission_no: str) -> Asked:
    """Something of everything that can be opened there, and what asks for it."""
    paying, unpaid = await hospital.hands.order(patient_no, "0102")
    listed = {each["invoice_no"]: each["version"] for each in (await them.made("ListInvoices", {}))["invoices"]}
    bill, other = [[{"invoice_no": number, "version": listed[number]}] for number in (paying, unpaid)]
    paid = (await them.made("PayInvoices", {"chosen": bill}))["payment"]["payment_no"]
    top_up = (await them.made("TopUp", {"amount_fen": 10_000}))["payment_no"]
    deposit = {"admission_no": admission_no, "amount_fen": 20_000}
    deposited = (await them.made("PayDeposit", deposit))["payment_no"]
    registered = (await them.bought("RegisterToday", sold(hospital)))["payment"]["payment_no"]
    booked = (await them.bought("BookAppointment", sold(hospital, 3)))["booking_no"]
    return {
        "GetInvoice": {"number": unpaid},
        "PayInvoices": {"chosen": other},
        "GetInvoicePayment": {"payment_no": paid},
        "CancelPayment": {"payment_no": top_up},
        "FindStay": {"admission_no": admission_no},
        "PayDeposit": deposit,
        "GetDeposit": {"payment_no": deposited},
        "GetRegistration": {"payment_no": registered},
        "GetAppointment": {"payment_no": booked},
        **{name: {"booking_no": booked} for name in ("CancelAppointment", "CheckIn")},
    }


async def own(them: AtBank, theirs: Asked) -> list[Any]:
    """All that the patient sees of his own at the bank."""
    looks = ("ListInvoices", "ListCredentials", "ListAppointments", "GetPrepaidAccount", "FindStay", "GetInvoice")
    looks += ("GetInvoicePayment", "GetDeposit", "GetRegistration", "GetAppointment")
    return [await them.made(name, theirs.get(name, {})) for name in looks]


async def nobody_asks(whoever: AtBank, theirs: Asked) -> None:
    for name in sorted(OF_A_PATIENT):
        status, told = await whoever.ask(name, theirs.get(name) or ASKED_FOR.get(name, {}))
        assert (status, told["code"]) == (401, "SessionEnded"), name


async def somebody_else_asks(him: AtBank, theirs: Asked, marks: list[str]) -> None:
    for name in sorted(OPENED_THERE | OF_THE_PATIENT):
        status, told = await him.ask(name, theirs[name])
        assert (status >= 400, told.get("code") in REFUSED) == (True, True), (name, told)
        said, learnt = json.dumps(theirs[name], ensure_ascii=False), json.dumps(told, ensure_ascii=False)
        assert not [mark for mark in marks if mark in learnt and mark not in said], (name, told)


async def another_bank_asks(them: AtBank, theirs: Asked) -> None:
    """In the session of the same patient."""
    for name in sorted(OPENED_THERE):
        status, told = await them.ask(name, theirs[name])
        assert (status >= 400, told.get("code") in AWAY) == (True, True), (name, told)
    assert (await them.made("ListAppointments", {}))["appointments"] == []


def test_whoever_adds_an_operation_says_whose_it_is() -> None:
    assert set(OF_A_PATIENT) == OPENED_THERE | OF_THE_PATIENT | ONESELF
    assert not OPENED_THERE & OF_THE_PATIENT
    loops = {Caller.KIOSK, Caller.INSTITUTION}
    neither = {spec.name for spec in declared_operations() if spec.needs_patient and not loops & set(spec.callers)}
    assert neither == {"GetFiscalFile"}, "of phones, which are not let in; see test_fiscal_service"


def test_nobody_somebody_else_and_another_bank_learn_nothing_and_move_nothing(
    platform_url: str, tmp_path: Path, postgres: EmbeddedPostgres
) -> None:
    async def story(stage: HolderStage, hospital: Stage) -> None:
        at_kiosk = await busy_morning(stage.hall, hospital)
        name, patient_no, *_ = at_kiosk.marks
        [_, other_no] = await hospital.patient_numbers(2)

        async def at(bank: Bank, place: str, number: str, called: str) -> AtBank:
            _, session = await stage.speaks(INSTITUTIONS + place, number, called)
            return AtBank(stage, bank, session)

        async with banks(stage) as (boc, abc, _):
            them = await at(boc, BOC.institution_id, patient_no, name)
            admission_no = at_kiosk.requests["FindStay"]["admission_no"]
            card = {"BindHolderCard": {"card_no": "6222020000000000018", "name": name}}
            theirs = card | await busy_at_bank(them, hospital, patient_no, admission_no)
            before = await own(them, theirs)
            there = card | {each: at_kiosk.requests[each] for each in (OPENED_THERE | OF_THE_PATIENT) - set(card)}
            numbers = [value for fields in theirs.values() for value in fields.values() if isinstance(value, str)]
            marks = [*at_kiosk.marks, *numbers]
            kiosks_own = stage.hall.session
            for whoever in (AtBank(stage, boc), AtBank(stage, boc, kiosks_own), AtBank(stage, boc, "x" * 40)):
                await nobody_asks(whoever, theirs)
            him = await at(boc, BOC.institution_id, other_no, "李四")
            for asked in (theirs, there):
                await somebody_else_asks(him, asked, marks)
            elsewhere = await at(abc, ABC.institution_id, patient_no, name)
            for asked in (theirs, there):
                await another_bank_asks(elsewhere, asked)
            assert (await elsewhere.made("GetInvoice", theirs["GetInvoice"]))["invoice"]
            assert await own(them, theirs) == before

    play(platform_url, tmp_path, postgres, story)
