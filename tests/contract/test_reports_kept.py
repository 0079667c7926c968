"""Reports as the business layer is wired, with a hospital behind it: seen, kept, followed over time, printed."""

import io
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pypdfium2
import pytest
import zxingcpp
from holder_stage import HALL, TILL, HolderStage, Kiosk
from report_hands import Away, finished, ordered_for
from whole_stage import play

from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.bus.operation import Caller
from yinyi.business.documents.errors import DocumentUnknown, PrintedAlready
from yinyi.business.documents.messages import GetSheets, ReprintSlip, Sheets, VerifyDocument
from yinyi.business.identity.attempts import PER_NUMBER
from yinyi.business.identity.errors import TooManyTries
from yinyi.business.identity.messages import EndSession, ListCredentials
from yinyi.business.inpatient.errors import StayNotSettled, StayUnknown
from yinyi.business.inpatient.messages import FindStay, ListDailyCosts, PrintDailyCosts, PrintDischargeStatement
from yinyi.business.reports.errors import ReportAtWindow, ReportNotReady, ReportUnknown, TubeUnknown
from yinyi.business.reports.library import SETTLES
from yinyi.business.reports.messages import (
    GetReport,
    IdentifyByTube,
    ListReports,
    PrintReports,
    ReportList,
    TrendOfValue,
)
from yinyi.business.reports.model import DiagnosticReport
from yinyi.business.terminals.messages import PresentCode, ReportDevice, ReportPrint, TakePrintJobs
from yinyi.business.terminals.messages_offers import SetProfile
from yinyi.business.terminals.model import DeviceView, PrintJobView, TerminalProfile
from yinyi.conformance.hospital.stage import Stage
from yinyi.kernel.errors import HospitalUnavailable, InternalError, SessionEnded
from yinyi.wire.receipt import decode_receipts

Story = Callable[[HolderStage, Stage], Awaitable[None]]
Plays = Callable[..., None]
NAME = "欧阳春晓"


@pytest.fixture
def plays(platform_url: str, tmp_path: Path, postgres: EmbeddedPostgres) -> Plays:
    def run(story: Story, **more: Any) -> None:
        play(platform_url, tmp_path, postgres, story, **more)

    return run


async def later(stage: HolderStage, hospital: Stage, kiosk: Kiosk, patient_no: str) -> None:
    """The laboratory has finished, the platform's clock goes with the hospital's, and the patient is there again."""
    await finished(hospital)
    stage.line.clock.at = await hospital.now()
    await stage.comes(kiosk, patient_no, NAME)


async def somebody(stage: HolderStage, hospital: Stage, kiosk: Kiosk, nth: int = 0) -> str:
    """One of the hospital's made-up patients stands before this kiosk; his number."""
    number = (await hospital.patient_numbers(60))[-1 - nth]
    await stage.comes(kiosk, number, NAME)
    return number


async def ready(stage: HolderStage, hospital: Stage, kiosk: Kiosk) -> list[DiagnosticReport]:
    """Laboratory reports of whoever stands before this kiosk. A doctor may order nothing of that kind at first."""
    patient_no = await somebody(stage, hospital, kiosk)
    asked: list[DiagnosticReport] = []
    while not asked:
        asked = [each for each in await ordered_for(hospital, patient_no) if each.kind == "laboratory"]
    await later(stage, hospital, kiosk, patient_no)
    return asked


async def jobs(stage: HolderStage, kiosk: Kiosk, reason: str = "") -> list[PrintJobView]:
    """What waits for this kiosk's printers, printed, or not for this reason."""
    taken = await stage.ask(Caller.TERMINAL, TakePrintJobs(epoch=kiosk.epoch), terminal=kiosk.agent)
    for job in taken.jobs:
        report = ReportPrint(epoch=kiosk.epoch, job_id=job.job_id, reason=reason)
        await stage.ask(Caller.TERMINAL, report, terminal=kiosk.agent)
    return taken.jobs


async def scan(stage: HolderStage, kiosk: Kiosk, text: str) -> None:
    code = PresentCode(epoch=kiosk.epoch, event_id=f"event-{next(stage.keys)}", device="scanner", text=text)
    await stage.ask(Caller.TERMINAL, code, terminal=kiosk.agent)


async def genuine(stage: HolderStage, said: str) -> bool:
    return (await stage.ask(Caller.ANYBODY, VerifyDocument(said=said))).genuine


class OnPaper:
    """A PDF as somebody reads it, and what its code says behind the address."""

    def __init__(self, data: bytes) -> None:
        document = pypdfium2.PdfDocument(io.BytesIO(data))
        self._text = normalize("NFKC", "".join(str(page.get_textpage().get_text_range()) for page in document))
        first: Any = document[0]
        [code] = zxingcpp.read_barcodes(first.render(scale=3).to_pil().convert("L"))
        self.size_mm = tuple(round(side / 72 * 25.4) for side in first.get_size())
        self.code = code.text
        self.said = code.text.rsplit("/", 1)[-1]

    def says(self, text: str) -> bool:
        return "".join(normalize("NFKC", text).split()) in "".join(self._text.split())


def test_what_was_ready_once_is_there_for_good(plays: Plays) -> None:
    """Also while the hospital does not answer, and whether or not it was ever opened."""
    doors: list[Away] = []

    def door(connector: Any) -> Away:
        doors.append(Away(connector))
        return doors[0]

    async def story(stage: HolderStage, hospital: Stage) -> None:
        hall, [away] = stage.hall, doors
        patient_no = await somebody(stage, hospital, hall)
        asked = await ordered_for(hospital, patient_no)
        before = await hall.ask(ListReports())
        waiting = {each.order_no: each.state for each in before.reports}
        assert {waiting[each.order_no] for each in asked} == {"ordered"}
        with pytest.raises(ReportNotReady):
            await hall.ask(GetReport(order_no=asked[0].order_no))
        with pytest.raises(ReportNotReady):
            await hall.ask(PrintReports(order_nos=[asked[0].order_no]))
        await later(stage, hospital, hall, patient_no)
        listed = await hall.ask(ListReports())
        assert {each.state for each in listed.reports if each.order_no in waiting} == {"ready"}
        [opened, *others] = [each.order_no for each in asked]
        shown = await hall.ask(GetReport(order_no=opened))
        away.shut = True
        assert await hall.ask(ListReports()) == ReportList(reports=listed.reports, complete=False)
        assert await hall.ask(GetReport(order_no=opened)) == shown
        for other in others:
            with pytest.raises(HospitalUnavailable):
                await hall.ask(GetReport(order_no=other))
        assert not await stage.business.sheets.library.copy_missing(stage.line.clock.now())
        away.shut = False
        stage.line.clock.at += SETTLES * 2
        while await stage.business.sheets.library.copy_missing(stage.line.clock.now()):
            pass
        away.shut = True
        for other in others:
            assert (await hall.ask(GetReport(order_no=other))).view.state == "ready"
        await stage.one("UPDATE report SET content = content || ' ' WHERE order_no = $1", opened)
        with pytest.raises(InternalError):
            await hall.ask(GetReport(order_no=opened))

    plays(story, behind=door)


def test_a_value_is_followed_over_time_and_a_correction_replaces_it(plays: Plays) -> None:
    async def story(stage: HolderStage, hospital: Stage) -> None:
        hall = stage.hall
        [first, *_] = await ready(stage, hospital, hall)
        shown = await hall.ask(GetReport(order_no=first.order_no))
        value = next(each for each in shown.values if each.value is not None)
        trend = await hall.ask(TrendOfValue(order_no=first.order_no, analyte_code=value.analyte_code))
        assert [each.value for each in trend.points if each.order_no == first.order_no] == [value.value]
        assert [each.sampled_at for each in trend.points] == sorted(each.sampled_at for each in trend.points)
        with pytest.raises(ReportUnknown):
            await hall.ask(TrendOfValue(order_no=first.order_no, analyte_code="nothing"))
        assert await hospital.hands.correct(first.order_no)
        corrected = await hall.ask(GetReport(order_no=first.order_no))
        assert (corrected.view.corrected, bool(corrected.remark)) == (True, True)
        assert corrected.values[0] != shown.values[0]
        again = await hall.ask(TrendOfValue(order_no=first.order_no, analyte_code=corrected.values[0].analyte_code))
        assert [each.value for each in again.points if each.order_no == first.order_no] == [corrected.values[0].value]
        assert await stage.one("SELECT count(*) FROM report WHERE order_no = $1", first.order_no) == 2

    plays(story)


def test_a_report_on_paper(plays: Plays) -> None:
    """With a code that tells whether it is genuine; the second one is a copy; nobody else has it printed."""

    async def story(stage: HolderStage, hospital: Stage) -> None:
        hall, ward = stage.hall, stage.ward
        [report, *_] = await ready(stage, hospital, hall)
        wanted = PrintReports(order_nos=[report.order_no])
        shown = await hall.ask(GetReport(order_no=report.order_no))
        printed = await hall.ask(wanted, key="pressed-once-key")
        assert await hall.ask(wanted, key="pressed-once-key") == printed
        [sheet] = printed.sheets
        assert (sheet.kind, sheet.state, sheet.copies) == ("laboratory_report", "queued", 1)
        [job] = await jobs(stage, hall)
        assert (job.kind, job.data[:5]) == ("sheet", b"%PDF-")
        paper = OnPaper(job.data)
        for part in (NAME, report.name, report.order_no, report.patient_no, sheet.document_no):
            assert paper.says(part)
        for value in shown.values:
            assert paper.says(value.name)
            assert paper.says(value.text)
        assert not paper.says("副本")
        assert paper.code.startswith("http://127.0.0.1/verify/S")
        assert await genuine(stage, paper.said)
        last = "0" if paper.said[-1] != "0" else "1"
        for other in (paper.said[:-1] + last, paper.said[:-1], paper.said.split("-")[0], "", "'; --", "S-" + "0" * 16):
            assert not await genuine(stage, other)
        assert (await hall.ask(GetReport(order_no=report.order_no))).view.prints == 1
        await hall.ask(wanted)
        [job] = await jobs(stage, hall)
        assert OnPaper(job.data).says("副本 Copy")
        await somebody(stage, hospital, ward, 1)
        with pytest.raises(ReportUnknown):
            await ward.ask(wanted)
        with pytest.raises(ReportUnknown):
            await ward.ask(GetReport(order_no=report.order_no))
        for ask in (GetSheets(document_nos=[sheet.document_no]), ReprintSlip(document_no=sheet.document_no)):
            with pytest.raises(DocumentUnknown):
                await ward.ask(ask)
        with pytest.raises(DocumentUnknown):
            await hall.ask(ReprintSlip(document_no=sheet.document_no))
        await stage.one(
            "UPDATE document SET data = replace(data, $2, '王小明') WHERE document_no = $1", sheet.document_no, NAME
        )
        assert not await genuine(stage, paper.said)

    plays(story)


def test_a_list_may_be_old_but_is_its_owners_and_counts_each_print(plays: Plays) -> None:
    """Lists are kept for ever here: what is ordered meanwhile is not seen in the next look, until he has changed
    something himself."""

    async def story(stage: HolderStage, hospital: Stage) -> None:
        hall = stage.hall

        async def listed() -> dict[str, int]:
            return {each.order_no: each.prints for each in (await hall.ask(ListReports())).reports}

        [report, *_] = await ready(stage, hospital, hall)
        before = await listed()
        assert before[report.order_no] == 0
        new = await ordered_for(hospital, report.patient_no)
        assert await listed() == before
        await hall.ask(PrintReports(order_nos=[report.order_no]))
        assert await listed() == {**before, **dict.fromkeys([each.order_no for each in new], 0), report.order_no: 1}
        await somebody(stage, hospital, hall, 1)
        assert report.order_no not in await listed()

    plays(story, lists_kept_s=3600.0)


def test_where_the_window_prints_it_again(plays: Plays) -> None:
    """What did not come out is no first time. Results that only a window hands out are neither shown nor printed."""

    async def story(stage: HolderStage, hospital: Stage) -> None:
        hall = stage.hall
        [report, *_] = await ready(stage, hospital, hall)
        wanted = PrintReports(order_nos=[report.order_no])
        for reason in ("paper_out", "jam"):
            await hall.ask(wanted)
            assert len(await jobs(stage, hall, reason)) == 1
        await hall.ask(wanted)
        for _ in range(2):  # while it is on its way, and then
            with pytest.raises(PrintedAlready):
                await hall.ask(wanted)
            await jobs(stage, hall)
        assert await hospital.hands.correct(report.order_no)
        assert len((await hall.ask(wanted)).sheets) == 1
        pool = hospital.far.hospital.pool
        hidden_now = await pool.fetch("UPDATE his.panel SET sensitive = true WHERE NOT sensitive RETURNING item_code")
        try:
            listed = (await hall.ask(ListReports())).reports
            hidden = next(each for each in listed if each.order_no == report.order_no)
            assert (hidden.at_window, hidden.name, hidden.name_en) == (True, "", "")
            for ask in (
                GetReport(order_no=report.order_no),
                wanted,
                TrendOfValue(order_no=report.order_no, analyte_code="WBC"),
            ):
                with pytest.raises(ReportAtWindow):
                    await hall.ask(ask)
        finally:  # other tests have the same hospital
            codes = [row[0] for row in hidden_now]
            await pool.execute("UPDATE his.panel SET sensitive = false WHERE item_code = ANY ($1)", codes)

    plays(story, second_print="window")


def test_a_tube_opens_what_is_in_it_and_nothing_else(plays: Plays) -> None:
    async def story(stage: HolderStage, hospital: Stage) -> None:
        hall = stage.hall
        reports = await ready(stage, hospital, hall)
        barcode = reports[0].barcode
        inside = {each.order_no for each in reports if each.barcode == barcode}
        everything = {each.order_no for each in (await hall.ask(ListReports())).reports}
        [outside, *_] = everything - inside
        await hall.ask(EndSession())
        hall.session = ""
        with pytest.raises(TubeUnknown):
            await hall.ask(IdentifyByTube(after=0))
        await scan(stage, hall, barcode)
        with pytest.raises(TubeUnknown):
            await stage.ward.ask(IdentifyByTube(after=0))
        hall.session = (await hall.ask(IdentifyByTube(after=0))).session_token
        assert {each.order_no for each in (await hall.ask(ListReports())).reports} == inside
        [first, *_] = inside
        shown = await hall.ask(GetReport(order_no=first))
        for ask in (GetReport(order_no=outside), PrintReports(order_nos=[first, outside])):
            with pytest.raises(ReportUnknown):
                await hall.ask(ask)
        narrow = [
            TrendOfValue(order_no=first, analyte_code=shown.values[0].analyte_code),
            ListCredentials(),
            FindStay(),
        ]
        for ask in narrow:
            with pytest.raises(SessionEnded):
                await hall.ask(ask)
        printed: Sheets = await hall.ask(PrintReports(order_nos=[first]))
        assert await hall.ask(GetSheets(document_nos=[printed.sheets[0].document_no])) == printed
        [job] = await jobs(stage, hall)
        assert OnPaper(job.data).says(shown.values[0].name)
        hall.session = ""
        for wrong in ("0000000000000", reports[0].order_no, "https://x.test/?a=b", "9" * 13):
            await scan(stage, hall, wrong)
            with pytest.raises(TubeUnknown):
                await hall.ask(IdentifyByTube(after=0))
        for _ in range(PER_NUMBER):
            await scan(stage, hall, "1234567890123")
            with pytest.raises(TubeUnknown):
                await hall.ask(IdentifyByTube(after=0))
        await scan(stage, hall, "1234567890123")
        with pytest.raises(TooManyTries):
            await hall.ask(IdentifyByTube(after=0))

    plays(story)


def test_a_stays_lists_on_paper(plays: Plays) -> None:
    """A day's list comes out on what the terminal has, another paper for another printer; the statement only once it is
    settled: one original, then copies."""

    async def story(stage: HolderStage, hospital: Stage) -> None:
        hall, ward = stage.hall, stage.ward
        number = await hospital.hands.admit(await somebody(stage, hospital, hall))
        await hospital.hands.work()
        costs = await hall.ask(ListDailyCosts(admission_no=number))
        assert costs.on is not None
        day = PrintDailyCosts(admission_no=number, on=costs.on)
        await hall.ask(day)
        [job] = await jobs(stage, hall)
        assert job.kind == "receipt", "there is no other printer"
        [roll] = decode_receipts(job.data)
        [code] = zxingcpp.read_barcodes(roll.convert("L"))
        assert await genuine(stage, code.text.rsplit("/", 1)[-1])
        printer = DeviceView(device="sheets", kind="sheet_printer", state="ok")
        told = ReportDevice(epoch=hall.epoch, event_id="printer", device=printer)
        await stage.ask(Caller.TERMINAL, told, terminal=hall.agent)
        sizes: list[tuple[int, int]] = []
        profiles: list[TerminalProfile] = ["hall", "ward"]
        for profile in profiles:
            await stage.ask(Caller.STAFF, SetProfile(terminal_id=HALL, profile=profile), staff=TILL)
            await hall.ask(day)
            [job] = await jobs(stage, hall)
            paper = OnPaper(job.data)
            sizes.append(paper.size_mm)
            assert await genuine(stage, paper.said)
            for item in costs.items:
                assert paper.says(item.name)
        assert sizes == [(210, 297), (210, 148)]
        statement = PrintDischargeStatement(admission_no=number)
        with pytest.raises(StayNotSettled):
            await hall.ask(statement)
        assert await hospital.hands.discharge(number)
        assert await hospital.hands.settle(number)
        stamps: list[str] = []
        for _ in range(2):
            await hall.ask(statement)
            [job] = await jobs(stage, hall)
            paper = OnPaper(job.data)
            assert paper.says("出院费用清单")
            stamps += [stamp for stamp in ("正本", "副本") if paper.says(stamp)]
        assert stamps == ["正本", "副本"]
        await somebody(stage, hospital, ward, 1)
        for ask in (statement, day):
            with pytest.raises(StayUnknown):
                await ward.ask(ask)

    plays(story)
