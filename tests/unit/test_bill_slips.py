"""What a slip of paid bills calls them, in the language of whoever has paid."""

import asyncio
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from kiosk_platform import NOW, PAYMENT, payment

from yinyi.business.billing.plans import INVOICE, InvoiceFacts, PaidFor
from yinyi.business.billing.slips import InvoiceSlips
from yinyi.business.documents.model import ReceiptSlip
from yinyi.business.payments.papers import Paper
from yinyi.business.payments.plan import Plan
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


def printed(facts: dict[str, Any], *, chinese: bool) -> ReceiptSlip:
    plan = Plan(
        hospital_id=1,
        payment_id=1,
        payment_no=PAYMENT,
        ask_no="7Q4-8XK9",
        purpose=INVOICE,
        scope="outpatient",
        amount_fen=Fen(10_000),
        started_at=NOW,
        pay_by=NOW + timedelta(minutes=8),
        facts=facts,
    )
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
