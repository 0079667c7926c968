"""What the hospital knows of a payment that a restore has lost, where what it was for is gone: people compare it."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from yinyi.bus.database import Tx
from yinyi.business.billing.lost import LostInvoices
from yinyi.business.billing.model import FoundPosting
from yinyi.business.inpatient.lost import LostDeposits
from yinyi.business.inpatient.model import Deposit
from yinyi.business.payments.restored import FindsLost, Orphan
from yinyi.business.scheduling.lost import LostRegistrations
from yinyi.business.scheduling.model import FoundNumber
from yinyi.kernel.ids import base32, payment_number
from yinyi.kernel.money import Fen

ZONE = ZoneInfo("Asia/Shanghai")
AT = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
PAYMENT_NO = payment_number(0, AT, ZONE)
REFERENCE = PAYMENT_NO + base32(1, 2)
NUMBER = FoundNumber(
    reference=REFERENCE,
    status="confirmed",
    patient_no="P1",
    schedule_id="S1",
    department_id="D1",
    practitioner_id="A",
    service_date=date(2026, 3, 1),
    session="morning",
    room="205",
    fee_fen=Fen(5000),
    made_at=AT,
    held_until=AT + timedelta(minutes=10),
    evidence={"number": 1},
)
POSTING = FoundPosting(
    reference=REFERENCE,
    kind="payment",
    status="paid",
    invoice_nos=("I1",),
    amount_fen=Fen(5000),
    payment_no="",
    means="wechatpay",
    receipt_no="R1",
    made_at=AT,
)
DEPOSIT = Deposit(
    reference=REFERENCE,
    admission_no="A1",
    kind="deposit",
    of_reference="",
    state="posted",
    amount_fen=Fen(5000),
    returned_fen=Fen(0),
    source="platform",
    means="wechatpay",
    payment_no="",
    receipt_no="R1",
    made_at=AT,
)


class Hospital:
    """It lists what it booked; departments and doctors, bills and stays are gone."""

    async def departments(self) -> list[Any]:
        return []

    async def practitioners(self) -> list[Any]:
        return []

    async def numbers(self, since: datetime, until: datetime) -> list[FoundNumber]:
        return [NUMBER]

    async def postings(self, since: datetime, until: datetime) -> list[FoundPosting]:
        return [POSTING]

    async def invoice(self, invoice_no: str) -> None:
        return None

    async def deposit_postings(self, since: datetime, until: datetime) -> list[Deposit]:
        return [DEPOSIT]

    async def stay(self, admission_no: str) -> None:
        return None


async def _nobody(tx: Tx, hospital_id: int, patient_no: str) -> int:
    return 0


HOSPITAL: Any = Hospital()


@pytest.mark.parametrize(
    ("finder", "found"),
    [
        (LostRegistrations(HOSPITAL, _nobody, ZONE), "confirmed; its department or doctor is not listed any more"),
        (LostInvoices(HOSPITAL, _nobody), "paid; its bills are gone"),
        (LostDeposits(HOSPITAL, _nobody), "posted; its stay is gone"),
    ],
    ids=["registration", "bill", "deposit"],
)
def test_what_cannot_be_written_down_again_is_named(finder: FindsLost, found: str) -> None:
    assert finder.can_list
    assert list(asyncio.run(finder.lost(AT, AT))) == [Orphan(PAYMENT_NO, found)]
