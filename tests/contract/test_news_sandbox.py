"""The sandbox's laboratory tells the platform by itself whatever comes out, as the standard has it."""

from importlib import import_module
from pathlib import Path
from typing import Any

from holder_stage import HolderStage
from news_stage import KEY, SENDERS, all_seen_to, teller
from report_hands import finished, ordered_for
from whole_stage import booked, on_sale, play

from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.business.reports.messages import GetReport, ListReports
from yinyi.business.scheduling.booking_model import BookingRules
from yinyi.business.scheduling.messages_booking import ListVisitChanges
from yinyi.conformance.hospital.stage import Stage
from yinyi.kernel.clock import ShiftedClock
from yinyi_sandbox.hospital import records
from yinyi_sandbox.hospital.hl7.front_desk import FrontDesk
from yinyi_sandbox.hospital.hl7.laboratory import Laboratory

HL7APY: Any = import_module("hl7apy.parser")


def is_standard(data: bytes) -> bool:
    """As hl7apy reads it. Of A37, where a PID stands in two places, it wants one: each is looked at by itself."""
    lines = data[1:-2].decode("gb18030").removesuffix("\r").split("\r")
    whose = [line for line in lines if line.startswith("PID")]
    each_alone = ("\r".join(line for line in lines if line not in whose or line == one) for one in whose)
    return all(HL7APY.parse_message(text).validate() for text in each_alone)


class Heard(Laboratory):
    """Says nothing that is not as the standard has it."""

    async def _exchange(self, data: bytes) -> bytes:
        assert is_standard(data)
        return await super()._exchange(data)


class HeardAtDesk(FrontDesk):
    """The same."""

    async def _exchange(self, data: bytes) -> bytes:
        assert is_standard(data)
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


HELD = "SELECT s.reference FROM payment_step s JOIN payment p USING (hospital_id, payment_id) WHERE p.payment_no = $1"
BECAME = "SELECT why FROM hospital_news WHERE control_id = $1"
NEWEST = "SELECT control_id FROM his.told_event ORDER BY at DESC LIMIT 1"
NAME = "SELECT name FROM patient WHERE patient_no = $1"


def test_what_the_registration_office_does_is_told_and_followed(
    platform_url: str, tmp_path: Path, postgres: EmbeddedPostgres
) -> None:
    """A04 and A08 are asked about at the master index, A40 is a merge, and A37 leaves to people what is whose; S13 ends
    the booking, S17 does too; S26 is noted: nobody is told that he did not come."""

    async def story(stage: HolderStage, hospital: Stage) -> None:
        pool = hospital.far.hospital.pool
        kept = (await hospital.patient_numbers(60))[-1]
        record = await hospital.patients.by_number(kept)
        assert record is not None
        sex_code = {"male": "1", "female": "2", "unknown": "0"}[record.sex]
        async with teller(stage) as platform:
            stage.line.clock.at = now = await hospital.now()
            at = ("127.0.0.1", platform.lines.port)
            desk = HeardAtDesk(pool, ShiftedClock(now - ShiftedClock().now()), at, "")

            async def becomes(done: records.Done) -> str:
                assert done.code == "0", done
                control_id = await pool.fetchval(NEWEST)
                while (control_id, 0) not in desk.told:
                    await desk.tell_new()
                await all_seen_to(stage)
                assert {each.code for each in desk.told.values()} == {"AA"}
                return control_id[:3] + " " + await stage.one(BECAME, control_id)

            newcomer = await records.register(pool, records.Newcomer(full_name="司马新", sex_code=sex_code))
            assert await becomes(newcomer) == "A04 nobody_here", "the platform has not met her yet"
            [old] = newcomer.numbers
            await stage.comes(stage.hall, old, "欧阳春晓")
            assert await becomes(await records.change(pool, old, full_name="欧阳夏至")) == "A08 told"
            assert await stage.one(NAME, old) == "欧阳夏至"
            assert await becomes(await records.change(pool, old, full_name=record.name)) == "A08 told"
            assert await becomes(await records.merge(pool, old, kept)) == "A40 told"
            led = await hospital.patients.by_number(old)
            assert led is not None
            assert led.patient_no == kept
            assert (await records.merge(pool, old, kept)).code == "P01", "once"
            assert (await records.change(pool, old, phone="1")).code == "P01", "nobody's any more"
            await stage.comes(stage.hall, kept, record.name)
            reference = await stage.one(HELD, await booked(stage.hall, hospital))
            assert await becomes(await records.missed(pool, reference)) == "S26 noted"
            assert (await stage.hall.ask(ListVisitChanges())).changes == []
            assert await becomes(await records.move(pool, reference)) == "S13 told"
            assert [each.kind for each in (await stage.hall.ask(ListVisitChanges())).changes] == ["stopped"]
            reference = await stage.one(HELD, await booked(stage.hall, hospital))
            assert await becomes(await records.delete(pool, reference)) == "S17 told"
            assert len((await stage.hall.ask(ListVisitChanges())).changes) == 2
            while await desk.tell_new():
                pass
            assert (f"S15-{reference}", 0) not in desk.told, "it was told that it is deleted"
            assert await becomes(await records.part(pool, old)) == "A37 apart"
            assert (await hospital.patients.by_number(old)) != (await hospital.patients.by_number(kept))

    pays_later = BookingRules(paid="check_in")
    play(platform_url, tmp_path, postgres, story, news=SENDERS, booking=pays_later)
