"""Pictures of examinations as the business layer is wired, with a hospital behind it: kept, shown to whoever may read
the report and to nobody else, printed."""

import hashlib
import io
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from holder_stage import HolderStage, Kiosk
from msgspec.structs import replace
from PIL import Image
from report_hands import Away, finished, ordered_for
from whole_stage import play

from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.bus.operation import Caller
from yinyi.business.reports.errors import PictureUnknown
from yinyi.business.reports.library import SETTLES
from yinyi.business.reports.messages import GetReport, GetReportPicture, PrintReports
from yinyi.business.reports.model import DiagnosticReport, OfferedPicture
from yinyi.business.reports.pictures import MOST, MOST_BYTES
from yinyi.business.terminals.messages import TakePrintJobs
from yinyi.conformance.hospital.stage import Stage
from yinyi.kernel.errors import HospitalUnavailable, InternalError, SessionEnded
from yinyi.kernel.secrets import digest

Story = Callable[[HolderStage, Stage], Awaitable[None]]
NAME = "欧阳春晓"
IMAGING_MOSTLY = "0105"
"""What this clinic mostly orders."""


@pytest.fixture
def plays(platform_url: str, tmp_path: Path, postgres: EmbeddedPostgres) -> Callable[..., None]:
    def run(story: Story, **more: Any) -> None:
        play(platform_url, tmp_path, postgres, story, **more)

    return run


async def examined(stage: HolderStage, hospital: Stage, kiosk: Kiosk) -> DiagnosticReport:
    """An examination of whoever stands before this kiosk, ready; its hospital has pictures of it."""
    patient_no = (await hospital.patient_numbers(60))[-1]
    asked: list[DiagnosticReport] = []
    while not asked:
        ordered = await ordered_for(hospital, patient_no, IMAGING_MOSTLY)
        asked = [each for each in ordered if each.kind == "examination" and each.modality in ("MR", "CT")]
    await finished(hospital)
    stage.line.clock.at = await hospital.now()
    await stage.comes(kiosk, patient_no, NAME)
    return asked[0]


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data), formats=["JPEG"])


def images(pdf: bytes) -> int:
    document: Any = pypdfium2.PdfDocument(io.BytesIO(pdf))
    return sum(each.type == pypdfium2.raw.FPDF_PAGEOBJ_IMAGE for page in document for each in page.get_objects())


def test_pictures_of_a_report(plays: Callable[..., None]) -> None:
    """A row of small ones, each large, and on its sheet; the hospital is not asked for them again."""
    doors: list[Away] = []

    def door(connector: Any) -> Away:
        doors.append(Away(connector))
        return doors[0]

    async def story(stage: HolderStage, hospital: Stage) -> None:
        hall, ward, [away] = stage.hall, stage.ward, doors
        about = await examined(stage, hospital, hall)
        shown = await hall.ask(GetReport(order_no=about.order_no))
        pictures = shown.pictures
        assert (len(pictures.kept) >= 2, pictures.left_out, pictures.complete) == (True, 0, True)
        assert all(each.caption and each.caption_en for each in pictures.kept)
        away.shut = True
        asked = len(away.asked)
        for each in pictures.kept:
            large = await hall.ask(GetReportPicture(order_no=about.order_no, nth=each.nth))
            small = await hall.ask(GetReportPicture(order_no=about.order_no, nth=each.nth, small=True))
            assert opened(large.content).size == (each.width, each.height)
            assert max(opened(small.content).size) <= 320
        assert len(away.asked) == asked
        with pytest.raises(PictureUnknown):
            await hall.ask(GetReportPicture(order_no=about.order_no, nth=99))
        away.shut = False
        [sheet] = (await hall.ask(PrintReports(order_nos=[about.order_no]))).sheets
        assert sheet.kind == "examination_report"
        taken = await stage.ask(Caller.TERMINAL, TakePrintJobs(epoch=hall.epoch), terminal=hall.agent)
        assert images(taken.jobs[0].data) >= len(pictures.kept)
        await stage.comes(ward, (await hospital.patient_numbers(61))[-1], "李四")
        for small in (False, True):
            with pytest.raises(PictureUnknown):
                await ward.ask(GetReportPicture(order_no=about.order_no, nth=1, small=small))
        ward.session = ""
        with pytest.raises(SessionEnded):
            await ward.ask(GetReportPicture(order_no=about.order_no, nth=1))
        for opened_by, ends in (("specimen:0000000000017", pytest.raises(PictureUnknown)), ("", nullcontext())):
            narrowed = "UPDATE patient_session SET opened_by = $2 WHERE token_digest = $1"
            await stage.one(narrowed, digest(hall.session), opened_by)
            stage.line.clock.at += timedelta(seconds=2)  # whose session it is may be remembered for one
            with ends:
                await hall.ask(GetReportPicture(order_no=about.order_no, nth=1))
        await stage.one("UPDATE report_picture SET shown = shown || '\\x00' WHERE order_no = $1", about.order_no)
        with pytest.raises(InternalError):
            await hall.ask(GetReportPicture(order_no=about.order_no, nth=1))

    plays(story, behind=door)


class Odd(Away):
    """The hospital's examinations have these files as their pictures."""

    files: tuple[bytes | None, ...] = ()
    told: tuple[int, ...] = ()
    no_pictures: bool = False

    async def report_pictures(self, order_no: str, version: int) -> list[OfferedPicture]:
        if self.no_pictures:
            raise HospitalUnavailable
        like = OfferedPicture(nth=1, caption="图", caption_en="", byte_count=10)
        sizes = self.told or tuple(len(each or b"") for each in self.files)
        return [replace(like, nth=n, byte_count=size) for n, size in enumerate(sizes, 1)]

    async def report_picture(self, order_no: str, version: int, nth: int) -> bytes | None:
        return self.files[nth - 1]


def jpeg() -> bytes:
    data = io.BytesIO()
    Image.new("L", (64, 48), 90).save(data, "JPEG")
    return data.getvalue()


def test_what_is_no_picture_is_left_out_and_the_words_come_first(plays: Callable[..., None]) -> None:
    doors: list[Odd] = []

    def door(connector: Any) -> Odd:
        doors.append(Odd(connector))
        return doors[0]

    async def story(stage: HolderStage, hospital: Stage) -> None:
        hall, [odd] = stage.hall, doors
        about = await examined(stage, hospital, hall)
        good = jpeg()
        odd.files = (good, b"<html>", None, good[:200], b"GIF89a" + good, *([good] * MOST))
        odd.told = (len(good), 6, 0, 200, len(good), *([len(good)] * (MOST - 1)), MOST_BYTES + 1)
        odd.no_pictures = True
        shown = await hall.ask(GetReport(order_no=about.order_no))
        assert (shown.impression != "", shown.pictures.complete) == (True, False)
        with pytest.raises(HospitalUnavailable):
            await hall.ask(PrintReports(order_nos=[about.order_no]))
        odd.no_pictures = False
        stage.line.clock.at += SETTLES * 2
        while await stage.business.sheets.library.copy_missing(stage.line.clock.now()):
            pass
        shown = await hall.ask(GetReport(order_no=about.order_no))
        assert [each.nth for each in shown.pictures.kept] == [1, *range(6, 5 + MOST)]
        assert shown.pictures.left_out == 5
        digest = await stage.one("SELECT digest FROM report_picture WHERE order_no = $1 AND nth = 1", about.order_no)
        assert digest == hashlib.sha256(good).digest()

    plays(story, behind=door)
