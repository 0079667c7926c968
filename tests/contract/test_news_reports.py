"""A laboratory tells the platform its reports by HL7, and their patients see them."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from holder_stage import TILL, HolderStage
from msgspec import structs
from news_stage import SENDERS, all_seen_to, report, result, teller
from report_hands import Away, finished, ordered_for
from whole_stage import play

from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.bus.operation import Caller
from yinyi.business.news.errors import NewsNotParked, NewsUnknown
from yinyi.business.news.messages import HandleNewsAgain, ListParkedNews, SetNewsAside
from yinyi.business.reports.errors import ReportAtWindow, ReportNotReady
from yinyi.business.reports.messages import GetReport, ListReports
from yinyi.business.reports.model import DiagnosticReport
from yinyi.conformance.hospital.stage import Stage

NAME = "欧阳春晓"
Plays = Callable[..., None]


@pytest.fixture
def plays(platform_url: str, tmp_path: Path, postgres: EmbeddedPostgres) -> Plays:
    def run(story: Callable[[HolderStage, Stage], Awaitable[None]], **more: Any) -> None:
        play(platform_url, tmp_path, postgres, story, news=SENDERS, **more)

    return run


async def asked_for(stage: HolderStage, hospital: Stage, nth: int = 0) -> DiagnosticReport:
    """A test of somebody who stands before the hall's kiosk; the laboratory has not begun with it."""
    patient_no = (await hospital.patient_numbers(60))[-1 - nth]
    await stage.comes(stage.hall, patient_no, NAME)
    while True:
        for each in await ordered_for(hospital, patient_no):
            if each.kind == "laboratory" and not each.sensitive:
                return each


def test_a_laboratory_sends_a_report_and_its_patient_reads_it(plays: Plays) -> None:
    async def story(stage: HolderStage, hospital: Stage) -> None:
        about, clock = await asked_for(stage, hospital), stage.line.clock
        with pytest.raises(ReportNotReady):
            await stage.hall.ask(GetReport(order_no=about.order_no))
        values = [result("WBC", "白细胞", "12.40", "3.5-9.5", "H"), result("CRP", "C反应蛋白", "<0.5", "", "", f2="ST")]
        async with teller(stage) as laboratory:
            first = report(about, clock.now(), *values)
            assert await laboratory.tells(first) == ("AA", "")
            assert await laboratory.tells(first) == ("AA", "")
            await all_seen_to(stage)
            listed = {each.order_no: each for each in (await stage.hall.ask(ListReports())).reports}
            assert listed[about.order_no].state == "ready"
            read = await stage.hall.ask(GetReport(order_no=about.order_no))
            assert [(each.name, each.text, each.flag) for each in read.values] == [
                ("白细胞", "12.40", "H"),
                ("C反应蛋白", "<0.5", "N"),
            ]
            assert (read.values[0].low, read.values[0].high, read.reviewed_by) == (3.5, 9.5, "孙检验")
            assert not read.view.corrected

    plays(story)


def test_it_is_listed_at_once_however_old_the_hospitals_list_may_be(plays: Plays) -> None:
    """Whoever stands there and looks again sees it, whichever process has heard of it."""

    async def story(stage: HolderStage, hospital: Stage) -> None:
        about, clock = await asked_for(stage, hospital), stage.line.clock

        async def state() -> str:
            listed = {each.order_no: each for each in (await stage.hall.ask(ListReports())).reports}
            return listed[about.order_no].state

        assert await state() != "ready"
        async with teller(stage) as laboratory:
            await laboratory.tells(report(about, clock.now(), result("WBC", "白细胞", "5.0")))
            await all_seen_to(stage)
        assert await state() == "ready"

    plays(story, lists_kept_s=3600.0)


def test_a_correction_is_a_version_and_what_is_older_is_none(plays: Plays) -> None:
    async def story(stage: HolderStage, hospital: Stage) -> None:
        about, clock = await asked_for(stage, hospital), stage.line.clock
        early, late = clock.now(), clock.now() + timedelta(minutes=5)
        clock.at = late
        async with teller(stage) as laboratory:

            async def says(text: str, at: datetime, **obr: str) -> str:
                await laboratory.tells(report(about, at, result("WBC", "白细胞", text), obr=obr))
                await all_seen_to(stage)
                return await stage.one("SELECT why FROM hospital_news ORDER BY news_no DESC LIMIT 1")

            assert await says("4.0", early, f25="P") == "unfinished"
            assert await says("5.0", early) == "told"
            assert await says("6.0", late, f25="C") == "told"
            assert await says("5.0", early) == "known"
            read = await stage.hall.ask(GetReport(order_no=about.order_no))
            assert ([each.text for each in read.values], read.view.corrected) == (["6.0"], True)
            versions = "SELECT string_agg(version::text, ',' ORDER BY version) FROM report WHERE order_no = $1"
            assert await stage.one(versions, about.order_no) == "1,2"

    plays(story)


def test_the_hospital_itself_says_whose_it_is_and_what_only_a_window_hands_out(plays: Plays) -> None:
    async def story(stage: HolderStage, hospital: Stage) -> None:
        others = await asked_for(stage, hospital, nth=1)
        about, clock = await asked_for(stage, hospital), stage.line.clock
        stranger = structs.replace(others, patient_no=about.patient_no)
        unknown = structs.replace(about, patient_no="2016000077", order_no="T-NEW")
        async with teller(stage) as laboratory:
            assert await laboratory.tells(report(stranger, clock.now())) == ("AA", "")
            assert await laboratory.tells(report(unknown, clock.now())) == ("AA", "")
            assert await laboratory.tells(report(about, clock.now(), orc={"f28": "R"})) == ("AA", "")
            wrong = result("WBC", "白细胞", "5.0", f11="W")
            assert await laboratory.tells(report(about, clock.now(), wrong)) == ("AA", "")
            await all_seen_to(stage)
        why = "SELECT string_agg(why, ' ' ORDER BY news_no) FROM hospital_news"
        assert await stage.one(why) == "other_patient nobody_here told wrong_result"
        with pytest.raises(ReportAtWindow):
            await stage.hall.ask(GetReport(order_no=about.order_no))
        assert await stage.one("SELECT count(*) FROM report WHERE order_no = $1", others.order_no) == 0
        await people_look(stage)

    plays(story)


async def people_look(stage: HolderStage) -> None:
    """Two wait for them: they look again at the one, and set the other aside."""
    parked = (await stage.ask(Caller.STAFF, ListParkedNews(), staff=TILL)).news
    assert [(each.why, each.sender) for each in parked] == [
        ("other_patient", "laboratory"),
        ("wrong_result", "laboratory"),
    ]
    again, aside = parked
    seen = await stage.ask(Caller.STAFF, HandleNewsAgain(news_no=again.news_no), key="again-0001", staff=TILL)
    assert seen.state == "waiting"
    await all_seen_to(stage)
    note = SetNewsAside(news_no=aside.news_no, note="spoken with the laboratory")
    seen = await stage.ask(Caller.STAFF, note, key="aside-0001", staff=TILL)
    assert (seen.state, seen.why) == ("set_aside", "spoken with the laboratory")
    left = await stage.ask(Caller.STAFF, ListParkedNews(), staff=TILL)
    assert ([each.news_no for each in left.news], left.waiting) == ([again.news_no], 0)
    with pytest.raises(NewsNotParked):
        await stage.ask(Caller.STAFF, note, key="aside-0002", staff=TILL)
    with pytest.raises(NewsUnknown):
        await stage.ask(Caller.STAFF, SetNewsAside(news_no=999, note="no such"), key="aside-0003", staff=TILL)


def test_news_wait_for_a_hospital_that_does_not_answer(plays: Plays) -> None:
    doors: list[Away] = []

    def door(connector: Any) -> Away:
        doors.append(Away(connector))
        return doors[0]

    async def story(stage: HolderStage, hospital: Stage) -> None:
        about, clock = await asked_for(stage, hospital), stage.line.clock
        doors[0].shut = True
        async with teller(stage) as laboratory:
            assert await laboratory.tells(report(about, clock.now())) == ("AA", "")
        await all_seen_to(stage)
        state = "SELECT state || ' ' || why FROM hospital_news"
        assert await stage.one(state) == "waiting HospitalUnavailable"
        doors[0].shut = False
        await all_seen_to(stage)
        assert await stage.one(state) == "waiting HospitalUnavailable"
        clock.at += timedelta(seconds=2)
        await all_seen_to(stage)
        assert await stage.one(state) == "done told"

    plays(story, behind=door)


def test_what_the_hospital_has_itself_is_taken_from_there(plays: Plays) -> None:
    async def story(stage: HolderStage, hospital: Stage) -> None:
        about = await asked_for(stage, hospital)
        await finished(hospital)
        stage.line.clock.at = await hospital.now()
        await stage.comes(stage.hall, about.patient_no, NAME)
        theirs = await hospital.reports.report(about.order_no)
        assert theirs is not None
        assert theirs.issued_at is not None
        async with teller(stage) as laboratory:
            assert await laboratory.tells(report(about, theirs.issued_at)) == ("AA", "")
            await all_seen_to(stage)
        read = await stage.hall.ask(GetReport(order_no=about.order_no))
        assert read.values == await hospital.reports.observations(about.order_no, theirs.version)

    plays(story)
