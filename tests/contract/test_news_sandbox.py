"""The sandbox's laboratory tells the platform by itself whatever comes out, as the standard has it."""

from importlib import import_module
from pathlib import Path
from typing import Any

from holder_stage import HolderStage
from news_stage import KEY, SENDERS, all_seen_to, teller
from report_hands import finished, ordered_for
from whole_stage import play

from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.business.reports.messages import GetReport, ListReports
from yinyi.conformance.hospital.stage import Stage
from yinyi.kernel.clock import ShiftedClock
from yinyi_sandbox.hospital.hl7.laboratory import Laboratory

HL7APY: Any = import_module("hl7apy.parser")


class Heard(Laboratory):
    """Keeps what it says."""

    async def _exchange(self, data: bytes) -> bytes:
        found = HL7APY.parse_message(data[1:-2].decode("gb18030"))
        assert found.validate()
        return await super()._exchange(data)


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
