"""The hospital's systems tell of visits and patients: nothing is believed that the hospital does not confirm."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from holder_stage import HolderStage
from news_stage import SENDERS, Teller, all_seen_to, header, teller
from whole_stage import booked, play

from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.business.scheduling.booking_model import BookingRules
from yinyi.business.scheduling.messages_booking import ListVisitChanges
from yinyi.conformance.hospital.stage import Stage
from yinyi.kernel.outcome import Answer, Done
from yinyi.wire.hl7.codec import Segment, segment

NAME = "欧阳春晓"
LATEST = "SELECT state || ' ' || why FROM hospital_news ORDER BY news_no DESC LIMIT 1"
HELD = "SELECT s.reference FROM payment_step s JOIN payment p USING (hospital_id, payment_id) WHERE p.payment_no = $1"
Plays = Callable[..., None]


@pytest.fixture
def plays(platform_url: str, tmp_path: Path, postgres: EmbeddedPostgres) -> Plays:
    def run(story: Callable[[HolderStage, Stage], Awaitable[None]], **more: Any) -> None:
        pays_later = BookingRules(paid="check_in")
        play(platform_url, tmp_path, postgres, story, news=SENDERS, booking=pays_later, **more)

    return run


def visit(event: str, at: datetime, reference: str, status: str = "") -> list[Segment]:
    about = segment("SCH", f1=reference, f2="HIS-1", f6="X", f25=status)
    return [header(f"SIU^{event}", at), about, segment("PID", f1="1", f3=[("2016000001", "", "", "YSRMYY", "MR")])]


async def told(stage: HolderStage, one: Teller, segments: list[Segment]) -> str:
    """What has become of it."""
    assert await one.tells(segments) == ("AA", "")
    await all_seen_to(stage)
    return await stage.one(LATEST)


class Moves:
    """A hospital that gives numbers another time."""

    def __init__(self, hospital: Any) -> None:
        self._hospital = hospital
        self.by = timedelta()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._hospital, name)

    async def ask(self, reference: str) -> Answer:
        answer = await self._hospital.ask(reference)
        if not isinstance(answer, Done):
            return answer
        starts_at = datetime.fromisoformat(answer.evidence["starts_at"]) + self.by
        return Done(evidence=answer.evidence | {"starts_at": starts_at.isoformat()})


def test_a_visit_that_the_hospital_takes_back_or_moves_is_stopped(plays: Plays) -> None:
    moves: list[Moves] = []

    def door(connector: Any) -> Moves:
        moves.append(Moves(connector))
        return moves[0]

    async def story(stage: HolderStage, hospital: Stage) -> None:
        clock = stage.line.clock
        await stage.comes(stage.hall, (await hospital.patient_numbers(60))[-1], NAME)
        first = await booked(stage.hall, hospital)
        reference = await stage.one(HELD, first)
        async with teller(stage) as his:
            assert await told(stage, his, visit("S12", clock.now(), reference, "Booked")) == "done noted"
            assert await told(stage, his, visit("S15", clock.now(), "HIS-OWN-7")) == "done nobody_here"
            assert await told(stage, his, visit("S14", clock.now(), reference)) == "done known"
            assert await told(stage, his, visit("S15", clock.now(), reference)) == "waiting StillStands"
            assert (await stage.hall.ask(ListVisitChanges())).changes == []
            assert isinstance(await hospital.schedules.release(reference), Done)
            clock.at += timedelta(seconds=2)
            await all_seen_to(stage)
            assert await stage.one(LATEST) == "done told"
            assert await told(stage, his, visit("S15", clock.now(), reference)) == "done known"
            await stage.business.lease.take()
            second = await booked(stage.hall, hospital)
            reference = await stage.one(HELD, second)
            assert await told(stage, his, visit("S13", clock.now(), reference)) == "done known"
            moves[0].by = timedelta(hours=1)
            assert await told(stage, his, visit("S13", clock.now(), reference)) == "done told"
            assert await told(stage, his, visit("S26", clock.now(), reference, "Noshow")) == "done noted"
            assert await his.tells(visit("S12", clock.now(), reference, "Perhaps")) == ("AE", "CodeUnknown")
            assert await his.tells(visit("S12", clock.now(), "")[:1]) == ("AE", "NewsUnreadable")
        changes = (await stage.hall.ask(ListVisitChanges())).changes
        assert [(each.kind, each.payment.payment_no) for each in changes] == [("stopped", first), ("stopped", second)]
        assert await stage.one("SELECT string_agg(DISTINCT direction, ' ') FROM payment") == "back"

    plays(story, behind=door)


def test_a_cancellation_that_the_hospital_never_confirms_is_looked_into(plays: Plays) -> None:
    async def story(stage: HolderStage, hospital: Stage) -> None:
        clock = stage.line.clock
        patient_no = (await hospital.patient_numbers(60))[-1]
        await stage.comes(stage.hall, patient_no, NAME)
        reference = await stage.one(HELD, await booked(stage.hall, hospital))

        def patient(event: str, number: str, *more: Segment) -> list[Segment]:
            return [header(f"ADT^{event}", clock.now()), segment("PID", f3=[(number, "", "", "", "PI")]), *more]

        async with teller(stage) as his:
            assert await told(stage, his, visit("S17", clock.now(), reference)) == "waiting StillStands"
            clock.at += timedelta(minutes=11)
            await all_seen_to(stage)
            assert await stage.one(LATEST) == "parked still_stands"
            assert (await stage.hall.ask(ListVisitChanges())).changes == []
            name = "SELECT name FROM patient WHERE patient_no = $1"
            assert await stage.one(name, patient_no) == NAME
            assert await told(stage, his, patient("A08", patient_no)) == "done told"
            record = await hospital.patients.by_number(patient_no)
            assert record is not None
            assert await stage.one(name, patient_no) == record.name != NAME
            assert await told(stage, his, patient("A03", "2016999999")) == "done nobody_here"
            merge = patient("A40", "2016999999", segment("MRG", f1=patient_no))
            assert await told(stage, his, merge) == "waiting StillStands"
            assert await his.tells(patient("A40", patient_no)) == ("AE", "NewsUnreadable")

    plays(story)
