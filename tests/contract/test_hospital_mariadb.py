"""A hospital in MariaDB with names, forms and shapes of its own says the same as the one in PostgreSQL. Everything else
that a port promises, it promises over this one as well: ``test_conformance_hospital.py``, in `make test-all`."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hospital_mariadb import connect, mariadb_server
from hospital_stage import ROLE, offered

from yinyi.access.hospital.procedures.config import ProceduresConfig
from yinyi.access.hospital.procedures.plugin import PLUGIN
from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.business.billing.model import ChosenInvoice
from yinyi.conformance.behaviour import refused
from yinyi.conformance.hospital.actions import confirmed, fresh_schedule, soon, status
from yinyi.conformance.hospital.stage import Stage, reference
from yinyi.kernel.clock import ShiftedClock
from yinyi.kernel.errors import HospitalUnavailable
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Done, NotSent, Unknown
from yinyi.kernel.plugin import Surroundings
from yinyi_sandbox.hospital.database import local_date
from yinyi_sandbox.hospital.mariadb.dictionary import mapping_file

EVER = (date(2000, 1, 1), date(2100, 1, 1))
Play = Callable[[Callable[[Stage], Awaitable[None]]], None]


@pytest.fixture
def play(postgres: EmbeddedPostgres) -> Play:
    async def on_stage(scene: Callable[[Stage], Awaitable[None]]) -> None:
        async with offered("mariadb", postgres) as (_, stage):
            await scene(stage)

    return lambda scene: asyncio.run(on_stage(scene))


def test_its_procedures_are_what_the_mapping_file_says(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        connector: Any = stage.bills
        assert await connector.misfits() == []

    play(scene)


async def readings(ports: Any, stage: Stage) -> list[object]:
    """What every trade that reads says of people who have one of everything."""
    today = local_date(await stage.now())
    department = (await ports.departments())[3].department_id
    schedules = await ports.schedules(department, today, today + timedelta(days=9))
    invoices = await ports.invoices("083214", "", *EVER, 20)
    stay = (await ports.stays("2016000002"))[0].admission_no
    reports = await ports.reports("083214", *EVER, 20)
    told = [one for one in reports if one.state == "final"][:2]
    return [
        *(await ports.departments(), await ports.practitioners(), schedules),
        *(await ports.slots(schedules[0].schedule_id), await ports.visits("083214", 9)),
        *(await ports.by_number("083214"), await ports.find("resident_card", "11010519491231002X")),
        *(invoices, [await ports.invoice(one.invoice_no) for one in invoices[:2]]),
        await ports.invoice_lines([one.invoice_no for one in invoices[:3]]),
        *(await ports.stays("083214"), await ports.stay(stay), await ports.stay_items(stay, *EVER)),
        *(await ports.cost_days(stay), await ports.cost_categories(stay), await ports.deposits(stay)),
        *(reports, [await ports.report_texts(one.order_no) for one in told]),
        *([await ports.observations(one.order_no, one.version) for one in told],),
        *([await ports.report_pictures(one.order_no, one.version) for one in told],),
        await ports.trend("083214", "WBC", 5),
    ]


def test_it_says_the_same_as_postgresql(play: Play, postgres: EmbeddedPostgres) -> None:
    async def scene(stage: Stage) -> None:
        config = ProceduresConfig(url=stage.far.hospital.platform_url(postgres.password(ROLE)), call_timeout_s=20)
        usual = PLUGIN.build(config, Surroundings(clock=ShiftedClock(), callback_url=""))
        await usual.start()
        try:
            there, here = await readings(usual, stage), await readings(stage.bills, stage)
        finally:
            await usual.stop()
        for ours, theirs in zip(here, there, strict=True):
            assert ours == theirs
        assert sum(bool(one) for one in here) >= len(here) - 2

    play(scene)


def test_a_number_is_held_paid_and_given_back(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        schedule, [patient_no] = await fresh_schedule(stage), await stage.patient_numbers(1)
        ref = await confirmed(stage, schedule, patient_no)
        until = await soon(stage)
        again = await stage.schedules.hold(reference(), schedule.schedule_id, "", patient_no, until)
        refused(again, "duplicate_registration")
        assert await status(stage.schedules, ref) == "confirmed"
        assert isinstance(await stage.schedules.release(ref), Done)
        assert await status(stage.schedules, ref) == "expired"
        assert await status(stage.schedules, reference()) == "none"

    play(scene)


def test_what_became_of_a_bill_is_known_after_a_broken_line_and_a_silent_one(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        [patient_no] = await stage.patient_numbers(1)
        made = [await stage.bills.invoice(one) for one in await stage.hands.order(patient_no, "0102")]
        found = [one for one in made if one is not None]
        chosen = [ChosenInvoice(invoice_no=one.invoice_no, version=one.version) for one in found]
        owed, at, ref = Fen(sum(one.total_fen for one in found)), await stage.now(), reference()

        async def pay(ports: Any) -> object:
            return await ports.settle_invoices(ref, chosen, owed, f"P{ref}", "alipay", at)

        await stage.mishap("settle_invoices", "busy")
        assert isinstance(await pay(stage.bills), NotSent)
        await stage.mishap("settle_invoices", "cut")
        assert isinstance(await pay(stage.bills), Unknown)
        assert not isinstance(await stage.bills.ask_invoices(ref), Done)
        await stage.mishap("settle_invoices", "silent")
        while not await stage.struck():
            assert isinstance(await pay(stage.hasty_bills), Unknown)
        await stage.settled()
        assert isinstance(await stage.bills.ask_invoices(ref), Done)
        assert isinstance(await pay(stage.bills), Done)
        paid = await stage.bills.invoice(chosen[0].invoice_no)
        assert paid is not None
        assert paid.paid_at == at
        back = reference()
        assert isinstance(await stage.bills.refund_invoice(back, paid.invoice_no, None, paid.total_fen), Done)

    play(scene)


def test_an_error_of_the_hospitals_is_told_and_the_line_serves_on(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        await stage.mishap("visits", "busy")
        with pytest.raises(HospitalUnavailable, match="HIS S01"):
            await stage.schedules.visits("083214", 3)
        assert len(await stage.schedules.visits("083214", 3)) == 3
        await stage.line_down(True)
        assert isinstance(await stage.schedules.ask("R"), NotSent)
        await stage.line_down(False)
        assert len(await stage.schedules.visits("083214", 3)) == 3

    play(scene)


@pytest.mark.parametrize(
    ("said", "instead", "says"),
    [
        ('"前置库.锁号"', '"前置库.锁定号源"', "lock_number: there is no procedure 前置库.锁定号源 that we may call"),
        ('until = "截止时间"', 'until = "到期时间"', "lock_number: 前置库.锁号 has no parameter 到期时间"),
        ('"操作员" = ', '"工号" = ', "wants 操作员 and nobody says it"),
        ('days = "%Y%m%d"', "", "create_patient: 出生日期 is char, not date"),
    ],
)
def test_a_mapping_file_that_does_not_fit_says_where(
    play: Play, tmp_path: Path, said: str, instead: str, says: str
) -> None:
    text = mapping_file().read_text(encoding="utf-8")
    assert text.count(said) == 1
    file = tmp_path / "names.toml"
    file.write_text(text.replace(said, instead), encoding="utf-8")

    async def scene(stage: Stage) -> None:
        told = await connect(stage.far.url, file).misfits()
        assert any(says in one for one in told), told

    play(scene)


def test_the_platform_may_call_and_sees_no_table(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        server = mariadb_server()
        with server.connect("platform") as connection, connection.cursor() as cursor:
            with pytest.raises(Exception, match="denied"):
                cursor.execute("SELECT * FROM 前置库.待办")
            with pytest.raises(Exception, match="denied"):
                cursor.execute("CALL 前置库.等件_()")

    play(scene)
