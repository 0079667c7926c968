"""The sandbox's laboratory tells the platform by itself whatever comes out, as the standard has it."""

from importlib import import_module
from pathlib import Path
from typing import Any

from holder_stage import HolderStage
from news_stage import KEY, SENDERS, all_seen_to, teller
from report_hands import finished, ordered_for
from whole_stage import on_sale, play

from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.business.reports.messages import GetReport, ListReports
from yinyi.conformance.hospital.stage import Stage
from yinyi.kernel.clock import ShiftedClock
from yinyi_sandbox.hospital.hl7.front_desk import FrontDesk
from yinyi_sandbox.hospital.hl7.laboratory import Laboratory

HL7APY: Any = import_module("hl7apy.parser")


class Heard(Laboratory):
    """Keeps what it says."""

    async def _exchange(self, data: bytes) -> bytes:
        found = HL7APY.parse_message(data[1:-2].decode("gb18030"))
        assert found.validate()
        return await super()._exchange(data)


class HeardAtDesk(FrontDesk):
    """The same."""

    async def _exchange(self, data: bytes) -> bytes:
        found = HL7APY.parse_message(data[1:-2].decode("gb18030"))
        assert found.validate()
        return await super()._exchange(data)


SOLD = "SELECT ref FROM his.registration WHERE source = 'window' AND patient_no = $1 ORDER BY made_at DESC LIMIT 1"


def _happened(admission_no: str, reference: str) -> set[str]:
    """Their MSH-10."""
    return {f"A01-{admission_no}", f"A03-{admission_no}", f"S12-{reference}", f"S15-{reference}"}


def test_whatever_comes_out_is_told_and_read(platform_url: str, tmp_path: Path, postgres: EmbeddedPostgres) -> None:
    async def story(stage: HolderStage, hospital: Stage) -> None:
        patient_no = (await hospital.patient_numbers(60))[-1]
        await stage.comes(stage.hall, patient_no, "欧阳春晓")
        asked = await ordered_for(hospital, patient_no)
        await finished(hospital)
        now = stage.line.clock.at = await hospital.now()
        await stage.comes(stage.hall, patient_no, "欧阳春晓")
        async with teller(stage) as platform:
            at = ("127.0.0.1", platform.lines.port)
            laboratory = Heard(hospital.far.hospital.pool, ShiftedClock(now - ShiftedClock().now()), at, KEY)
            told = dict[str, Any]()
            for order in asked:
                told[order.order_no] = await laboratory.tell(order.order_no, 1)
            assert [each for each in told.values() if each.code != "AA"] == []
            while await laboratory.tell_new():
                pass
        await all_seen_to(stage)
        assert await stage.one("SELECT count(*) FROM hospital_news WHERE state <> 'done'") == 0
        listed = {each.order_no: each for each in (await stage.hall.ask(ListReports())).reports}
        for order in asked:
            assert listed[order.order_no].state == "ready"
            if not listed[order.order_no].at_window:
                read = await stage.hall.ask(GetReport(order_no=order.order_no))
                assert read.values == await hospital.reports.observations(order.order_no, 1)

    play(platform_url, tmp_path, postgres, story, news=SENDERS)


def test_what_happens_at_the_front_desk_is_told_and_taken(
    platform_url: str, tmp_path: Path, postgres: EmbeddedPostgres
) -> None:
    async def story(stage: HolderStage, hospital: Stage) -> None:
        patient_no = (await hospital.patient_numbers(60))[-1]
        await stage.comes(stage.hall, patient_no, "欧阳春晓")
        pool = hospital.far.hospital.pool
        async with teller(stage) as platform:
            stage.line.clock.at = now = await hospital.now()
            at = ("127.0.0.1", platform.lines.port)
            desk = HeardAtDesk(pool, ShiftedClock(now - ShiftedClock().now()), at, "")
            admission_no = await hospital.hands.admit(patient_no)
            schedule_id = await anext(each.schedule_id async for each in on_sale(hospital))
            assert await hospital.sell_at_window(schedule_id, patient_no)
            reference = await pool.fetchval(SOLD, patient_no)
            while await desk.tell_new():
                pass
            assert await hospital.hands.discharge(admission_no)
            await pool.execute("UPDATE his.registration SET state = 'released' WHERE ref = $1", reference)
            while await desk.tell_new():
                pass
            assert _happened(admission_no, reference) <= {control_id for control_id, _ in desk.told}
            assert {each.code for each in desk.told.values()} == {"AA"}
        await all_seen_to(stage)
        about = "SELECT why FROM hospital_news WHERE control_id = $1"
        assert await stage.one(about, f"A01-{admission_no}") == "told"
        assert await stage.one(about, f"S15-{reference}") == "nobody_here", "it was sold at a window"

    play(platform_url, tmp_path, postgres, story, news=SENDERS)
