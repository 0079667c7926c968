"""What a terminal does not offer is refused by the platform itself, whatever its pages ask; what was begun goes on."""

from datetime import time, timedelta
from pathlib import Path

import msgspec
import pytest
from holder_stage import TILL, HolderStage
from hospital_stage import Stage
from line_stage import ZONE
from whole_stage import busy_morning, play

from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.app.operations import declared_operations
from yinyi.bus.operation import Caller, Operation
from yinyi.business.payments.messages import GetPayment, ListPayments
from yinyi.business.prepaid.messages import SetPrepaidMode, TopUp
from yinyi.business.terminals.messages_offers import PlanClosure, SetProfile, SetServiceHours
from yinyi.kernel.errors import ServiceClosed
from yinyi.kernel.money import Fen


def test_hours_and_profiles_bind_the_operations(platform_url: str, tmp_path: Path, postgres: EmbeddedPostgres) -> None:
    async def story(stage: HolderStage, hospital: Stage) -> None:
        hall = stage.hall
        theirs = await busy_morning(hall, hospital)

        async def staff(message: Operation[object]) -> None:
            await stage.ask(Caller.STAFF, message, staff=TILL)

        def fields(name: str) -> dict[str, object]:
            return theirs.requests.get(name, {})

        await staff(SetPrepaidMode(mode="collect"))
        began = await hall.ask(TopUp(amount_fen=Fen(5_000)), key="begun-while-it-was-open")
        now = stage.line.clock.now()
        opens = now.astimezone(ZONE).replace(second=0, microsecond=0) + timedelta(hours=2)
        closes = opens + timedelta(hours=1)
        await staff(SetServiceHours(profile="hall", service="account", opens=opens.time(), closes=closes.time()))
        with pytest.raises(ServiceClosed) as told:
            await hall.ask(TopUp(amount_fen=Fen(6_000)))
        assert told.value.detail == opens.isoformat()
        again = await hall.ask(TopUp(amount_fen=Fen(5_000)), key="begun-while-it-was-open")
        assert again.payment_no == began.payment_no, "what was begun is answered for"
        assert (await hall.ask(GetPayment(number=began.payment_no))).payment_no == began.payment_no
        await staff(SetProfile(terminal_id=hall.terminal_id, profile="report_printer"))
        for spec in declared_operations():
            if spec.service in ("", "reports") or Caller.KIOSK not in spec.callers:
                continue
            named = fields(spec.name) or WANTED.get(spec.name, {})
            with pytest.raises(ServiceClosed):
                await hall.ask(msgspec.convert(named, spec.request))
        assert (await hall.ask(ListPayments())).payments
        await staff(SetProfile(terminal_id=hall.terminal_id, profile="hall"))
        await staff(SetServiceHours(profile="hall", service="account", opens=time(0), closes=time(0)))
        await staff(PlanClosure(what="hospital_system", begins_at=now, ends_at=now + timedelta(hours=1)))
        for name in ("PayInvoices", "PayDeposit", "GetReport"):
            spec = next(each for each in declared_operations() if each.name == name)
            with pytest.raises(ServiceClosed):
                await hall.ask(msgspec.convert(fields(name), spec.request))
        assert (await hall.ask(TopUp(amount_fen=Fen(7_000)))).amount_fen == 7_000, "our own books are open"

    play(platform_url, tmp_path, postgres, story)


WANTED: dict[str, dict[str, object]] = {
    "RegisterToday": {"department_id": "0102", "schedule_id": "1"},
    "ListSchedules": {"department_id": "0102"},
    "ListBookingDays": {"department_id": "0102"},
    "BookAppointment": {"department_id": "0102", "schedule_id": "1", "on": "2026-12-01"},
    "CheckInBySlip": {"after": 0},
    "IdentifyBySlip": {"after": 0},
    "IdentifyByForm": {"after": 0},
    "TopUp": {"amount_fen": 100},
    "Withdraw": {"amount_fen": 100},
}
"""Operations of the services that nobody's request was kept of."""
