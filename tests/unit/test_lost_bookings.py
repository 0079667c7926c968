"""Bookings that only the hospital knows of after a restore: written down as what they were."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

import pytest

from yinyi.bus.database import Tx
from yinyi.business.payments.restored import LostPayment
from yinyi.business.scheduling.lost import LostRegistrations
from yinyi.business.scheduling.model import Department, FoundNumber, Practitioner
from yinyi.business.scheduling.plans import CONFIRM, HOLD, RegistrationFacts
from yinyi.kernel.ids import base32, payment_number
from yinyi.kernel.money import Fen

ZONE = ZoneInfo("Asia/Shanghai")
AT = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
"""Half past seven on the second of March at the hospital."""
DEPARTMENT = Department(
    department_id="D1", parent_id="D0", name="儿科", name_en="", initial="E", building="", floor=1, area=""
)
DOCTOR = Practitioner(
    practitioner_id="A",
    department_id="D1",
    name="李明华",
    initials="",
    title="chief",
    specialty="",
    introduction="",
)


class Hospital:
    """Implements what is asked of ``Schedules`` here, and ``ListsNumbers``."""

    def __init__(self, number: FoundNumber) -> None:
        self._number = number

    async def departments(self) -> list[Department]:
        return [DEPARTMENT]

    async def practitioners(self) -> list[Practitioner]:
        return [DOCTOR]

    async def numbers(self, since: datetime, until: datetime) -> list[FoundNumber]:
        return [self._number]


async def _nobody(tx: Tx, hospital_id: int, patient_no: str) -> int:
    return 0


def lost(days: int, status: Literal["held", "confirmed", "released"], held_for: timedelta) -> LostPayment:
    number = FoundNumber(
        reference=payment_number(0, AT, ZONE) + base32(1, 2),
        status=status,
        patient_no="P1",
        schedule_id="S1",
        department_id="D1",
        practitioner_id="A",
        service_date=(AT.astimezone(ZONE) + timedelta(days=days)).date(),
        session="morning",
        room="205",
        fee_fen=Fen(5000),
        made_at=AT,
        held_until=AT + held_for,
        evidence={"number": 1, "starts_at": (AT + timedelta(days=days)).isoformat()},
    )
    hospital: Any = Hospital(number)
    [found] = asyncio.run(LostRegistrations(hospital, _nobody, ZONE).lost(AT, AT))
    assert isinstance(found, LostPayment)
    return found


@pytest.mark.parametrize(("days", "purpose"), [(0, "registration"), (1, "appointment")])
def test_paid_for_today_or_for_a_later_day(days: int, purpose: str) -> None:
    plan = lost(days, "confirmed", timedelta(days=2)).plan
    assert (plan.purpose, plan.direction, plan.amount_fen) == (purpose, "forward", 5000)
    assert plan.latest(CONFIRM) is not None
    assert RegistrationFacts.of(plan).session_from is not None


def test_to_be_paid_when_its_owner_comes() -> None:
    found = lost(3, "held", timedelta(days=3))
    plan = found.plan
    assert (plan.purpose, plan.direction, plan.amount_fen) == ("appointment", "forward", 0)
    assert [(step.kind, step.state) for step in plan.steps] == [(HOLD, "done")]
    assert found.obligation == ("registration", "P1:S1")


@pytest.mark.parametrize(("status", "minutes"), [("held", 10), ("released", 10)])
def test_what_nobody_has_paid_goes_back(status: Literal["held", "released"], minutes: int) -> None:
    found = lost(3, status, timedelta(minutes=minutes))
    assert (found.plan.direction, found.obligation) == ("back", ())
