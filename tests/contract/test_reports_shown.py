"""What may be shown of a report, whatever was known of it before: what the window keeps, what was corrected, what is
long ago."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from holder_stage import HolderStage, Kiosk
from msgspec.structs import replace
from report_hands import finished, ordered_for
from whole_stage import play

from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.business.reports import library
from yinyi.business.reports.errors import ReportAtWindow
from yinyi.business.reports.messages import GetReport, ListReports, TrendOfValue
from yinyi.business.reports.model import DiagnosticReport, TrendPoint
from yinyi.conformance.hospital.stage import Stage
from yinyi.kernel.errors import HospitalUnavailable

Story = Callable[[HolderStage, Stage, "Door"], Awaitable[None]]
NAME = "欧阳春晓"


class Door:
    """The hospital's reports, some of which it has changed its mind about."""

    def __init__(self, hospital: Any) -> None:
        self._hospital = hospital
        self.hidden: set[str] = set()
        self.of_others: list[DiagnosticReport] = []
        self.old: dict[str, tuple[DiagnosticReport, list[TrendPoint]]] = {}
        self.shut = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._hospital, name)

    async def reports(self, *asked: Any) -> list[DiagnosticReport]:
        return [self._now(each) for each in [*await self._open().reports(*asked), *self.of_others]]

    async def report(self, order_no: str) -> DiagnosticReport | None:
        found = await self._open().report(order_no)
        return None if found is None else self._now(found)

    async def trend(self, *asked: Any) -> list[TrendPoint]:
        """As hospitals have it: nobody there looks whether a report may be shown."""
        found: list[TrendPoint] = await self._open().trend(*asked)
        old = [point for _, points in self.old.values() for point in points]
        return [*(each for each in found if each.order_no not in self.old), *old]

    def _open(self) -> Any:
        if self.shut:
            raise HospitalUnavailable("shut")
        return self._hospital

    def _now(self, found: DiagnosticReport) -> DiagnosticReport:
        found = self.old[found.order_no][0] if found.order_no in self.old else found
        return replace(found, sensitive=found.sensitive or found.order_no in self.hidden)


@pytest.fixture
def plays(platform_url: str, tmp_path: Path, postgres: EmbeddedPostgres) -> Callable[[Story], None]:
    def run(story: Story) -> None:
        doors: list[Door] = []

        def behind(connector: Any) -> Door:
            doors.append(Door(connector))
            return doors[0]

        async def told(stage: HolderStage, hospital: Stage) -> None:
            await story(stage, hospital, doors[0])

        play(platform_url, tmp_path, postgres, told, behind=behind)

    return run


async def followed(stage: HolderStage, hospital: Stage, kiosk: Kiosk) -> tuple[str, str, list[TrendPoint]]:
    """Somebody with a value of several reports: the latest of them, what was measured, and how it went."""
    patient_no = (await hospital.patient_numbers(60))[-1]
    while True:
        await ordered_for(hospital, patient_no)
        await finished(hospital)
        stage.line.clock.at = await hospital.now()
        await stage.comes(kiosk, patient_no, NAME)
        for row in (await kiosk.ask(ListReports())).reports:
            if row.state != "ready" or row.at_window or row.kind != "laboratory":
                continue
            for value in (await kiosk.ask(GetReport(order_no=row.order_no))).values:
                trend = await kiosk.ask(TrendOfValue(order_no=row.order_no, analyte_code=value.analyte_code))
                if len(trend.points) > 1 and trend.points[-1].order_no == row.order_no:
                    return row.order_no, value.analyte_code, trend.points


def test_what_the_window_keeps_is_in_no_trend(plays: Callable[[Story], None]) -> None:
    async def story(stage: HolderStage, hospital: Stage, door: Door) -> None:
        hall = stage.hall
        latest, analyte_code, points = await followed(stage, hospital, hall)
        first = points[0].order_no
        door.hidden.add(first)
        trend = await hall.ask(TrendOfValue(order_no=latest, analyte_code=analyte_code))
        assert [each.order_no for each in trend.points] == [each.order_no for each in points if each.order_no != first]

    plays(story)


def test_a_report_of_somebody_else_is_not_listed_though_the_hospital_lists_it(plays: Callable[[Story], None]) -> None:
    async def story(stage: HolderStage, hospital: Stage, door: Door) -> None:
        hall = stage.hall
        latest, _, _ = await followed(stage, hospital, hall)
        about = await hospital.reports.report(latest)
        assert about is not None
        [other] = await hospital.patient_numbers(1)
        assert other != about.patient_no
        listed = (await hall.ask(ListReports())).reports
        door.of_others = [replace(about, order_no="9900000001", patient_no=other)]
        stage.line.clock.at += timedelta(minutes=1)
        assert (await hall.ask(ListReports())).reports == listed

    plays(story)


def test_what_is_kept_from_patients_later_is_kept_from_them_for_good(plays: Callable[[Story], None]) -> None:
    """Also while the hospital does not answer, and of what was copied before."""

    async def story(stage: HolderStage, hospital: Stage, door: Door) -> None:
        hall = stage.hall
        latest, analyte_code, points = await followed(stage, hospital, hall)
        assert (await hall.ask(GetReport(order_no=latest))).values
        door.hidden.add(latest)
        listed = {each.order_no: each.at_window for each in (await hall.ask(ListReports())).reports}
        assert listed[latest]
        door.shut = True
        known = await hall.ask(ListReports())
        assert {each.order_no: each.at_window for each in known.reports}[latest]
        with pytest.raises(ReportAtWindow):
            await hall.ask(GetReport(order_no=latest))
        other = points[0].order_no
        trend = await hall.ask(TrendOfValue(order_no=other, analyte_code=analyte_code))
        assert latest not in {each.order_no for each in trend.points}
        door.shut = False
        door.hidden.clear()
        with pytest.raises(ReportAtWindow):  # the hospital has forgotten it
            await hall.ask(GetReport(order_no=latest))
        assert {each.order_no: each.at_window for each in (await hall.ask(ListReports())).reports}[latest]

    plays(story)


def test_a_hospital_that_lags_behind_does_not_undo_a_correction(plays: Callable[[Story], None]) -> None:
    async def story(stage: HolderStage, hospital: Stage, door: Door) -> None:
        hall = stage.hall
        latest, analyte_code, points = await followed(stage, hospital, hall)
        before = await hospital.reports.report(latest)
        assert before is not None
        assert await hospital.hands.correct(latest)
        corrected = await hall.ask(GetReport(order_no=latest))
        assert corrected.view.corrected
        value = next(each.value for each in corrected.values if each.analyte_code == analyte_code)
        door.old[latest] = (before, [replace(each, value=-1.0) for each in points if each.order_no == latest])
        trend = await hall.ask(TrendOfValue(order_no=latest, analyte_code=analyte_code))
        assert [each.value for each in trend.points if each.order_no == latest] == [value]

    plays(story)


def test_reports_of_long_ago_come_page_by_page(plays: Callable[[Story], None], monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(stage: HolderStage, hospital: Stage, door: Door) -> None:
        hall = stage.hall
        await followed(stage, hospital, hall)
        whole = await hall.ask(ListReports())
        assert whole.earlier_until is None
        monkeypatch.setattr(library, "LISTED", 3)
        seen: dict[str, None] = {}
        page = await hall.ask(ListReports())
        turned = 0
        while True:
            assert len(page.reports) <= 3
            seen |= {each.order_no: None for each in page.reports}
            if page.earlier_until is None:
                break
            turned += 1
            page = await hall.ask(ListReports(until=page.earlier_until))
        by_day: dict[object, list[str]] = {}
        for each in whole.reports:
            by_day.setdefault(each.requested_at.date(), []).append(each.order_no)
        assert turned > 0
        assert [no for day in by_day.values() if len(day) <= 3 for no in day if no not in seen] == []

    plays(story)
