"""What a terminal does not offer is refused by the platform itself, whatever its pages ask; what was begun goes on."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from holder_stage import TILL, HolderStage, play
from line_stage import ZONE

from yinyi.app.operations import declared_operations
from yinyi.bus.operation import Caller, Operation
from yinyi.business.payments.messages import GetPayment, ListPayments
from yinyi.business.prepaid.messages import SetPrepaidMode, TopUp
from yinyi.business.scheduling.errors import ScheduleUnknown
from yinyi.business.scheduling.messages import ListSchedules
from yinyi.business.scheduling.model import Department
from yinyi.business.terminals.messages_offers import PlanClosure, SetProfile, SetServiceHours
from yinyi.kernel.errors import ServiceClosed
from yinyi.kernel.money import Fen

SERVED = {spec.name: spec for spec in declared_operations() if spec.service and Caller.KIOSK in spec.callers}
LATER = date(2026, 12, 1)
STAY: dict[str, Any] = {"admission_no": "ZY0001"}
NUMBER: dict[str, Any] = {"department_id": "0102", "schedule_id": "1"}
FIELDS: dict[str, dict[str, Any]] = {
    "RegisterToday": NUMBER,
    "BookAppointment": {**NUMBER, "on": "2026-12-01"},
    "ListBookingDays": {"department_id": "0102"},
    "ListBookingTimes": {**NUMBER, "on": "2026-12-01"},
    "CheckIn": {"booking_no": "26112309300000ABCDEFGH"},
    **{name: {"after": 0} for name in SERVED if name.startswith("IdentifyBy") or name == "CheckInBySlip"},
    "PayInvoices": {"chosen": [{"invoice_no": "A1", "version": 1}]},
    "PrintFees": {"first_on": "2026-11-01", "last_on": "2026-11-02"},
    "TopUp": {"amount_fen": 100},
    "Withdraw": {"amount_fen": 100},
    "PayDeposit": {**STAY, "amount_fen": 100},
    "PrintDailyCosts": {**STAY, "on": "2026-11-20"},
    "ReturnDeposit": {**STAY, "amount_fen": 100},
    **dict.fromkeys(("ListDeposits", "ListDailyCosts", "GetDischargeStatement", "PrintDischargeStatement"), STAY),
    "GetDepositReturn": STAY,
    "GetReport": {"order_no": "R1"},
    "GetReportPicture": {"order_no": "R1", "nth": 1},
    "TrendOfValue": {"order_no": "R1", "analyte_code": "WBC"},
    "PrintReports": {"order_nos": ["R1"]},
}
"""What is needed to ask; of the others nothing is."""


class NoClinics:
    """A hospital that answers and has none."""

    call_timeout_s = 1.0

    async def departments(self) -> list[Department]:
        return []


def asked(name: str) -> Operation[Any]:
    return msgspec.convert(FIELDS.get(name, {}), SERVED[name].request)


def test_hours_and_profiles_bind_the_operations(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: HolderStage) -> None:
        hall = stage.hall
        await stage.business.payments.prepare()
        await stage.business.lease.take()
        await stage.comes(hall, "2021000001")

        async def staff(message: Operation[Any]) -> None:
            await stage.ask(Caller.STAFF, message, staff=TILL)

        await staff(SetPrepaidMode(mode="collect"))
        began = await hall.ask(TopUp(amount_fen=Fen(5_000)), key="begun-while-it-was-open")
        now = stage.line.clock.now()
        opens = now.astimezone(ZONE).replace(second=0, microsecond=0) + timedelta(hours=2)
        closes = (opens + timedelta(hours=1)).time()
        await staff(SetServiceHours(profile="hall", service="account", opens=opens.time(), closes=closes))
        with pytest.raises(ServiceClosed) as told:
            await hall.ask(TopUp(amount_fen=Fen(6_000)))
        assert told.value.detail == opens.isoformat()
        again = await hall.ask(TopUp(amount_fen=Fen(5_000)), key="begun-while-it-was-open")
        assert again.payment_no == began.payment_no, "what was begun is answered for"
        assert (await hall.ask(GetPayment(number=began.payment_no))).payment_no == began.payment_no
        await staff(SetServiceHours(profile="hall", service="account"))
        await staff(SetProfile(terminal_id=hall.terminal_id, profile="report_printer"))
        for name, spec in SERVED.items():
            if spec.service != "reports":
                with pytest.raises(ServiceClosed):
                    await hall.ask(asked(name))
        assert len((await hall.ask(ListPayments())).payments) == 1
        await staff(SetProfile(terminal_id=hall.terminal_id, profile="hall"))
        await staff(PlanClosure(what="clinics", begins_at=now, ends_at=now + timedelta(hours=1)))
        with pytest.raises(ServiceClosed):
            await hall.ask(asked("RegisterToday"))
        for message in (ListSchedules(department_id="0102", first_on=LATER), asked("ListBookingTimes")):
            with pytest.raises(ScheduleUnknown):  # it was asked: bookings of later days go on through a holiday
                await hall.ask(message)
        await staff(PlanClosure(what="hospital_system", begins_at=now, ends_at=now + timedelta(hours=1)))
        for name, spec in SERVED.items():
            if spec.service not in ("account", "card_balance"):
                with pytest.raises(ServiceClosed):
                    await hall.ask(asked(name))
        assert (await hall.ask(TopUp(amount_fen=Fen(7_000)))).amount_fen == 7_000, "our own books are open"

    play(platform_url, tmp_path, story, hospital=NoClinics())
