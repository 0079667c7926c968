"""A laboratory tells the platform its reports by HL7, and their patients see them."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from holder_stage import HolderStage
from hospital_stage import Stage
from news_stage import SENDERS, all_seen_to, report, result, teller
from report_hands import ordered_for
from whole_stage import play

from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.business.reports.errors import ReportNotReady
from yinyi.business.reports.messages import GetReport, ListReports
from yinyi.business.reports.model import DiagnosticReport

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
