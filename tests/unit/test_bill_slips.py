"""What a slip of paid bills and their electronic receipt call them, in the language of whoever has paid."""

import asyncio
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from kiosk_platform import CARDIOLOGY, NOW, PAYMENT, TODAY, payment

from yinyi.app.receipts import title_en
from yinyi.business.billing.plans import INVOICE, InvoiceFacts, PaidFor
from yinyi.business.billing.slips import InvoiceSlips
from yinyi.business.documents.model import ReceiptSlip
from yinyi.business.payments.papers import Paper
from yinyi.business.payments.plan import Plan
from yinyi.business.scheduling.plans import APPOINTMENT, CHECKED_IN, REGISTRATION, RegistrationFacts
from yinyi.kernel.money import Fen

BILL = PaidFor(
    invoice_no="B1",
    version=1,
    title="处方",
    title_en="Prescription",
    department="心血管内科",
    department_en="Cardiology",
    ordered_at=NOW,
    total_fen=Fen(5000),
)
NO_DATABASE: Any = None
CHINESE_ONLY = msgspec.structs.replace(BILL, invoice_no="B2", title="治疗单", title_en="")


def plan_of(purpose: str, facts: dict[str, Any]) -> Plan:
    return Plan(
        hospital_id=1,
        payment_id=1,
        payment_no=PAYMENT,
        ask_no="7Q4-8XK9",
        purpose=purpose,
        scope="outpatient",
        amount_fen=Fen(10_000),
        started_at=NOW,
        pay_by=NOW + timedelta(minutes=8),
        facts=facts,
    )


def printed(facts: dict[str, Any], *, chinese: bool) -> ReceiptSlip:
    plan = plan_of(INVOICE, facts)
    common: dict[str, Any] = {"hospital": "", "terminal": "", "printed_at": NOW, "payment_no": PAYMENT, "qr": ""}
    common |= {"language": "zh-CN" if chinese else "en", "amount_fen": Fen(10_000)}
    paper = Paper(
        plan=plan,
        payment=payment("fulfilled", purpose=INVOICE),
        patient_name="王芳",
        patient_no="1",
        window="",
        chinese=chinese,
        common=common,
    )
    slip = asyncio.run(InvoiceSlips().delivered(NO_DATABASE, paper))
    assert isinstance(slip, ReceiptSlip)
    return slip


@pytest.mark.parametrize(
    ("chinese", "called"), [(True, ["处方", "治疗单"]), (False, ["Prescription", "治疗单"])], ids=["zh", "en"]
)
def test_bills_are_called_in_english_where_they_have_an_english_name(chinese: bool, called: list[str]) -> None:
    facts = InvoiceFacts(patient_no="1", invoices=(BILL, CHINESE_ONLY), held_until=NOW)
    assert [each.label for each in printed(facts.as_json(), chinese=chinese).facts] == called


def test_a_payment_from_before_bills_had_english_names_still_has_its_slip() -> None:
    facts = InvoiceFacts(patient_no="1", invoices=(BILL,), held_until=NOW).as_json()
    del facts["invoices"][0]["title_en"]
    assert [each.label for each in printed(facts, chinese=False).facts] == ["处方"]


@pytest.mark.parametrize(
    ("bills", "called"),
    [
        ((BILL, CHINESE_ONLY), "Outpatient bills, Cardiology"),
        ((msgspec.structs.replace(BILL, department_en=""),), "Outpatient bills"),
        ((), "Outpatient bills"),
    ],
)
def test_their_receipt_says_in_english_what_was_paid(bills: tuple[PaidFor, ...], called: str) -> None:
    facts = InvoiceFacts(patient_no="1", invoices=bills, held_until=NOW).as_json()
    assert title_en(plan_of(INVOICE, facts)) == called


@pytest.mark.parametrize("purpose", [REGISTRATION, APPOINTMENT, CHECKED_IN])
@pytest.mark.parametrize(("name_en", "called"), [("Cardiology", "Registration, Cardiology"), ("", "Registration")])
def test_the_receipt_of_a_number_names_its_clinic(purpose: str, name_en: str, called: str) -> None:
    facts = RegistrationFacts(
        patient_no="1",
        department=msgspec.structs.replace(CARDIOLOGY, name_en=name_en),
        department_id="D1",
        schedule_id="S1",
        slot_id="",
        practitioner_id="A",
        practitioner_name="李明华",
        title="chief",
        service_date=TODAY,
        session="morning",
        room="205",
        held_until=NOW,
    )
    assert title_en(plan_of(purpose, facts.as_json())) == called


def test_a_deposit_has_no_receipt_to_be_named() -> None:
    assert title_en(plan_of("deposit", {})) == ""
